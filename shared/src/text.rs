//! Rules for short texts: a length and an alphabet. Invisible characters. Hexadecimal digits.

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

/// Whether a text can stand in front of people as it is: 1 to `max` characters, not all of them blank, none invisible.
pub fn is_printable(text: &str, max: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= max && !text.chars().any(is_invisible)
}

/// Whether a character has no sign of its own and can change how others are read: a control character, a line or
/// paragraph separator, or a format character, such as one that turns the direction of writing (Unicode general
/// categories Cc, Zl, Zp and Cf; Unicode Technical Report 36, 2.4).
pub fn is_invisible(character: char) -> bool {
    character.is_control()
        || FORMAT
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&character))
}

/// The characters of the general categories Cf, Zl and Zp (Unicode 16, `DerivedGeneralCategory.txt`), with the
/// unassigned ones among them, which Unicode keeps for the same purpose.
const FORMAT: [(char, char); 19] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{180e}', '\u{180e}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{fff9}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e007f}'),
];

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
    fn what_is_printable_is_short_and_visible() {
        let long = "\u{e9}".repeat(9);
        let fits = "\u{e9}".repeat(8);
        for (text, expected) in [
            ("a b", true),
            ("\u{5d0}\u{5d1}", true),
            ("h\u{f6}chste", true),
            (&fits, true),
            (&long, false),
            ("", false),
            ("  ", false),
            ("\u{3000}", false),
            ("a\tb", false),
            ("a\u{85}b", false),
        ] {
            assert_eq!(is_printable(text, 8), expected, "{text:?}");
        }
        for (first, last) in FORMAT {
            for character in [first, last] {
                assert!(!is_printable(&format!("a{character}b"), 8), "{character:?}");
            }
        }
        // The neighbours of the ranges that are letters, spaces or signs.
        for character in [
            '\u{ac}', '\u{ae}', '\u{61b}', '\u{200a}', '\u{2010}', '\u{2027}', '\u{202f}',
            '\u{205f}', '\u{2070}', '\u{fffc}',
        ] {
            assert!(is_printable(&format!("a{character}b"), 8), "{character:?}");
        }
    }

    #[test]
    fn bytes_are_two_digits_each() {
        assert_eq!(hex(&[]), "");
        assert_eq!(hex(&[0, 1, 0x9f, 0xa0, 0xff]), "00019fa0ff");
    }
}
