//! Tests of the assertion and of the published keys, against one emulator of Secrets Manager and data plane. That
//! signatures verify is shown by verifiers: `shared/tests/keys/layer`, and the Python package in `tests`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proxy::config::{PUBLIC_URL, SIGNING_SECRET_ARN};
use serde_json::{Value, json};
use shared::assertion::body_hash;
use shared::session::{Conversation, SessionId};
use shared::settings::AGENTS;
use shared::signing::SigningKey;

use crate::agentcore::{DataPlane, Script};
use crate::caller::{ARN, Issuer, NOW};
use crate::door::{Door, Got, INVOKE, assert_problem};

const HEADER: &str = "x-amzn-bedrock-agentcore-runtime-custom-identity";
const JWKS: &str = "/.well-known/jwks.json";
const SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:signing-AbCdEf";
const DOOR: &str = "https://door.example/live";
const NONE: Script = Script::Error(400, "ResourceNotFoundException");
const TURN: Script = Script::Json("{}");

/// A version of the secret, as Secrets Manager answers it.
fn version(id: &str) -> Script {
    holding(id, SigningKey::generate().unwrap().reveal())
}

fn holding(id: &str, text: &str) -> Script {
    let answer = json!({"CreatedDate": 1_700_000_000, "SecretString": text, "VersionId": id});
    Script::Json(answer.to_string().leak())
}

async fn open(scripts: impl IntoIterator<Item = Script>) -> Door {
    let settings = [(SIGNING_SECRET_ARN, SECRET), (PUBLIC_URL, DOOR)];
    Door::over(DataPlane::start(scripts).await, &settings).await
}

/// A door whose one key is `k1`.
async fn with_key(more: impl IntoIterator<Item = Script>) -> Door {
    let stages = [NONE, version("k1"), NONE];
    open(stages.into_iter().chain(more)).await
}

fn part(assertion: &str, index: usize) -> Value {
    let part = assertion.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

async fn keys(door: &Door) -> Got {
    door.ask("GET", JWKS, &[], "").await
}

#[tokio::test]
async fn an_agent_is_told_who_calls() {
    let door = with_key([TURN]).await;
    let token = door.alice();
    // What the caller sends under the door's own name does not travel.
    let headers = [("authorization", token.as_str()), (HEADER, "forged")];
    let got = door.ask("POST", INVOKE, &headers, r#"{"a": 1}"#).await;
    assert_eq!(got.status, 200, "{}", got.body);
    let calls = door.plane.calls();
    let turn = calls.last().unwrap();
    let sent: Vec<_> = turn.headers.get_all(HEADER).iter().collect();
    let [assertion] = sent[..] else {
        panic!("{sent:?}")
    };
    let signed = turn.headers["authorization"].to_str().unwrap();
    assert!(signed.contains(HEADER), "{signed}");
    let assertion = assertion.to_str().unwrap();
    let header = json!({"alg": "ES256", "kid": "k1", "typ": "gatehouse-identity+jwt"});
    assert_eq!(part(assertion, 0), header);
    let session = turn.headers["x-amzn-bedrock-agentcore-runtime-session-id"].to_str();
    let expected = json!({
        "aud": "demo",
        "body_sha256": body_hash(br#"{"a": 1}"#),
        "client_id": "c",
        "email": "alice@example.com",
        "exp": NOW.0 + 60,
        "groups": ["staff"],
        "iat": NOW.0,
        "iss": DOOR,
        "jti": "r-1",
        "method": "POST",
        "path": "/invocations",
        "scope": "gatehouse/invoke",
        "session": session.unwrap(),
        "sub": "alice-1",
        "sub_issuer": "https://issuer.example",
        "username": "alice",
    });
    assert_eq!(part(assertion, 1), expected);
}

/// The runtime session of alice's conversation `c1`, with this text as the current version of the secret.
async fn session_with(text: &str) -> String {
    let door = open([NONE, holding("k1", text), NONE, TURN]).await;
    let got = door.invoke(&[("x-conversation-id", "c1")], "{}").await;
    assert_eq!(got.status, 200, "{}", got.body);
    let calls = door.plane.calls();
    let session = &calls.last().unwrap().headers["x-amzn-bedrock-agentcore-runtime-session-id"];
    session.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn sessions_cannot_be_computed_without_the_deployments_key() {
    let text = SigningKey::generate().unwrap();
    let key = SigningKey::parse("k1", NOW, &text).unwrap();
    let session = session_with(text.reveal()).await;
    let other = SigningKey::generate().unwrap();
    assert_ne!(session, session_with(other.reveal()).await);
    let next = key.successor().unwrap();
    assert_eq!(session, session_with(next.reveal()).await, "a rotation");

    // A version of before there was such a key, whose ids everyone can compute.
    let mut old: Value = serde_json::from_str(text.reveal()).unwrap();
    old.as_object_mut().unwrap().remove("session_key").unwrap();
    let computed = session_with(&old.to_string()).await;
    let permit = Issuer::new().permit().await;
    let conversation = Conversation::parse("c1").unwrap();
    let public = SessionId::derive(permit.identity(), permit.agent(), &conversation, None);
    assert_eq!(computed, public.as_str());
    assert_ne!(session, computed);
}

#[tokio::test]
async fn groups_that_do_not_fit_are_left_out_whole_and_it_says_so() {
    let door = with_key([TURN]).await;
    let groups: Vec<String> = (0..400).map(|number| format!("group-{number}")).collect();
    let groups = [vec!["staff".to_owned()], groups].concat();
    let token = door.issuer.token(json!({"groups": groups}));
    let bearer = format!("Bearer {token}");
    let got = door
        .ask("POST", INVOKE, &[("authorization", &bearer)], "{}")
        .await;
    assert_eq!(got.status, 200, "{}", got.body);
    let calls = door.plane.calls();
    let assertion = calls.last().unwrap().headers[HEADER].to_str().unwrap();
    assert!(assertion.len() <= 4096, "{}", assertion.len());
    let claims = part(assertion, 1);
    assert_eq!(claims["omitted"], json!(["groups"]));
    assert_eq!(
        (&claims["groups"], &claims["sub"]),
        (&Value::Null, &json!("alice-1"))
    );
}

#[tokio::test]
async fn names_that_do_not_fit_at_all_are_no_call() {
    let longest = json!({"sub": "\u{1f9ff}".repeat(255), "name": "\u{1f9ff}".repeat(255)});
    let long = format!("{DOOR}/{}", "a".repeat(1500));
    for (public_url, status) in [(DOOR, 200), (long.as_str(), 503)] {
        let stages = [NONE, version("k1"), NONE, TURN];
        let settings = [(SIGNING_SECRET_ARN, SECRET), (PUBLIC_URL, public_url)];
        let door = Door::over(DataPlane::start(stages).await, &settings).await;
        let bearer = format!("Bearer {}", door.issuer.token(longest.clone()));
        let got = door
            .ask("POST", INVOKE, &[("authorization", &bearer)], "{}")
            .await;
        assert_eq!(got.status, status, "{}", got.body);
    }
}

#[tokio::test]
async fn the_keys_are_open_and_may_be_kept() {
    let stages = [version("next"), version("now"), version("before")];
    let door = open(stages).await;
    let got = keys(&door).await;
    assert_eq!(got.status, 200, "{}", got.body);
    assert_eq!(got.header("content-type"), Some("application/json"));
    let document = got.json();
    let ids = document["keys"].as_array().unwrap().iter();
    let ids: Vec<&str> = ids.map(|key| key["kid"].as_str().unwrap()).collect();
    assert_eq!(ids, ["next", "now", "before"]);
    for private in ["\"d\"", "session_key"] {
        assert!(!got.body.contains(private), "{}", got.body);
    }
}

#[tokio::test]
async fn without_keys_nobody_is_vouched_for_and_no_agent_is_called() {
    let door = open([]).await;
    door.plane.calls();
    let got = door.invoke(&[("x-conversation-id", "c1")], "{}").await;
    assert_problem(&got, 503, "signing_unavailable");
    assert_eq!(got.header("x-conversation-id"), Some("c1"));
    assert!(got.header("retry-after").is_some());
    assert_problem(&keys(&door).await, 503, "signing_unavailable");
    let calls = door.plane.calls();
    assert!(calls.iter().all(|call| !call.headers.contains_key(HEADER)));
    assert!(
        calls.iter().all(|call| call.uri.path() == "/"),
        "only Secrets Manager is asked"
    );
}

#[tokio::test]
async fn a_door_that_does_not_know_its_address_vouches_for_nobody() {
    let scripts = [NONE, version("k1"), NONE];
    let plane = DataPlane::start(scripts).await;
    let agents = json!({"demo": {"runtime": ARN, "allow": {}}}).to_string();
    let settings = [(SIGNING_SECRET_ARN, SECRET), (AGENTS, &agents)];
    let door = Door::over(plane, &settings).await;
    let got = door.invoke(&[], "{}").await;
    assert_problem(&got, 503, "signing_unavailable");
}

#[tokio::test]
async fn without_a_signing_secret_nothing_is_asserted_or_published() {
    let door = Door::open([TURN]).await;
    assert_eq!(door.invoke(&[], "{}").await.status, 200);
    assert!(!door.plane.calls()[0].headers.contains_key(HEADER));
    assert_problem(&keys(&door).await, 404, "not_found");
}
