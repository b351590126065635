//! Tests of the log, seen from outside: each test runs one of the parts as a process of its own.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test may fail")]

mod parts;

use std::env;
use std::io;
use std::process::{Command, ExitStatus};

use serde_json::{Value, json};
use shared::log::{self, Loggable};
use shared::settings::LOG_LEVEL;
use shared::version;
use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};

/// Runs one of the parts, and gives the lines that it printed and how it ended.
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
    // The first line of each process is looked at by a test of its own.
    let lines = lines.filter(|line: &Value| line["version"].is_null());
    (lines.collect(), output.status)
}

fn texts<'l>(lines: &'l [Value], name: &str) -> Vec<&'l str> {
    lines
        .iter()
        .filter_map(|line| line[name].as_str())
        .collect()
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
fn every_line_of_a_request_has_its_ids() {
    let (lines, _) = run("ids", "INFO");
    let ids = |line: &Value| {
        let names = ["request_id", "extended_request_id", "invocation_id"];
        names.map(|name| line[name].as_str().map(str::to_owned))
    };
    let expected = |ids: [Option<&str>; 3]| ids.map(|id| id.map(str::to_owned));
    assert_eq!(ids(&lines[0]), expected([Some("i-1"), None, None]));
    assert_eq!(
        ids(&lines[1]),
        expected([Some("r-1"), Some("Ux="), Some("i-1")])
    );
    assert_eq!(ids(&lines[2]), expected([None; 3]));
    let (decisions, _) = run("decisions", "INFO");
    assert_eq!(
        ids(&decisions[0]),
        expected([Some("r-1"), Some("Ux="), Some("i-1")])
    );
}

#[test]
fn the_first_line_says_which_version_runs() {
    let program = env::current_exe().expect("this program");
    let mut command = Command::new(program);
    command.args(["--ignored", "--exact", "parts::metric", "--nocapture"]);
    // A metric is written whether or not the log is started, and this part does not start it.
    assert!(!printed(&mut command).contains("version"));
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.args(["--ignored", "--exact", "parts::levels", "--nocapture"]);
    let printed = printed(&mut command);
    let first = printed.lines().find(|line| line.starts_with('{'));
    let first: Value = serde_json::from_str(first.expect("a line")).expect("JSON");
    assert_eq!(first["version"], version::TEXT);
    assert_eq!(first["level"], "INFO");
}

fn printed(command: &mut Command) -> String {
    let output = command.output().expect("this program runs");
    String::from_utf8(output.stdout).expect("text")
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
