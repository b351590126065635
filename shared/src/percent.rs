//! Percent-encoding (RFC 3986, 2.1).

use std::fmt::Write as _;

/// The text as one segment of a path, or one name or value of a query or form: all but the unreserved characters (2.3) is
/// encoded, as SigV4 asks, too.
pub fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _written = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_unreserved_characters_is_encoded() {
        assert_eq!(encoded("AZaz09-._~"), "AZaz09-._~");
        assert_eq!(
            encoded("a b+c/d%e&f=\0\u{e9}"),
            "a%20b%2Bc%2Fd%25e%26f%3D%00%C3%A9"
        );
    }
}
