//! MCP servers behind the door, against one emulator of Secrets Manager and data plane.

use std::collections::BTreeSet;

use proxy::config::{PUBLIC_URL, SIGNING_SECRET_ARN};
use serde_json::{Value, json};
use shared::settings::AGENTS;
use shared::signing::SigningKey;

use crate::agentcore::{Call, DataPlane, Script};
use crate::caller::ARN;
use crate::door::{Door, Got, Headers, assert_problem};

pub(crate) const SECRET: &str =
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:signing-AbCdEf";
const MCP: &str = "/agents/tools/mcp";
const SESSION: &str = "mcp-session-id";
const RUNTIME_SESSION: &str = "x-amzn-bedrock-agentcore-runtime-session-id";
const INITIALIZE: &str = r#"{"jsonrpc": "2.0", "id": 1, "method": "initialize"}"#;
const LIST: &str = r#"{"jsonrpc": "2.0", "id": 2, "method": "tools/list"}"#;
const RESULT: &str = r#"{"jsonrpc": "2.0", "id": 1, "result": {}}"#;
const JSON: (&str, &str) = ("content-type", "application/json");

/// An answer that begins a session, and one that comes with an id of no worth.
const BEGUN: Script = Script::Full(
    200,
    &[
        JSON,
        (SESSION, "of-the-server"),
        ("mcp-protocol-version", "2025-11-25"),
    ],
    RESULT,
);
const FRESH: Script = Script::Full(200, &[JSON, (SESSION, "worth-nothing")], RESULT);

/// What the door reads of the signing secret at its start: no version to come, one, none before.
pub(crate) fn signing_key() -> [Script; 3] {
    let key = SigningKey::generate().unwrap();
    let version =
        json!({"CreatedDate": 1_700_000_000, "SecretString": key.reveal(), "VersionId": "k1"});
    let none = || Script::Error(400, "ResourceNotFoundException");
    [none(), Script::Json(version.to_string().leak()), none()]
}

async fn open(scripts: impl IntoIterator<Item = Script>) -> Door {
    let allow = json!({"groups": ["staff"]});
    let agents = json!({
        "tools": {"runtime": ARN, "protocol": "mcp", "allow": allow},
        "other": {"runtime": ARN, "protocol": "mcp", "allow": allow},
        "demo": {"runtime": ARN, "allow": allow},
    });
    let plane = DataPlane::start(signing_key().into_iter().chain(scripts)).await;
    let settings = [
        (AGENTS, agents.to_string()),
        (PUBLIC_URL, "https://door.example".to_owned()),
        (SIGNING_SECRET_ARN, SECRET.to_owned()),
    ];
    let settings = settings
        .each_ref()
        .map(|(name, text)| (*name, text.as_str()));
    let door = Door::over(plane, &settings).await;
    door.plane.calls();
    door
}

async fn say(door: &Door, token: &str, headers: Headers<'_>, body: &str) -> Got {
    let mut all = vec![
        ("authorization", token),
        ("accept", "application/json, text/event-stream"),
    ];
    all.extend(headers);
    door.ask("POST", MCP, &all, body).await
}

/// Begins a session of alice's, whose id is returned.
async fn begin(door: &Door) -> String {
    let got = say(door, &door.alice(), &[], INITIALIZE).await;
    assert_eq!(got.status, 200, "{}", got.body);
    got.header(SESSION).unwrap().to_owned()
}

fn one(calls: &[Call]) -> &Call {
    let [call] = calls else {
        panic!("{} calls", calls.len())
    };
    call
}

fn header<'c>(call: &'c Call, name: &str) -> Option<&'c str> {
    call.headers.get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_session_is_handed_out_sealed_and_only_the_first_counts() {
    let door = open([BEGUN, FRESH, FRESH]).await;
    let token = door.alice();
    let headers = [
        ("mcp-protocol-version", "2025-11-25"),
        ("mcp-method", "initialize"),
        ("mcp-name", "x"),
        ("mcp-param-region", "eu"),
    ];
    let got = say(&door, &token, &headers, INITIALIZE).await;
    assert_eq!((got.status, got.body.as_str()), (200, RESULT));
    assert_eq!(got.header("mcp-protocol-version"), Some("2025-11-25"));
    let sealed = got.header(SESSION).unwrap().to_owned();
    assert!(!sealed.contains("of-the-server"), "{sealed}");
    let calls = door.plane.calls();
    let begun = one(&calls);
    assert_eq!(begun.body, INITIALIZE);
    assert_eq!(header(begun, SESSION), None);
    for (name, value) in headers {
        assert_eq!(header(begun, name), Some(value));
    }
    assert_eq!(
        header(begun, "accept"),
        Some("text/event-stream, application/json")
    );
    let runtime_session = header(begun, RUNTIME_SESSION).unwrap();
    for _ in 0..2 {
        let got = say(&door, &token, &[(SESSION, &sealed)], LIST).await;
        assert_eq!(got.status, 200);
        assert_eq!(got.header(SESSION), None, "a fresh id is worth nothing");
        let calls = door.plane.calls();
        assert_eq!(header(one(&calls), SESSION), Some("of-the-server"));
        assert_eq!(header(one(&calls), RUNTIME_SESSION), Some(runtime_session));
    }
}

#[tokio::test]
async fn nobody_elses_session_can_be_entered_or_ended() {
    let door = open([BEGUN]).await;
    let sealed = begin(&door).await;
    door.plane.calls();
    let alice = door.alice();
    let bob = format!("Bearer {}", door.issuer.token(json!({"sub": "bob-2"})));
    let mut changed = sealed.clone();
    let last = changed.pop();
    changed.push(if last == Some('A') { 'E' } else { 'A' });
    let rows = [
        (bob.as_str(), MCP, sealed.as_str()),
        (alice.as_str(), "/agents/other/mcp", &sealed),
        (&alice, MCP, "of-the-server"),
        (&alice, MCP, &changed),
        (&alice, MCP, ""),
    ];
    for (token, path, session) in rows {
        for method in ["POST", "DELETE"] {
            let headers = [("authorization", token), (SESSION, session)];
            let got = door.ask(method, path, &headers, LIST).await;
            assert_problem(&got, 404, "unknown_session");
        }
    }
    let twice = [(SESSION, sealed.as_str()), (SESSION, &sealed)];
    assert_problem(
        &say(&door, &alice, &twice, LIST).await,
        400,
        "bad_session_id",
    );
    assert!(
        door.plane.calls().is_empty(),
        "the server hears of none of it"
    );
}

#[tokio::test]
async fn a_client_without_sessions_is_served() {
    let door = open([FRESH, FRESH, FRESH, FRESH]).await;
    let alice = door.alice();
    let bob = format!("Bearer {}", door.issuer.token(json!({"sub": "bob-2"})));
    let method = ("mcp-method", "tools/list");
    let named = [("x-conversation-id", "c1"), method];
    for (token, headers) in [
        (&alice, &[method][..]),
        (&alice, &[method]),
        (&alice, &named),
        (&bob, &[method]),
    ] {
        let got = say(&door, token, headers, LIST).await;
        assert_eq!((got.status, got.header(SESSION)), (200, None));
    }
    let calls = door.plane.calls();
    let sessions: Vec<_> = calls
        .iter()
        .map(|call| header(call, RUNTIME_SESSION))
        .collect();
    assert_eq!(sessions[0], sessions[1], "no call begins one of its own");
    assert_ne!(sessions[0], sessions[2], "but where one is named");
    assert_ne!(sessions[0], sessions[3]);
}

#[tokio::test]
async fn a_session_that_begins_has_compute_of_its_own() {
    let door = open([BEGUN, BEGUN, BEGUN]).await;
    let token = door.alice();
    // The last is a client of both generations that falls back to the one before.
    for headers in [&[][..], &[], &[("mcp-method", "initialize")]] {
        let got = say(&door, &token, headers, INITIALIZE).await;
        assert!(got.header(SESSION).is_some());
    }
    let calls = door.plane.calls();
    let sessions = calls.iter().map(|call| header(call, RUNTIME_SESSION));
    assert_eq!(sessions.collect::<BTreeSet<_>>().len(), 3);
}

#[tokio::test]
async fn a_notification_is_accepted() {
    let door = open([BEGUN, Script::Full(202, &[(SESSION, "x")], "")]).await;
    let sealed = begin(&door).await;
    let message = r#"{"jsonrpc": "2.0", "method": "notifications/initialized"}"#;
    let got = say(&door, &door.alice(), &[(SESSION, &sealed)], message).await;
    assert_eq!((got.status, got.body.as_str()), (202, ""));
}

#[tokio::test]
async fn errors_of_the_protocol_are_passed_on_whole() {
    const ERROR: &str =
        r#"{"jsonrpc":"2.0","id":2,"error":{"code":-32001,"message":"Session not found"}}"#;
    const LIMIT: &str = r#"{"jsonrpc":"2.0","id":2,"error":{"code":-32003,"message":"Too many"}}"#;
    let rows = [
        (Script::Full(404, &[JSON], ERROR), 404, ERROR),
        (Script::Full(400, &[JSON], ERROR), 400, ERROR),
        (Script::Full(200, &[JSON], LIMIT), 200, LIMIT),
    ];
    for (script, status, body) in rows {
        let door = open([BEGUN, script]).await;
        let sealed = begin(&door).await;
        let got = say(&door, &door.alice(), &[(SESSION, &sealed)], LIST).await;
        assert_eq!((got.status, got.body.as_str()), (status, body));
        assert_eq!(got.header("content-type"), Some("application/json"));
    }
}

#[tokio::test]
async fn other_errors_are_the_doors_own() {
    let rows = [
        (
            Script::Error(404, "ResourceNotFoundException"),
            404,
            "unknown_session",
        ),
        (
            Script::Error(424, "RuntimeClientError"),
            502,
            "agent_failed",
        ),
        (
            Script::Error(403, "AccessDeniedException"),
            502,
            "agent_misconfigured",
        ),
    ];
    for (script, status, code) in rows {
        let door = open([BEGUN, script]).await;
        let sealed = begin(&door).await;
        let got = say(&door, &door.alice(), &[(SESSION, &sealed)], LIST).await;
        assert_problem(&got, status, code);
    }
    let door = open([Script::Error(404, "ResourceNotFoundException")]).await;
    let got = say(&door, &door.alice(), &[], INITIALIZE).await;
    assert_problem(&got, 502, "agent_misconfigured");
}

/// Who refused is not guessed from the status: the platform names each error of its own.
#[tokio::test]
async fn a_servers_own_refusal_keeps_its_status() {
    const TEXT: (&str, &str) = ("content-type", "text/plain");
    for status in [400, 403, 404, 405, 406, 408, 410, 413, 415, 422] {
        let door = open([Script::Full(status, &[TEXT], "no")]).await;
        let got = say(&door, &door.alice(), &[], INITIALIZE).await;
        assert_problem(&got, status, "agent_refused");
        assert_eq!(got.json()["id"], 1);
    }
    let rows = [
        // It would send callers to sign in again, at the wrong place.
        (Script::Full(401, &[TEXT], "no"), 502, "agent_refused"),
        // What the platform says with them has a meaning of its own.
        (Script::Full(429, &[TEXT], "no"), 429, "agent_throttled"),
        (Script::Full(424, &[TEXT], "no"), 502, "agent_failed"),
        (
            Script::Full(500, &[TEXT], "no"),
            502,
            "agent_service_failed",
        ),
    ];
    for (script, status, code) in rows {
        let door = open([script]).await;
        let got = say(&door, &door.alice(), &[], INITIALIZE).await;
        assert_problem(&got, status, code);
    }
}

#[tokio::test]
async fn a_text_that_names_a_resource_costs_the_text_alone() {
    const PLAIN: &str = r#"{"jsonrpc":"2.0","id":"a","error":{"code":-32007,"message":"arn:aws:secret-detail failed"}}"#;
    const ESCAPED: &str = r#"{"jsonrpc":"2.0","id":"a","error":{"code":-32007,"message":"It","data":{"of":"\u0061rn:aws:secret-detail"}}}"#;
    for (status, body) in [(500, PLAIN), (400, PLAIN), (400, ESCAPED)] {
        let door = open([Script::Full(status, &[JSON], body)]).await;
        let got = say(&door, &door.alice(), &[], INITIALIZE).await;
        let data = json!({"request_id": "gateway-1", "status": status});
        let message = "The agent's text is withheld, because it names a resource";
        let error = json!({"code": -32007, "message": message, "data": data});
        let expected = json!({"jsonrpc": "2.0", "id": "a", "error": error});
        assert_eq!((got.status, got.json()), (status, expected));
    }
}

/// Before the body is looked at, and after; where it cannot be known, the id is null.
#[tokio::test]
async fn a_refusal_repeats_the_id_of_the_request() {
    let door = open([]).await;
    let token = door.alice();
    let bad_version = [
        ("authorization", token.as_str()),
        ("mcp-protocol-version", "a b"),
    ];
    let unknown = [("authorization", token.as_str()), (SESSION, "x")];
    let request = r#"{"id": "7", "method": "tools/list"}"#;
    for (headers, path, status) in [
        (&[][..], MCP, 401),
        (&bad_version[..1], "/agents/nobody/mcp", 404),
        (&bad_version, MCP, 400),
        (&unknown, MCP, 404),
    ] {
        let got = door.ask("POST", path, headers, request).await;
        assert_eq!((got.status, &got.json()["id"]), (status, &json!("7")));
        let got = door.ask("POST", path, headers, "{").await;
        assert_eq!((got.status, &got.json()["id"]), (status, &Value::Null));
    }
    assert!(door.plane.calls().is_empty());
}

#[tokio::test]
async fn an_answer_may_be_streamed() {
    const EVENTS: &str = "event: message\ndata: {\"jsonrpc\":\"2.0\"}\n\n";
    let events = Script::Full(
        200,
        &[("content-type", "text/event-stream"), (SESSION, "s")],
        EVENTS,
    );
    let door = open([events]).await;
    let got = say(&door, &door.alice(), &[], INITIALIZE).await;
    assert_eq!((got.status, got.body.as_str()), (200, EVENTS));
    assert_eq!(got.header("content-type"), Some("text/event-stream"));
    assert!(got.header(SESSION).is_some());
}

#[tokio::test]
async fn a_caller_ends_their_own_session() {
    let door = open([BEGUN, Script::Json("{}")]).await;
    let sealed = begin(&door).await;
    let began = door.plane.calls();
    let token = door.alice();
    let headers = [("authorization", token.as_str()), (SESSION, &sealed)];
    let got = door.ask("DELETE", MCP, &headers, "").await;
    assert_eq!((got.status, got.body.as_str()), (204, ""));
    let calls = door.plane.calls();
    assert!(one(&calls).uri.path().ends_with("/stopruntimesession"));
    assert_eq!(
        header(one(&calls), RUNTIME_SESSION),
        header(one(&began), RUNTIME_SESSION)
    );
    let got = door.ask("DELETE", MCP, &headers[..1], "").await;
    assert_problem(&got, 400, "bad_session_id");
}

#[tokio::test]
async fn there_is_no_stream_to_listen_to() {
    let door = open([]).await;
    let token = door.alice();
    let got = door.ask("GET", MCP, &[("authorization", &token)], "").await;
    assert_problem(&got, 405, "method_not_allowed");
    assert_eq!(got.header("allow"), Some("DELETE, POST, OPTIONS"));
}

#[tokio::test]
async fn what_is_no_version_goes_no_further() {
    let door = open([]).await;
    let token = door.alice();
    let long = "1".repeat(33);
    for version in ["", "2025 11 25", "a,b", "\"", &long] {
        let got = say(&door, &token, &[("mcp-protocol-version", version)], LIST).await;
        assert_problem(&got, 400, "bad_protocol_version");
    }
    let twice = [
        ("mcp-protocol-version", "2025-11-25"),
        ("mcp-protocol-version", "2025-06-18"),
    ];
    let got = say(&door, &token, &twice, LIST).await;
    assert_problem(&got, 400, "bad_protocol_version");
    assert!(door.plane.calls().is_empty());
}

#[tokio::test]
async fn an_agent_is_called_in_its_own_protocol_only() {
    let door = open([]).await;
    let token = door.alice();
    for path in ["/agents/demo/mcp", "/agents/tools/invocations"] {
        let got = door
            .ask("POST", path, &[("authorization", &token)], "{}")
            .await;
        assert_problem(&got, 404, "wrong_protocol");
    }
    let stranger = format!("Bearer {}", door.issuer.token(json!({"groups": []})));
    let got = door
        .ask("POST", MCP, &[("authorization", &stranger)], LIST)
        .await;
    assert_problem(&got, 403, "forbidden");
}

#[tokio::test]
async fn without_keys_there_are_no_sessions() {
    let agents = json!({"tools": {"runtime": ARN, "protocol": "mcp", "allow": {}}}).to_string();
    let down = DataPlane::start([]).await;
    let door = Door::over(down, &[(AGENTS, &agents), (SIGNING_SECRET_ARN, SECRET)]).await;
    let got = say(&door, &door.alice(), &[], INITIALIZE).await;
    assert_problem(&got, 503, "signing_unavailable");
    let calls = door.plane.calls();
    assert!(
        calls.iter().all(|call| call.uri.path() == "/"),
        "only Secrets Manager is asked"
    );
    let _: Value = got.json();
}
