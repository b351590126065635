//! Conversations: ended by their own caller, and one turn of each at a time.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use proxy::config::TURNS_TABLE;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::agentcore::{Call, DataPlane, Script};
use crate::caller::NOW;
use crate::door::{Door, INVOKE, assert_problem};
use crate::turns::TABLE;

const C1: &str = "/agents/demo/conversations/c1";
const SESSION: &str = "x-amzn-bedrock-agentcore-runtime-session-id";
const ERROR: Script = Script::Error(500, "InternalServerException");

fn session(door: &Door) -> String {
    let call = door.plane.calls().pop().unwrap();
    call.headers[SESSION].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_caller_ends_their_own_conversation_and_no_other() {
    let door = Door::open((0..4).map(|_| Script::Json("{}"))).await;
    let (alice, bob) = (
        door.alice(),
        format!("Bearer {}", door.issuer.token(json!({"sub": "bob-1"}))),
    );
    door.invoke(&[("x-conversation-id", "c1")], "{}").await;
    let begun = session(&door);
    let forged = [("authorization", alice.as_str()), (SESSION, "forged")];
    let got = door.ask("DELETE", C1, &forged, "").await;
    assert_eq!((got.status, got.body.as_str()), (204, ""));
    let calls = door.plane.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(
        calls[0].uri.path(),
        "/runtimes/arn%3Aaws%3Abedrock-agentcore%3Aus-east-1%3A123456789012%3Aruntime%2Fdemo-AbCdEf1234/stopruntimesession"
    );
    assert_eq!(calls[0].headers[SESSION], begun.as_str());
    door.ask("DELETE", C1, &[("authorization", &bob)], "").await;
    assert_ne!(session(&door), begun);
}

#[tokio::test]
async fn a_conversation_that_is_over_is_over() {
    let conflict = || Script::Error(409, "ConflictException");
    let table = [
        (
            vec![Script::Error(404, "ResourceNotFoundException")],
            204,
            "",
        ),
        // Ended in a moment, or a fault of a moment.
        (vec![conflict(), conflict(), Script::Json("{}")], 204, ""),
        (vec![ERROR, Script::Json("{}")], 204, ""),
        (vec![conflict(), conflict(), conflict()], 409, "agent_busy"),
        (vec![ERROR, ERROR, ERROR], 502, "agent_service_failed"),
        (
            vec![Script::Error(403, "AccessDeniedException")],
            502,
            "agent_misconfigured",
        ),
        (vec![Script::Silence], 504, "agent_timeout"),
    ];
    for (scripts, status, code) in table {
        let count = scripts.len();
        let door = Door::open(scripts).await;
        let got = door
            .ask("DELETE", C1, &[("authorization", &door.alice())], "")
            .await;
        if status == 204 {
            assert_eq!((got.status, got.body.as_str()), (204, ""));
        } else {
            assert_problem(&got, status, code);
        }
        assert_eq!(door.plane.calls().len(), count, "{code}");
    }
}

#[tokio::test]
async fn whoever_is_not_let_in_ends_nothing() {
    let door = Door::open([]).await;
    let alice = door.alice();
    let finance = "/agents/finance/conversations/c1";
    let nobody = "/agents/nobody/conversations/c1";
    assert_problem(&door.ask("DELETE", C1, &[], "").await, 401, "unauthorized");
    let headers = [("authorization", alice.as_str())];
    for (path, status, code) in [
        (finance, 403, "forbidden"),
        (nobody, 404, "unknown_agent"),
        ("/agents/demo/conversations/", 404, "not_found"),
        ("/agents/demo/conversations/a.b", 404, "not_found"),
        ("/agents/demo/conversations/c1/..", 404, "not_found"),
    ] {
        let got = door.ask("DELETE", path, &headers, "").await;
        assert_problem(&got, status, code);
    }
    let got = door.ask("POST", C1, &headers, "").await;
    assert_problem(&got, 405, "method_not_allowed");
    assert_eq!(got.header("allow"), Some("DELETE, OPTIONS"));
    assert!(door.plane.calls().is_empty());
}

const TAKEN: Script = Script::Json("{}");
const GIVEN_BACK: Script = Script::Json("{}");
const PROLONGED: Script = Script::Json("{}");
const HELD: Script = Script::Error(400, "ConditionalCheckFailedException");

/// A door whose turns are taken one at a time, against one emulator of DynamoDB and data plane.
async fn one_at_a_time(scripts: impl IntoIterator<Item = Script>) -> Door {
    Door::over(DataPlane::start(scripts).await, &[(TURNS_TABLE, TABLE)]).await
}

/// What was asked, in this order: operations of DynamoDB, and turns.
fn asked(door: &Door) -> Vec<String> {
    door.plane.calls().iter().map(name).collect()
}

fn name(call: &Call) -> String {
    match call.headers.get("x-amz-target") {
        Some(target) => target.to_str().unwrap().replace("DynamoDB_20120810.", ""),
        None => "turn".to_owned(),
    }
}

#[tokio::test]
async fn a_turn_is_taken_before_the_agent_is_asked_and_given_back_after_it() {
    // Nothing that ends before the agent is asked takes a turn.
    let door = one_at_a_time([]).await;
    assert_problem(&door.invoke(&[], "{").await, 400, "bad_json");
    assert_eq!(asked(&door), Vec::<String>::new());
    let failed = [
        (Script::Error(424, "RuntimeClientError"), 502),
        (Script::Json("{}"), 200),
    ];
    for (turn, status) in failed {
        let door = one_at_a_time([TAKEN, turn, GIVEN_BACK]).await;
        let got = door.invoke(&[("x-conversation-id", "c1")], "{}").await;
        assert_eq!(
            (got.status, got.header("x-conversation-id")),
            (status, Some("c1"))
        );
        assert_eq!(asked(&door), ["PutItem", "turn", "DeleteItem"]);
    }
}

#[tokio::test]
async fn an_answer_is_over_when_its_turn_is_given_back() {
    let (sender, pieces) = mpsc::unbounded_channel();
    let turn = Script::Stream("text/event-stream", pieces);
    let door = one_at_a_time([TAKEN, turn, GIVEN_BACK]).await;
    let token = door.alice();
    let mut response = door
        .begin("POST", INVOKE, &[("authorization", &token)], "{}")
        .await;
    sender.send(Ok(Bytes::from_static(b"data: 1\n\n"))).unwrap();
    assert_eq!(
        response.stream.next().await.unwrap().unwrap(),
        "data: 1\n\n"
    );
    assert_eq!(asked(&door), ["PutItem", "turn"]);
    drop(sender);
    assert!(response.stream.next().await.is_none());
    assert_eq!(asked(&door), ["DeleteItem"]);
}

#[tokio::test]
async fn a_turn_that_was_given_up_is_kept_until_its_agent_has_ended() {
    let late = Script::Late(Duration::from_millis(1500), "{}");
    let door = one_at_a_time([TAKEN, late, PROLONGED, GIVEN_BACK]).await;
    let got = door.invoke(&[("x-conversation-id", "c1")], "{}").await;
    assert_problem(&got, 504, "agent_timeout");
    assert_kept(&door, &["PutItem", "turn", "PutItem"]).await;
    // The process waits for the agent as long as it may.
    door.settle().await;
    assert_eq!(asked(&door), ["DeleteItem"]);
}

#[tokio::test]
async fn a_turn_whose_caller_left_is_kept_until_its_agent_has_ended() {
    let (sender, pieces) = mpsc::unbounded_channel();
    let turn = Script::Stream("text/event-stream", pieces);
    let door = one_at_a_time([TAKEN, turn, PROLONGED, GIVEN_BACK]).await;
    let token = door.alice();
    let response = door
        .begin("POST", INVOKE, &[("authorization", &token)], "{}")
        .await;
    drop(response);
    assert_kept(&door, &["PutItem", "turn", "PutItem"]).await;
    assert!(!sender.is_closed(), "the agent is listened to");
    drop(sender);
    door.settle().await;
    assert_eq!(asked(&door), ["DeleteItem"]);
}

/// Waits until this was asked: the last is the lease that was prolonged, to an hour after it was taken, by its owner.
async fn assert_kept(door: &Door, expected: &[&str]) {
    let mut calls = Vec::new();
    while calls.len() < expected.len() {
        tokio::task::yield_now().await;
        calls.extend(door.plane.calls());
    }
    assert_eq!(calls.iter().map(name).collect::<Vec<_>>(), expected);
    let written = |call: &Call| serde_json::from_slice::<Value>(&call.body).unwrap();
    let (taken, kept) = (written(&calls[0]), written(calls.last().unwrap()));
    for member in ["session", "owner"] {
        assert_eq!(kept["Item"][member], taken["Item"][member]);
    }
    let an_hour_later = (NOW.0 + 3600).to_string();
    assert_eq!(kept["Item"]["expires"]["N"], json!(an_hour_later));
    assert_eq!(kept["ConditionExpression"], "#owner = :owner");
}

/// Lambda may let a function go on whose caller has left, or freeze it with the turn in its hands.
#[tokio::test]
async fn who_ends_a_conversation_frees_it_of_a_turn_that_nobody_gives_back() {
    let (sender, pieces) = mpsc::unbounded_channel();
    let turn = Script::Stream("text/event-stream", pieces);
    let ended = Script::Json("{}");
    let door = one_at_a_time([
        TAKEN,
        turn,
        ended,
        GIVEN_BACK,
        TAKEN,
        Script::Json("{}"),
        GIVEN_BACK,
    ]);
    let door = door.await;
    let token = door.alice();
    let headers = [
        ("authorization", token.as_str()),
        ("x-conversation-id", "c1"),
    ];
    let _running = door.begin("POST", INVOKE, &headers, "{}").await;
    let taken = door.plane.calls();
    let got = door.ask("DELETE", C1, &headers, "").await;
    assert_eq!(got.status, 204);
    let calls = door.plane.calls();
    let [stopped, freed] = calls.as_slice() else {
        panic!("{} calls", calls.len());
    };
    assert!(stopped.uri.path().ends_with("/stopruntimesession"));
    let item = |call: &Call| serde_json::from_slice::<Value>(&call.body).unwrap();
    let (taken, freed) = (item(&taken[0]), item(freed));
    assert_eq!(freed["Key"]["session"], taken["Item"]["session"]);
    assert_eq!(
        freed["ConditionExpression"],
        Value::Null,
        "whoever holds it"
    );
    assert_eq!(door.invoke(&headers[1..], "{}").await.status, 200);
    drop(sender);
}

#[tokio::test]
async fn what_could_not_be_ended_keeps_its_turn() {
    let door = one_at_a_time([Script::Error(403, "AccessDeniedException")]).await;
    let headers = [("authorization", door.alice())];
    let headers = headers
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let got = door.ask("DELETE", C1, &headers, "").await;
    assert_problem(&got, 502, "agent_misconfigured");
    assert_eq!(door.plane.calls().len(), 1);
}

#[tokio::test]
async fn a_turn_that_cannot_be_taken_asks_no_agent() {
    let throttled = || Script::Error(400, "ThrottlingException");
    let table = [
        (vec![HELD, HELD, HELD], 409, "conversation_busy", "2"),
        (
            vec![ERROR, ERROR, GIVEN_BACK],
            503,
            "turns_unavailable",
            "10",
        ),
        (
            vec![throttled(), throttled(), GIVEN_BACK],
            503,
            "turns_unavailable",
            "10",
        ),
    ];
    for (scripts, status, code, retry_after) in table {
        let door = one_at_a_time(scripts).await;
        let got = door.invoke(&[("x-conversation-id", "c1")], "{}").await;
        assert_problem(&got, status, code);
        assert_eq!(got.header("retry-after"), Some(retry_after));
        assert_eq!(got.header("x-conversation-id"), Some("c1"));
        door.settle().await;
        assert!(!asked(&door).contains(&"turn".to_owned()), "{code}");
    }
    // The one before has just ended.
    let door = one_at_a_time([HELD, HELD, TAKEN, Script::Json("{}"), GIVEN_BACK]).await;
    assert_eq!(door.invoke(&[], "{}").await.status, 200);
}

#[tokio::test]
async fn what_agentcores_own_tools_take_for_orders_is_refused() {
    let door = Door::open([Script::Json("{}")]).await;
    let body = r#"{"prompt": "hi", "\u005fagent_core_app_action": "ping_status"}"#;
    assert_problem(&door.invoke(&[], body).await, 400, "reserved_member");
    for body in ["", "prompt=hi", "{\"prompt\": NaN}"] {
        assert_problem(&door.invoke(&[], body).await, 400, "bad_json");
    }
    assert!(door.plane.calls().is_empty());
    assert_eq!(door.invoke(&[], "[1]").await.status, 200);
}
