//! The emulators' one clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds since 1970; a clock set before that reads as 0.
pub(crate) fn now() -> u64 {
    since_epoch().as_secs()
}

/// A time since 1970 as RFC 3339, section 5.6 has it, in UTC, with milliseconds.
pub(crate) fn rfc3339(since_epoch: Duration) -> String {
    let (seconds, millis) = (since_epoch.as_secs(), since_epoch.subsec_millis());
    let [hour, minute, second] = time_of_day(seconds);
    let (year, month, day) = date(seconds / 86_400);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// Hour, minute and second in UTC.
pub(crate) const fn time_of_day(seconds: u64) -> [u64; 3] {
    [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60]
}

/// Year, month and day of a day since 1970, in the Gregorian calendar.
fn date(mut days: u64) -> (u64, u64, u64) {
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days = days.saturating_sub(length);
        year = u64::saturating_add(year, 1);
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days = days.saturating_sub(length);
        month = u64::saturating_add(month, 1);
    }
    (year, month, days.saturating_add(1))
}

/// The time since 1970; a clock set before that reads as 0.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the emulators ask the system"
)]
pub(crate) fn since_epoch() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (millis, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"),
            (1_792_142_078_512, "2026-10-16T09:14:38.512Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(rfc3339(Duration::from_millis(millis)), expected);
        }
    }
}
