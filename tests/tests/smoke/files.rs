//! The settings that a door runs with, compared with files.

use std::path::{Path, PathBuf};
use std::process::Command;

use mint::Key;
use serde_json::{Value, json};
use tests::{DEMO_ARN, Stack, claims, get, trusted};

use super::{failed, smoke, text};

/// A folder of the test's own with these two documents, as a person writes them: with a line end at their ends.
fn folder(name: &str, agents: &Value, issuers: &Value) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    for (file, document) in [("agents.json", agents), ("issuers.json", issuers)] {
        std::fs::write(folder.join(file), format!("{document}\n")).unwrap();
    }
    folder
}

/// What the command of `docs/operations.md` computes of the documents in a folder.
fn documented_digest(folder: &Path) -> String {
    let paper = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operations.md");
    let paper = std::fs::read_to_string(paper).unwrap();
    let commands = paper
        .split("```sh\n")
        .filter(|block| block.contains("import hashlib"));
    let commands: Vec<&str> = commands
        .map(|block| block.split("```").next().unwrap())
        .collect();
    let [command] = commands[..] else {
        panic!("{commands:?}")
    };
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn the_settings_that_a_door_runs_with_are_compared_with_files() {
    let key = Key::p256("one");
    let issuers = trusted(&[&key], &json!({}));
    let agents = json!({"demo": {"runtime": DEMO_ARN, "allow": {}}});
    let (agents_text, issuers_text) = (agents.to_string(), issuers.to_string());
    let stack = Stack::start(&[("AGENTS", &agents_text), ("TRUSTED_ISSUERS", &issuers_text)]);
    let token = key.token("ES256", &claims());
    let with = |more: &[(&str, &str)]| {
        let door = [("URL", stack.url.as_str()), ("TOKEN", token.as_str())];
        smoke(&[&door, more].concat())
    };
    let same = folder("same-settings", &agents, &issuers);
    let same = same.to_str().unwrap();
    let agents_file = format!("file:{same}/agents.json");
    let issuers_file = format!("file:{same}/issuers.json");
    for given in [
        &[("SETTINGS", same)][..],
        &[("AGENTS", &agents_text), ("TRUSTED_ISSUERS", &issuers_file)],
        &[("AGENTS", &agents_file), ("TRUSTED_ISSUERS", &issuers_text)],
    ] {
        let output = with(given);
        let text = text(&output);
        assert!(failed(&output).is_empty(), "{given:?}: {text}");
        let said = "one digest everywhere, which is that of these files";
        assert!(text.contains(said), "{given:?}: {text}");
    }
    let other_agents = json!({"demo": {"runtime": DEMO_ARN, "allow": {"groups": ["staff"]}}});
    assert_eq!(
        documented_digest(Path::new(same)),
        get(&format!("{}/healthz", stack.url), None).await.json()["settings"]
    );
    let others = [
        folder("other-agents", &other_agents, &issuers),
        folder("other-issuers", &agents, &json!([])),
        folder("other-places", &issuers, &agents),
    ];
    for other in &others {
        let output = with(&[("SETTINGS", other.to_str().unwrap())]);
        assert_eq!(failed(&output), ["settings"], "{}", other.display());
    }
    stack.stop();
}

#[test]
fn settings_that_cannot_be_compared_are_named() {
    let nowhere = "cannot read `/nowhere/agents.json`: No such file";
    for (given, said) in [
        (&[("SETTINGS", "/nowhere")][..], nowhere),
        (
            &[
                ("AGENTS", "file:/nowhere/agents.json"),
                ("TRUSTED_ISSUERS", "[]"),
            ],
            nowhere,
        ),
        (
            &[("AGENTS", "{}")],
            "only one of `AGENTS` and `TRUSTED_ISSUERS` is given",
        ),
        (
            &[("TRUSTED_ISSUERS", "[]")],
            "only one of `AGENTS` and `TRUSTED_ISSUERS` is given",
        ),
        (
            &[("SETTINGS", "/x"), ("AGENTS", "{}")],
            "`--settings` is given beside the variables `AGENTS` or `TRUSTED_ISSUERS`",
        ),
    ] {
        let door = [("URL", "http://127.0.0.1:9"), ("TOKEN", "a.b.c")];
        let output = smoke(&[&door, given].concat());
        assert_eq!(output.status.code(), Some(64), "{given:?}");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.stdout.is_empty() && text.contains(said), "{text}");
    }
}
