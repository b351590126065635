//! An agent that asks for tool tokens, against one emulator of Secrets Manager, token endpoint and data plane.

use std::time::Duration;

use http::Method;
use proxy::config::{
    FIRST_BYTE_SECONDS, MACHINE_CLIENT_ID, MACHINE_SECRET_ARN, SIGNING_SECRET_ARN, TOKEN_ENDPOINT,
    TOOL_SCOPES,
};
use serde_json::json;
use shared::settings::AGENTS;
use tokio::time::Instant;

use crate::agentcore::{DataPlane, Script};
use crate::caller::{ARN, NOW};
use crate::door::{Door, assert_problem};
use crate::mcp::signing_key;

const HEADER: &str = "x-amzn-bedrock-agentcore-runtime-custom-tool-token";
const SECRET: Script = Script::Json(r#"{"SecretString": "{\"client_secret\": \"hunter2\"}"}"#);
const TOKEN: Script =
    Script::Json(r#"{"access_token": "tool.token.1", "token_type": "Bearer", "expires_in": 3600}"#);
const LATE: Script = Script::Late(
    Duration::from_secs(9),
    r#"{"access_token": "tool.token.2", "token_type": "Bearer", "expires_in": 3600}"#,
);
const TURN: Script = Script::Json("{}");

async fn open(kind: &str, scripts: impl IntoIterator<Item = Script>) -> Door {
    let plane = DataPlane::start(scripts).await;
    let endpoint = format!("{}/oauth2/token", plane.url);
    let agents = json!({"demo": {"runtime": ARN, "toolToken": kind, "allow": {}}}).to_string();
    Door::over(plane, &settings(&agents, &endpoint)).await
}

/// The same before a gateway, which has sessions of MCP and so a key to seal them.
async fn open_gateway(scripts: impl IntoIterator<Item = Script>, more: &[(&str, &str)]) -> Door {
    let plane = DataPlane::start(signing_key().into_iter().chain(scripts)).await;
    let url = |path| format!("{}{path}", plane.url);
    let (endpoint, gateway) = (url("/oauth2/token"), url("/mcp"));
    let agents = json!({"tools": {"gateway": gateway, "toolToken": "user", "allow": {}}});
    let agents = agents.to_string();
    let mut settings = settings(&agents, &endpoint);
    settings.push((SIGNING_SECRET_ARN, crate::mcp::SECRET));
    settings.extend_from_slice(more);
    Door::over(plane, &settings).await
}

pub(crate) fn settings<'s>(agents: &'s str, endpoint: &'s str) -> Vec<(&'s str, &'s str)> {
    vec![
        (AGENTS, agents),
        (TOKEN_ENDPOINT, endpoint),
        (MACHINE_CLIENT_ID, "machine"),
        (
            MACHINE_SECRET_ARN,
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:machine-AbCdEf",
        ),
        (TOOL_SCOPES, "gatehouse/tools"),
    ]
}

#[tokio::test]
async fn a_gateway_is_shown_the_token_of_its_caller() {
    let door = open_gateway([SECRET, TOKEN, TURN, TURN], &[]).await;
    door.plane.calls();
    let token = door.alice();
    let headers = [("authorization", token.as_str()), (HEADER, "forged")];
    for calls in [3, 1] {
        let got = door.ask("POST", "/agents/tools/mcp", &headers, "{}").await;
        assert_eq!(got.status, 200, "{}", got.body);
        let made = door.plane.calls();
        assert_eq!(made.len(), calls, "the token is kept");
        let message = made.last().unwrap();
        assert_eq!(message.headers["authorization"], "Bearer tool.token.1");
        assert!(!message.headers.contains_key(HEADER));
    }
}

#[tokio::test]
async fn an_agent_is_given_the_token_of_its_caller() {
    let door = open("user", [SECRET, TOKEN, TURN, TURN]).await;
    let token = door.alice();
    // What the caller sends under the door's own name does not travel.
    let headers = [("authorization", token.as_str()), (HEADER, "forged")];
    for calls in [3, 1] {
        let got = door.ask("POST", crate::door::INVOKE, &headers, "{}").await;
        assert_eq!(got.status, 200, "{}", got.body);
        let made = door.plane.calls();
        assert_eq!(made.len(), calls, "the token is kept");
        let turn = made.last().unwrap();
        let sent: Vec<_> = turn.headers.get_all(HEADER).iter().collect();
        assert_eq!(sent, ["tool.token.1"]);
        let signed = turn.headers["authorization"].to_str().unwrap();
        assert!(signed.contains(HEADER), "{signed}");
        if let [secret, request, _] = &made[..] {
            assert_eq!(
                secret.headers["x-amz-target"],
                "secretsmanager.GetSecretValue"
            );
            assert_eq!(request.uri.path(), "/oauth2/token");
            let form = std::str::from_utf8(&request.body).unwrap();
            let proof = token.strip_prefix("Bearer ").unwrap();
            assert!(form.contains(proof), "{form}");
        }
    }
}

#[tokio::test]
async fn the_time_for_a_token_is_part_of_the_time_for_an_answer() {
    let agents = json!({"demo": {"runtime": ARN, "toolToken": "user", "allow": {}}}).to_string();
    // Where nothing is left of it the agent is not asked.
    for (first_byte, seconds, calls) in [("20", 20, 3), ("9", 9, 2)] {
        let plane = DataPlane::start([SECRET, LATE, Script::Silence]).await;
        let endpoint = format!("{}/oauth2/token", plane.url);
        let mut settings = settings(&agents, &endpoint);
        settings.push((FIRST_BYTE_SECONDS, first_byte));
        let door = Door::over(plane, &settings).await;
        tokio::time::pause();
        let asked = Instant::now();
        assert_problem(&door.invoke(&[], "{}").await, 504, "agent_timeout");
        assert_eq!(asked.elapsed().as_secs(), seconds);
        assert_eq!(door.plane.calls().len(), calls);
        tokio::time::resume();
    }
}

#[tokio::test]
async fn the_time_for_a_token_is_part_of_the_time_to_end_a_session() {
    let begun = Script::Full(200, &[("mcp-session-id", "of-the-gateway")], "{}");
    let scripts = [SECRET, TOKEN, begun, LATE, Script::Silence];
    let door = open_gateway(scripts, &[(FIRST_BYTE_SECONDS, "40")]).await;
    let path = "/agents/tools/mcp";
    let token = door.alice();
    let got = door
        .ask("POST", path, &[("authorization", &token)], "{}")
        .await;
    let session = got.header("mcp-session-id").unwrap();
    // A newer token of hers, for which no tool token is held.
    let exp = json!({"exp": NOW.0 + 700});
    let token = format!("Bearer {}", door.issuer.token(exp));
    let headers = [
        ("authorization", token.as_str()),
        ("mcp-session-id", session),
    ];
    tokio::time::pause();
    let asked = Instant::now();
    let got = door.ask("DELETE", path, &headers, "").await;
    assert_problem(&got, 504, "agent_timeout");
    assert_eq!(asked.elapsed().as_secs(), 25, "of the route's thirty");
    let last = door.plane.calls().pop().unwrap();
    assert_eq!((last.method, last.uri.path()), (Method::DELETE, "/mcp"));
}

#[tokio::test]
async fn a_machine_token_says_nothing_of_the_caller() {
    let door = open("machine", [SECRET, TOKEN, TURN]).await;
    assert_eq!(door.invoke(&[], "{}").await.status, 200);
    let calls = door.plane.calls();
    assert_eq!(
        calls[1].body,
        "grant_type=client_credentials&scope=gatehouse%2Ftools"
    );
    assert_eq!(calls[2].headers[HEADER], "tool.token.1");
}

#[tokio::test]
async fn an_agent_is_not_called_without_its_token() {
    let door = open("user", [SECRET, Script::Error(400, "invalid_request")]).await;
    let got = door.invoke(&[("x-conversation-id", "c1")], "{}").await;
    assert_problem(&got, 502, "tool_token_unavailable");
    assert_eq!(got.header("x-conversation-id"), Some("c1"));
    assert_eq!(door.plane.calls().len(), 2);
}
