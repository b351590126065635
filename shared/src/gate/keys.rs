//! Key set, a JWKS document (RFC 7517, section 5) -> [`KeySet`]: only the keys that can verify.

use super::token::Token;
use crate::crypto::{Algorithm, VerifyingKey};
use crate::json::{self, Value};

/// A hundred RSA keys of 4096 bits fit; no issuer publishes nearly as much.
const MAX_BYTES: usize = 64 * 1024;
const MAX_KEYS: usize = 100;

/// An issuer's usable signature keys.
#[derive(Default)]
pub struct KeySet {
    keys: Vec<Key>,
    skipped: usize,
}

/// Why a key document is refused whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyDocumentError {
    #[error("the key document is longer than 65536 bytes")]
    TooLong,
    #[error("the key document has more than 100 keys")]
    TooManyKeys,
    #[error("the key document is not one JSON object with a list `keys`")]
    Form,
}

impl KeySet {
    /// Reads a key document. A key that cannot be used is skipped and counted: it must not spoil its neighbours.
    ///
    /// # Errors
    /// The document is over a bound, or not a key document at all.
    pub fn parse(document: &[u8]) -> Result<Self, KeyDocumentError> {
        if document.len() > MAX_BYTES {
            return Err(KeyDocumentError::TooLong);
        }
        let document = json::object(document).ok_or(KeyDocumentError::Form)?;
        let listed = document.get("keys").and_then(Value::as_array);
        let listed = listed.ok_or(KeyDocumentError::Form)?;
        if listed.len() > MAX_KEYS {
            return Err(KeyDocumentError::TooManyKeys);
        }
        let mut keys: Vec<Key> = listed.iter().filter_map(Key::parse).collect();
        // With two keys of the same id it is unclear which one is meant, so neither is used.
        let name = |jwk: &Value| jwk.get("kid").cloned().unwrap_or_default();
        let names: Vec<Value> = listed.iter().map(name).collect();
        keys.retain(|key| {
            key.id.is_null() || names.iter().filter(|id| **id == key.id).count() == 1
        });
        let skipped = listed.len().saturating_sub(keys.len());
        Ok(Self { keys, skipped })
    }

    /// How many keys can be used.
    pub fn usable(&self) -> usize {
        self.keys.len()
    }

    /// How many keys of the document cannot be used: of another purpose, kind or strength, malformed, or not unique.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// Whether a token that names this key (or none) would find one.
    pub fn has(&self, key_id: Option<&str>) -> bool {
        self.find(key_id).is_some()
    }

    /// The key of this id; without an id the only key, if there is exactly one.
    pub(super) fn find(&self, key_id: Option<&str>) -> Option<&Key> {
        match (key_id, self.keys.as_slice()) {
            (Some(id), keys) => keys.iter().find(|key| key.id == id),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }
}

pub(super) struct Key {
    id: Value,
    algorithm: Option<Algorithm>,
    verifying: VerifyingKey,
}

impl Key {
    fn parse(jwk: &Value) -> Option<Self> {
        let id = jwk.get("kid").cloned().unwrap_or_default();
        let named = id.is_string() || id.is_null();
        let algorithm = match jwk.get("alg") {
            None => None,
            Some(name) => Some(Algorithm::parse(name.as_str()?)?),
        };
        let verifying = VerifyingKey::from_jwk(jwk)?;
        // RFC 7517, sections 4.2 and 4.3: a key for another purpose must not verify signatures.
        let for_signatures = jwk.get("use").is_none_or(|purpose| purpose == "sig");
        let verify = |operation: &Value| operation == "verify";
        let may_verify = match jwk.get("key_ops") {
            None => true,
            Some(operations) => operations.as_array()?.iter().any(verify),
        };
        let fits = algorithm.is_none_or(|own| verifying.serves(own));
        (named && for_signatures && may_verify && fits).then_some(Self {
            id,
            algorithm,
            verifying,
        })
    }

    /// Whether this key is one for the algorithm: of its kind, and not bound to another by its own `alg`.
    pub(super) fn serves(&self, algorithm: Algorithm) -> bool {
        self.verifying.serves(algorithm) && self.algorithm.is_none_or(|own| own == algorithm)
    }

    /// Whether the token's signature is this key's (RFC 7515, section 5.2).
    pub(super) fn verifies(&self, token: &Token) -> bool {
        self.verifying.verify_jws(token.algorithm, token.text())
    }
}
