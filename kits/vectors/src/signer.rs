//! Published test keys, and the signatures made with them.
//!
//! ES256 signatures are random, so those once drawn are kept in `signatures.json`: by key, and by the SHA-256 of what is
//! signed. One that does not verify is drawn anew, which changes the file.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use graviola::hashing::{Hash, Sha256};
use graviola::signing::ecdsa::{P256, VerifyingKey};
use mint::{Key, encode};
use serde_json::{Value, json};

/// Test data, published here: name in this definition, key id, and a text whose SHA-256 is the private number. Nothing
/// that is deployed may trust these keys.
const TEST_KEYS: [(&str, &str, &str); 5] = [
    ("k1", "k1", "gatehouse test vectors: k1"),
    ("k2", "k2", "gatehouse test vectors: k2"),
    ("k3", "k3", "gatehouse test vectors: k3"),
    // Another's key that calls itself by the id of the door's.
    ("other", "k1", "gatehouse test vectors: other"),
    // A key whose id is the name of a member of every JavaScript object.
    ("proto", "__proto__", "gatehouse test vectors: proto"),
];

/// Encoded signatures by key and message.
type Signatures = BTreeMap<String, BTreeMap<String, String>>;

/// The test keys.
pub(crate) struct Signer {
    keys: Vec<(&'static str, Key)>,
    known: Signatures,
    used: Signatures,
}

impl Signer {
    pub(crate) fn new(signatures: &str) -> Self {
        let key = |(name, id, seed): (&'static str, &str, &str)| {
            let private = sha256(seed.as_bytes());
            (name, Key::p256_of(id, &private))
        };
        Self {
            keys: TEST_KEYS.map(key).into(),
            known: read(signatures),
            used: Signatures::new(),
        }
    }

    fn key(&self, name: &str) -> &Key {
        let found = self.keys.iter().find(|(known, _)| *known == name);
        &found.expect("a test key of this name").1
    }

    /// The public half, as a JWK that names the algorithm.
    pub(crate) fn jwk(&self, name: &str) -> Value {
        let mut jwk = self.key(name).jwk();
        jwk["alg"] = json!("ES256");
        jwk
    }

    /// The ES256 signature of a message: 64 bytes.
    pub(crate) fn sign(&mut self, name: &str, message: &str) -> Vec<u8> {
        let digest = hex(&sha256(message.as_bytes()));
        let known = self.known.get(name).and_then(|of_key| of_key.get(&digest));
        let known = known.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        let signature = known
            .filter(|signature| self.verifies(name, message, signature))
            .unwrap_or_else(|| self.key(name).sign("ES256", message.as_bytes()));
        let of_key = self.used.entry(name.to_owned()).or_default();
        of_key.insert(digest, encode(&signature));
        signature
    }

    fn verifies(&self, name: &str, message: &str, signature: &[u8]) -> bool {
        let jwk = self.key(name).jwk();
        let number = |member: &str| {
            let text = jwk[member].as_str().expect("a coordinate");
            URL_SAFE_NO_PAD.decode(text).expect("base64url")
        };
        let point = [vec![4], number("x"), number("y")].concat();
        let key = VerifyingKey::<P256>::from_x962_uncompressed(&point).expect("a point");
        key.verify::<Sha256>(&[message.as_bytes()], signature)
            .is_ok()
    }

    /// The signatures that were asked for, as `signatures.json` has them.
    pub(crate) fn used(&self) -> String {
        let used = serde_json::to_string_pretty(&self.used);
        used.expect("texts are JSON") + "\n"
    }
}

fn read(signatures: &str) -> Signatures {
    serde_json::from_str(signatures).unwrap_or_default()
}

pub(crate) fn sha256(message: &[u8]) -> [u8; 32] {
    let hash = Sha256::hash(message);
    hash.as_ref().try_into().expect("32 bytes")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
