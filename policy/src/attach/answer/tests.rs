use serde_json::{Value, json};

use super::*;
use crate::attach::error::Message;
use crate::attach::request::Request;

fn request(length: usize) -> Request {
    let text = "x".repeat(length);
    let event = json!({
        "RequestType": "Create",
        "ResponseURL": "https://answers.example/?signature=secret",
        "StackId": text, "RequestId": text, "LogicalResourceId": text, "PhysicalResourceId": text,
    });
    Request::read(event).unwrap()
}

#[test]
fn the_answer_has_what_cloudformation_asks_for_and_nothing_else() {
    let answer: Value = serde_json::from_str(&body(&request(3), &Ok(()))).unwrap();
    let mut expected = json!({
        "Status": "SUCCESS", "Reason": "the gateway is as wanted", "PhysicalResourceId": "xxx",
        "StackId": "xxx", "RequestId": "xxx", "LogicalResourceId": "xxx", "NoEcho": false, "Data": {},
    });
    assert_eq!(answer, expected);
    let answer: Value =
        serde_json::from_str(&body(&request(3), &Err(AttachError::NoGateway))).unwrap();
    expected["Status"] = json!("FAILED");
    expected["Reason"] = json!("the gateway does not exist, or is being deleted");
    assert_eq!(answer, expected);
}

#[test]
fn the_longest_answer_fits() {
    let message = Message::new(&"\"\u{1f600}".repeat(10_000));
    let failure = AttachError::Refused {
        operation: "UpdateGateway",
        message,
    };
    let body = body(&request(512), &Err(failure));
    assert!(body.len() <= 4096, "{}", body.len());
    assert!(body.len() > 2048 + 500, "{}", body.len());
}
