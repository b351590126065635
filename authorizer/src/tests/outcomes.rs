//! Tests of outcomes: bad tokens, outages, bugs and settings; and the context that the proxy gets.

use lambda_runtime::Diagnostic;
use serde_json::{Value, json};
use shared::settings::{self, AGENTS, Fault, FileError, TRUSTED_ISSUERS};

use super::{NOW, Scene, agents, caller, rest};
use crate::config::{Config, SIMPLE_RESPONSES};
use crate::handler::AuthorizerError;

#[tokio::test]
async fn a_bad_token_is_unauthorized() {
    let scene = Scene::new();
    let stranger = Scene::new();
    let good = scene.bearer("alice");
    let with = |name: &str, value: Value| {
        let mut claims = caller("alice");
        claims[name] = value;
        format!("Bearer {}", scene.sign(&claims))
    };
    for (what, bearer) in [
        ("no token", String::new()),
        ("another's signature", stranger.bearer("alice")),
        ("changed", good.replace("Bearer e", "Bearer f")),
        ("another scheme", good.replace("Bearer", "Basic")),
        ("expired", with("exp", json!(NOW))),
        ("another client", with("client_id", json!("other"))),
        (
            "another issuer",
            with("iss", json!("https://other.example.com")),
        ),
        ("no subject", with("sub", Value::Null)),
    ] {
        let answer = scene.ask(rest("GET/whoami", &bearer)).await;
        assert_eq!(answer, Err(AuthorizerError::Unauthorized), "{what}");
    }
    assert!(scene.ask(rest("GET/whoami", &good)).await.is_ok());
}

#[tokio::test]
async fn an_outage_lets_nobody_in_and_is_not_called_unauthorized() {
    let entry = json!({"jwks": null, "jwksUri": "http://127.0.0.1:1/keys"});
    let scene = Scene::with(false, &entry, &agents());
    scene.authorizer.warm().await;
    let answer = scene.ask(rest("GET/whoami", &scene.bearer("alice"))).await;
    assert_eq!(answer, Err(AuthorizerError::Outage));
}

#[tokio::test]
async fn an_unknown_event_is_an_error() {
    let scene = Scene::new();
    let answer = scene.ask(json!({"type": "OTHER"})).await;
    assert_eq!(answer, Err(AuthorizerError::UnknownEvent));
}

/// API Gateway answers 401 to this one message, and 500 to every other.
#[test]
fn only_unauthorized_is_posted_as_unauthorized() {
    for (failure, is_unauthorized) in [
        (AuthorizerError::Unauthorized, true),
        (AuthorizerError::Outage, false),
        (AuthorizerError::UnknownEvent, false),
    ] {
        let posted = Diagnostic::from(failure);
        assert_eq!(
            posted.error_message == "Unauthorized",
            is_unauthorized,
            "{posted:?}"
        );
    }
}

#[tokio::test]
async fn the_proxy_is_told_who_calls_in_flat_texts() {
    let scene = Scene::new();
    let mut claims = caller("alice");
    claims["username"] = json!("alice");
    let bearer = format!("Bearer {}", scene.sign(&claims));
    let mut answer = scene.ask(rest("GET/whoami", &bearer)).await.unwrap();
    let token_id = answer["context"]["token_id"].take();
    assert_eq!(token_id.as_str().unwrap().len(), 32);
    let issuers = json!([scene.entry]).to_string();
    let settings = settings::digest(&agents().to_string(), &issuers);
    assert_eq!(
        answer["context"],
        json!({
            "sub": "subject-of-alice",
            "issuer": "https://issuer.example.com",
            "client_id": "web",
            "username": "alice",
            "email": "alice@example.com",
            "scope": "read write",
            "groups": "[\"staff\",\"höchste\"]",
            "exp": (NOW + 3600).to_string(),
            "token_id": null,
            "settings": settings,
        })
    );
    let answer = scene
        .ask(rest("GET/whoami", &scene.bearer("nightly")))
        .await
        .unwrap();
    let context = answer["context"].as_object().unwrap();
    assert_eq!(context["groups"], "[]");
    assert_eq!(context["scope"], "");
    assert!(!context.contains_key("email") && !context.contains_key("username"));
    assert!(context.values().all(Value::is_string), "{context:?}");
}

#[tokio::test]
async fn an_unverified_email_address_is_not_told() {
    let scene = Scene::new();
    for verified in [json!(false), json!("true"), Value::Null] {
        let mut claims = caller("alice");
        claims["email_verified"] = verified.clone();
        let bearer = format!("Bearer {}", scene.sign(&claims));
        let answer = scene.ask(rest("GET/whoami", &bearer)).await.unwrap();
        assert_eq!(answer["context"]["sub"], "subject-of-alice");
        assert_eq!(answer["context"].get("email"), None, "{verified}");
    }
}

#[test]
fn every_wrong_setting_is_named_at_once() {
    let wrong = |name: &str| match name {
        TRUSTED_ISSUERS => Some("[".to_owned()),
        SIMPLE_RESPONSES => Some("yes".to_owned()),
        _ => None,
    };
    let faults = Config::read(&wrong).err().unwrap();
    let named: Vec<&str> = faults.iter().map(Fault::setting).collect();
    assert_eq!(named, [TRUSTED_ISSUERS, AGENTS, SIMPLE_RESPONSES]);
}

#[test]
fn a_fault_in_a_file_is_told_with_its_line() {
    let source = |name: &str| match name {
        TRUSTED_ISSUERS => Some("file:issuers.json".to_owned()),
        AGENTS => Some("file:/opt/settings/agents.json".to_owned()),
        _ => None,
    };
    let issuers = "[{\"discoveryUrl\": \"https://a.example/.well-known/openid-configuration\", \"allowedClients\": [\"web\"]}]";
    let agents = "{\"demo\": {\n\"runtime\": \"arn:aws:bedrock-agentcore:eu-central-1:123456789012:runtime/demo-AbCdEf1234\",\n\"allow\": {\"issuers\": [\n\"https://a.example\"]}}}";
    let read = |agents: &str| {
        let files = |path: &str| match path {
            "issuers.json" => Ok(issuers.as_bytes().to_vec()),
            "/opt/settings/agents.json" => Ok(agents.as_bytes().to_vec()),
            _ => Err(FileError::Absent),
        };
        let faults = Config::read_with(&source, &files).err();
        faults.map(|faults| faults.iter().map(Fault::to_string).collect::<Vec<_>>())
    };
    assert_eq!(read(agents), None);
    let untrusted = agents.replace("https://a", "https://b");
    let expected = "`/opt/settings/agents.json` line 4: `AGENTS.demo.allow.issuers[0]` is not a trusted issuer";
    assert_eq!(read(&untrusted).unwrap(), [expected]);
}
