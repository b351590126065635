//! Agents that are called with the caller's own token.

use http::HeaderMap;
use serde_json::json;
use shared::settings::AGENTS;

use crate::agentcore::{DataPlane, Script};
use crate::caller::ARN;
use crate::door::{Door, Got, assert_problem};

/// A door with an agent that is called with the caller's token, and one that is not.
async fn open(scripts: impl IntoIterator<Item = Script>) -> Door {
    let allow = json!({"groups": ["staff"]});
    let agents = json!({"demo": {"runtime": ARN, "allow": allow}, "own-token": {"runtime": ARN, "auth": "jwt", "allow": allow}});
    let plane = DataPlane::start(scripts).await;
    Door::over(plane, &[(AGENTS, &agents.to_string())]).await
}

const PATH: &str = "/agents/own-token/invocations";

async fn ask(door: &Door, token: &str) -> Got {
    let headers = [
        ("authorization", token),
        ("x-amzn-bedrock-agentcore-runtime-user-id", "mallory"),
        (
            "x-amzn-bedrock-agentcore-runtime-session-id",
            "stolen-session-of-somebody-elses",
        ),
        ("x-conversation-id", "c1"),
    ];
    door.ask("POST", PATH, &headers, "{}").await
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers[name].to_str().unwrap()
}

#[tokio::test]
async fn the_callers_token_is_shown_and_nothing_is_signed() {
    let door = open([Script::Json("{\"answer\":1}"), Script::Json("{}")]).await;
    let token = door.alice();
    let got = ask(&door, &token).await;
    assert_eq!((got.status, got.body.as_str()), (200, "{\"answer\":1}"));
    door.invoke(&[("x-conversation-id", "c1")], "{}").await;
    let calls = door.plane.calls();
    let (own, signed) = (&calls[0].headers, &calls[1].headers);
    assert_eq!(text(own, "authorization"), token);
    assert!(text(signed, "authorization").starts_with("AWS4-HMAC-SHA256 "));
    assert_eq!(calls[0].uri, calls[1].uri);
    for absent in [
        "x-amz-date",
        "x-amz-security-token",
        "x-amzn-bedrock-agentcore-runtime-user-id",
    ] {
        assert!(!own.contains_key(absent), "{absent}");
    }
    let session = text(own, "x-amzn-bedrock-agentcore-runtime-session-id");
    assert_eq!(session.len(), 64, "derived, whatever the caller named");
}

#[tokio::test]
async fn a_token_is_shown_as_it_is_however_it_was_spelled() {
    let door = open([Script::Json("{}")]).await;
    let token = door.alice();
    ask(&door, &token.replace("Bearer ", "bearer   ")).await;
    let calls = door.plane.calls();
    assert_eq!(text(&calls[0].headers, "authorization"), token);
}

#[tokio::test]
async fn who_is_not_admitted_shows_the_agent_nothing() {
    let door = open([]).await;
    let stranger = format!("Bearer {}", door.issuer.token(json!({"groups": []})));
    assert_problem(&ask(&door, &stranger).await, 403, "forbidden");
    assert_problem(&ask(&door, "Bearer a.b.c").await, 401, "unauthorized");
    assert!(door.plane.calls().is_empty());
}

#[tokio::test]
async fn what_the_agents_authorizer_refuses_is_told_apart() {
    let table = [
        (
            Script::Error(401, "UnauthorizedException"),
            403,
            "agent_refused_token",
            1,
        ),
        (
            Script::Error(403, "AccessDeniedException"),
            403,
            "agent_refused_token",
            1,
        ),
        (Script::Mismatch, 502, "agent_auth_mismatch", 1),
        (
            Script::Error(404, "ResourceNotFoundException"),
            502,
            "agent_misconfigured",
            1,
        ),
        (
            Script::Error(500, "InternalServerException"),
            502,
            "agent_service_failed",
            1,
        ),
    ];
    for (script, status, code, count) in table {
        let door = open([script]).await;
        let token = door.alice();
        assert_problem(&ask(&door, &token).await, status, code);
        assert_eq!(door.plane.calls().len(), count, "{code}");
    }
    let door = open([Script::Mismatch]).await;
    let got = door.invoke(&[], "{}").await;
    assert_problem(&got, 502, "agent_auth_mismatch");
}

#[tokio::test]
async fn what_was_turned_away_before_the_turn_is_tried_again_with_the_token() {
    let scripts = [
        Script::Error(409, "RetryableConflictException"),
        Script::Error(429, "ThrottlingException"),
        Script::Json("{}"),
    ];
    let door = open(scripts).await;
    let token = door.alice();
    assert_eq!(ask(&door, &token).await.status, 200);
    let calls = door.plane.calls();
    assert_eq!(calls.len(), 3);
    for call in calls {
        assert_eq!(text(&call.headers, "authorization"), token);
    }
}
