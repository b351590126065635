//! Tests of the log, seen from outside: each test runs a part of this very file as a process of its own.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test may fail")]

use std::env;
use std::io;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use mint::Key;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::explanation::Explanation;
use shared::gate::{self, Identity, Refusal};
use shared::issuers::TrustedIssuers;
use shared::log::{self, Loggable, Verdict};
use shared::metrics::{self, Metric};
use shared::settings::{Fault, LOG_LEVEL};
use shared::start;
use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};
use tracing::{Level, debug, error, info, info_span, warn};

/// Runs one of the parts below, and gives the lines that it printed and how it ended.
fn run(part: &str, level: &str) -> (Vec<Value>, ExitStatus) {
    let part = format!("parts::{part}");
    let program = env::current_exe().expect("this program");
    let output = Command::new(program)
        .args(["--ignored", "--exact", &part, "--nocapture"])
        .env(LOG_LEVEL, level)
        .output()
        .expect("this program runs");
    let printed = String::from_utf8(output.stdout).expect("text");
    let ours = printed.lines().filter(|line| line.starts_with('{'));
    let lines = ours.map(|line| serde_json::from_str(line).expect("one JSON object a line"));
    (lines.collect(), output.status)
}

fn texts<'l>(lines: &'l [Value], name: &str) -> Vec<&'l str> {
    lines
        .iter()
        .filter_map(|line| line[name].as_str())
        .collect()
}

/// What the tests above run in processes of their own.
mod parts {
    use super::*;

    #[test]
    #[ignore = "is run as a process by other tests"]
    fn levels() {
        log::start();
        log::start();
        for_each_level();
        tracing::trace!(target: "proxy::handler", "ours, trace");
        assert!(!tracing::enabled!(target: "proxy::handler", Level::TRACE));
    }

    fn for_each_level() {
        debug!(target: "authorizer::handler", "ours, debug");
        info!(target: "proxy", "ours, info");
        warn!(target: "shared::keys", "ours, warn");
        error!(target: "shared::keys", "ours, error");
        debug!(target: "hyper::proto", "theirs, debug");
        info!(target: "aws_config", "theirs, info");
        info!(target: "proxying", "theirs, a name that begins like ours");
        warn!(target: "rustls", "theirs, warn");
        error!(target: "lambda_runtime", "theirs, error");
        error!(target: "lambda_runtime::layers::panic", "a handler's own answer, repeated");
        error!(target: "lambda_runtime::layers::panic", error = "boom", "theirs, panic");
    }

    #[test]
    #[ignore = "is run as a process by other tests"]
    fn fields() {
        log::start();
        let invocation =
            info_span!(target: "lambda_runtime", "invoke", requestId = "r-1", other = 1);
        invocation.in_scope(|| {
            let inner = info_span!(target: "proxy", "inner");
            inner.in_scope(
                || info!(target: "proxy", count = 3_u64, ratio = 1.5, ok = true, "in a request"),
            );
        });
        info!(
            target: "proxy",
            level = "ERROR", timestamp = "never", request_id = "r-2", text = "a\n\"b\"",
            "outside: {}", 7
        );
        info!(target: "proxy", long = "x".repeat(1_000_000), debugged = ?Some(1), "long");
    }

    #[test]
    #[ignore = "is run as a process by other tests"]
    fn decisions() {
        log::start();
        let took = Duration::from_micros(1500);
        let alice = identity("alice-1");
        let mail = identity("alice@example.com");
        log::decision("r-1", "GET /whoami", &Verdict::Allowed(&alice), took);
        log::decision("r-2", "invoke demo", &Verdict::Allowed(&mail), took);
        let refusal = Refusal::Expired;
        let why = Explanation {
            issuer: Some("https://issuer.example".to_owned()),
            token_id: Some("0".repeat(32)),
            expected: Some("now 9".to_owned()),
            found: Some("exp = 8".to_owned()),
            hint: Some("get another"),
        };
        log::decision(
            "r-3",
            "invoke demo",
            &Verdict::Refused(refusal, None, &why),
            took,
        );
        let refusal = Refusal::AgentGroup;
        log::decision(
            "r-4",
            "invoke demo",
            &Verdict::Refused(refusal, Some(&alice), &Explanation::default()),
            took,
        );
        log::decision(
            "r-5",
            "invoke \"\n",
            &Verdict::Outage("keys_unavailable"),
            took,
        );
        let missing = Verdict::Missing("unknown_agent", &alice);
        log::decision("r-6", "invoke nobody", &missing, took);
    }

    #[test]
    #[ignore = "is run as a process by other tests"]
    fn metric() {
        metrics::emit(
            &[("function", "proxy"), ("outcome", "allowed")],
            &[
                Metric::count("requests", 1),
                Metric::time("duration", Duration::from_micros(1234)),
                Metric::bytes("sent", 5_000_000_000),
            ],
        );
    }

    #[test]
    #[ignore = "is run as a process by other tests"]
    fn stop() {
        let faults = [
            Fault::missing("AGENTS"),
            Fault::malformed("PORT", "is not a number"),
        ];
        let _: () = start::config(|_| Err(faults.into()));
    }
}

fn identity(subject: &str) -> Identity {
    let now = Clock::system().now();
    let key = Key::p256("key");
    let claims = json!({
        "iss": "https://issuer.example", "sub": subject, "client_id": "app", "email": "alice@example.com", "email_verified": true,
        "exp": now.0.saturating_add(60),
    });
    let entry = json!([{
        "discoveryUrl": "https://issuer.example/.well-known/openid-configuration",
        "allowedClients": ["app"], "algorithms": ["ES256"],
    }]);
    let issuers = TrustedIssuers::parse(&entry.to_string()).unwrap();
    let header = format!("Bearer {}", key.token("ES256", &claims));
    let presented = gate::present(header.as_bytes(), &issuers.trust).unwrap();
    let document = mint::key_document(&[&key]).to_string();
    let keys = gate::KeySet::parse(document.as_bytes()).unwrap();
    gate::identify(presented, &keys, now).ok().unwrap()
}

#[test]
fn the_level_is_ours_and_others_only_warn() {
    let ours = ["ours, debug", "ours, info", "ours, warn", "ours, error"];
    for (level, first, theirs) in [
        (
            "TRACE",
            0,
            &["theirs, warn", "theirs, error", "theirs, panic"][..],
        ),
        (
            "DEBUG",
            0,
            &["theirs, warn", "theirs, error", "theirs, panic"],
        ),
        (
            "debug",
            0,
            &["theirs, warn", "theirs, error", "theirs, panic"],
        ),
        (
            "INFO",
            1,
            &["theirs, warn", "theirs, error", "theirs, panic"],
        ),
        ("", 1, &["theirs, warn", "theirs, error", "theirs, panic"]),
        (
            "nonsense",
            1,
            &["theirs, warn", "theirs, error", "theirs, panic"],
        ),
        (
            "WARN",
            2,
            &["theirs, warn", "theirs, error", "theirs, panic"],
        ),
        ("ERROR", 3, &["theirs, error", "theirs, panic"]),
        ("FATAL", 3, &["theirs, error", "theirs, panic"]),
    ] {
        let (lines, status) = run("levels", level);
        assert!(status.success(), "{level}");
        let expected: Vec<&str> = ours[first..].iter().chain(theirs).copied().collect();
        assert_eq!(texts(&lines, "message"), expected, "{level}");
    }
}

#[test]
fn trace_is_compiled_out() {
    assert_eq!(STATIC_MAX_LEVEL, LevelFilter::DEBUG);
}

#[test]
fn a_line_has_its_root_members_first_and_once() {
    let (lines, _) = run("fields", "INFO");
    let [inside, outside, long] = lines.as_slice() else {
        panic!("{lines:?}");
    };
    assert_eq!(inside["request_id"], "r-1");
    assert_eq!(inside["message"], "in a request");
    assert_eq!(
        (&inside["count"], &inside["ratio"], &inside["ok"]),
        (&json!(3), &json!(1.5), &json!(true))
    );
    assert_eq!(outside["level"], "INFO");
    assert_eq!(outside["request_id"], "r-2");
    assert_eq!(outside["message"], "outside: 7");
    assert_eq!(outside["text"], "a\n\"b\"");
    let timestamp = outside["timestamp"].as_str().unwrap();
    assert_eq!(
        timestamp.len(),
        "2026-10-16T09:14:38.512Z".len(),
        "{timestamp}"
    );
    assert!(
        timestamp.starts_with("20") && timestamp.ends_with('Z'),
        "{timestamp}"
    );
    assert_eq!(long["long"].as_str().unwrap().len(), 4096);
    assert_eq!(long["debugged"], "Some(1)");
}

#[test]
fn a_decision_is_one_line_without_names_of_people() {
    let (lines, _) = run("decisions", "INFO");
    assert_eq!(
        texts(&lines, "request_id"),
        ["r-1", "r-2", "r-3", "r-4", "r-5", "r-6"]
    );
    let outcomes = texts(&lines, "outcome");
    assert_eq!(
        outcomes,
        [
            "allowed", "allowed", "refused", "refused", "outage", "refused"
        ]
    );
    assert_eq!(
        texts(&lines, "level"),
        ["INFO", "INFO", "INFO", "INFO", "ERROR", "INFO"]
    );
    assert_eq!(
        texts(&lines, "reason"),
        [
            "expired",
            "agent_group",
            "keys_unavailable",
            "unknown_agent"
        ]
    );
    assert_eq!(
        texts(&lines, "subject"),
        ["alice-1", "(17 bytes withheld)", "alice-1", "alice-1"]
    );
    assert_eq!(texts(&lines, "token_id").len(), 5);
    assert_eq!(texts(&lines, "issuer"), ["https://issuer.example"; 5]);
    assert_eq!(lines[0]["action"], "GET /whoami");
    assert_eq!(lines[0]["message"], "allowed GET /whoami");
    assert_eq!(
        lines[2]["message"],
        "refused invoke demo: the token has expired"
    );
    assert_eq!(lines[4]["action"], "(9 bytes withheld)");
    assert_eq!(lines[5]["message"], "refused invoke nobody: unknown_agent");
    assert!(lines.iter().all(|line| line["duration_ms"] == 1.5));
    let printed = Value::from(lines).to_string();
    assert!(
        !printed.contains('@') && !printed.contains("eyJ"),
        "{printed}"
    );
}

#[test]
fn a_metric_is_one_line_in_the_embedded_format() {
    let (lines, _) = run("metric", "INFO");
    let [line] = lines.as_slice() else {
        panic!("{lines:?}");
    };
    let directive = &line["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(directive["Namespace"], "Gatehouse");
    assert_eq!(directive["Dimensions"], json!([["function", "outcome"]]));
    let metrics = json!([
        {"Name": "requests", "Unit": "Count"},
        {"Name": "duration", "Unit": "Milliseconds"},
        {"Name": "sent", "Unit": "Bytes"},
    ]);
    assert_eq!(directive["Metrics"], metrics);
    assert!(line["_aws"]["Timestamp"].as_u64().unwrap() > 1_700_000_000_000);
    assert_eq!(
        (&line["function"], &line["outcome"]),
        (&json!("proxy"), &json!("allowed"))
    );
    let values = (&line["requests"], &line["duration"], &line["sent"]);
    assert_eq!(
        values,
        (&json!(1), &json!(1.234), &json!(5_000_000_000_u64))
    );
    assert_eq!(line["level"], "INFO");
    assert!(line["timestamp"].is_string());
}

#[test]
fn wrong_settings_stop_the_process_with_one_line() {
    let (lines, status) = run("stop", "FATAL");
    assert_eq!(status.code(), Some(64));
    let [line] = lines.as_slice() else {
        panic!("{lines:?}");
    };
    assert_eq!(line["level"], "ERROR");
    let message = "the settings are wrong: `AGENTS` is missing; `PORT` is not a number";
    assert_eq!(line["message"], message);
}

#[test]
fn a_failure_is_a_code_or_a_chain_of_causes() {
    #[derive(Debug, thiserror::Error)]
    #[error("cannot ask")]
    struct UnaskedError(#[source] io::Error);
    let error = UnaskedError(io::Error::other("nobody is there"));
    assert_eq!(log::causes(&error), "cannot ask: nobody is there");
    let failure = |code| log::service_failure(code, &error);
    assert_eq!(failure(None), "cannot ask: nobody is there");
    assert_eq!(failure(Some("NotFound")), "NotFound");
    assert_eq!(failure(Some("a\nb")), "(3 bytes withheld)");
}

#[test]
fn a_strangers_text_is_shown_only_if_it_is_short_and_plain() {
    let long = "x".repeat(129);
    for (text, shown) in [
        (
            "0f8fad5b-d9cb-469f-a165-70867728950e",
            "0f8fad5b-d9cb-469f-a165-70867728950e",
        ),
        ("auth0|abc", "auth0|abc"),
        (
            "POST /agents/{agent}/invocations",
            "POST /agents/{agent}/invocations",
        ),
        ("", "(0 bytes withheld)"),
        ("alice@example.com", "(17 bytes withheld)"),
        ("a\nb", "(3 bytes withheld)"),
        ("\u{1b}[31m", "(5 bytes withheld)"),
        ("\u{202e}abc", "(6 bytes withheld)"),
        (&long, "(129 bytes withheld)"),
    ] {
        assert_eq!(Loggable(text).to_string(), shown);
    }
    let longest = "x".repeat(128);
    assert_eq!(Loggable(&longest).to_string(), longest);
}
