//! The parts of a request in the form in which they are signed.

use aws_lc_rs::hmac;
use http::{HeaderMap, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// All but the unreserved characters of RFC 3986, section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// The path is encoded once more than it is on the wire, as for every service but S3.
pub(super) fn path(path: &str) -> String {
    utf8_percent_encode(path, RESERVED_IN_PATH).to_string()
}

/// All values of a header, spaces folded.
pub(super) fn values(headers: &HeaderMap, name: &str) -> String {
    let trimmed = |value: &HeaderValue| {
        let text = String::from_utf8_lossy(value.as_bytes());
        text.split(' ')
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    };
    headers
        .get_all(name)
        .iter()
        .map(trimmed)
        .collect::<Vec<_>>()
        .join(",")
}

/// Sorted, and encoded again; `without` is left out.
pub(super) fn query(query: &str, without: Option<&str>) -> String {
    let encoded = |text| {
        let text = percent_decode_str(text).decode_utf8_lossy().into_owned();
        utf8_percent_encode(&text, RESERVED).to_string()
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<(String, String)> = pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (encoded(name), encoded(value)))
        .filter(|(name, _)| without != Some(name.as_str()))
        .collect();
    pairs.sort();
    pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("&")
}

pub(super) fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Seconds since 1970 of `YYYYMMDDTHHMMSSZ`.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "no number has more than four digits"
)]
pub(super) fn unix_time(date: &str) -> Option<u64> {
    let separated = date.len() == 16 && date.get(8..9)? == "T" && date.ends_with('Z');
    let digits = date.bytes().filter(u8::is_ascii_digit).count() == 14;
    if !separated || !digits {
        return None;
    }
    let number = |from: usize, to: usize| date.get(from..to)?.parse::<u64>().ok();
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let (hour, minute, second) = (number(9, 11)?, number(11, 13)?, number(13, 15)?);
    if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // The year is counted from March, so that the leap day is its last one; 719,468 days lie
    // between 1 March of the year 0 and 1970.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468;
    Some(days * 86_400 + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_to_the_second() {
        assert_eq!(unix_time("20150830T123600Z"), Some(1_440_938_160));
        assert_eq!(unix_time("19700101T000000Z"), Some(0));
        assert_eq!(unix_time("20240229T235959Z"), Some(1_709_251_199));
        for bad in [
            "",
            "20150830",
            "20151330T123600Z",
            "2015-08-30T12:36",
            "+0150830T123600Z",
        ] {
            assert_eq!(unix_time(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_query_is_sorted_and_encoded_anew() {
        assert_eq!(query("b=2&a=%7e&a=%2F&c", None), "a=%2F&a=~&b=2&c=");
        assert_eq!(query("b=2&a=1", Some("b")), "a=1");
    }
}
