//! Ages and lengths of time, as a person writes them.

use std::time::Duration;

use crate::failure::Failure;

/// `90s`, `15m`, `6h` or `7d`.
pub(crate) fn parse(text: &str) -> Result<Duration, Failure> {
    let unit = text.chars().next_back().and_then(|unit| match unit {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(60 * 60),
        'd' => Some(24 * 60 * 60),
        _ => None,
    });
    let number = text.get(..text.len().saturating_sub(1));
    let number = number.and_then(|number| number.parse::<u64>().ok());
    let seconds = unit
        .zip(number)
        .and_then(|(unit, number)| number.checked_mul(unit));
    seconds.map(Duration::from_secs).ok_or_else(|| {
        Failure::usage(
            format!("`{}` is not an age", text.escape_debug()),
            "write a number with `s`, `m`, `h` or `d`, such as `7d`",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_a_number_with_a_unit() {
        for (text, seconds) in [("90s", 90), ("15m", 900), ("6h", 21_600), ("7d", 604_800)] {
            assert_eq!(parse(text).unwrap().as_secs(), seconds, "{text}");
        }
        for wrong in [
            "",
            "7",
            "d",
            "7w",
            "-1d",
            "1.5h",
            "99999999999999999999s",
            "999999999999999d9d",
            "7é",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
