//! A2A agents behind the door.

use proxy::config::ENABLE_AUTH;
use proxy::config::PUBLIC_URL;
use serde_json::json;
use shared::settings::AGENTS;

use crate::agentcore::{DataPlane, Script};
use crate::caller::ARN;
use crate::door::{Door, Got, Headers, assert_problem};

const A2A: &str = "/agents/planner/a2a";
const CARDS: [&str; 2] = [
    "/agents/planner/.well-known/agent-card.json",
    "/agents/planner/a2a/.well-known/agent-card.json",
];
const DOOR: &str = "https://api.example.com/live";
const RUNTIME_SESSION: &str = "x-amzn-bedrock-agentcore-runtime-session-id";
const SEND: &str = r#"{"jsonrpc": "2.0", "id": 1, "method": "message/send", "params": {}}"#;
const RESULT: &str = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
const CARD: &str = r#"{"name":"Planner","url":"https://bedrock-agentcore.us-east-1.amazonaws.com/runtimes/x/invocations/",
    "skills":[{"id":"plan","tags":["a",1,-2,1.5,true,null]}],"signatures":[{}]}"#;

async fn open(scripts: impl IntoIterator<Item = Script>, more: &[(&str, &str)]) -> Door {
    let agents = json!({
        "planner": {"runtime": ARN, "protocol": "a2a", "allow": {}},
        "demo": {"runtime": ARN, "allow": {}},
    });
    let agents = agents.to_string();
    let mut settings = vec![(AGENTS, agents.as_str()), (PUBLIC_URL, DOOR)];
    settings.extend(more);
    Door::over(DataPlane::start(scripts).await, &settings).await
}

async fn send(door: &Door, headers: Headers<'_>) -> Got {
    let token = door.alice();
    let mut all = vec![("authorization", token.as_str())];
    all.extend(headers);
    door.ask("POST", A2A, &all, SEND).await
}

async fn card(door: &Door, path: &str) -> Got {
    let token = door.alice();
    door.ask("GET", path, &[("authorization", &token)], "")
        .await
}

fn sessions(door: &Door) -> Vec<String> {
    let session =
        |call: crate::agentcore::Call| call.headers[RUNTIME_SESSION].to_str().unwrap().to_owned();
    door.plane.calls().into_iter().map(session).collect()
}

/// A server that is not told the version takes a message for one of 0.3.
#[tokio::test]
async fn the_clients_version_and_extensions_reach_the_agent() {
    let door = open([Script::Json(RESULT)], &[]).await;
    let headers = [
        ("A2A-Version", "1.0"),
        ("A2A-Extensions", "https://example.com/one"),
        ("A2A-Extensions", "https://example.com/two"),
        ("X-A2A-Extensions", "https://example.com/old"),
        ("A2A-Other", "stays"),
    ];
    send(&door, &headers).await;
    let calls = door.plane.calls();
    let sent = |name: &str| {
        calls[0]
            .headers
            .get(name)
            .map(|value| value.to_str().unwrap())
    };
    assert_eq!(sent("a2a-version"), Some("1.0"));
    let both = "https://example.com/one, https://example.com/two";
    assert_eq!(sent("a2a-extensions"), Some(both));
    assert_eq!(sent("x-a2a-extensions"), Some("https://example.com/old"));
    assert_eq!(sent("a2a-other"), None);
    let signed = sent("authorization").unwrap();
    assert!(signed.contains("a2a-extensions;a2a-version;"), "{signed}");
}

#[tokio::test]
async fn messages_are_passed_on_unopened_and_stay_in_one_session() {
    let door = open(
        [
            Script::Json(RESULT),
            Script::Json(RESULT),
            Script::Json(RESULT),
        ],
        &[],
    )
    .await;
    let got = send(&door, &[]).await;
    assert_eq!((got.status, got.body.as_str()), (200, RESULT));
    assert_eq!(got.header("x-conversation-id"), Some("default"));
    send(&door, &[]).await;
    send(&door, &[("x-conversation-id", "c1")]).await;
    let calls = door.plane.calls();
    assert!(calls.iter().all(|call| call.body == SEND));
    let session = |place: usize| calls[place].headers[RUNTIME_SESSION].clone();
    assert_eq!(session(0), session(1), "a task is found again");
    assert_ne!(session(0), session(2));
}

#[tokio::test]
async fn two_callers_share_no_session() {
    let door = open([Script::Json(RESULT), Script::Json(RESULT)], &[]).await;
    send(&door, &[]).await;
    let bob = format!("Bearer {}", door.issuer.token(json!({"sub": "bob-2"})));
    door.ask("POST", A2A, &[("authorization", &bob)], SEND)
        .await;
    let sessions = sessions(&door);
    assert_ne!(sessions[0], sessions[1]);
}

#[tokio::test]
async fn at_an_open_door_nobody_meets_in_the_one_conversation() {
    let door = open(
        [Script::Json(RESULT), Script::Json(RESULT)],
        &[(ENABLE_AUTH, "false")],
    )
    .await;
    for _ in 0..2 {
        assert_eq!(door.ask("POST", A2A, &[], SEND).await.status, 200);
    }
    let sessions = sessions(&door);
    assert_ne!(sessions[0], sessions[1]);
}

#[tokio::test]
async fn errors_keep_their_status_and_words() {
    const THROTTLED: &str =
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32053,"message":"Slow down"}}"#;
    const FAILED: &str = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32055,"message":"It broke"}}"#;
    const JSON: (&str, &str) = ("content-type", "application/json");
    for (status, body) in [(429, THROTTLED), (424, FAILED), (404, FAILED)] {
        let door = open([Script::Full(status, &[JSON], body)], &[]).await;
        let got = send(&door, &[]).await;
        assert_eq!((got.status, got.body.as_str()), (status, body));
        assert_eq!(got.header("retry-after").is_some(), status == 429);
    }
    let door = open([Script::Error(403, "AccessDeniedException")], &[]).await;
    assert_problem(&send(&door, &[]).await, 502, "agent_misconfigured");
}

#[tokio::test]
async fn the_card_leads_to_the_door_from_both_addresses() {
    for path in CARDS {
        let door = open([Script::Json(CARD), Script::Json(RESULT)], &[]).await;
        let got = card(&door, path).await;
        let expected = json!({"name": "Planner", "url": format!("{DOOR}{A2A}"), "preferredTransport": "JSONRPC",
            "skills": [{"id": "plan", "tags": ["a"]}], "security": [{"issuer-1": ["openid"]}],
            "securitySchemes": {"issuer-1": {"type": "openIdConnect",
                "openIdConnectUrl": "https://issuer.example/.well-known/openid-configuration"}}});
        assert_eq!((got.status, got.json()), (200, expected));
        assert_eq!(got.header("content-type"), Some("application/json"));
        send(&door, &[]).await;
        let calls = door.plane.calls();
        let asked = calls[0].uri.path();
        assert!(
            asked.ends_with("/invocations/.well-known/agent-card.json"),
            "{asked}"
        );
        let session = |place: usize| calls[place].headers[RUNTIME_SESSION].clone();
        assert_eq!(
            session(0),
            session(1),
            "asking for a card may begin the session"
        );
    }
}

#[tokio::test]
async fn a_card_that_is_none_is_not_shown() {
    let long: &'static str = format!(r#"{{"name": "{}"}}"#, "x".repeat(300 * 1024)).leak();
    let deep: &'static str = format!(r#"{{"a": {}{}}}"#, "[".repeat(200), "]".repeat(200)).leak();
    let scripts = [
        (Script::Json("[]"), "agent_failed"),
        (Script::Json("no json"), "agent_service_failed"),
        (Script::Json(long), "agent_service_failed"),
        (Script::Json(deep), "agent_"),
        (Script::Error(424, "RuntimeClientError"), "agent_failed"),
        (
            Script::Error(404, "ResourceNotFoundException"),
            "agent_misconfigured",
        ),
    ];
    for (script, code) in scripts {
        let door = open([script], &[]).await;
        let got = card(&door, CARDS[0]).await;
        assert_eq!(got.status, 502, "{}", got.body);
        assert!(
            got.json()["code"].as_str().unwrap().starts_with(code),
            "{}",
            got.body
        );
    }
}

#[tokio::test]
async fn cards_are_for_admitted_callers_of_a2a_agents() {
    let door = open([], &[]).await;
    for path in CARDS {
        assert_problem(&door.ask("GET", path, &[], "").await, 401, "unauthorized");
        let other = path.replace("planner", "demo");
        assert_problem(&card(&door, &other).await, 404, "wrong_protocol");
        let unknown = path.replace("planner", "nobody");
        assert_problem(&card(&door, &unknown).await, 404, "unknown_agent");
    }
    assert!(door.plane.calls().is_empty());
}

#[tokio::test]
async fn a_card_is_asked_for_again_while_its_agent_begins() {
    let scripts = [
        Script::Error(409, "RetryableConflictException"),
        Script::Error(429, "ThrottlingException"),
        Script::Json(CARD),
    ];
    let door = open(scripts, &[]).await;
    assert_eq!(card(&door, CARDS[0]).await.status, 200);
    assert_eq!(door.plane.calls().len(), 3);
}
