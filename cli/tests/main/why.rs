//! Tests of `gatehouse why` and `gatehouse audit` over lines as the programs write them.

use std::fs;

use serde_json::{Value, json};

use crate::program::{Ran, folder, root, run, run_with};

const SCHEMA: &str = "gatehouse.audit.v1";

fn access(id: &str, path: &str, status: u16, error: &str, token_id: &str) -> Value {
    json!({
        "path": path, "request_id": id, "extended_request_id": format!("{id}="), "time": "1792142078512",
        "address": "203.0.113.7", "method": "POST", "route": "/agents/{agent}/invocations",
        "status": status.to_string(), "error": error, "token_id": token_id, "latency_ms": "3",
        "integration_latency_ms": "-", "bytes": "130", "xray": "-",
    })
}

fn record(kind: &str, id: &str, more: Value) -> Value {
    let mut line = json!({
        "timestamp": "2026-10-16T09:14:38.600Z", "level": "INFO", "message": kind, "request_id": id,
        "extended_request_id": format!("{id}="), "invocation_id": format!("i-{id}"), "schema": SCHEMA, "record": kind,
    });
    for (name, value) in more.as_object().unwrap() {
        line[name] = value.clone();
    }
    line
}

fn lines(lines: &[Value]) -> String {
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    lines.join("\n")
}

fn why(id: &str, log: &str) -> Ran {
    run_with(&["why", id, "--logs", "-"], &[], log)
}

/// The one request that an id leads to.
fn told(id: &str, log: &str) -> Value {
    let ran = why(id, log);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let mut said = ran.json();
    assert_eq!(said["requests"].as_array().unwrap().len(), 1, "{said}");
    said["requests"][0].take()
}

fn log() -> String {
    let invoke = "/live/agents/finance/invocations";
    lines(&[
        access("none", invoke, 401, "UNAUTHORIZED", "-"),
        access("old", invoke, 401, "UNAUTHORIZED", "-"),
        record(
            "decision",
            "old",
            json!({
                "action": "authorize", "agent": "finance", "outcome": "refused", "reason": "expired", "status": 401,
                "expected": "now 9", "found": "exp = 8", "duration_ms": 0.4,
            }),
        ),
        access("first", invoke, 403, "ACCESS_DENIED", "t-bob"),
        record(
            "decision",
            "first",
            json!({
                "timestamp": "2026-10-16T09:14:30.000Z",
                "action": "authorize", "agent": "finance", "outcome": "refused", "reason": "agent_group", "status": 403,
                "expected": "finance", "found": "staff", "denied": "finance=agent_group, batch=agent_client",
                "subject": "bob-1", "token_id": "t-bob", "duration_ms": 0.4,
            }),
        ),
        access(
            "again",
            "/live/agents/batch/invocations",
            403,
            "ACCESS_DENIED",
            "t-bob",
        ),
        access("busy", invoke, 409, "-", "t-alice"),
        record(
            "decision",
            "busy",
            json!({
                "action": "POST /agents/finance/invocations", "agent": "finance", "outcome": "allowed", "subject": "alice-1",
                "token_id": "t-alice", "duration_ms": 0.4,
            }),
        ),
        json!({"timestamp": "2026-10-16T09:14:38.650Z", "level": "WARN", "message": "cannot fetch a tool token",
            "request_id": "busy", "extended_request_id": "busy=", "invocation_id": "i-busy", "reason": "timeout"}),
        record(
            "answer",
            "busy",
            json!({
                "route": "invocations", "agent": "finance", "status": 409, "outcome": "conversation_busy", "subject": "alice-1",
                "token_id": "t-alice", "duration_ms": 4.0, "bytes": 10, "request_bytes": 3,
            }),
        ),
        access("down", invoke, 503, "AUTHORIZER_FAILURE", "-"),
        record(
            "decision",
            "down",
            json!({
                "level": "ERROR", "action": "authorize", "outcome": "outage", "reason": "keys_unavailable", "status": 503, "duration_ms": 1.0,
            }),
        ),
        record(
            "denied_tool",
            "tool",
            json!({
                "agent": "tools", "tool": "refund", "outcome": "denied", "reason": "policy_denied", "subject": "bob-1", "token_id": "t-bob",
            }),
        ),
        json!({"timestamp": "2026-10-16T09:14:38.700Z", "level": "INFO", "message": "machine token for client m, without a user",
            "request_id": "pre-1", "schema": SCHEMA, "record": "token", "action": "machine token", "outcome": "allowed",
            "client": "m", "duration_ms": 1.0}),
    ])
}

#[test]
fn each_end_is_told_with_its_reason() {
    let log = log();
    for (id, status, reason, from, next) in [
        ("none", 401, "no_bearer", "gateway", "Authorization"),
        ("old", 401, "expired", "authorizer", "new token"),
        ("first", 403, "agent_group", "authorizer", "group"),
        (
            "again",
            403,
            "agent_client",
            "earlier_authorizer",
            "clients",
        ),
        ("busy", 409, "conversation_busy", "proxy", "DELETE"),
        (
            "down",
            503,
            "keys_unavailable",
            "authorizer",
            "key document",
        ),
    ] {
        let said = told(id, &log);
        let found = (&said["status"], &said["reason"], &said["from"]);
        assert_eq!(
            found,
            (&json!(status), &json!(reason), &json!(from)),
            "{said}"
        );
        assert!(said["next"].as_str().unwrap().contains(next), "{said}");
        let page = said["page"].as_str().unwrap();
        let (file, anchor) = page.split_once('#').unwrap();
        let document = fs::read_to_string(root().join(file)).unwrap();
        let is_there = document.lines().any(|line| {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            line.starts_with('#') && heading.replace(' ', "-") == anchor
        });
        assert!(is_there, "{page}");
    }
    let said = told("old", &log);
    assert_eq!(
        (&said["expected"], &said["found"]),
        (&json!("now 9"), &json!("exp = 8"))
    );
}

#[test]
fn any_id_of_a_request_leads_to_all_of_its_lines() {
    let log = log();
    for id in ["busy", "busy=", "i-busy"] {
        let said = told(id, &log);
        assert_eq!(said["request_id"], "busy", "{said}");
        assert_eq!(said["lines"].as_array().unwrap().len(), 4, "{said}");
    }
}

#[test]
fn two_requests_of_one_chosen_id_are_told_apart() {
    let mut second = access("old", "/live/whoami", 200, "-", "t-eve");
    second["extended_request_id"] = json!("other=");
    let log = format!("{}\n{second}", log());
    let ran = why("old", &log);
    let said = ran.json();
    assert_eq!(said["requests"].as_array().unwrap().len(), 2, "{said}");
    assert_eq!(told("other=", &log)["status"], 200);
}

#[test]
fn an_id_that_no_line_has_is_no_success() {
    let ran = why("nothing", &log());
    assert_eq!((ran.code, &ran.json()), (Some(1), &json!({"requests": []})));
}

/// A stranger's path is in the access log, and its signs may not reach the terminal.
#[test]
fn what_a_stranger_wrote_moves_no_cursor_and_forges_no_line() {
    let hostile = access(
        "evil",
        "/live/\u{1b}[2J\u{202e}",
        404,
        "MISSING_AUTHENTICATION_TOKEN",
        "-",
    );
    let said = told("evil", &hostile.to_string());
    let asked = said["asked"].as_str().unwrap();
    assert!(!asked.contains(['\u{1b}', '\u{202e}']), "{said}");
    let forged = hostile
        .to_string()
        .replace("\"status\"", "\"status\":\"200\",\"status\"");
    let ran = why("evil", &forged);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.errors.contains("1 lines are no JSON objects"),
        "{ran:?}"
    );
}

#[test]
fn a_log_that_is_not_there_is_told_with_what_to_do() {
    let ran = run(&["why", "x", "--logs", "no-such-file"]);
    assert_eq!(ran.code, Some(64), "{ran:?}");
    assert!(
        ran.errors.contains("`no-such-file`") && ran.errors.contains("next: "),
        "{ran:?}"
    );
}

fn audited(more: &[&str]) -> Vec<(String, String)> {
    let file = folder().join("log.jsonl");
    fs::write(&file, log()).unwrap();
    let mut arguments = vec!["audit", "--logs", file.to_str().unwrap()];
    arguments.extend(more);
    let said = run(&arguments).json();
    let records = said["records"].as_array().unwrap().iter();
    let text = |record: &Value, name: &str| record[name].as_str().unwrap().to_owned();
    records
        .map(|record| (text(record, "record"), text(record, "request_id")))
        .collect()
}

#[test]
fn who_called_what_is_listed_by_user_agent_and_outcome() {
    let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        let owned = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
        pairs.iter().map(owned).collect()
    };
    assert_eq!(
        audited(&["--user", "bob-1"]),
        pairs(&[("decision", "first"), ("denied_tool", "tool")])
    );
    assert_eq!(
        audited(&["--user", "alice-1"]),
        pairs(&[("answer", "busy")])
    );
    assert_eq!(
        audited(&["--agent", "tools"]),
        pairs(&[("denied_tool", "tool")])
    );
    assert_eq!(audited(&["--refused"]).len(), 4);
    assert_eq!(audited(&[]).len(), 6);
    // These lines are of the future or of the past, whenever this test runs.
    let recent = audited(&["--since", "1s"]).len();
    assert!(recent == 0 || recent == 6, "{recent}");
    assert_eq!(
        run(&["audit", "--logs", "-", "--since", "soon"]).code,
        Some(64)
    );
}
