//! Tests of refusals: what the door rejects, and the problem that the caller gets.

use serde_json::{Value, json};

use crate::agentcore::Script;
use crate::caller::NOW;
use crate::door::{Door, Headers, INVOKE, ORIGIN, assert_problem};

#[tokio::test]
async fn nobody_gets_in_without_a_good_token() {
    let door = Door::open([]).await;
    let with = |claims: Value| format!("Bearer {}", door.issuer.token(claims));
    let (good, expired, other_client) = (
        with(json!({})),
        with(json!({"exp": NOW.0})),
        with(json!({"client_id": "d"})),
    );
    // The claims of one token under the signature of another.
    let tampered = format!(
        "{}.{}",
        expired.rsplit_once('.').unwrap().0,
        good.rsplit_once('.').unwrap().1
    );
    let nothing = "Bearer realm=\"gatehouse\", scope=\"openid\"";
    let invalid = "Bearer realm=\"gatehouse\", error=\"invalid_token\", scope=\"openid\"";
    let table: [(Headers<'_>, &str); 7] = [
        (&[], nothing),
        (&[("authorization", "")], invalid),
        (&[("authorization", "Basic YTpi")], invalid),
        (&[("authorization", &expired)], invalid),
        (&[("authorization", &other_client)], invalid),
        (&[("authorization", &tampered)], invalid),
        (
            &[("Authorization", &good), ("authorization", &expired)],
            invalid,
        ),
    ];
    for (headers, challenge) in table {
        for (method, path) in [
            ("GET", "/whoami"),
            ("POST", INVOKE),
            ("POST", "/agents/nobody/invocations"),
        ] {
            let got = door.ask(method, path, headers, "{}").await;
            assert_problem(&got, 401, "unauthorized");
            assert_eq!(
                got.header("www-authenticate"),
                Some(challenge),
                "{headers:?}"
            );
        }
    }
    assert!(door.plane.calls().is_empty());
}

#[tokio::test]
async fn a_caller_gets_no_further_than_their_rights() {
    let door = Door::open([]).await;
    let token = door.alice();
    let headers = [("authorization", token.as_str())];
    let got = door
        .ask("POST", "/agents/finance/invocations", &headers, "{}")
        .await;
    assert_problem(&got, 403, "forbidden");
    // What is missing is a group, which no sign-in gives.
    let challenge = got.header("www-authenticate").unwrap();
    assert_eq!(challenge, "Bearer realm=\"gatehouse\"");
    assert_problem(
        &door
            .ask("POST", "/agents/nobody/invocations", &headers, "{}")
            .await,
        404,
        "unknown_agent",
    );
    assert!(door.plane.calls().is_empty());
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said() {
    let door = Door::open([]).await;
    let large = "x".repeat(1001);
    let long = "x".repeat(129);
    let table: [(Headers<'_>, &str, u16, &str); 11] = [
        (
            &[("x-conversation-id", "a b")],
            "{}",
            400,
            "bad_conversation_id",
        ),
        (
            &[("x-conversation-id", "")],
            "{}",
            400,
            "bad_conversation_id",
        ),
        (
            &[("x-conversation-id", &long)],
            "{}",
            400,
            "bad_conversation_id",
        ),
        (
            &[("x-conversation-id", "a"), ("X-Conversation-Id", "b")],
            "{}",
            400,
            "bad_conversation_id",
        ),
        (
            &[("content-type", "text/plain")],
            "{}",
            415,
            "unsupported_media_type",
        ),
        (
            &[("content-type", "application/json;,text/html")],
            "{}",
            415,
            "unsupported_media_type",
        ),
        (
            &[("content-encoding", "gzip")],
            "{}",
            415,
            "unsupported_coding",
        ),
        (&[("accept", "text/html")], "{}", 406, "not_acceptable"),
        (&[], &large, 413, "too_large"),
        (
            &[("content-type", "application/x-www-form-urlencoded")],
            &large,
            415,
            "unsupported_media_type",
        ),
        (&[("accept", "image/*")], &large, 406, "not_acceptable"),
    ];
    for (headers, body, status, code) in table {
        assert_problem(&door.invoke(headers, body).await, status, code);
    }
    assert!(door.plane.calls().is_empty());
}

#[tokio::test]
async fn a_fault_of_the_agents_keeps_the_conversation() {
    let door = Door::open([
        Script::Error(424, "RuntimeClientError"),
        Script::Error(402, "ServiceQuotaExceededException"),
        Script::Error(403, "AccessDeniedException"),
        Script::Silence,
    ])
    .await;
    let expected = [
        (502, "agent_failed", None),
        (429, "agent_quota", Some("10")),
        (502, "agent_misconfigured", None),
        (504, "agent_timeout", None),
    ];
    for (status, code, retry_after) in expected {
        let got = door.invoke(&[("x-conversation-id", "c1")], "{}").await;
        assert_problem(&got, status, code);
        assert_eq!(got.header("retry-after"), retry_after);
        assert_eq!(got.header("x-conversation-id"), Some("c1"));
    }
}

#[tokio::test]
async fn the_platform_knows_best_when_to_come_back() {
    let quota = |seconds| Script::Later(402, "ServiceQuotaExceededException", seconds);
    let table = [
        (quota("30"), 429, "30"),
        (quota("3600"), 429, "3600"),
        // Nothing that makes sense.
        (quota("0"), 429, "10"),
        (quota("3601"), 429, "10"),
        (quota("-1"), 429, "10"),
        (quota("Wed, 21 Oct 2026 07:28:00 GMT"), 429, "10"),
        (Script::Later(409, "ConflictException", "7"), 409, "7"),
    ];
    for (script, status, expected) in table {
        let door = Door::open([script]).await;
        let got = door.invoke(&[], "{}").await;
        assert_eq!(
            (got.status, got.header("retry-after")),
            (status, Some(expected))
        );
    }
    let door = Door::open([Script::Later(403, "AccessDeniedException", "7")]).await;
    let got = door.invoke(&[], "{}").await;
    assert_eq!((got.status, got.header("retry-after")), (502, None));
}

#[tokio::test]
async fn other_paths_and_methods_are_told_apart() {
    let door = Door::open([]).await;
    for path in [
        "/",
        "/agents/demo",
        "/agents/demo/invocations/",
        "/agents/../whoami",
        "/.env",
    ] {
        assert_problem(&door.ask("GET", path, &[], "").await, 404, "not_found");
        assert_problem(
            &door.ask("OPTIONS", path, &[("origin", ORIGIN)], "").await,
            404,
            "not_found",
        );
    }
    for (method, path, allow) in [
        ("GET", INVOKE, "POST, OPTIONS"),
        ("POST", "/whoami", "GET, OPTIONS"),
        ("HEAD", "/healthz", "GET, OPTIONS"),
    ] {
        let got = door.ask(method, path, &[], "").await;
        assert_problem(&got, 405, "method_not_allowed");
        assert_eq!(got.header("allow"), Some(allow));
    }
}
