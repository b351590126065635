//! Texts of issuers and settings, made fit for a log line.

use crate::json::Value;
use crate::text::is_invisible;

/// The longest text that is shown: enough to see what differs, and no place to hide a token in.
const MAX_SHOWN: usize = 300;

/// What stands between the parts of a list, an address or a path. None of these signs is in the domain of an e-mail
/// address.
const BETWEEN: [char; 14] = [
    ' ', ',', ';', ':', '/', '|', '"', '\'', '[', ']', '{', '}', '<', '>',
];

/// A claim as JSON, or `nothing`.
pub(super) fn value(claim: Option<&Value>) -> String {
    claim.map_or_else(|| "nothing".to_owned(), |claim| text(&claim.to_string()))
}

/// Texts with commas between, or `nothing`.
pub(super) fn list<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let texts: Vec<T> = texts.into_iter().collect();
    let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
    if texts.is_empty() {
        return "nothing".to_owned();
    }
    text(&texts.join(", "))
}

/// A text without e-mail addresses and invisible characters, cut if it is long.
pub(crate) fn text(text: &str) -> String {
    let mut shown = String::new();
    for part in text.split_inclusive(BETWEEN) {
        let word = part.trim_end_matches(BETWEEN);
        let (_, end) = part.split_at_checked(word.len()).unwrap_or_default();
        if is_address(word) {
            shown.push_str("(address withheld)");
        } else {
            word.chars()
                .for_each(|character| push(&mut shown, character));
        }
        shown.push_str(end);
    }
    cut(&shown)
}

/// The beginning of a text that is too long.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

fn push(shown: &mut String, character: char) {
    if is_invisible(character) {
        shown.extend(character.escape_unicode());
    } else {
        shown.push(character);
    }
}

/// Names with an `@` and no domain behind it are ids, such as those of Auth0's programs and GitHub's repositories.
fn is_address(word: &str) -> bool {
    let parts = word.rsplit_once('@');
    parts.is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_shown_is_visible_short_and_no_address() {
        for (given, expected) in [
            ("finance", "finance"),
            (
                "repo:acme@65/agents@74:ref:refs/heads/main",
                "repo:acme@65/agents@74:ref:refs/heads/main",
            ),
            ("cLiEnT@clients", "cLiEnT@clients"),
            ("alice@example.com", "(address withheld)"),
            ("mailto:alice@example.com", "mailto:(address withheld)"),
            ("a, <alice@example.com>, b", "a, <(address withheld)>, b"),
            ("accounts.example.com:110", "accounts.example.com:110"),
            ("a\u{202e}b\n", "a\\u{202e}b\\u{a}"),
        ] {
            assert_eq!(text(given), expected);
        }
        let long = text(&"\u{e9}".repeat(5000));
        assert_eq!(long.chars().count(), MAX_SHOWN + 1);
        assert_eq!(text(&"x".repeat(MAX_SHOWN)).len(), MAX_SHOWN);
    }

    #[test]
    fn claims_are_shown_as_json() {
        for (claim, expected) in [
            (json!("a"), r#""a""#),
            (json!(["a", 1, null]), r#"["a",1,null]"#),
            (
                json!({"mail": "alice@example.com"}),
                r#"{"mail":"(address withheld)"}"#,
            ),
            (json!("a\u{2028}b"), "\"a\\u{2028}b\""),
        ] {
            assert_eq!(value(Some(&claim)), expected);
        }
        assert_eq!(value(None), "nothing");
        assert_eq!(list(["a", "b"]), "a, b");
        assert_eq!(list(Vec::<String>::new()), "nothing");
    }
}
