//! One token, checked by the whole gate and its signature by a JWT library alone.

use jsonwebtoken::{Algorithm as Jwa, DecodingKey};
use mint::Key;
use shared::gate::{self, Algorithm, KeySet, Rules, TokenUse, Trust, UnixTime};
use tests::{CLIENT, ISSUER, claims, now};

/// A good token and everything that is needed to check it.
pub struct Check {
    header: Vec<u8>,
    trust: Trust,
    keys: KeySet,
    now: UnixTime,
    token: String,
    raw_key: DecodingKey,
    raw_algorithm: Jwa,
}

impl Check {
    /// RS256 with a key of 2048 bits.
    pub fn rs256() -> Self {
        let key = Key::rsa("one");
        let jwk = key.jwk();
        let part = |name: &str| jwk[name].as_str().unwrap();
        let raw = DecodingKey::from_rsa_components(part("n"), part("e")).unwrap();
        Self::new(&key, "RS256", raw, Jwa::RS256)
    }

    /// ES256.
    pub fn es256() -> Self {
        let key = Key::p256("one");
        let jwk = key.jwk();
        let part = |name: &str| jwk[name].as_str().unwrap();
        let raw = DecodingKey::from_ec_components(part("x"), part("y")).unwrap();
        Self::new(&key, "ES256", raw, Jwa::ES256)
    }

    fn new(key: &Key, algorithm: &str, raw_key: DecodingKey, raw_algorithm: Jwa) -> Self {
        let token = key.token(algorithm, &claims());
        let document = mint::key_document(&[key]).to_string();
        let rules = Rules {
            issuer: ISSUER.into(),
            token_types: Vec::new(),
            algorithms: vec![Algorithm::parse(algorithm).unwrap()],
            token_use: Some(TokenUse::Access),
            allowed_clients: vec![CLIENT.to_owned()],
            allowed_audience: Vec::new(),
            allowed_scopes: Vec::new(),
            allowed_subjects: Vec::new(),
            custom_claims: Vec::new(),
            required_claims: Vec::new(),
            groups_claim: "cognito:groups".into(),
            scope_claim: "scope".into(),
            client_claim: "client_id".into(),
            subject_claim: "sub".into(),
            leeway_secs: 30,
            max_lifetime_secs: 86_400,
        };
        Self {
            header: format!("Bearer {token}").into_bytes(),
            trust: Trust::new(vec![rules]),
            keys: KeySet::parse(document.as_bytes()).unwrap(),
            now: UnixTime(now()),
            token,
            raw_key,
            raw_algorithm,
        }
    }

    /// From the header's bytes to an identity, as each request goes.
    pub fn whole_gate(&self) {
        let presented = gate::present(&self.header, &self.trust).unwrap();
        let identity = gate::identify(presented, &self.keys, self.now)
            .ok()
            .unwrap();
        std::hint::black_box(identity);
    }

    /// The signature alone, as jsonwebtoken checks it: by AWS-LC too, with the key read anew each time.
    pub fn raw_signature(&self) {
        let (message, signature) = self.token.rsplit_once('.').unwrap();
        let message = message.as_bytes();
        let holds =
            jsonwebtoken::crypto::verify(signature, message, &self.raw_key, self.raw_algorithm);
        assert!(holds.unwrap());
    }
}
