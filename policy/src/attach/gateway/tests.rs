use aws_sdk_bedrockagentcorecontrol::operation::get_gateway::GetGatewayOutput;
use aws_sdk_bedrockagentcorecontrol::operation::update_gateway::UpdateGatewayInput;

use super::*;

const ENGINE: &str =
    "arn:aws:bedrock-agentcore:us-east-1:123456789012:policy-engine/engine-abcdefghij";

fn engine() -> EngineArn {
    EngineArn::parse(ENGINE.to_owned()).unwrap()
}

fn gateway(document: &Value) -> Gateway {
    Gateway::parse(document.to_string().as_bytes()).unwrap()
}

/// The names of a builder's fields as the API has them; its `Debug` shows them all.
fn fields(builder: &str) -> BTreeSet<String> {
    let (_, fields) = builder.split_once('{').unwrap();
    let names = fields
        .split(", ")
        .filter_map(|field| field.split_once(": "));
    names.map(|(name, _)| camel_case(name.trim())).collect()
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| {
        let (initial, rest) = word.split_at(1);
        text + &initial.to_uppercase() + rest
    })
}

/// It fails when the SDK learns of a field that is read and not written, so that a developer checks whether it is
/// read-only.
#[test]
fn all_that_is_read_and_not_written_is_read_only() {
    let read = fields(&format!("{:?}", GetGatewayOutput::builder()));
    let written = fields(&format!("{:?}", UpdateGatewayInput::builder()));
    assert!(read.contains("policyEngineConfiguration") && written.contains("roleArn"));
    let unwritten: Vec<&String> = read
        .difference(&written)
        .filter(|name| *name != "RequestId")
        .collect();
    assert_eq!(unwritten, READ_ONLY);
    let unread: Vec<&String> = written.difference(&read).collect();
    assert_eq!(unread, ["gatewayIdentifier"]);
}

#[test]
fn everything_but_the_engine_is_written_back_as_it_was_read() {
    let mut document = json!({
        "name": "tools", "description": "d", "roleArn": "r", "authorizerType": "CUSTOM_JWT",
        "authorizerConfiguration": {"customJWTAuthorizer": {"discoveryUrl": "https://x", "allowedClients": ["a"]}},
        "interceptorConfigurations": [{"interceptionPoints": ["REQUEST"]}],
        "protocolConfiguration": {"mcp": {"supportedVersions": ["2025-11-25"], "newer": [1, 2.5, {"x": false}]}},
        "newerThanThisProgram": {"a": ["b"]},
        "kmsKeyArn": null,
    });
    let settings = document.clone();
    for name in READ_ONLY {
        document[name] = json!("READY");
    }
    let gateway = gateway(&document);
    let written = gateway.settings().with_engine(&engine(), Mode::LogOnly);
    let mut expected = settings;
    expected.as_object_mut().unwrap().remove("kmsKeyArn");
    expected[super::ENGINE] = json!({"arn": ENGINE, "mode": "LOG_ONLY"});
    let json: Value = serde_json::from_str(&written.to_json()).unwrap();
    assert_eq!(json, expected);
    assert_eq!(gateway.settings().differences(&written), [super::ENGINE]);
    assert_eq!(written.without_engine(), gateway.settings());
}

#[test]
fn a_new_mode_keeps_what_else_is_said_of_the_same_engine() {
    let other = ENGINE.replace("engine-", "other-");
    let found = |arn: &str| {
        let engine = json!({"arn": arn, "mode": "LOG_ONLY", "newer": 1});
        gateway(&json!({"status": "READY", super::ENGINE: engine}))
    };
    let json = |gateway: Gateway| {
        let settings = gateway.settings().with_engine(&engine(), Mode::Enforce);
        serde_json::from_str::<Value>(&settings.to_json()).unwrap()
    };
    let same = json!({super::ENGINE: {"arn": ENGINE, "mode": "ENFORCE", "newer": 1}});
    assert_eq!(json(found(ENGINE)), same);
    let replaced = json!({super::ENGINE: {"arn": ENGINE, "mode": "ENFORCE"}});
    assert_eq!(json(found(&other)), replaced);
}

#[test]
fn its_state_is_read() {
    for (text, status) in [
        ("READY", Status::Ready),
        ("CREATING", Status::Changing),
        ("UPDATING", Status::Changing),
        ("SOMETHING_NEW", Status::Changing),
        ("DELETING", Status::Deleting),
        ("FAILED", Status::Unsuccessful),
        ("UPDATE_UNSUCCESSFUL", Status::Unsuccessful),
    ] {
        assert_eq!(gateway(&json!({"status": text})).status(), status, "{text}");
    }
    let failed =
        gateway(&json!({"status": "FAILED", "statusReasons": ["no\nrole", "x".repeat(600)]}));
    let state = failed.state().to_string();
    assert!(state.starts_with("FAILED; no role; xxx"), "{state}");
    assert_eq!(state.len(), 500);
    for body in ["", "[]", "{}", r#"{"status": 1}"#, r#"{"status": "READY""#] {
        assert_eq!(
            Gateway::parse(body.as_bytes()),
            Err(AttachError::NotAGateway),
            "{body}"
        );
    }
}
