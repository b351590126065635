//! Signing keys: ES256 key pairs, and the HMAC keys derived from them.

use aws_lc_rs::encoding::AsBigEndian;
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::seal::SealKey;
use crate::secret::Secret;

/// The cryptography library failed at something that only fails when it is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cryptography library failed")]
pub struct CryptoError;

/// An ES256 key pair (RFC 7518, section 3.4). AWS-LC wipes the private half with its last owner.
pub(crate) struct KeyPair {
    pair: EcdsaKeyPair,
    seed: Prk,
    session: Option<StoredKey>,
}

/// A symmetric key as it is stored, wiped with its last owner.
type StoredKey = Zeroizing<[u8; LENGTH]>;

/// The stored form: the JSON Web Key of an elliptic curve's private key (RFC 7518, section 6.2), and beside it the key of
/// session ids, which every following version repeats. Texts are borrowed, so that no second copy of a private half has to
/// be wiped.
#[derive(Deserialize)]
struct PrivateJwk<'j> {
    kty: &'j str,
    crv: &'j str,
    alg: Option<&'j str>,
    d: &'j str,
    session_key: Option<&'j str>,
    x: &'j str,
    y: &'j str,
}

/// Length of a coordinate, of the private key, and of what is derived, in bytes.
const LENGTH: usize = 32;

/// The form of an uncompressed point (SEC 1 section 2.3.3).
const UNCOMPRESSED: u8 = 4;

/// The JWK of a new private key, in the stored form, with the session key of the one before it, or a new one.
pub(crate) fn generate(before: Option<&KeyPair>) -> Result<Secret, CryptoError> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| CryptoError)?;
    let private = pair.private_key().as_be_bytes();
    let private = private.map_err(|_| CryptoError)?;
    let d = Zeroizing::new(URL_SAFE_NO_PAD.encode(private.as_ref()));
    let session = match before.and_then(|before| before.session.clone()) {
        Some(session) => session,
        None => new_key()?,
    };
    let session = Zeroizing::new(URL_SAFE_NO_PAD.encode(*session));
    let (x, y) = coordinates(&pair).ok_or(CryptoError)?;
    Ok(Secret::new(format!(
        r#"{{"alg":"ES256","crv":"P-256","d":"{}","kty":"EC","session_key":"{}","x":"{x}","y":"{y}"}}"#,
        *d, *session
    )))
}

fn new_key() -> Result<StoredKey, CryptoError> {
    let mut key = Zeroizing::new([0; LENGTH]);
    let filled = SystemRandom::new().fill(&mut *key);
    filled.map_err(|_| CryptoError).map(|()| key)
}

impl KeyPair {
    /// Reads the stored form; none when it is not an ES256 key pair whose halves belong together, or has a session key
    /// that is none.
    pub(crate) fn parse(jwk: &Secret) -> Option<Self> {
        let jwk: PrivateJwk<'_> = serde_json::from_str(jwk.reveal()).ok()?;
        let is_es256 =
            jwk.kty == "EC" && jwk.crv == "P-256" && jwk.alg.is_none_or(|alg| alg == "ES256");
        let number = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
        let private = Zeroizing::new(number(jwk.d)?);
        let (x, y) = (number(jwk.x)?, number(jwk.y)?);
        let is_whole = [private.len(), x.len(), y.len()] == [LENGTH; 3];
        if !is_es256 || !is_whole {
            return None;
        }
        let public = [&[UNCOMPRESSED], x.as_slice(), y.as_slice()].concat();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, &private, &public);
        let session = jwk.session_key.map(|text| {
            let key = Zeroizing::new(number(text)?);
            <[u8; LENGTH]>::try_from(key.as_slice())
                .ok()
                .map(Zeroizing::new)
        });
        Some(Self {
            pair: pair.ok()?,
            session: match session {
                Some(key) => Some(key?),
                None => None,
            },
            seed: Salt::new(HKDF_SHA256, &[]).extract(&private),
        })
    }

    /// The affine coordinates of the public half, as a JWK has them (RFC 7518, section 6.2.1).
    pub(crate) fn coordinates(&self) -> Option<(String, String)> {
        coordinates(&self.pair)
    }

    /// The signature of a JWS (RFC 7518, section 3.4), encoded.
    pub(crate) fn sign(&self, message: &str) -> Result<String, CryptoError> {
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes());
        let signature = signature.map_err(|_| CryptoError)?;
        Ok(URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }

    /// Whether the public half, as it is published, verifies what the private half signs.
    pub(crate) fn verifies_itself(&self) -> bool {
        let message = b"gatehouse";
        let signature = self.pair.sign(&SystemRandom::new(), message);
        let public = self.pair.public_key().as_ref();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public);
        signature.is_ok_and(|signature| public.verify(message, signature.as_ref()).is_ok())
    }

    /// The key of session ids, which stays the same while signing keys are replaced; none if the version was made before
    /// there was one.
    pub(crate) fn session_key(&self) -> Option<SealKey> {
        let key = self.session.as_ref()?;
        Some(SealKey::new(key))
    }

    /// The key for one purpose (RFC 5869; the private key is the input, the purpose the context). Who has it learns
    /// nothing of the private key, nor of another purpose's.
    pub(crate) fn seal_key(&self, purpose: &str) -> Result<SealKey, CryptoError> {
        let context = [purpose.as_bytes()];
        let derived = self.seed.expand(&context, Bytes).map_err(|_| CryptoError)?;
        let mut key = Zeroizing::new([0; LENGTH]);
        derived.fill(&mut *key).map_err(|_| CryptoError)?;
        Ok(SealKey::new(&key))
    }
}

/// How much is derived.
struct Bytes;

impl KeyType for Bytes {
    fn len(&self) -> usize {
        LENGTH
    }
}

fn coordinates(pair: &EcdsaKeyPair) -> Option<(String, String)> {
    let point = pair.public_key().as_ref().strip_prefix(&[UNCOMPRESSED])?;
    let (x, y) = point.split_at_checked(LENGTH)?;
    Some((URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{Algorithm, VerifyingKey};
    use crate::jws::Jws;
    use serde_json::{Value, json};

    fn stored() -> Value {
        serde_json::from_str(generate(None).unwrap().reveal()).unwrap()
    }

    fn parse(jwk: &Value) -> Option<KeyPair> {
        KeyPair::parse(&Secret::new(jwk.to_string()))
    }

    #[test]
    fn a_new_key_signs_what_the_gate_verifies() {
        let jwk = stored();
        let pair = parse(&jwk).unwrap();
        assert!(pair.verifies_itself());
        let (x, y) = pair.coordinates().unwrap();
        assert_eq!([&json!(x), &json!(y)], [&jwk["x"], &jwk["y"]]);
        let public = json!({"crv": "P-256", "kty": "EC", "x": x, "y": y});
        let verifier = VerifyingKey::from_jwk(public.as_object().unwrap()).unwrap();
        let es256 = Algorithm::parse("ES256").unwrap();
        let signature = pair.sign("e30.e30").unwrap();
        let holds = |jws: String| verifier.verifies(es256, &Jws::parse(&jws).unwrap().signature);
        assert!(holds(format!("e30.e30.{signature}")));
        assert!(!holds(format!("e30.e3A.{signature}")));
    }

    #[test]
    fn only_a_whole_private_key_of_the_curve_is_one() {
        let other = stored();
        let change = |name: &str, value: Value| {
            let mut jwk = stored();
            jwk[name] = value;
            jwk
        };
        assert!(parse(&change("kid", json!("a"))).is_some());
        for (name, value) in [
            ("kty", json!("RSA")),
            ("crv", json!("P-384")),
            ("alg", json!("ES384")),
            ("d", Value::Null),
            ("d", other["d"].clone()),
            ("x", other["x"].clone()),
            ("y", json!("AAAA")),
            ("d", json!(URL_SAFE_NO_PAD.encode([0; LENGTH]))),
            ("d", json!(URL_SAFE_NO_PAD.encode([0xff; LENGTH]))),
            ("x", json!(1)),
            ("session_key", json!("")),
            ("session_key", json!("AAAA")),
            (
                "session_key",
                json!(URL_SAFE_NO_PAD.encode([1; LENGTH + 1])),
            ),
            (
                "session_key",
                json!("not base64url, of any length at all!!!!!!!!"),
            ),
            ("session_key", json!(1)),
        ] {
            let jwk = change(name, value);
            assert!(parse(&jwk).is_none(), "{jwk}");
        }
        for text in ["", "{}", "not a key", "[1]"] {
            assert!(KeyPair::parse(&Secret::new(text.to_owned())).is_none());
        }
    }

    #[test]
    fn the_session_key_outlives_the_signing_key() {
        let first = parse(&stored()).unwrap();
        let text = generate(Some(&first)).unwrap();
        let second = KeyPair::parse(&text).unwrap();
        let id = |pair: &KeyPair| pair.session_key().unwrap().tag_of("p", &["a"]);
        assert_ne!(first.coordinates(), second.coordinates());
        assert_eq!(id(&first), id(&second));
        assert_ne!(id(&first), id(&parse(&stored()).unwrap()));

        let mut old = stored();
        old.as_object_mut().unwrap().remove("session_key");
        let old = parse(&old).unwrap();
        assert!(old.session_key().is_none());
        let next = KeyPair::parse(&generate(Some(&old)).unwrap()).unwrap();
        assert!(next.session_key().is_some());
    }

    #[test]
    fn a_seal_holds_for_its_key_purpose_and_message() {
        let pair = parse(&stored()).unwrap();
        let key = pair.seal_key("one").unwrap();
        let tag = key.tag(b"message");
        assert_eq!(tag.len(), LENGTH);
        assert!(pair.seal_key("one").unwrap().verifies(b"message", &tag));
        assert!(!key.verifies(b"messagf", &tag));
        assert!(!key.verifies(b"message", &tag[..16]));
        assert!(!key.verifies(b"message", b""));
        assert!(!pair.seal_key("two").unwrap().verifies(b"message", &tag));
        let other = parse(&stored()).unwrap().seal_key("one").unwrap();
        assert!(!other.verifies(b"message", &tag));
    }
}
