//! Tests of `make smoke`: through the local door, and through broken ones.

mod broken;
mod door;
mod files;

use std::process::{Command, Output};

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

fn smoke(settings: &[(&str, &str)]) -> Output {
    let mut smoke = Command::new(binary("smoke"));
    for name in [
        "URL",
        "TOKEN",
        "AGENT",
        "SETTINGS",
        "AGENTS",
        "TRUSTED_ISSUERS",
    ] {
        smoke.env_remove(name);
    }
    smoke.envs(settings.iter().copied()).output().unwrap()
}

/// The steps that failed.
fn failed(output: &Output) -> Vec<&str> {
    let text = str::from_utf8(&output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let names = lines.iter().map(|line| {
        let (name, _) = line[8..].split_once(": ").unwrap();
        name
    });
    assert_eq!(names.collect::<Vec<_>>(), STEPS, "{text}");
    let failed = lines.iter().filter(|line| line.starts_with("FAILED  "));
    let failed: Vec<&str> = failed
        .filter_map(|line| Some(line[8..].split_once(": ")?.0))
        .collect();
    assert_eq!(output.status.code(), Some(i32::from(!failed.is_empty())));
    failed
}

#[tokio::test]
async fn the_journey_holds_through_the_whole_chain() {
    let stack = Stack::shared();
    let token = password_token(&stack, "alice").await;
    let output = smoke(&[("URL", &stack.url), ("TOKEN", &token)]);
    let text = String::from_utf8_lossy(&output.stdout);
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
    let text = String::from_utf8_lossy(&output.stdout);
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
    for settings in [
        &[][..],
        &[("URL", "https://door.example")],
        &[("URL", "http://door.example"), ("TOKEN", "secret")],
        &[
            ("URL", "http://localhost@door.example"),
            ("TOKEN", "secret"),
        ],
        &[("URL", "ftp://localhost"), ("TOKEN", "secret")],
        &[("URL", "door.example"), ("TOKEN", "secret")],
    ] {
        let output = smoke(settings);
        assert_eq!(output.status.code(), Some(64), "{settings:?}");
        assert!(output.stdout.is_empty());
        assert!(!String::from_utf8_lossy(&output.stderr).contains("secret"));
    }
}
