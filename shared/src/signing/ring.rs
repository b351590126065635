//! Key ring: the door's signing keys at one time.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tracing::info;

use crate::crypto::seal::SealKey;
use crate::crypto::signing::{self, CryptoError, KeyPair};
use crate::gate::UnixTime;
use crate::secret::Secret;
use crate::secrets::{Stage, Version};

/// How long a key is published before it signs. Every running instance has it after five minutes
/// ([`crate::secrets::SOFT_AGE`]), a verifier that asked just before that may cache the answer for five more, and five
/// are for refreshes that fail and clocks that differ.
pub const SETTLING: Duration = Duration::from_secs(15 * 60);

/// A private key that signs in this door's name.
pub struct SigningKey {
    id: String,
    created: UnixTime,
    pair: KeyPair,
    /// The public half, as it is published.
    jwk: Value,
}

/// The keys, by the stage of their versions.
pub struct KeyRing {
    pending: Option<SigningKey>,
    current: SigningKey,
    previous: Option<SigningKey>,
}

impl SigningKey {
    /// The text of a new secret: the JSON Web Key of a new private key, and a new key of session ids.
    ///
    /// # Errors
    /// There is no randomness.
    pub fn generate() -> Result<Secret, CryptoError> {
        signing::generate(None)
    }

    /// The text of the version that follows this one: a new private key, and the same key of session ids. A version that
    /// was made before there was one gets a new one.
    ///
    /// # Errors
    /// There is no randomness.
    pub fn successor(&self) -> Result<Secret, CryptoError> {
        signing::generate(Some(&self.pair))
    }

    /// Reads the text of a version; none if it is not the JWK of an ES256 private key.
    pub fn parse(id: &str, created: UnixTime, text: &Secret) -> Option<Self> {
        let pair = KeyPair::parse(text)?;
        let (x, y) = pair.coordinates()?;
        // In alphabetical order, as RFC 7638, section 3 has it.
        let jwk = json!({"alg": "ES256", "crv": "P-256", "kid": id, "kty": "EC", "use": "sig", "x": x, "y": y});
        Some(Self {
            id: id.to_owned(),
            created,
            pair,
            jwk,
        })
    }

    /// Reads a version; none if it does not hold the JWK of an ES256 private key.
    pub fn of(version: &Version) -> Option<Self> {
        Self::parse(&version.id, version.created, version.text.as_ref()?)
    }

    /// The id under which it is published: that of the secret's version.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The public half, as it is published (RFC 7517, section 4).
    pub const fn jwk(&self) -> &Value {
        &self.jwk
    }

    /// A compact JWS (RFC 7515, section 7.1) over these claims.
    ///
    /// # Errors
    /// The cryptography library fails.
    pub fn sign(&self, token_type: &str, claims: &Value) -> Result<String, CryptoError> {
        let header = json!({"alg": "ES256", "kid": self.id, "typ": token_type});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(claims));
        let signature = self.pair.sign(&message)?;
        Ok(format!("{message}.{signature}"))
    }

    /// A key derived from it, for one purpose.
    ///
    /// # Errors
    /// The cryptography library fails.
    pub fn seal_key(&self, purpose: &str) -> Result<SealKey, CryptoError> {
        self.pair.seal_key(purpose)
    }

    /// Whether what it signs is verified by what is published of it.
    pub fn verifies_itself(&self) -> bool {
        self.pair.verifies_itself()
    }

    /// Whether it has been published for long enough to sign.
    pub fn is_settled(&self, now: UnixTime) -> bool {
        now.0.saturating_sub(self.created.0) >= SETTLING.as_secs()
    }
}

impl KeyRing {
    /// Reads the versions; none if the current one holds no key. Others that hold none are left out: before the first
    /// rotation ends, a secret holds whatever it was made with.
    pub(crate) fn new(
        pending: Option<Version>,
        current: Version,
        previous: Option<Version>,
    ) -> Option<Self> {
        let current = SigningKey::of(&current)?;
        let other = |version: Option<Version>, stage: Stage| {
            let version = version.filter(|version| version.id != current.id)?;
            let found = SigningKey::of(&version);
            if found.is_none() {
                info!(stage = stage.as_str(), "a version holds no key");
            }
            found
        };
        Some(Self {
            pending: other(pending, Stage::Pending),
            previous: other(previous, Stage::Previous),
            current,
        })
    }

    /// The key that signs.
    pub fn signer(&self, now: UnixTime) -> &SigningKey {
        match &self.previous {
            Some(previous)
                if !self.current.is_settled(now) && previous.created <= self.current.created =>
            {
                previous
            }
            Some(_) | None => &self.current,
        }
    }

    /// The key of session ids: the current version's, since a pending one may still be thrown away. None until a rotation
    /// has made one.
    pub fn session_key(&self) -> Option<SealKey> {
        self.current.pair.session_key()
    }

    /// The public halves of all keys, as a key document (RFC 7517, section 5).
    pub fn published(&self) -> Value {
        let keys: Vec<&Value> = self.keys().map(|key| &key.jwk).collect();
        json!({"keys": keys})
    }

    /// A key derived from each, for one purpose: the first seals, and any may have sealed what is to be opened.
    ///
    /// # Errors
    /// The cryptography library fails.
    pub fn seal_keys(&self, purpose: &str, now: UnixTime) -> Result<Vec<SealKey>, CryptoError> {
        let signer = self.signer(now);
        let others = self.keys().filter(|key| key.id != signer.id);
        std::iter::once(signer)
            .chain(others)
            .map(|key| key.seal_key(purpose))
            .collect()
    }

    /// Newest first.
    fn keys(&self) -> impl Iterator<Item = &SigningKey> {
        let current = std::iter::once(&self.current);
        self.pending.iter().chain(current).chain(&self.previous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG_AGO: u64 = 1_000_000;
    const NOW: UnixTime = UnixTime(LONG_AGO + 100_000);

    fn version(id: &str, created: u64) -> Version {
        Version {
            id: id.to_owned(),
            created: UnixTime(created),
            text: Some(SigningKey::generate().unwrap()),
        }
    }

    fn ids(ring: &KeyRing) -> Vec<String> {
        let published = ring.published();
        let keys = published["keys"].as_array().unwrap();
        let id = |key: &Value| key["kid"].as_str().unwrap().to_owned();
        keys.iter().map(id).collect()
    }

    #[test]
    fn a_new_key_signs_once_it_has_been_published_for_long_enough() {
        let young = NOW.0 - SETTLING.as_secs() + 1;
        let settled = NOW.0 - SETTLING.as_secs();
        for (what, pending, current, previous, signer) in [
            ("the only key", None, young, None, "current"),
            (
                "a new key, and an old one",
                None,
                young,
                Some(LONG_AGO),
                "previous",
            ),
            ("settled", None, settled, Some(LONG_AGO), "current"),
            (
                "one to come",
                Some(NOW.0),
                settled,
                Some(LONG_AGO),
                "current",
            ),
            (
                "one to come that is old",
                Some(LONG_AGO),
                settled,
                None,
                "current",
            ),
            ("moved back", None, young, Some(NOW.0), "current"),
        ] {
            let ring = KeyRing::new(
                pending.map(|created| version("pending", created)),
                version("current", current),
                previous.map(|created| version("previous", created)),
            )
            .unwrap();
            assert_eq!(ring.signer(NOW).id(), signer, "{what}");
        }
    }

    #[test]
    fn all_keys_are_published_and_nothing_private() {
        let ring = KeyRing::new(
            Some(version("c", 3)),
            version("b", 2),
            Some(version("a", 1)),
        )
        .unwrap();
        assert_eq!(ids(&ring), ["c", "b", "a"]);
        for key in ring.published()["keys"].as_array().unwrap() {
            let names: Vec<&String> = key.as_object().unwrap().keys().collect();
            assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
        }
    }

    #[test]
    fn a_version_in_two_stages_is_one_key() {
        let (current, pending) = (version("b", 2), version("b", 2));
        let ring = KeyRing::new(Some(pending), current, None).unwrap();
        assert_eq!(ids(&ring), ["b"]);
    }

    #[test]
    fn what_is_no_key_is_left_out_unless_it_is_the_current_one() {
        let empty = |id: &str| Version {
            text: Some(Secret::new("initial".to_owned())),
            ..version(id, 1)
        };
        let ring = KeyRing::new(Some(empty("c")), version("b", 2), Some(empty("a"))).unwrap();
        assert_eq!(ids(&ring), ["b"]);
        assert!(KeyRing::new(Some(version("c", 3)), empty("b"), None).is_none());
    }

    #[test]
    fn what_one_key_sealed_is_opened_after_the_next_rotation() {
        let again = |version: &Version| Version {
            id: version.id.clone(),
            created: version.created,
            text: version
                .text
                .as_ref()
                .map(|text| Secret::new(text.reveal().to_owned())),
        };
        let (a, b) = (version("a", LONG_AGO), version("b", NOW.0));
        let before = KeyRing::new(None, again(&a), None).unwrap();
        let tag = before.seal_keys("test", NOW).unwrap()[0].tag(b"id");
        let after = KeyRing::new(None, b, Some(a)).unwrap();
        let opens = |now: UnixTime| {
            let keys = after.seal_keys("test", now).unwrap();
            let opens = keys.iter().map(|key| key.verifies(b"id", &tag));
            opens.collect::<Vec<_>>()
        };
        assert_eq!(opens(NOW), [true, false], "the old key goes on sealing");
        let settled = UnixTime(NOW.0 + SETTLING.as_secs());
        assert_eq!(opens(settled), [false, true]);
    }
}
