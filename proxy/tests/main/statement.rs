//! Tests of the statement by which the door proves callers of other issuers to the pool's trigger. That the trigger
//! verifies it, and what it refuses, is shown in `pretoken/tests/main/statements.rs`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proxy::config::{
    MACHINE_CLIENT_ID, MACHINE_SECRET_ARN, PUBLIC_URL, SIGNING_SECRET_ARN, TOKEN_ENDPOINT,
    TOOL_SCOPES, USER_POOL_ID,
};
use serde_json::{Value, json};
use shared::settings::AGENTS;

use crate::agentcore::{DataPlane, Script};
use crate::caller::{ARN, NOW};
use crate::door::{Door, INVOKE, assert_problem};
use crate::mcp::signing_key;

const DOOR: &str = "https://door.example/live";
const POOL: &str = "us-east-1_Example01";
const SECRET: Script = Script::Json(r#"{"SecretString": "{\"client_secret\": \"hunter2\"}"}"#);
const TOKEN: Script =
    Script::Json(r#"{"access_token": "tool.token.1", "token_type": "Bearer", "expires_in": 3600}"#);
const TURN: Script = Script::Json("{}");

/// A door whose trusted issuer is not the pool.
async fn open(keys: impl IntoIterator<Item = Script>, public_url: &str) -> Door {
    let scripts = keys.into_iter().chain([SECRET, TOKEN, TURN]);
    let plane = DataPlane::start(scripts).await;
    let endpoint = format!("{}/oauth2/token", plane.url);
    let agents = json!({"demo": {"runtime": ARN, "toolToken": "user", "allow": {}}}).to_string();
    let secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:machine-AbCdEf";
    let settings = [
        (AGENTS, agents.as_str()),
        (TOKEN_ENDPOINT, &endpoint),
        (MACHINE_CLIENT_ID, "machine"),
        (MACHINE_SECRET_ARN, secret),
        (TOOL_SCOPES, "gatehouse/tools"),
        (SIGNING_SECRET_ARN, crate::mcp::SECRET),
        (USER_POOL_ID, POOL),
        (PUBLIC_URL, public_url),
    ];
    Door::over(plane, &settings).await
}

/// The statement in the one request that was sent to the token endpoint, as the only member of its client metadata: the
/// caller's own token stays at the door, because the pool cannot verify it.
fn statement(door: &Door) -> String {
    let calls = door.plane.calls();
    let is_request = |path: &str| path == "/oauth2/token";
    let mut requests = calls.iter().filter(|call| is_request(call.uri.path()));
    let form = str::from_utf8(&requests.next().unwrap().body).unwrap();
    assert!(requests.next().is_none());
    let (_, metadata) = form.split_once("&aws_client_metadata=").unwrap();
    let statement = metadata.strip_prefix("%7B%22user_statement%22%3A%22");
    let statement = statement.and_then(|rest| rest.strip_suffix("%22%7D"));
    statement.unwrap().to_owned()
}

fn part(statement: &str, index: usize) -> Value {
    let part = statement.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// What the door states of a caller with these claims.
async fn stated(claims: Value) -> (Value, Value, usize) {
    let door = open(signing_key(), DOOR).await;
    let bearer = format!("Bearer {}", door.issuer.token(claims));
    let got = door
        .ask("POST", INVOKE, &[("authorization", &bearer)], "{}")
        .await;
    assert_eq!(got.status, 200, "{}", got.body);
    let statement = statement(&door);
    (part(&statement, 0), part(&statement, 1), statement.len())
}

#[tokio::test]
async fn a_caller_of_another_issuer_is_stated() {
    let (header, mut claims, _) = stated(json!({})).await;
    let expected = json!({"alg": "ES256", "kid": "k1", "typ": "gatehouse-statement+jwt"});
    assert_eq!(header, expected);
    let token_id = claims.as_object_mut().unwrap().remove("token_id").unwrap();
    assert_eq!(token_id.as_str().unwrap().len(), 32, "{token_id}");
    let expected = json!({
        "aud": POOL,
        "client_id": "c",
        "exp": NOW.0 + 60,
        "groups": ["staff"],
        "iat": NOW.0,
        "iss": DOOR,
        "jti": "r-1",
        "machine_client": "machine",
        "sub": "alice-1",
        "sub_issuer": "https://issuer.example",
    });
    assert_eq!(claims, expected);
}

#[tokio::test]
async fn a_statement_does_not_outlive_the_token_that_it_is_made_of() {
    let (_, claims, _) = stated(json!({"exp": NOW.0 + 20})).await;
    assert_eq!(claims["exp"], NOW.0 + 20);
}

/// Groups that are not all there are none at all: a list that was cut would look like one that is complete.
#[tokio::test]
async fn groups_that_do_not_fit_or_are_elsewhere_are_unknown() {
    let groups: Vec<String> = (100..326)
        .map(|n| format!("group-of-this-name-{n}"))
        .collect();
    for (change, is_known) in [
        (json!({"groups": groups[..200]}), true),
        (json!({"groups": groups}), false),
        (json!({"groups": "staff"}), true),
        (json!({"groups": null}), true),
        (json!({"groups": ["staff"], "hasgroups": true}), true),
        (json!({"groups": null, "hasgroups": true}), false),
        (
            json!({"groups": null, "_claim_names": {"groups": "src1"}, "_claim_sources": {}}),
            false,
        ),
    ] {
        let (_, claims, length) = stated(change.clone()).await;
        assert!(length <= 8192, "{length}");
        assert_eq!(claims.get("groups").is_some(), is_known, "{change}");
    }
}

/// Without a key, or without the door's own address, nothing is stated, and the token endpoint is not asked.
#[tokio::test]
async fn what_cannot_be_stated_is_no_tool_token() {
    let down = || Script::Error(500, "InternalServiceError");
    let no_keys = [down(), down(), down(), down(), down(), down()];
    let door = open(no_keys, DOOR).await;
    door.plane.calls();
    let got = door.invoke(&[], "{}").await;
    // The assertion fails before it: an agent is told nothing of its caller either.
    assert_problem(&got, 503, "signing_unavailable");
    let calls = door.plane.calls();
    assert!(calls.iter().all(|call| call.uri.path() != "/oauth2/token"));
}
