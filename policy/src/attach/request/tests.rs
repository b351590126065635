use serde_json::json;

use super::*;

const ENGINE: &str =
    "arn:aws:bedrock-agentcore:us-east-1:123456789012:policy-engine/engine-abcdefghij";
const OTHER: &str =
    "arn:aws:bedrock-agentcore:us-east-1:123456789012:policy-engine/other-abcdefghij";
const GATEWAY: &str = "tools-abcdefghij";

fn properties(changes: &Value) -> Value {
    let mut properties = json!({
        "ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:policy",
        "GatewayIdentifier": GATEWAY,
        "PolicyEngineArn": ENGINE,
        "Mode": "ENFORCE",
    });
    merge(&mut properties, changes);
    properties
}

fn event(changes: &Value) -> Value {
    let mut event = json!({
        "RequestType": "Create",
        "ResponseURL": "https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/a%7Cb?X-Amz-Signature=c",
        "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/door/1",
        "RequestId": "0f1a",
        "ResourceType": "Custom::PolicyEngineAttachment",
        "LogicalResourceId": "Attachment",
        "ResourceProperties": properties(&json!({})),
    });
    merge(&mut event, changes);
    event
}

/// Null takes a member away.
fn merge(into: &mut Value, changes: &Value) {
    for (name, value) in changes.as_object().unwrap() {
        let members = into.as_object_mut().unwrap();
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
}

fn engine(arn: &str) -> EngineArn {
    EngineArn::parse(arn.to_owned()).unwrap()
}

fn wanted(changes: &Value) -> Wanted {
    let request = Request::read(event(changes)).unwrap();
    let task = request.task.unwrap().unwrap();
    assert_eq!(task.gateway.as_str(), GATEWAY);
    assert_eq!(request.physical_id, "tools-abcdefghij/policy-engine");
    task.wanted
}

fn attached(mode: Mode, replaces: Option<&str>) -> Wanted {
    Wanted::Attached {
        engine: engine(ENGINE),
        mode,
        replaces: replaces.map(engine),
    }
}

#[test]
fn each_kind_of_event_says_what_is_wanted() {
    let id = "tools-abcdefghij/policy-engine";
    assert_eq!(wanted(&json!({})), attached(Mode::Enforce, None));
    let log_only = properties(&json!({"Mode": "LOG_ONLY", "ServiceTimeout": "600"}));
    let created = wanted(&json!({"ResourceProperties": log_only}));
    assert_eq!(created, attached(Mode::LogOnly, None));
    let old = properties(&json!({"PolicyEngineArn": OTHER}));
    let update =
        json!({"RequestType": "Update", "PhysicalResourceId": id, "OldResourceProperties": old});
    assert_eq!(wanted(&update), attached(Mode::Enforce, Some(OTHER)));
    let update =
        json!({"RequestType": "Update", "PhysicalResourceId": id, "OldResourceProperties": {}});
    assert_eq!(wanted(&update), attached(Mode::Enforce, None));
    let delete = json!({"RequestType": "Delete", "PhysicalResourceId": id});
    assert_eq!(
        wanted(&delete),
        Wanted::Detached {
            engine: engine(ENGINE)
        }
    );
}

#[test]
fn the_sender_is_repeated_as_it_came() {
    let Sender {
        response_url,
        stack_id,
        request_id,
        logical_id,
    } = Request::read(event(&json!({}))).unwrap().sender;
    assert!(response_url.as_str().ends_with("/a%7Cb?X-Amz-Signature=c"));
    assert_eq!(
        stack_id,
        "arn:aws:cloudformation:us-east-1:123456789012:stack/door/1"
    );
    assert_eq!(
        (request_id.as_str(), logical_id.as_str()),
        ("0f1a", "Attachment")
    );
}

#[test]
fn a_wrong_request_is_answered_and_its_end_is_nothing_to_do() {
    for wrong in [
        json!({"ResourceProperties": null}),
        json!({"ResourceProperties": properties(&json!({"Mode": null}))}),
        json!({"ResourceProperties": properties(&json!({"Mode": "enforce"}))}),
        json!({"ResourceProperties": properties(&json!({"Mode": "OFF"}))}),
        json!({"ResourceProperties": properties(&json!({"mode": "ENFORCE"}))}),
        json!({"ResourceProperties": properties(&json!({"Gateway": "x"}))}),
        json!({"ResourceProperties": properties(&json!({"GatewayIdentifier": ""}))}),
        json!({"ResourceProperties": properties(&json!({"GatewayIdentifier": "../policy-engines"}))}),
        json!({"ResourceProperties": properties(&json!({"GatewayIdentifier": "a".repeat(212)}))}),
        json!({"ResourceProperties": properties(&json!({"PolicyEngineArn": "engine-abcdefghij"}))}),
        json!({"ResourceProperties": properties(&json!({"PolicyEngineArn": ENGINE.replace("policy-engine/", "gateway/")}))}),
        json!({"ResourceProperties": properties(&json!({"PolicyEngineArn": ENGINE.replace("aws:", "aws\":")}))}),
        json!({"ResourceProperties": properties(&json!({"PolicyEngineArn": format!("{ENGINE}{}", "x".repeat(100))}))}),
        json!({"RequestType": null}),
        json!({"RequestType": 1}),
        json!({"RequestType": "Replace"}),
    ] {
        let request = Request::read(event(&wrong)).unwrap();
        assert!(
            matches!(request.task, Err(AttachError::Malformed(_))),
            "{wrong}"
        );
        assert_eq!(request.physical_id, "not-created");
        let mut end = wrong;
        merge(
            &mut end,
            &json!({"RequestType": "Delete", "PhysicalResourceId": "not-created"}),
        );
        assert_eq!(Request::read(event(&end)).unwrap().task, Ok(None), "{end}");
    }
}

/// If this fails, the crate reads who asks whatever else is wrong, and [`Asking`] can go.
#[test]
fn the_crates_request_cannot_be_answered_when_its_kind_is_unknown() {
    let unknown = event(&json!({"RequestType": "Replace"}));
    assert!(serde_json::from_value::<Event>(unknown.clone()).is_err());
    let request = Request::read(unknown).unwrap();
    assert_eq!(request.sender.request_id, "0f1a");
}

#[test]
fn an_attachment_stays_with_its_gateway() {
    let moved = json!({"RequestType": "Update", "PhysicalResourceId": "elsewhere-abcdefghij/policy-engine"});
    let request = Request::read(event(&moved)).unwrap();
    assert!(
        matches!(request.task, Err(AttachError::Malformed(text)) if text.contains("logical id"))
    );
    // The resource keeps its name, or CloudFormation would end the attachment that there is.
    assert_eq!(request.physical_id, "elsewhere-abcdefghij/policy-engine");
}

#[test]
fn what_has_no_good_address_cannot_be_answered() {
    for wrong in [
        json!({"ResponseURL": null}),
        json!({"ResponseURL": "http://answers.example/"}),
        json!({"ResponseURL": "https://answers.example@evil.test:x/"}),
        json!({"ResponseURL": "file:///etc/passwd"}),
        json!({"StackId": null}),
        json!({"RequestId": 5}),
        json!({"RequestId": "a\"b"}),
        json!({"RequestId": "a\nb"}),
        json!({"LogicalResourceId": "a".repeat(513)}),
        json!({"PhysicalResourceId": "a".repeat(513)}),
    ] {
        assert!(Request::read(event(&wrong)).is_err(), "{wrong}");
    }
    assert!(Request::read(json!([])).is_err());
}
