//! Rules for short texts: a length in bytes and an alphabet. Hexadecimal digits.

/// Whether a text has 1 to `max` bytes, all of them allowed.
pub fn is_of(text: &str, max: usize, allowed: impl Fn(u8) -> bool) -> bool {
    (1..=max).contains(&text.len()) && text.bytes().all(allowed)
}

/// Whether a text is 1 to `max` ASCII letters, digits, and these signs.
pub fn is_word(text: &str, max: usize, signs: &[u8]) -> bool {
    is_of(text, max, |byte| {
        byte.is_ascii_alphanumeric() || signs.contains(&byte)
    })
}

/// Whether a text is 1 to `max` visible ASCII characters: no space, no control character.
pub fn is_visible(text: &str, max: usize) -> bool {
    is_of(text, max, |byte| byte.is_ascii_graphic())
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_a_length_and_an_alphabet() {
        for (text, word, visible) in [
            ("", false, false),
            ("a-Z0", true, true),
            ("a-Z09", false, false),
            ("a.b", false, true),
            ("a b", false, false),
            ("a\n", false, false),
            ("a\u{7f}", false, false),
            ("\u{e9}", false, false),
        ] {
            assert_eq!(is_word(text, 4, b"-"), word, "{text:?}");
            assert_eq!(is_visible(text, 4), visible, "{text:?}");
        }
    }

    #[test]
    fn bytes_are_two_digits_each() {
        assert_eq!(hex(&[]), "");
        assert_eq!(hex(&[0, 1, 0x9f, 0xa0, 0xff]), "00019fa0ff");
    }
}
