//! Test fixtures: issuers that sign, key documents, tokens, a clock that is set by hand.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mint::Key;
use serde_json::{Value, json};
use shared::clock::{Clock, Moment};
use shared::issuers::TrustedIssuers;

pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const ISSUER: &str = "https://issuer.example";

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub(crate) struct HandClock(Arc<Mutex<Moment>>);

impl HandClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Moment {
            wall: Duration::from_secs(NOW),
            steady: Duration::ZERO,
        })))
    }

    pub(crate) fn clock(&self) -> Clock {
        let moment = Arc::clone(&self.0);
        Clock::from_fn(move || *moment.lock().unwrap())
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.freeze(by);
        self.0.lock().unwrap().steady += by;
    }

    /// Time passes, and the steady clock does not see it.
    pub(crate) fn freeze(&self, by: Duration) {
        self.0.lock().unwrap().wall += by;
    }

    /// The wall clock is set back.
    pub(crate) fn set_back(&self, by: Duration) {
        self.0.lock().unwrap().wall -= by;
    }
}

/// A key of an issuer, with both its halves.
pub(crate) struct SigningKey(Key);

impl SigningKey {
    pub(crate) fn new(id: &str) -> Self {
        Self(Key::p256(id))
    }

    pub(crate) fn jwk(&self) -> Value {
        self.0.jwk()
    }

    /// The `Authorization` header of a good token.
    pub(crate) fn header(&self) -> Vec<u8> {
        self.header_of(ISSUER)
    }

    /// The same of another issuer.
    pub(crate) fn header_of(&self, issuer: &str) -> Vec<u8> {
        let claims = json!({
            "iss": issuer, "sub": "alice", "client_id": "app", "iat": NOW, "exp": NOW + 86_400,
        });
        format!("Bearer {}", self.0.token("ES256", &claims)).into_bytes()
    }
}

/// The key document of these keys.
pub(crate) fn document(keys: &[&SigningKey]) -> String {
    let keys: Vec<&Key> = keys.iter().map(|key| &key.0).collect();
    mint::key_document(&keys).to_string()
}

/// The `Authorization` header of a well-formed token that no issuer signed.
pub(crate) fn made_up(key_id: &str) -> Vec<u8> {
    unsigned(&json!({"alg": "ES256", "kid": key_id}))
}

/// The same of a token that names no key.
pub(crate) fn unnamed() -> Vec<u8> {
    unsigned(&json!({"alg": "ES256"}))
}

fn unsigned(header: &Value) -> Vec<u8> {
    let part = |json: &Value| mint::encode(json.to_string().as_bytes());
    let (header, claims) = (part(header), part(&json!({"iss": ISSUER})));
    format!("Bearer {header}.{claims}.AAAA").into_bytes()
}

/// One issuer with these members, beside those that every entry here has.
pub(crate) fn issuer(members: Value) -> TrustedIssuers {
    issuers(vec![members])
}

/// An issuer for each of these.
pub(crate) fn issuers(entries: Vec<Value>) -> TrustedIssuers {
    let entry = |members: Value| {
        let mut entry = json!({
            "issuer": ISSUER,
            "discoveryUrl": "https://issuer.example/.well-known/openid-configuration",
            "allowedClients": ["app"],
            "algorithms": ["ES256"],
        });
        for (name, value) in members.as_object().unwrap() {
            entry[name] = value.clone();
        }
        entry
    };
    let entries: Value = entries.into_iter().map(entry).collect();
    match TrustedIssuers::parse(&entries.to_string()) {
        Ok(issuers) => issuers,
        Err(faults) => panic!("{faults:?}"),
    }
}
