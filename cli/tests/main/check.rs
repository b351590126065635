//! Tests of `gatehouse check`.

use serde_json::json;
use shared::settings::digest;

use crate::program::{root, run, settings};

#[test]
fn the_example_settings_are_good() {
    let ran = run(&["check"]);
    assert_eq!((ran.code, ran.errors.as_str()), (Some(0), ""), "{ran:?}");
    let read = |name: &str| std::fs::read_to_string(root().join("settings").join(name)).unwrap();
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
