//! The authorizer as API Gateway sees it: events in, answers out. Tokens are real, keys are given inline.

mod crate_types;
mod events;
mod outcomes;
mod policy;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::gate::UnixTime;
use shared::settings::{AGENTS, TRUSTED_ISSUERS};

use crate::config::{Config, SIMPLE_RESPONSES};
use crate::handler::{Authorizer, AuthorizerError};

const NOW: u64 = 1_800_000_000;

const STAGE: &str = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/prod";

/// An issuer's key, and an authorizer that trusts it.
struct Scene {
    key: EcdsaKeyPair,
    /// The issuer's entry in `TRUSTED_ISSUERS`.
    entry: Value,
    authorizer: Authorizer,
}

impl Scene {
    fn new() -> Self {
        Self::with(false, &json!({}), &agents())
    }

    /// `SIMPLE_RESPONSES`, further members of the issuer's entry, and `AGENTS`.
    fn with(simple_responses: bool, entry: &Value, agents: &Value) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let mut issuer = json!({
            "discoveryUrl": "https://issuer.example.com/.well-known/openid-configuration",
            "allowedClients": ["web", "batch"],
            "algorithms": ["ES256"],
            "jwks": {"keys": [public(&key)]},
        });
        let members = issuer.as_object_mut().unwrap();
        members.extend(entry.as_object().unwrap().clone());
        // Null takes a member away.
        members.retain(|_, value| !value.is_null());
        let issuers = json!([&issuer]).to_string();
        let agents = agents.to_string();
        let config = Config::read(&|name: &str| match name {
            TRUSTED_ISSUERS => Some(issuers.clone()),
            AGENTS => Some(agents.clone()),
            SIMPLE_RESPONSES => Some(simple_responses.to_string()),
            _ => None,
        });
        let config = config.map_err(|faults| format!("{faults:?}")).unwrap();
        let clock = Clock::fixed(UnixTime(NOW));
        Self {
            key,
            entry: issuer,
            authorizer: Authorizer::new(config, clock),
        }
    }

    /// A token of one of the callers of [`caller`], in `Authorization`'s form.
    fn bearer(&self, name: &str) -> String {
        format!("Bearer {}", self.sign(&caller(name)))
    }

    fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": "ES256", "typ": "JWT"});
        let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.unwrap()))
    }

    /// The answer as it goes over the wire.
    async fn ask(&self, event: Value) -> Result<Value, AuthorizerError> {
        let event = LambdaEvent::new(event, Context::default());
        let answer = self.authorizer.handle(event).await?;
        Ok(serde_json::to_value(answer).unwrap())
    }
}

fn public(key: &EcdsaKeyPair) -> Value {
    let point = key.public_key().as_ref();
    json!({
        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "one",
        "x": URL_SAFE_NO_PAD.encode(&point[1..33]),
        "y": URL_SAFE_NO_PAD.encode(&point[33..65]),
    })
}

/// One agent for each kind of admission, and one whose name begins like another's.
fn agents() -> Value {
    let runtime = "arn:aws:bedrock-agentcore:eu-central-1:123456789012:runtime/demo-AbCdEf1234";
    json!({
        "anyone": {"runtime": runtime, "allow": {}},
        "batch": {"runtime": runtime, "allow": {"clients": ["batch"]}},
        "staff": {"runtime": runtime, "allow": {"groups": ["staff"]}},
        "staff-writers": {"runtime": runtime, "allow": {"groups": ["staff"], "scopes": ["write"]}},
    })
}

fn caller(name: &str) -> Value {
    let own = match name {
        "alice" => {
            json!({"groups": ["staff", "höchste"], "scope": "read write", "email": "alice@example.com", "email_verified": true})
        }
        "bob" => json!({"groups": ["guests"], "scope": "read"}),
        "carol" => json!({"groups": ["staff"]}),
        "nightly" => json!({"client_id": "batch"}),
        _ => panic!("{name} is nobody"),
    };
    let mut claims = json!({
        "iss": "https://issuer.example.com",
        "sub": format!("subject-of-{name}"),
        "client_id": "web",
        "iat": NOW - 10,
        "exp": NOW + 3600,
    });
    let members = claims.as_object_mut().unwrap();
    members.extend(own.as_object().unwrap().clone());
    claims
}

/// A REST API's event of type REQUEST for a route such as `GET/whoami`.
fn rest(route: &str, bearer: &str) -> Value {
    json!({
        "type": "REQUEST",
        "methodArn": format!("{STAGE}/{route}"),
        "headers": {"Accept": "*/*", "Authorization": bearer},
        "multiValueHeaders": {"Accept": ["*/*"], "Authorization": [bearer]},
    })
}
