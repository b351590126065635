//! Report of the keys of a document that are not used, for logs and for notes at startup.

use crate::gate::{KeySet, SkippedKey};
use crate::log::Loggable;

/// A document may hold a hundred keys, and one line of a log is read by people.
const MAX_TOLD: usize = 10;

/// The skipped keys with their reasons; none if there are none. Ids are the issuer's, and shown as a stranger's text is.
pub(crate) fn skipped_keys(keys: &KeySet) -> Option<String> {
    let tell = |SkippedKey { id, reason }: &SkippedKey| match id {
        Some(id) => format!("key `{}`: {reason}", Loggable(id)),
        None => format!("a key without `kid`: {reason}"),
    };
    let mut told: Vec<String> = keys.skipped().iter().take(MAX_TOLD).map(tell).collect();
    match keys.skipped().len().saturating_sub(MAX_TOLD) {
        0 => {}
        more => told.push(format!("and {more} more")),
    }
    (!told.is_empty()).then(|| told.join("; "))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn told(keys: &[Value]) -> Option<String> {
        let document = json!({"keys": keys}).to_string();
        skipped_keys(&KeySet::parse(document.as_bytes()).unwrap())
    }

    #[test]
    fn each_key_is_told_with_its_reason() {
        assert_eq!(told(&[]), None);
        let rsa = json!({"kty": "RSA", "kid": "weak", "n": "AQ", "e": "AQAB"});
        let encryption = json!({"kid": "for-encryption", "use": "enc"});
        let unnamed = json!({"kty": "oct"});
        let hostile = json!({"kid": "a\nb", "kty": 1});
        assert_eq!(
            told(&[rsa, encryption, unnamed, hostile]).unwrap(),
            "key `weak`: the RSA key is outside 2048 to 8192 bits or 65537 to 4294967295, or even; \
             key `for-encryption`: `use` is not `sig`; a key without `kid`: `kty` and `crv` name no \
             kind of key that verifies signatures here; key `(3 bytes withheld)`: `kty` and `crv` \
             name no kind of key that verifies signatures here"
        );
    }

    #[test]
    fn a_hundred_bad_keys_are_one_short_line() {
        let keys: Vec<Value> = (0..100)
            .map(|number| json!({"kid": format!("k{number}"), "use": "enc"}))
            .collect();
        let told = told(&keys).unwrap();
        assert!(
            told.starts_with("key `k0`: ")
                && told.ends_with("key `k9`: `use` is not `sig`; and 90 more")
        );
    }
}
