//! The digest of the settings: it tells which documents a function runs with, and does not tell the documents.
//!
//! Each function computes it at its start from what it has read, so that `make smoke` sees a deployment that did not
//! reach one of them.

use crate::crypto;

/// The first 16 hex digits of SHA-256 over a versioned, length-prefixed encoding of the two documents' texts. White
/// space around a document is not counted: a shell takes the last line end of a file away, and JSON means the same
/// without it.
pub fn digest(agents: &str, issuers: &str) -> String {
    // RFC 8259, section 2: what may stand around a JSON value.
    let texts = [agents, issuers].map(|text| text.trim_matches([' ', '\t', '\n', '\r']));
    let mut digest = crypto::digest_of("gatehouse settings 1", &texts);
    digest.truncate(LENGTH);
    digest
}

/// Whether this is a digest, in its one spelling.
pub fn is_digest(text: &str) -> bool {
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == LENGTH && text.bytes().all(is_hex)
}

/// Settings of one deployment are told from those before it, by 64 bits; an attacker gains nothing by a collision.
const LENGTH: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn digests_are_as_documented() {
        // Computed with Python's hashlib, after the description in docs/operations.md.
        let vectors = [
            ("", "", "7ab1d3bed4da38bc"),
            (r#"{"demo": {}}"#, "[]", "1769cd56135c2112"),
            ("{\"é\": 1}", "[1]", "a0aadca8467676cd"),
        ];
        for (agents, issuers, expected) in vectors {
            assert_eq!(digest(agents, issuers), expected, "{agents} {issuers}");
            assert!(is_digest(expected));
        }
    }

    #[test]
    fn white_space_around_a_document_is_not_counted_and_all_else_is() {
        assert_eq!(digest("\r\n {} \t", "[]\n"), digest("{}", "[]"));
        let pairs = [
            ("{}", "[]"),
            ("[]", "{}"),
            ("{ }", "[]"),
            ("{}[", "]"),
            ("{}[]", ""),
            ("", "{}[]"),
            ("{}", "[ ]"),
            // JSON knows no other white space than its four.
            ("{}\u{a0}", "[]"),
        ];
        let digests: BTreeSet<String> = pairs
            .iter()
            .map(|(agents, issuers)| digest(agents, issuers))
            .collect();
        assert_eq!(digests.len(), pairs.len());
    }

    #[test]
    fn a_digest_has_one_spelling() {
        for other in [
            "",
            "0123456789abcde",
            "0123456789abcdef0",
            "0123456789ABCDEF",
            "0123456789abcdeg",
            "0123456789abcde\n",
            " 123456789abcdef",
            "0123456789abcdé",
        ] {
            assert!(!is_digest(other), "{other:?}");
        }
    }
}
