//! Test tokens: signature keys and compact JWS, good ones and bent ones.
//!
//! Keys and signatures come from Graviola, tokens are put together here from RFC 7515, section 7.1: no code is shared
//! with what verifies, so one fault cannot hide on both sides.

#![expect(
    clippy::expect_used,
    reason = "only tests use this crate, and a fault of it must stop them"
)]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use graviola::hashing::{Sha256, Sha384};
use graviola::signing::ecdsa::{self, P256, P384};
use graviola::signing::eddsa::Ed25519SigningKey;
use graviola::signing::rsa;
use serde_json::{Value, json};

/// Large enough for an RSA-8192 key in DER.
const BUFFER: usize = 8192;

/// What stands before and after the private number in an `ECPrivateKey` on P-256 without its public half (RFC 5915,
/// section 3).
const SEC1_BEFORE: [u8; 7] = [0x30, 0x31, 2, 1, 1, 4, 32];
const SEC1_AFTER: [u8; 12] = [0xa0, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];

/// A private key with the key id it is published under.
pub struct Key {
    id: String,
    secret: Secret,
}

enum Secret {
    Ed25519(Box<Ed25519SigningKey>),
    P256(Box<ecdsa::SigningKey<P256>>),
    P384(Box<ecdsa::SigningKey<P384>>),
    Rsa(Box<rsa::SigningKey>),
}

impl Key {
    /// A new RSA-2048 key.
    pub fn rsa(id: &str) -> Self {
        let key = rsa::SigningKey::generate(rsa::KeySize::Rsa2048).expect("an RSA key");
        Self::new(id, Secret::Rsa(Box::new(key)))
    }

    /// A new key on P-256.
    pub fn p256(id: &str) -> Self {
        let key = ecdsa::SigningKey::generate().expect("a P-256 key");
        Self::new(id, Secret::P256(Box::new(key)))
    }

    /// The key on P-256 with this private number, for tokens that are written down.
    pub fn p256_of(id: &str, private: &[u8; 32]) -> Self {
        let der = [SEC1_BEFORE.as_slice(), private, &SEC1_AFTER].concat();
        let key = ecdsa::SigningKey::from_sec1_der(&der).expect("a P-256 key");
        Self::new(id, Secret::P256(Box::new(key)))
    }

    /// A new key on P-384.
    pub fn p384(id: &str) -> Self {
        let key = ecdsa::SigningKey::generate().expect("a P-384 key");
        Self::new(id, Secret::P384(Box::new(key)))
    }

    /// A new Ed25519 key.
    pub fn ed25519(id: &str) -> Self {
        let key = Ed25519SigningKey::generate().expect("an Ed25519 key");
        Self::new(id, Secret::Ed25519(Box::new(key)))
    }

    fn new(id: &str, secret: Secret) -> Self {
        Self {
            id: id.to_owned(),
            secret,
        }
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// The public key as a JWK (RFC 7517) with `kid` and `use`, without `alg`.
    pub fn jwk(&self) -> Value {
        let mut jwk = self.public();
        let members = jwk.as_object_mut().expect("a JWK is an object");
        members.insert("kid".to_owned(), json!(self.id));
        members.insert("use".to_owned(), json!("sig"));
        jwk
    }

    fn public(&self) -> Value {
        let mut buffer = [0; BUFFER];
        match &self.secret {
            Secret::Ed25519(key) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": encode(&key.public_key().as_bytes())})
            }
            Secret::P256(key) => point("P-256", 32, key.to_spki_der(&mut buffer).expect("a key")),
            Secret::P384(key) => point("P-384", 48, key.to_spki_der(&mut buffer).expect("a key")),
            Secret::Rsa(key) => {
                let public = key.public_key();
                let mut der = public.to_pkcs1_der(&mut buffer).expect("a public key");
                // RFC 8017, appendix A.1.1: a sequence of modulus and exponent.
                let mut sequence = take_der(&mut der);
                let modulus = take_der(&mut sequence);
                let exponent = take_der(&mut sequence);
                json!({"kty": "RSA", "n": encode(unsigned(modulus)), "e": encode(unsigned(exponent))})
            }
        }
    }

    /// The signature over `message`, of an algorithm that this kind of key has (RFC 7518, section 3.1).
    pub fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let mut out = [0; 1024];
        let signature = match (&self.secret, algorithm) {
            (Secret::Ed25519(key), "EdDSA") => return key.sign(message).to_vec(),
            (Secret::P256(key), "ES256") => key.sign::<Sha256>(&[message], &mut out),
            (Secret::P384(key), "ES384") => key.sign::<Sha384>(&[message], &mut out),
            (Secret::Rsa(key), algorithm) => sign_rsa(key, algorithm, message, &mut out),
            _ => unreachable_algorithm(algorithm),
        };
        signature.expect("a signature").to_vec()
    }

    /// A compact JWS of header and payload bytes as they are given, truly signed with `algorithm`.
    pub fn jws(&self, algorithm: &str, header: &[u8], payload: &[u8]) -> String {
        let message = format!("{}.{}", encode(header), encode(payload));
        let signature = self.sign(algorithm, message.as_bytes());
        format!("{message}.{}", encode(&signature))
    }

    /// A token with the header `{"alg", "kid", "typ": "JWT"}` and these claims.
    pub fn token(&self, algorithm: &str, claims: &Value) -> String {
        let header = json!({"alg": algorithm, "kid": self.id, "typ": "JWT"});
        self.token_with(algorithm, &header, claims)
    }

    /// A token with this header and these claims, truly signed with `algorithm` whatever the header says.
    pub fn token_with(&self, algorithm: &str, header: &Value, claims: &Value) -> String {
        self.jws(
            algorithm,
            header.to_string().as_bytes(),
            claims.to_string().as_bytes(),
        )
    }
}

fn sign_rsa<'a>(
    key: &rsa::SigningKey,
    algorithm: &str,
    message: &[u8],
    out: &'a mut [u8],
) -> Result<&'a [u8], graviola::Error> {
    match algorithm {
        "PS256" => key.sign_pss_sha256(out, message),
        "PS384" => key.sign_pss_sha384(out, message),
        "PS512" => key.sign_pss_sha512(out, message),
        "RS256" => key.sign_pkcs1_sha256(out, message),
        "RS384" => key.sign_pkcs1_sha384(out, message),
        "RS512" => key.sign_pkcs1_sha512(out, message),
        _ => unreachable_algorithm(algorithm),
    }
}

#[expect(
    clippy::panic,
    reason = "a test asked for a signature that this key cannot make"
)]
fn unreachable_algorithm(algorithm: &str) -> ! {
    panic!("this key does not sign with `{algorithm}`")
}

/// The key document that publishes these keys (RFC 7517, section 5).
pub fn key_document(keys: &[&Key]) -> Value {
    json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()})
}

/// base64url without padding (RFC 7515, section 2).
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A SubjectPublicKeyInfo ends with the uncompressed point (RFC 5480, section 2.2).
fn point(curve: &str, size: usize, public: &[u8]) -> Value {
    let (rest, y) = public.split_at(public.len().saturating_sub(size));
    let (_, x) = rest.split_at(rest.len().saturating_sub(size));
    json!({"kty": "EC", "crv": curve, "x": encode(x), "y": encode(y)})
}

/// Takes the content of the next DER element of at most 65535 bytes.
fn take_der<'d>(der: &mut &'d [u8]) -> &'d [u8] {
    let (length, content) = match **der {
        [_, 0x82, high, low, ref content @ ..] => (u16::from_be_bytes([high, low]), content),
        [_, 0x81, length, ref content @ ..] | [_, length, ref content @ ..] => {
            (u16::from(length), content)
        }
        _ => (0, [].as_slice()),
    };
    let (element, rest) = content.split_at(usize::from(length));
    *der = rest;
    element
}

/// DER puts a zero before a positive number that would read as negative; a JWK must not have it.
fn unsigned(number: &[u8]) -> &[u8] {
    number.strip_prefix(&[0]).unwrap_or(number)
}
