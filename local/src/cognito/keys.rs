//! The pool's signing keys: RS256, one pair for access tokens, another for id tokens, as Cognito
//! has them.

use std::fmt;

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// The cryptographic library failed; it says no more.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the cryptographic library failed")]
pub struct CryptoError;

/// One RSA-2048 key and its name.
pub(super) struct SigningKey {
    id: String,
    pair: KeyPair,
}

impl SigningKey {
    fn generate() -> Result<Self, CryptoError> {
        Ok(Self::of(
            KeyPair::generate(KeySize::Rsa2048).map_err(|_| CryptoError)?,
        ))
    }

    fn restore(document: &[u8]) -> Result<Self, CryptoError> {
        let pair = KeyPair::from_pkcs8(document).map_err(|_| CryptoError)?;
        // A kept file may have been changed; another size would be no Cognito's.
        (pair.public_modulus_len() == 256)
            .then(|| Self::of(pair))
            .ok_or(CryptoError)
    }

    fn keep(&self) -> Result<Vec<u8>, CryptoError> {
        let document: Pkcs8V1Der<'static> = self.pair.as_der().map_err(|_| CryptoError)?;
        Ok(document.as_ref().to_vec())
    }

    fn of(pair: KeyPair) -> Self {
        let modulus = pair.public_key().modulus();
        let hash = digest::digest(&digest::SHA256, modulus.big_endian_without_leading_zero());
        Self {
            id: STANDARD.encode(hash),
            pair,
        }
    }

    /// The header Cognito gives its tokens.
    pub(super) fn header(&self) -> Value {
        json!({ "kid": self.id, "alg": "RS256" })
    }

    /// A compact JWS (RFC 7515, section 7.1) over exactly this header and payload.
    pub(super) fn sign(&self, header: &Value, claims: &Value) -> Result<String, CryptoError> {
        let mut token = encode(header);
        token.push('.');
        token.push_str(&encode(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                token.as_bytes(),
                &mut signature,
            )
            .map_err(|_| CryptoError)?;
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(signature));
        Ok(token)
    }

    /// The public half as a JSON Web Key (RFC 7517, section 4; RFC 7518, section 6.3.1).
    fn public(&self) -> Value {
        let public = self.pair.public_key();
        let number = |bytes| URL_SAFE_NO_PAD.encode::<&[u8]>(bytes);
        json!({
            "alg": "RS256",
            "e": number(public.exponent().big_endian_without_leading_zero()),
            "kid": self.id,
            "kty": "RSA",
            "n": number(public.modulus().big_endian_without_leading_zero()),
            "use": "sig",
        })
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let public = self.pair.public_key().as_ref();
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public)
            .verify(message, signature)
            .is_ok()
    }
}

/// The private keys of access and id tokens, as PKCS #8 documents (RFC 5208).
#[derive(Clone)]
pub struct KeptKeys {
    /// Of access tokens.
    pub access: Vec<u8>,
    /// Of id tokens.
    pub id: Vec<u8>,
}

/// They are not printed.
impl fmt::Debug for KeptKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeptKeys")
    }
}

/// The keys in use.
pub(super) struct KeySet {
    pub(super) access: SigningKey,
    pub(super) id: SigningKey,
    /// The access key before the last rotation: published, so that the tokens it signed stay good.
    previous: Option<SigningKey>,
}

impl KeySet {
    /// New keys. Takes a good part of a second of computing.
    pub(super) fn generate() -> Result<Self, CryptoError> {
        Ok(Self {
            access: SigningKey::generate()?,
            id: SigningKey::generate()?,
            previous: None,
        })
    }

    /// Keys of an earlier run.
    pub(super) fn restore(kept: &KeptKeys) -> Result<Self, CryptoError> {
        Ok(Self {
            access: SigningKey::restore(&kept.access)?,
            id: SigningKey::restore(&kept.id)?,
            previous: None,
        })
    }

    /// For a later run.
    pub(super) fn keep(&self) -> Result<KeptKeys, CryptoError> {
        Ok(KeptKeys {
            access: self.access.keep()?,
            id: self.id.keep()?,
        })
    }

    /// Signs with `next` from now on; the access key until now stays published.
    pub(super) fn rotate(&mut self, next: Self) {
        let old = std::mem::replace(self, next);
        self.previous = Some(old.access);
    }

    /// The key document.
    pub(super) fn document(&self) -> Value {
        let keys = [Some(&self.id), Some(&self.access), self.previous.as_ref()];
        json!({ "keys": keys.into_iter().flatten().map(SigningKey::public).collect::<Vec<_>>() })
    }

    /// The claims of an access token that one of these keys signed. Says nothing about time or use.
    pub(super) fn verify_access(&self, token: &str) -> Option<Value> {
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let header = decode(header)?;
        let key = [Some(&self.access), self.previous.as_ref()]
            .into_iter()
            .flatten()
            .find(|key| key.header() == header)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        key.verifies(message.as_bytes(), &signature)
            .then(|| decode(claims))
            .flatten()
    }
}

fn encode(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

fn decode(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
