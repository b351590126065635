//! The wall clock, in seconds since 1970.

use shared::clock::Clock;

pub(crate) fn now() -> u64 {
    Clock::system().now().0
}

/// A length of time, as a person says it.
pub(crate) fn length(seconds: u64) -> String {
    let (number, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7200 => (seconds / 60, "minute"),
        _ => (seconds / 3600, "hour"),
    };
    let end = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_told_in_its_unit() {
        for (seconds, told) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (600, "10 minutes"),
            (7200, "2 hours"),
        ] {
            assert_eq!(length(seconds), told);
        }
    }
}
