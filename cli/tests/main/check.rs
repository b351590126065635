//! Tests of `gatehouse check`.

use std::fs;

use serde_json::json;
use shared::settings::digest;

use crate::program::{folder, root, run, settings};

#[test]
fn the_example_settings_are_good() {
    let ran = run(&["check"]);
    assert_eq!((ran.code, ran.errors.as_str()), (Some(0), ""), "{ran:?}");
    let read = |name: &str| fs::read_to_string(root().join("settings").join(name)).unwrap();
    let expected = digest(&read("agents.json"), &read("issuers.json"));
    let said = ran.json();
    assert_eq!(said["settings"], expected, "{said}");
    assert_eq!(said["agents"], json!(["demo", "finance", "welcome"]));
    assert_eq!(
        said["issuers"],
        json!(["https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE"])
    );
}

#[test]
fn every_fault_is_told_with_file_and_line() {
    let agents = "{\"demo\": {\n\"runtime\": \"arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/demo-AbCdEf1234\",\n\"allow\": {\"issuers\": [\n\"https://b.example\"]}},\n\"tools\": {\"gateway\": \"https://g.example/mcp\", \"auth\": \"jwt\",\n\"toolToken\": \"user\", \"allow\": {}}}";
    let issuers = r#"[{"discoveryUrl": "https://a.example/.well-known/openid-configuration", "allowedClients": ["web"]}]"#;
    let folder = settings(agents, issuers);
    let folder = folder.to_str().unwrap();
    let ran = run(&["check", folder]);
    assert_eq!(ran.code, Some(64), "{ran:?}");
    let said = ran.json();
    let faults = said["faults"].as_array().unwrap();
    let told: Vec<_> = faults
        .iter()
        .map(|fault| (fault["setting"].as_str().unwrap(), fault["line"].as_u64()))
        .collect();
    assert!(
        told.contains(&("AGENTS.demo.allow.issuers[0]", Some(4))),
        "{said}"
    );
    assert!(
        told.contains(&("AGENTS.tools.toolToken", Some(6))),
        "{said}"
    );
    let file = format!("{folder}/agents.json");
    assert!(faults.iter().all(|fault| fault["file"] == file), "{said}");
}

#[test]
fn settings_that_are_not_there_are_a_fault_each() {
    let ran = run(&["check", "no-such-folder"]);
    assert_eq!(ran.code, Some(64), "{ran:?}");
    let said = ran.json();
    for file in ["agents.json", "issuers.json"] {
        let path = format!("`no-such-folder/{file}`");
        let faults = said["faults"].as_array().unwrap().iter();
        let mut texts = faults.map(|fault| fault["text"].as_str().unwrap());
        assert!(texts.any(|text| text.contains(&path)), "{said}");
    }
}

#[test]
fn a_misspelt_member_is_told_with_the_one_that_was_meant() {
    let agents = r#"{"demo": {"gateway": "https://g.example/mcp", "alow": {"groups": ["a"]}, "allow": {"group": ["a"]}}}"#;
    let issuers = r#"[{"discoveryUrl": "https://a.example/.well-known/openid-configuration", "allowedClient": ["web"]}]"#;
    let folder = settings(agents, issuers);
    let said = run(&["check", folder.to_str().unwrap()]).json();
    let faults = said["faults"].as_array().unwrap().iter();
    let texts: Vec<&str> = faults
        .map(|fault| fault["text"].as_str().unwrap())
        .collect();
    for meant in ["`allow`", "`groups`", "`allowedClients`"] {
        let hint = format!("did you mean {meant}?");
        assert!(texts.iter().any(|text| text.ends_with(&hint)), "{said}");
    }
}

#[test]
fn what_an_operator_may_not_have_meant_is_a_note() {
    let agents = json!({
        "open": {"gateway": "https://g.example/mcp", "allow": {}},
        "tools": {"gateway": "https://g.example/mcp", "allow": {"groups": ["a"]}, "toolToken": "user"},
    });
    let issuers = r#"[{"discoveryUrl": "https://a.example/.well-known/openid-configuration", "allowedClients": ["web"]}]"#;
    let folder = settings(&agents.to_string(), issuers);
    let ran = run(&["check", folder.to_str().unwrap()]);
    let said = ran.json();
    assert_eq!((ran.code, &said["faults"]), (Some(0), &json!([])), "{said}");
    let notes = said["notes"].as_array().unwrap();
    assert_eq!(notes.len(), 2, "{said}");
    assert!(
        notes[0]
            .as_str()
            .unwrap()
            .starts_with("`AGENTS.open.allow`")
    );
    let note = notes[1].as_str().unwrap();
    assert!(note.starts_with("`AGENTS.tools.toolToken`") && note.contains("`SIGNING_SECRET_ARN`"));
}

/// The folder `policy` with one file changed.
fn policies(file: &str, change: impl Fn(String) -> String) -> String {
    let (from, to) = (root().join("policy"), folder());
    fs::create_dir(to.join("policies")).unwrap();
    let names = fs::read_dir(from.join("policies")).unwrap();
    let names = names.map(|entry| format!("policies/{}", entry.unwrap().file_name().display()));
    let others = ["tools.json", "claims.json", "policies.yaml"].map(str::to_owned);
    for name in names.chain(others) {
        let text = fs::read_to_string(from.join(&name)).unwrap();
        let text = if name == file { change(text) } else { text };
        fs::write(to.join(&name), text).unwrap();
    }
    to.to_str().unwrap().to_owned()
}

#[test]
fn policies_are_checked_with_what_is_rendered_of_them() {
    let good = policies("", |text| text);
    let ran = run(&["check", "--policy", &good]);
    assert_eq!(
        (ran.code, &ran.json()["policies"]),
        (Some(0), &json!(4)),
        "{ran:?}"
    );
    let finance = "policies/finance_refunds.cedar";
    let misspelt = policies(finance, |text| {
        text.replace("context.input.amount >=", "context.input.amuont >=")
    });
    let stale = policies(finance, |text| text.replace("1000", "2000"));
    let wrong = policies("tools.json", |_| "[]".to_owned());
    let gone = format!("{good}/none");
    for (folder, file, is_placed, word) in [
        (&misspelt, finance, true, "did you mean `amount`"),
        (&stale, "policies.yaml", false, "make policies"),
        (&wrong, "", false, "`tools.json`"),
        (&gone, "", false, "read"),
    ] {
        let ran = run(&["check", "--policy", folder]);
        let said = ran.json();
        assert_eq!(ran.code, Some(64), "{said}");
        let fault = &said["faults"][0];
        assert!(fault["file"].as_str().unwrap().ends_with(file), "{said}");
        assert_eq!(fault["line"].is_u64(), is_placed, "{said}");
        assert!(fault["text"].as_str().unwrap().contains(word), "{said}");
    }
    // Faults of both are told at once.
    let said = run(&["check", "no-such-folder", "--policy", &stale]).json();
    assert_eq!(said["faults"].as_array().unwrap().len(), 3, "{said}");
}
