//! Key set, a JWKS document (RFC 7517, section 5) -> [`KeySet`]: only the keys that can verify.

use super::presented::Presented;
use super::refusal::Refusal;
use super::token::Token;
use crate::json::{self, Value};
use crate::jwk::{Jwk, JwkError};

/// A hundred RSA keys of 4096 bits fit; no issuer publishes nearly as much.
const MAX_BYTES: usize = 64 * 1024;
const MAX_KEYS: usize = 100;

/// An issuer's usable signature keys.
#[derive(Default)]
pub struct KeySet {
    keys: Vec<Jwk>,
    skipped: Vec<SkippedKey>,
    /// Whether the document has one usable key, which then needs no name.
    is_single: bool,
}

/// A key of the document that cannot be used.
pub struct SkippedKey {
    /// Its id as the document has it; none if that is no text.
    pub id: Option<String>,
    pub reason: JwkError,
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
    /// Reads a key document. A key that cannot be used is skipped, with its reason: it must not spoil its neighbours.
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
        Ok(Self::read(listed))
    }

    fn read(listed: &[Value]) -> Self {
        let (mut found, mut skipped): (Vec<Jwk>, Vec<SkippedKey>) = (Vec::new(), Vec::new());
        for jwk in listed {
            match Jwk::parse(jwk) {
                // The same key once more is no second one.
                Ok(key) if found.contains(&key) => {}
                Ok(key) => found.push(key),
                Err(reason) => {
                    let id = jwk.get("kid").and_then(Value::as_str).map(str::to_owned);
                    skipped.push(SkippedKey { id, reason });
                }
            }
        }
        let is_single = found.len() == 1;
        let faults: Vec<_> = found.iter().map(|key| indistinct(key, &found)).collect();
        let mut keys = Vec::new();
        for (key, fault) in found.into_iter().zip(faults) {
            match fault {
                Some(reason) if !is_single => skipped.push(SkippedKey { id: key.id, reason }),
                Some(_) | None => keys.push(key),
            }
        }
        Self {
            keys,
            skipped,
            is_single,
        }
    }

    /// How many keys can be used.
    pub fn usable(&self) -> usize {
        self.keys.len()
    }

    /// The keys that cannot: of another purpose, kind or strength, malformed, or not to be told from another.
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    /// Whether the keys that this token names are held, be they fit for it or not.
    pub fn has(&self, presented: &Presented<'_>) -> bool {
        let (token, issuer) = presented.unproven();
        self.named(token, issuer).next().is_some()
    }

    /// The one key that the token names, and that may verify it.
    pub(super) fn find(&self, token: &Token, issuer: &str) -> Result<&Jwk, Refusal> {
        let named = self.named(token, issuer);
        let mut fit = named.filter(|key| key.serves(token.algorithm));
        match (fit.next(), fit.next()) {
            (Some(only), None) => Ok(only),
            (None, _) if self.named(token, issuer).next().is_some() => Err(Refusal::KeyMismatch),
            (None, _) if token.key_id.is_some() => Err(Refusal::KeyUnknown),
            _ => Err(Refusal::KeyIdMissing),
        }
    }

    /// The issuer's keys that the token means: those of its `kid`; without one the only key, or else those of its
    /// `x5t`. Keys are never tried in turn: a token would then be whichever key's it fits.
    fn named<'s, 't>(&'s self, token: &'t Token, issuer: &'t str) -> impl Iterator<Item = &'s Jwk> {
        self.keys.iter().filter(move |key| {
            let names = |name: &Option<String>| {
                name.is_some() && [&key.id, &key.thumbprint].contains(&name)
            };
            let is_meant = match &token.key_id {
                Some(_) => key.id == token.key_id,
                None => self.is_single || names(&token.thumbprint),
            };
            is_meant && key.is_of(issuer)
        })
    }
}

/// The reason why no token could name this one of the keys. What cannot verify at all is not among them, and makes no
/// key ambiguous.
fn indistinct(key: &Jwk, keys: &[Jwk]) -> Option<JwkError> {
    match (&key.id, &key.thumbprint) {
        (None, None) => Some(JwkError::Unnamed),
        (None, Some(_)) => None,
        (Some(_), _) => {
            let clashes = keys.iter().filter(|other| key.clashes_with(other)).count();
            (clashes > 1).then_some(JwkError::Ambiguous)
        }
    }
}
