//! Clocks: the wall clock and the monotonic clock. The only file that asks the system.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::gate::UnixTime;

/// A point in time, on two clocks at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Since 1970-01-01T00:00:00Z. It may be set, also backwards.
    pub wall: Duration,
    /// Since an unspecified start. It never goes back, but it may stand still while the machine is suspended.
    pub steady: Duration,
}

impl Moment {
    /// The time since an earlier moment: what the clock says that saw more of it.
    ///
    /// A frozen function loses steady time and a corrected clock loses wall time; neither may make a thing look
    /// younger than it is.
    pub fn since(self, earlier: Self) -> Duration {
        let wall = self.wall.saturating_sub(earlier.wall);
        let steady = self.steady.saturating_sub(earlier.steady);
        wall.max(steady)
    }

    /// The whole seconds of the wall clock, as the gate takes them.
    pub fn unix_time(self) -> UnixTime {
        UnixTime(self.wall.as_secs())
    }
}

/// A clock: the system's, or any other in tests.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Moment + Send + Sync>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        let start = Instant::now();
        Self::from_fn(move || Moment {
            wall: wall(),
            steady: start.elapsed(),
        })
    }

    /// A clock that is read by a function.
    pub fn from_fn(read: impl Fn() -> Moment + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// A clock that stands still.
    pub fn fixed(now: UnixTime) -> Self {
        let moment = Moment {
            wall: Duration::from_secs(now.0),
            steady: Duration::ZERO,
        };
        Self::from_fn(move || moment)
    }

    /// The time of day, as the gate takes it.
    pub fn now(&self) -> UnixTime {
        self.moment().unix_time()
    }

    pub fn moment(&self) -> Moment {
        (self.0)()
    }

    /// The time that is left until Lambda's deadline of an invocation. It is a time of day, in milliseconds since 1970, so
    /// the clock that tells the time of day measures what is left.
    pub fn left_until(&self, lambda_deadline: u64) -> Duration {
        Duration::from_millis(lambda_deadline).saturating_sub(self.moment().wall)
    }
}

/// The system's time since 1970-01-01T00:00:00Z; zero if its clock stands before that.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks the system"
)]
pub(crate) fn wall() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// A time since 1970 as RFC 3339 text in UTC, to the millisecond: `2026-10-16T09:14:38.512Z`.
///
/// The calendar is computed on years that begin in March, so that the leap day is the last day of its year.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "the days are bounded by the year 9999, and everything else is computed from them by division"
)]
pub fn rfc3339(since_1970: Duration) -> String {
    const DAYS_UNTIL_1970: u64 = 719_468;
    const LAST_DAY: u64 = 2_932_896;
    const DAYS_OF_400_YEARS: u64 = 146_097;
    let days = (since_1970.as_secs() / 86_400).min(LAST_DAY) + DAYS_UNTIL_1970;
    let day_of_era = days % DAYS_OF_400_YEARS;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months_since_march + 2) / 5 + 1;
    let month = (months_since_march + 2) % 12 + 1;
    let year = days / DAYS_OF_400_YEARS * 400 + year_of_era + u64::from(month <= 2);
    let of_day = since_1970.as_secs() % 86_400;
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    let millisecond = since_1970.subsec_millis();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(wall: u64, steady: u64) -> Moment {
        Moment {
            wall: Duration::from_secs(wall),
            steady: Duration::from_secs(steady),
        }
    }

    #[test]
    fn the_clock_that_saw_more_time_counts() {
        let start = moment(1000, 50);
        for (what, later, passed) in [
            ("both run", moment(1010, 60), 10),
            ("frozen: only the wall clock went on", moment(1600, 51), 600),
            ("the wall clock was set back", moment(400, 90), 40),
            ("the wall clock was set ahead", moment(9000, 51), 8000),
        ] {
            assert_eq!(later.since(start), Duration::from_secs(passed), "{what}");
        }
    }

    #[test]
    fn the_system_clock_goes_on() {
        let clock = Clock::system();
        let first = clock.moment();
        assert!(clock.moment().steady >= first.steady);
        assert!(
            clock.now() > UnixTime(1_700_000_000),
            "it is later than 2023"
        );
        assert_eq!(Clock::fixed(UnixTime(7)).now(), UnixTime(7));
    }

    #[test]
    fn times_are_written_as_rfc_3339() {
        // Reference: GNU `date -u -d @{seconds} +%FT%TZ`.
        for (secs, text) in [
            (0, "1970-01-01T00:00:00.007Z"),
            (68_169_600, "1972-02-29T00:00:00.007Z"),
            (951_782_399, "2000-02-28T23:59:59.007Z"),
            (951_868_800, "2000-03-01T00:00:00.007Z"),
            (1_792_142_078, "2026-10-16T09:14:38.007Z"),
            (4_107_542_400, "2100-03-01T00:00:00.007Z"),
            (253_402_300_799, "9999-12-31T23:59:59.007Z"),
        ] {
            let time = Duration::from_secs(secs) + Duration::from_millis(7);
            assert_eq!(rfc3339(time), text);
        }
    }
}
