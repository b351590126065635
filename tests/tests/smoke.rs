//! Tests of `gatehouse smoke`, which `make smoke` runs: through the local door, and through broken ones.

mod broken;
mod door;
mod files;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tests::{Stack, binary};

use crate::journey::password_token;

const STEPS: [&str; 12] = [
    "health",
    "keys",
    "metadata",
    "preflight",
    "no token",
    "no token, event stream",
    "tampered token",
    "whoami",
    "settings",
    "unknown agent",
    "an agent's answer",
    "the conversation's end",
];

/// The tool with what `make smoke` is given, by the same names, and nothing of this machine's user.
fn smoke(settings: &[(&str, &str)]) -> Output {
    let given = |name: &str| {
        let found = settings.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| *value)
    };
    let mut smoke = Command::new(binary("gatehouse"));
    smoke
        .env_clear()
        .env("HOME", Path::new(env!("CARGO_TARGET_TMPDIR")))
        .arg("smoke");
    for (name, variable) in [
        ("URL", "GATEHOUSE_DOOR"),
        ("TOKEN", "GATEHOUSE_TOKEN"),
        ("AGENTS", "AGENTS"),
        ("TRUSTED_ISSUERS", "TRUSTED_ISSUERS"),
    ] {
        smoke.envs(given(name).map(|value| (variable, value)));
    }
    for (name, option) in [("AGENT", "--agent"), ("SETTINGS", "--settings")] {
        smoke.args(
            given(name)
                .map(|value| [option, value])
                .into_iter()
                .flatten(),
        );
    }
    smoke.output().unwrap()
}

/// The steps, as they are in a pipe.
fn steps(output: &Output) -> Vec<Value> {
    let mut document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let Value::Array(steps) = document["steps"].take() else {
        panic!("{document}")
    };
    let all = steps.iter().all(|step| step["ok"] == true);
    assert_eq!(document["ok"], all);
    steps
}

/// The steps, as they are on a terminal.
fn text(output: &Output) -> String {
    let line = |step: &Value| {
        let part = |name: &str| step[name].as_str().unwrap().to_owned();
        let (name, expected, got) = (part("name"), part("expected"), part("got"));
        match step["ok"] == true {
            true => format!("ok      {name}: {got}\n"),
            false => format!("FAILED  {name}: expected {expected}; got {got}\n"),
        }
    };
    steps(output).iter().map(line).collect()
}

/// The steps that failed.
fn failed(output: &Output) -> Vec<&'static str> {
    let steps = steps(output);
    let names: Vec<&str> = steps
        .iter()
        .map(|step| step["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, STEPS);
    let failed = STEPS.into_iter().zip(&steps);
    let failed: Vec<&str> = failed
        .filter(|(_, step)| step["ok"] != true)
        .map(|(name, _)| name)
        .collect();
    let code = match failed.len() {
        0 => 0,
        // Nothing answered.
        all if all == STEPS.len() => 69,
        _ => 1,
    };
    assert_eq!(output.status.code(), Some(code));
    failed
}

#[tokio::test]
async fn the_journey_holds_through_the_whole_chain() {
    let stack = Stack::shared();
    let token = password_token(&stack, "alice").await;
    let output = smoke(&[("URL", &stack.url), ("TOKEN", &token)]);
    let text = text(&output);
    assert!(failed(&output).is_empty(), "{text}");
    assert!(text.contains("200, streamed, in "), "{text}");
    let settings = "ok      settings: one digest everywhere\n";
    assert!(text.contains(settings), "{text}");
    for published in ["keys", "metadata"] {
        let here = format!("ok      {published}: 200, ");
        assert!(text.contains(&here), "{published}: {text}");
    }
    let said = [output.stdout, output.stderr].concat();
    let signature = token.rsplit('.').next().unwrap();
    assert!(!String::from_utf8_lossy(&said).contains(signature));
}

#[tokio::test]
async fn a_broken_door_is_seen() {
    let agents = r#"{"demo": {"runtime": "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/demo-AbCdEf1234", "allow": {}}}"#;
    let open = Stack::start(&[("ENABLE_AUTH", "false"), ("AGENTS", agents)]);
    let output = smoke(&[("URL", &open.url), ("TOKEN", "a.b.c")]);
    assert_eq!(
        failed(&output),
        ["no token", "no token, event stream", "tampered token"]
    );
    let text = text(&output);
    assert!(text.contains("one digest, of an open door"), "{text}");
    let url = open.url.clone();
    open.stop();
    let output = smoke(&[("URL", &url), ("TOKEN", "a.b.c")]);
    assert_eq!(failed(&output), STEPS, "nobody is there");
}

#[tokio::test]
async fn a_caller_without_rights_is_seen() {
    let stack = Stack::shared();
    let output = smoke(&[("URL", &stack.url), ("TOKEN", "a.b.c")]);
    let expected = [
        "whoami",
        "settings",
        "unknown agent",
        "an agent's answer",
        "the conversation's end",
    ];
    assert_eq!(failed(&output), expected);
    let bob = password_token(&stack, "bob").await;
    let settings = [
        ("URL", stack.url.as_str()),
        ("TOKEN", &bob),
        ("AGENT", "finance"),
    ];
    let output = smoke(&settings);
    assert_eq!(
        failed(&output),
        ["an agent's answer", "the conversation's end"]
    );
}

#[test]
fn no_token_is_sent_in_the_clear() {
    for (settings, code) in [
        (&[][..], 64),
        // There is no sign-in either.
        (&[("URL", "https://door.example")], 77),
        (&[("URL", "http://door.example"), ("TOKEN", "secret")], 64),
        (
            &[
                ("URL", "http://localhost@door.example"),
                ("TOKEN", "secret"),
            ],
            64,
        ),
        (&[("URL", "ftp://localhost"), ("TOKEN", "secret")], 64),
        (&[("URL", "door.example"), ("TOKEN", "secret")], 64),
        (&[("URL", "http://127.0.0.1:9"), ("TOKEN", "secret\nx")], 64),
    ] {
        let output = smoke(settings);
        assert_eq!(output.status.code(), Some(code), "{settings:?}: {output:?}");
        assert!(output.stdout.is_empty());
        assert!(!String::from_utf8_lossy(&output.stderr).contains("secret"));
    }
}
