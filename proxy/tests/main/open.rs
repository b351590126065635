//! A door whose authentication is disabled.

use proxy::config::ENABLE_AUTH;
use serde_json::json;
use shared::settings::{self, AGENTS, TRUSTED_ISSUERS};

use crate::agentcore::{DataPlane, Script};
use crate::caller::ARN;
use crate::door::{Door, INVOKE, ORIGIN, assert_problem};

const WARNING: &str = "x-gatehouse-warning";

/// An agent for everybody and one for staff.
fn agents() -> String {
    json!({
        "demo": {"runtime": ARN, "allow": {}},
        "staff": {"runtime": ARN, "allow": {"groups": ["staff"]}},
    })
    .to_string()
}

/// An open door with both.
async fn open(scripts: impl IntoIterator<Item = Script>) -> Door {
    let settings = [
        (ENABLE_AUTH, "false"),
        (TRUSTED_ISSUERS, ""),
        (AGENTS, &agents()),
    ];
    Door::over(DataPlane::start(scripts).await, &settings).await
}

#[tokio::test]
async fn every_answer_of_an_open_door_warns() {
    let door = open([Script::Json("{}")]).await;
    for (method, path) in [
        ("GET", "/healthz"),
        ("GET", "/whoami"),
        ("GET", "/nothing"),
        ("OPTIONS", INVOKE),
        ("POST", INVOKE),
        ("POST", "/agents/staff/invocations"),
        ("POST", "/agents/unknown/invocations"),
    ] {
        let got = door.ask(method, path, &[("origin", ORIGIN)], "{}").await;
        assert_eq!(got.header(WARNING), Some("authentication is off"), "{path}");
        let exposed = got.header("access-control-expose-headers");
        assert!(
            exposed.is_some_and(|names| names.contains(WARNING)),
            "{path}"
        );
    }
    let shut = Door::open([]).await;
    let got = shut.ask("GET", "/healthz", &[], "").await;
    assert_eq!(got.header(WARNING), None);
}

#[tokio::test]
async fn the_unknown_have_one_name_and_no_rights() {
    let door = open([]).await;
    let settings = settings::digest(&agents(), "");
    // A token is not read: a good one says no more than a bad one.
    for token in ["", &door.alice(), "Bearer x"] {
        let got = door
            .ask("GET", "/whoami", &[("authorization", token)], "")
            .await;
        let expected = json!({
            "agents": ["demo"], "protocols": {"demo": "http"}, "client_id": null, "email": null, "expires": 9_007_199_254_740_991_u64,
            "groups": [], "issuer": "anonymous", "name": null, "scopes": [],
            "settings": {"authorizer": null, "proxy": settings}, "subject": "anonymous", "username": null,
        });
        assert_eq!((got.status, got.json()), (200, expected), "{token}");
    }
    let staff = door
        .ask("POST", "/agents/staff/invocations", &[], "{}")
        .await;
    assert_problem(&staff, 403, "forbidden");
    let unknown = door
        .ask("POST", "/agents/unknown/invocations", &[], "{}")
        .await;
    assert_problem(&unknown, 404, "unknown_agent");
}

#[tokio::test]
async fn a_token_shown_to_an_open_door_goes_no_further() {
    let door = open([Script::Json("{}")]).await;
    let token = door.alice();
    let got = door
        .ask("POST", INVOKE, &[("authorization", &token)], "{}")
        .await;
    assert_eq!(got.status, 200, "{}", got.body);
    let call = door.plane.calls().pop().unwrap();
    let token = token.strip_prefix("Bearer ").unwrap();
    for (name, value) in &call.headers {
        assert!(!value.to_str().unwrap().contains(token), "{name}");
    }
    assert!(
        call.headers["authorization"]
            .as_bytes()
            .starts_with(b"AWS4")
    );
    assert_eq!(
        call.headers["x-amzn-bedrock-agentcore-runtime-user-id"],
        "anonymous#anonymous"
    );
}

#[tokio::test]
async fn only_its_name_leads_to_a_conversation_of_the_unknown() {
    let door = open((0..4).map(|_| Script::Json("{}"))).await;
    let turn = async |conversation: Option<&str>| {
        let headers = conversation.map(|name| ("x-conversation-id", name));
        let got = door.ask("POST", INVOKE, headers.as_slice(), "{}").await;
        let call = door.plane.calls().pop().unwrap();
        let session = &call.headers["x-amzn-bedrock-agentcore-runtime-session-id"];
        let name = got.header("x-conversation-id").unwrap().to_owned();
        (name, session.clone())
    };
    let (first, session) = turn(None).await;
    let (second, other) = turn(None).await;
    assert!(first != second && session != other, "{first} {second}");
    // 128 random bits, and not the id of the request, which is in logs.
    assert_eq!(first.len(), 32);
    assert_eq!(turn(Some(&first)).await, (first, session.clone()));
    assert_ne!(turn(Some("c1")).await.1, session);
}
