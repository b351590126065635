//! The one room that names the cryptography. This file: algorithms, verification keys, fingerprints.

pub(crate) mod random;
pub(crate) mod seal;
#[cfg(feature = "secrets")]
pub(crate) mod signing;

use aws_lc_rs::digest::{Context, SHA256, digest};
use aws_lc_rs::signature::{
    self, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::json::{Map, Value};
use crate::jws::Signature;
use crate::text;

/// An asymmetric signature algorithm (RFC 7518, section 3.1, RFC 8037, section 3.1). `none` and the HMAC family have no
/// value here, so they cannot be trusted by mistake.
#[derive(Clone, Copy, Debug)]
pub struct Algorithm {
    name: &'static str,
    kind: KeyKind,
    check: Check,
}

/// The check of a signature by AWS-LC.
#[derive(Clone, Copy, Debug)]
enum Check {
    Rsa(&'static RsaParameters),
    Point(&'static dyn VerificationAlgorithm),
}

/// The kind of key an algorithm needs (RFC 7518, section 3.1): a key of one kind never serves an algorithm of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyKind {
    Ed25519,
    P256,
    P384,
    Rsa,
}

impl Algorithm {
    /// Every algorithm an issuer may be trusted with.
    pub const ALL: [Self; 9] = [
        Self::of_point("EdDSA", KeyKind::Ed25519, &signature::ED25519),
        Self::of_point("ES256", KeyKind::P256, &signature::ECDSA_P256_SHA256_FIXED),
        Self::of_point("ES384", KeyKind::P384, &signature::ECDSA_P384_SHA384_FIXED),
        Self::of_rsa("PS256", &signature::RSA_PSS_2048_8192_SHA256),
        Self::of_rsa("PS384", &signature::RSA_PSS_2048_8192_SHA384),
        Self::of_rsa("PS512", &signature::RSA_PSS_2048_8192_SHA512),
        Self::RS256,
        Self::of_rsa("RS384", &signature::RSA_PKCS1_2048_8192_SHA384),
        Self::of_rsa("RS512", &signature::RSA_PKCS1_2048_8192_SHA512),
    ];

    /// What Cognito and most other issuers sign with.
    pub const RS256: Self = Self::of_rsa("RS256", &signature::RSA_PKCS1_2048_8192_SHA256);

    const fn of_rsa(name: &'static str, parameters: &'static RsaParameters) -> Self {
        Self {
            name,
            kind: KeyKind::Rsa,
            check: Check::Rsa(parameters),
        }
    }

    const fn of_point(
        name: &'static str,
        kind: KeyKind,
        check: &'static dyn VerificationAlgorithm,
    ) -> Self {
        Self {
            name,
            kind,
            check: Check::Point(check),
        }
    }

    /// Reads the registered name, which is case-sensitive (RFC 7515, section 4.1.1). `Ed25519` is the one that says
    /// what
    /// `EdDSA` leaves to the key's curve (RFC 9864, section 2.2), and no other curve is read here.
    pub fn parse(name: &str) -> Option<Self> {
        let name = if name == "Ed25519" { "EdDSA" } else { name };
        Self::ALL.into_iter().find(|known| known.name == name)
    }
}

/// One algorithm has one name.
impl PartialEq for Algorithm {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Algorithm {}

/// A public key, of a kind that decides which algorithms it can serve.
pub(crate) struct VerifyingKey {
    kind: KeyKind,
    /// Ready for each algorithm of the kind: a signature is checked with the key that was made for its algorithm, or not
    /// at all.
    keys: Vec<(Algorithm, ParsedPublicKey)>,
    /// The public numbers, each of which is written in one way only: equal keys have equal ones.
    numbers: Vec<Vec<u8>>,
}

/// The reason why a public key is not one that is safe to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("`kty` and `crv` name no kind of key that verifies signatures here")]
    Kind,
    #[error("a number of the key is missing or not unpadded base64url")]
    Number,
    #[error("the RSA key is outside 2048 to 8192 bits or 65537 to 4294967295, or even")]
    Rsa,
    #[error("the key is not a point of its curve")]
    Point,
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        (self.kind, &self.numbers) == (other.kind, &other.numbers)
    }
}

impl VerifyingKey {
    /// Reads a public key (RFC 7518, section 6, RFC 8037, section 2).
    pub(crate) fn from_jwk(jwk: &Map<String, Value>) -> Result<Self, KeyError> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let bytes = |name: &str| {
            let decoded = text(name).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
            decoded.ok_or(KeyError::Number)
        };
        // The uncompressed form of a point (SEC 1 section 2.3.3).
        let uncompressed = || Ok([vec![4], bytes("x")?, bytes("y")?].concat());
        match (text("kty"), text("crv")) {
            (Some("RSA"), _) => Self::rsa(&bytes("n")?, &bytes("e")?),
            (Some("EC"), Some("P-256")) => Self::point(KeyKind::P256, uncompressed()?),
            (Some("EC"), Some("P-384")) => Self::point(KeyKind::P384, uncompressed()?),
            (Some("OKP"), Some("Ed25519")) => Self::point(KeyKind::Ed25519, bytes("x")?),
            _ => Err(KeyError::Kind),
        }
    }

    /// A key of a big-endian modulus and exponent. Java's `BigInteger` writes a zero before a number whose first bit is
    /// set; RFC 7518, section 6.3.1.1 says not to, and AWS-LC takes no such number.
    fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyError> {
        let [modulus, exponent] = [modulus, exponent].map(without_zeros);
        if !is_safe_rsa(modulus, exponent).unwrap_or(false) {
            return Err(KeyError::Rsa);
        }
        let numbers = vec![modulus.to_vec(), exponent.to_vec()];
        let components = RsaPublicKeyComponents {
            n: modulus,
            e: exponent,
        };
        Self::of_kind(KeyKind::Rsa, numbers, |check| match check {
            Check::Rsa(parameters) => components.to_parsed_public_key(parameters).ok(),
            Check::Point(_) => None,
        })
        .ok_or(KeyError::Rsa)
    }

    /// A key that is a point of a curve.
    fn point(kind: KeyKind, point: Vec<u8>) -> Result<Self, KeyError> {
        Self::of_kind(kind, vec![point.clone()], |check| match check {
            Check::Point(algorithm) => ParsedPublicKey::new(algorithm, &point).ok(),
            Check::Rsa(_) => None,
        })
        .ok_or(KeyError::Point)
    }

    /// A key of a kind, made ready for each of its algorithms; none if it is not ready for one of them.
    fn of_kind(
        kind: KeyKind,
        numbers: Vec<Vec<u8>>,
        ready: impl Fn(Check) -> Option<ParsedPublicKey>,
    ) -> Option<Self> {
        let algorithms = Algorithm::ALL.into_iter();
        let keys = algorithms
            .filter(|algorithm| algorithm.kind == kind)
            .map(|algorithm| Some((algorithm, ready(algorithm.check)?)));
        Some(Self {
            kind,
            keys: keys.collect::<Option<_>>()?,
            numbers,
        })
    }

    /// Whether this kind of key is one for the algorithm.
    pub(crate) fn serves(&self, algorithm: Algorithm) -> bool {
        self.kind == algorithm.kind
    }

    /// Whether the signature is made with this key (RFC 7515, section 5.2). Anything but a clear yes is a no.
    pub(crate) fn verifies(&self, algorithm: Algorithm, signature: &Signature) -> bool {
        let mut keys = self.keys.iter();
        let ready = keys.find(|(own, _)| *own == algorithm);
        let message = signature.message.as_bytes();
        ready.is_some_and(|(_, key)| key.verify_sig(message, &signature.bytes).is_ok())
    }
}

/// A big-endian number as short as it can be.
fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// Whether modulus and exponent, without zeros before them, are those of a key that is safe to use; none if one is zero
/// or out of all bounds.
fn is_safe_rsa(modulus: &[u8], exponent: &[u8]) -> Option<bool> {
    let unused = modulus.first()?.leading_zeros().try_into().ok()?;
    let bits = modulus.len().checked_mul(8)?.checked_sub(unused)?;
    let value = exponent.iter().try_fold(0_u32, |value, byte| {
        value.checked_mul(256)?.checked_add(u32::from(*byte))
    })?;
    // At least 2048 bits (NIST SP 800-131A); over 8192 a check costs too much of a request. The least exponent is 65537
    // (FIPS 186-5 section 5.4), the greatest what verifiers take. Products of odd primes are odd.
    let odd = modulus.last()? & 1 == 1 && value & 1 == 1;
    Some((2048..=8192).contains(&bits) && value >= 65537 && odd)
}

/// The first half of the SHA-256 of a text, in hex: names a token in a log without giving it away.
pub(crate) fn fingerprint(message: &str) -> String {
    let hash = digest(&SHA256, message.as_bytes());
    let half = hash.as_ref().get(..16).unwrap_or_default();
    text::hex(half)
}

/// SHA-256 in hex over the purpose (which carries the version) and the fields, each after its length in 8 bytes, so
/// that no two different lists of fields, and no two purposes, give the same bytes.
pub(crate) fn digest_of(purpose: &str, fields: &[&str]) -> String {
    let mut digest = Context::new(&SHA256);
    framed(purpose, fields, |bytes| digest.update(bytes));
    text::hex(digest.finish().as_ref())
}

fn framed(purpose: &str, fields: &[&str], mut add: impl FnMut(&[u8])) {
    for field in [purpose].iter().chain(fields) {
        let length = u64::try_from(field.len()).unwrap_or(u64::MAX);
        add(&length.to_be_bytes());
        add(field.as_bytes());
    }
}
