//! Sealed sign-ins: AES-256-GCM (NIST SP 800-38D) under a key of the system's keyring, with a random nonce for each write.
//!
//! Door, user, issuer and client are readable in the file, and are authenticated with the tokens: a program that changes
//! the file cannot make this tool send the tokens to another door, issuer or client.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::speak::keyring::Key;
use crate::speak::sign_in::SignIn;

/// The version of the file; version 1 is a sign-in that is not sealed.
pub(crate) const VERSION: u32 = 2;

/// A sealed sign-in, as it is kept.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sealed {
    #[serde(rename = "as")]
    pub(crate) name: String,
    client_id: String,
    pub(crate) door: String,
    issuer: String,
    /// The id of the key that seals it.
    key: String,
    /// Base64 of the nonce, the sealed sign-in and the tag.
    sealed: String,
    version: u32,
}

/// The reason why a sign-in cannot be opened.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum OpenError {
    /// Another key seals it than the one that is there.
    OtherKey,
    /// It was changed since it was sealed.
    Changed,
}

impl Sealed {
    pub(crate) fn seal(kept: &SignIn, key: &Key) -> Option<Self> {
        let mut sealed = Self {
            name: kept.name.clone(),
            client_id: kept.client_id.clone(),
            door: kept.door.clone(),
            issuer: kept.issuer.clone(),
            key: key.id(),
            sealed: String::new(),
            version: VERSION,
        };
        let mut bytes = serde_json::to_vec(kept).ok()?;
        let cipher = RandomizedNonceKey::new(&AES_256_GCM, key.bytes()).ok()?;
        let beside = Aad::from(sealed.beside());
        let nonce = cipher.seal_in_place_append_tag(beside, &mut bytes).ok()?;
        sealed.sealed = STANDARD.encode([nonce.as_ref().as_slice(), &bytes].concat());
        Some(sealed)
    }

    pub(crate) fn open(&self, key: &Key) -> Result<SignIn, OpenError> {
        if self.version != VERSION {
            return Err(OpenError::Changed);
        }
        if self.key != key.id() {
            return Err(OpenError::OtherKey);
        }
        self.opened(key).ok_or(OpenError::Changed)
    }

    fn opened(&self, key: &Key) -> Option<SignIn> {
        let bytes = STANDARD.decode(&self.sealed).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>()?;
        let cipher = RandomizedNonceKey::new(&AES_256_GCM, key.bytes()).ok()?;
        let mut sealed = sealed.to_vec();
        let beside = Aad::from(self.beside());
        let opened = cipher.open_in_place(Nonce::from(nonce), beside, &mut sealed);
        serde_json::from_slice(opened.ok()?).ok()
    }

    /// The associated data of the cipher: a JSON list, so that two different lists never give the same bytes.
    fn beside(&self) -> String {
        json!([
            self.version,
            self.door,
            self.name,
            self.issuer,
            self.client_id,
            self.key
        ])
        .to_string()
    }
}
