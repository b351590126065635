//! Tests of answers to callers who are let in.

use bytes::Bytes;
use futures_util::StreamExt;
use serde_json::{Value, json};
use shared::settings;
use tokio::sync::mpsc;

use crate::agentcore::Script;
use crate::caller::{NOW, agents};
use crate::door::{Door, INVOKE, ORIGIN};

#[tokio::test]
async fn an_admitted_turn_is_answered() {
    let door = Door::open([Script::Json("{\"answer\":1}")]).await;
    let got = door
        .invoke(
            &[
                ("Content-Type", "application/json"),
                ("X-Conversation-Id", "c1"),
            ],
            "{}",
        )
        .await;
    assert_eq!((got.status, got.body.as_str()), (200, "{\"answer\":1}"));
    assert_eq!(got.header("content-type"), Some("application/json"));
    assert_eq!(got.header("x-conversation-id"), Some("c1"));
    let mut names: Vec<&str> = got.headers.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    let expected = [
        "cache-control",
        "content-type",
        "vary",
        "x-content-type-options",
        "x-conversation-id",
        "x-request-id",
    ];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_stream_arrives_piece_by_piece() {
    let (sender, pieces) = mpsc::unbounded_channel();
    let door = Door::open([Script::Stream("text/event-stream; charset=utf-8", pieces)]).await;
    let token = door.alice();
    let mut response = door
        .begin(
            "POST",
            INVOKE,
            &[("authorization", &token), ("x-conversation-id", "c1")],
            "{}",
        )
        .await;
    assert_eq!(
        response.metadata_prelude.headers["content-type"],
        "text/event-stream; charset=utf-8"
    );
    for piece in ["data: 1\n\n", "data: 2\n\n"] {
        sender
            .send(Ok(Bytes::from_static(piece.as_bytes())))
            .unwrap();
        assert_eq!(response.stream.next().await.unwrap().unwrap(), piece);
    }
    sender.send(Err(std::io::Error::other("cut"))).unwrap();
    let last = response.stream.next().await.unwrap().unwrap();
    let expected = "event: gatehouse.error\ndata: {\"code\":\"agent_cut\",\"conversation_id\":\"c1\",\"request_id\":\"gateway-1\"}\n\n";
    assert_eq!(last, expected);
    assert!(response.stream.next().await.is_none());
}

#[tokio::test]
async fn a_page_leaves_as_mere_bytes() {
    let (sender, pieces) = mpsc::unbounded_channel();
    let door = Door::open([Script::Stream("text/html; charset=utf-8", pieces)]).await;
    sender.send(Ok(Bytes::from_static(b"<script>"))).unwrap();
    drop(sender);
    let got = door.invoke(&[], "{}").await;
    assert_eq!((got.status, got.body.as_str()), (200, "<script>"));
    assert_eq!(got.header("content-type"), Some("application/octet-stream"));
}

#[tokio::test]
async fn a_caller_who_leaves_ends_the_call() {
    let (sender, pieces) = mpsc::unbounded_channel();
    let door = Door::open([Script::Stream("text/event-stream", pieces)]).await;
    let token = door.alice();
    let response = door
        .begin("POST", INVOKE, &[("authorization", &token)], "{}")
        .await;
    drop(response);
    sender.closed().await;
}

#[tokio::test]
async fn a_conversation_is_one_session_of_one_caller() {
    let door = Door::open((0..6).map(|_| Script::Json("{}"))).await;
    let alice = door.alice();
    let bob = format!("Bearer {}", door.issuer.token(json!({"sub": "bob-1"})));
    let mut sessions = Vec::new();
    for (token, conversation) in [
        (&alice, Some("c1")),
        (&alice, Some("c1")),
        (&alice, Some("c2")),
        (&bob, Some("c1")),
        (&alice, None),
        (&bob, None),
    ] {
        let mut headers = vec![("authorization", token.as_str())];
        headers.extend(conversation.map(|conversation| ("x-conversation-id", conversation)));
        let got = door.ask("POST", INVOKE, &headers, "{}").await;
        let named = got.header("x-conversation-id").unwrap();
        assert!(conversation.map_or(named.len() == 32, |conversation| named == conversation));
        let call = door.plane.calls().pop().unwrap();
        sessions.push(
            call.headers["x-amzn-bedrock-agentcore-runtime-session-id"]
                .to_str()
                .unwrap()
                .to_owned(),
        );
    }
    assert_eq!(sessions[0], sessions[1]);
    sessions.remove(0);
    let distinct: std::collections::BTreeSet<&String> = sessions.iter().collect();
    assert_eq!(distinct.len(), 5, "{sessions:?}");
}

#[tokio::test]
async fn callers_learn_who_they_are() {
    let door = Door::open([]).await;
    let token = door.alice();
    let got = door
        .ask("GET", "/whoami", &[("Authorization", &token)], "")
        .await;
    let settings = settings::digest(&agents(), &door.issuer.setting());
    let expected = json!({"issuer": "https://issuer.example", "subject": "alice-1", "client_id": "c", "username": "alice",
        "email": "alice@example.com", "name": null, "scopes": ["gatehouse/invoke"], "groups": ["staff"],
        "expires": NOW.0 + 600, "agents": ["demo"], "protocols": {"demo": "http"}, "settings": {"authorizer": null, "proxy": settings}});
    assert_eq!((got.status, got.json()), (200, expected));
    assert_eq!(got.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn health_is_open_and_says_no_more_than_which_settings_there_are() {
    let door = Door::open([]).await;
    let got = door.ask("GET", "/healthz", &[], "").await;
    let settings = settings::digest(&agents(), &door.issuer.setting());
    let expected = json!({"status": "ok", "settings": settings, "version": shared::version::TEXT});
    assert_eq!((got.status, got.json()), (200, expected));
}

#[tokio::test]
async fn callers_learn_by_which_settings_the_authorizer_judged_them() {
    let door = Door::open([]).await;
    let token = door.alice();
    let told = async |authorizer: Value| {
        let event = json!({"httpMethod": "GET", "path": "/whoami", "headers": {"authorization": token},
            "requestContext": {"requestId": "gateway-1", "authorizer": authorizer}});
        let got = door.ask_event(event).await;
        assert_eq!(got.status, 200, "{}", got.body);
        got.json()["settings"]["authorizer"].take()
    };
    let digest = "0123456789abcdef";
    assert_eq!(told(json!({"settings": digest})).await, digest);
    assert_eq!(told(json!({"settings": "<b>"})).await, Value::Null);
    assert_eq!(told(Value::Null).await, Value::Null);
}

#[tokio::test]
async fn a_preflight_needs_no_token() {
    let door = Door::open([]).await;
    let got = door
        .ask(
            "OPTIONS",
            INVOKE,
            &[
                ("origin", ORIGIN),
                ("access-control-request-method", "POST"),
            ],
            "",
        )
        .await;
    assert_eq!((got.status, got.body.as_str()), (204, ""));
    assert_eq!(got.header("access-control-allow-origin"), Some(ORIGIN));
    assert_eq!(got.header("access-control-allow-methods"), Some("POST"));
    let other = door
        .ask("OPTIONS", INVOKE, &[("origin", "https://evil.test")], "")
        .await;
    assert_eq!(
        (other.status, other.header("access-control-allow-origin")),
        (204, None)
    );
    // Refusals can be read by the page that caused them, too.
    let refused = door.ask("POST", INVOKE, &[("origin", ORIGIN)], "{}").await;
    assert_eq!(
        (
            refused.status,
            refused.header("access-control-allow-origin")
        ),
        (401, Some(ORIGIN))
    );
    assert_eq!(refused.header("vary"), Some("Origin"));
}
