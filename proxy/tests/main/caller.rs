//! A caller with a good token, and the settings of a door that knows them.

use mint::{Key, key_document};
use proxy::caller::event::Event;
use proxy::config::Config;
use serde_json::{Value, json};
use shared::agents::Agents;
use shared::clock::Clock;
use shared::door::Door;
use shared::gate::{Permit, UnixTime, admit};
use shared::issuers::TrustedIssuers;
use shared::settings::{AGENTS, TRUSTED_ISSUERS};

pub(crate) const NOW: UnixTime = UnixTime(1_800_000_000);
const ISSUER: &str = "https://issuer.example";
pub(crate) const ARN: &str =
    "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/demo-AbCdEf1234";

pub(crate) struct Issuer(Key);

impl Issuer {
    pub(crate) fn new() -> Self {
        Self(Key::ed25519("k1"))
    }

    /// A good token, but for these claims.
    pub(crate) fn token(&self, claims: Value) -> String {
        let mut all = json!({"iss": ISSUER, "sub": "alice-1", "client_id": "c", "iat": NOW.0, "exp": NOW.0 + 600, "token_use": "access",
            "groups": ["staff"], "scope": "gatehouse/invoke", "username": "alice", "email": "alice@example.com",
            "email_verified": true});
        all.as_object_mut()
            .unwrap()
            .extend(claims.as_object().unwrap().clone());
        self.0.token("EdDSA", &all)
    }

    /// The trusted issuers, this one.
    pub(crate) fn setting(&self) -> String {
        json!([{"discoveryUrl": format!("{ISSUER}/.well-known/openid-configuration"), "allowedClients": ["c"],
            "algorithms": ["EdDSA"], "tokenUse": "access", "jwks": key_document(&[&self.0])}])
        .to_string()
    }

    pub(crate) fn config(&self, more: &[(&str, &str)]) -> Config {
        let given = |name: &str| more.iter().find(|row| row.0 == name);
        let read = |name: &str| match (name, given(name)) {
            (_, Some(row)) => Some(row.1.to_owned()),
            (TRUSTED_ISSUERS, None) => Some(self.setting()),
            (AGENTS, None) => Some(agents()),
            (_, None) => None,
        };
        Config::read(&read).ok().unwrap()
    }

    /// The permit of this issuer's caller for the agent `demo`.
    pub(crate) async fn permit(&self) -> Permit {
        let door = Door::new(
            TrustedIssuers::parse(&self.setting()).ok().unwrap(),
            Clock::fixed(NOW),
        );
        let header = format!("Bearer {}", self.token(json!({})));
        let identity = door.identify(header.as_bytes()).await.unwrap();
        let agents = Agents::parse(&agents()).unwrap();
        let demo = agents.find("demo").unwrap();
        admit(identity, &demo.name, &demo.admission).unwrap()
    }
}

pub(crate) fn agents() -> String {
    json!({"demo": {"runtime": ARN, "allow": {"groups": ["staff"]}, "websocket": true},
        "finance": {"runtime": ARN, "qualifier": "live", "allow": {"groups": ["finance"]}}})
    .to_string()
}

/// A request as API Gateway hands it over.
pub(crate) fn event(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Event {
    let mut multi: serde_json::Map<String, Value> = serde_json::Map::new();
    for (name, value) in headers {
        let values = multi.entry((*name).to_owned()).or_insert_with(|| json!([]));
        values.as_array_mut().unwrap().push(json!(value));
    }
    let event = json!({"httpMethod": method, "path": path, "multiValueHeaders": multi, "body": body,
        "requestContext": {"requestId": "gateway-1"}});
    serde_json::from_value(event).unwrap()
}
