//! AgentCore gateways behind the door, against one emulator of Secrets Manager and gateway.

use bytes::Bytes;
use futures_util::StreamExt;
use http::request::Parts;
use http::{HeaderValue, Method, Request};
use local::agentcore_runtime::is_signed;
use proxy::config::SIGNING_SECRET_ARN;
use serde_json::{Value, json};
use shared::settings::AGENTS;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::agentcore::{Call, DataPlane, Piece, Script, credentials};
use crate::caller::NOW;
use crate::door::{Door, Got, Headers, assert_problem};
use crate::mcp::{SECRET, signing_key};

const SESSION: &str = "mcp-session-id";
const POLICY_SESSION: &str = "x-amzn-bedrock-agentcore-policy-session-id";
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const LIST: &str = r#"{"jsonrpc": "2.0", "id": 2, "method": "tools/list"}"#;
const RESULT: &str = r#"{"jsonrpc": "2.0", "id": 2, "result": {}}"#;
const JSON: (&str, &str) = ("content-type", "application/json");
const ANSWER: Script = Script::Full(200, &[JSON], RESULT);

/// A door with a gateway that is shown the caller's token, and one that is sent signatures.
async fn open(scripts: impl IntoIterator<Item = Script>) -> Door {
    let plane = DataPlane::start(signing_key().into_iter().chain(scripts)).await;
    let url = format!("{}/mcp", plane.url);
    at(plane, &url).await
}

async fn at(plane: DataPlane, gateway: &str) -> Door {
    let agents = json!({
        "own": {"gateway": gateway, "auth": "jwt", "allow": {}},
        "signed": {"gateway": gateway, "allow": {}},
    });
    let agents = agents.to_string();
    let door = Door::over(plane, &[(AGENTS, &agents), (SIGNING_SECRET_ARN, SECRET)]).await;
    door.plane.calls();
    door
}

async fn say(door: &Door, agent: &str, headers: Headers<'_>) -> Got {
    let token = door.alice();
    let mut all = vec![("authorization", token.as_str())];
    all.extend(headers);
    door.ask("POST", &format!("/agents/{agent}/mcp"), &all, LIST)
        .await
}

fn header<'c>(call: &'c Call, name: &str) -> Option<&'c str> {
    call.headers.get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_gateway_is_shown_the_callers_token() {
    let door = open([ANSWER]).await;
    let hostile = [
        (POLICY_SESSION, "mine"),
        ("x-amzn-bedrock-agentcore-runtime-user-id", "mallory"),
        ("cookie", "a=b"),
        ("mcp-protocol-version", "2025-11-25"),
        ("traceparent", PARENT),
    ];
    let got = say(&door, "own", &hostile).await;
    assert_eq!((got.status, got.body.as_str()), (200, RESULT));
    let calls = door.plane.calls();
    let [call] = calls.as_slice() else {
        panic!("{} calls", calls.len())
    };
    assert_eq!((&call.method, call.uri.path()), (&Method::POST, "/mcp"));
    assert_eq!(call.body, LIST);
    assert_eq!(header(call, "authorization"), Some(door.alice().as_str()));
    assert_eq!(header(call, "content-type"), Some("application/json"));
    assert_eq!(
        header(call, "accept"),
        Some("text/event-stream, application/json")
    );
    assert_eq!(header(call, "mcp-protocol-version"), Some("2025-11-25"));
    assert_eq!(header(call, "traceparent"), Some(PARENT));
    assert_eq!(header(call, POLICY_SESSION).unwrap().len(), 64);
    for absent in [
        "cookie",
        "x-amz-date",
        "x-amzn-bedrock-agentcore-runtime-user-id",
    ] {
        assert_eq!(header(call, absent), None, "{absent}");
    }
}

#[tokio::test]
async fn a_gateway_may_be_sent_signatures() {
    let door = open([ANSWER]).await;
    assert_eq!(say(&door, "signed", &[]).await.status, 200);
    let calls = door.plane.calls();
    let signature = header(&calls[0], "authorization").unwrap();
    assert!(signature.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
    for part in [
        "/us-east-1/bedrock-agentcore/aws4_request",
        POLICY_SESSION,
        "host;",
    ] {
        assert!(signature.contains(part), "{part}: {signature}");
    }
    let mut request = Request::new(());
    *request.method_mut() = calls[0].method.clone();
    *request.uri_mut() = calls[0].uri.clone();
    *request.headers_mut() = calls[0].headers.clone();
    let (mut head, ()) = request.into_parts();
    let is_believed =
        |head: &Parts, body: &[u8]| is_signed(head, body, &credentials(), "us-east-1", NOW.0);
    assert!(is_believed(&head, &calls[0].body));
    assert!(!is_believed(&head, b"{}"));
    head.headers
        .insert(POLICY_SESSION, HeaderValue::from_static("another"));
    assert!(!is_believed(&head, &calls[0].body));
}

#[tokio::test]
async fn what_a_policy_counts_is_a_callers_own_and_goes_on() {
    let door = open([ANSWER, ANSWER, ANSWER, ANSWER]).await;
    say(&door, "own", &[]).await;
    say(&door, "own", &[]).await;
    say(&door, "own", &[("x-conversation-id", "c1")]).await;
    let bob = format!("Bearer {}", door.issuer.token(json!({"sub": "bob-2"})));
    door.ask("POST", "/agents/own/mcp", &[("authorization", &bob)], LIST)
        .await;
    let calls = door.plane.calls();
    let sessions: Vec<_> = calls
        .iter()
        .map(|call| header(call, POLICY_SESSION))
        .collect();
    assert_eq!(
        sessions[0], sessions[1],
        "a client that keeps nothing does not begin anew"
    );
    assert_eq!(
        sessions[0], sessions[2],
        "nor one that names a conversation of its own"
    );
    assert_ne!(sessions[0], sessions[3]);
}

#[tokio::test]
async fn a_gateway_is_sent_no_message_that_can_be_read_in_two_ways() {
    let door = open([ANSWER]).await;
    let token = door.alice();
    let headers = [("authorization", token.as_str())];
    let call = r#"{"method": "tools/call", "params": {"name": "refund"}}"#;
    let arguments = r#""refund", "arguments": {"amount": 5000, "amoun\u0074": 500}"#;
    for (message, code) in [
        ("", "bad_json"),
        ("tools/call", "bad_json"),
        (&format!("[{call}]"), "no_batches"),
        (&format!(" \n[{call}, {call}]"), "no_batches"),
        (&format!("{call} {call}"), "bad_json"),
        (&format!("\u{feff}{call}"), "bad_json"),
        (
            &call.replacen('{', r#"{"method": "tools/list", "#, 1),
            "bad_json",
        ),
        (
            &call.replacen('{', r#"{"params": {"name": "search"}, "#, 1),
            "bad_json",
        ),
        (
            &call.replace(r#""refund""#, r#""search", "name": "refund""#),
            "bad_json",
        ),
        (&call.replace(r#""refund""#, arguments), "bad_json"),
    ] {
        let path = "/agents/own/mcp";
        let got = door.ask("POST", path, &headers, message).await;
        assert_problem(&got, 400, code);
    }
    let named = [
        headers[0],
        ("mcp-method", "tools/call"),
        ("mcp-name", "search"),
    ];
    let got = door.ask("POST", "/agents/own/mcp", &named, call).await;
    assert_problem(&got, 400, "header_mismatch");
    assert!(door.plane.calls().is_empty());
    let got = door.ask("POST", "/agents/own/mcp", &headers, call).await;
    assert_eq!((got.status, got.body.as_str()), (200, RESULT));
    assert_eq!(door.plane.calls()[0].body, call, "it passes unchanged");
}

#[tokio::test]
async fn a_gateways_session_is_sealed_and_ended() {
    let begun = Script::Full(200, &[JSON, (SESSION, "of-the-gateway")], RESULT);
    let door = open([begun, ANSWER, Script::Full(204, &[], "")]).await;
    let got = say(&door, "own", &[]).await;
    let sealed = got.header(SESSION).unwrap().to_owned();
    assert!(!sealed.contains("of-the-gateway"));
    assert_eq!(say(&door, "own", &[(SESSION, &sealed)]).await.status, 200);
    let got = say(&door, "signed", &[(SESSION, &sealed)]).await;
    assert_problem(&got, 404, "unknown_session");
    let token = door.alice();
    let headers = [("authorization", token.as_str()), (SESSION, &sealed)];
    let got = door.ask("DELETE", "/agents/own/mcp", &headers, "").await;
    assert_eq!(got.status, 204, "{}", got.body);
    let calls = door.plane.calls();
    assert_eq!(calls.len(), 3);
    assert_eq!(header(&calls[1], SESSION), Some("of-the-gateway"));
    assert_eq!(calls[2].method, Method::DELETE);
    assert_eq!(header(&calls[2], SESSION), Some("of-the-gateway"));
}

#[tokio::test]
async fn a_gateways_errors_are_told_apart() {
    const ERROR: &str =
        r#"{"jsonrpc":"2.0","id":2,"error":{"code":-32602,"message":"Unknown tool"}}"#;
    const CHALLENGE: (&str, &str) = (
        "www-authenticate",
        "Bearer resource_metadata=\"https://gateway.example\"",
    );
    let rows = [
        (
            Script::Full(401, &[CHALLENGE], "{}"),
            403,
            "agent_refused_token",
        ),
        (Script::Error(403, ""), 403, "agent_refused_token"),
        (Script::Error(404, ""), 502, "agent_misconfigured"),
        (Script::Error(429, ""), 429, "agent_throttled"),
        (Script::Error(500, ""), 502, "agent_service_failed"),
        (
            Script::Full(302, &[("location", "https://elsewhere.example")], ""),
            502,
            "agent_misconfigured",
        ),
    ];
    for (script, status, code) in rows {
        let door = open([script]).await;
        let got = say(&door, "own", &[]).await;
        assert_problem(&got, status, code);
        assert_eq!(got.header("www-authenticate"), None);
        assert_eq!(door.plane.calls().len(), 1, "never sent twice");
    }
    let door = open([Script::Full(401, &[CHALLENGE], "{}")]).await;
    assert_problem(&say(&door, "signed", &[]).await, 502, "agent_misconfigured");
    let door = open([Script::Full(400, &[JSON], ERROR)]).await;
    let got = say(&door, "own", &[]).await;
    assert_eq!((got.status, got.body.as_str()), (400, ERROR));
}

#[tokio::test]
async fn a_gateways_answer_is_streamed_and_ends_in_words() {
    let (sender, pieces) = mpsc::unbounded_channel::<Piece>();
    let door = open([Script::Stream("text/event-stream", pieces)]).await;
    let token = door.alice();
    let headers = [("authorization", token.as_str())];
    let response = door.begin("POST", "/agents/own/mcp", &headers, LIST).await;
    assert_eq!(response.metadata_prelude.status_code, 200);
    let mut stream = response.stream;
    sender.send(Ok(Bytes::from_static(b"data: 1\n\n"))).unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), "data: 1\n\n");
    sender.send(Err(std::io::Error::other("cut"))).unwrap();
    let last = stream.next().await.unwrap().unwrap();
    let last = String::from_utf8(last.to_vec()).unwrap();
    let data = last.strip_prefix("event: message\ndata: ").unwrap();
    let error: Value = serde_json::from_str(data).unwrap();
    let id = serde_json::from_str::<Value>(LIST).unwrap()["id"].clone();
    assert_eq!(
        (&error["id"], &error["error"]["data"]["code"]),
        (&id, &json!("agent_cut"))
    );
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_gateway_that_is_not_there_or_says_nothing_is_told() {
    let door = open([Script::Silence]).await;
    assert_problem(&say(&door, "own", &[]).await, 504, "agent_timeout");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    drop(listener);
    let plane = DataPlane::start(signing_key()).await;
    let door = at(plane, &url).await;
    assert_problem(&say(&door, "own", &[]).await, 502, "agent_unreachable");
}
