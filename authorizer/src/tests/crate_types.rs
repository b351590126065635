//! Losses of the crate's types for authorizers. When one of these tests fails, the crate has mended it, and a type of
//! ours can go.

use aws_lambda_events::apigw::{
    ApiGatewayCustomAuthorizerRequestTypeRequest as RestRequest,
    ApiGatewayCustomAuthorizerResponse as RestResponse,
};
use serde_json::{Value, json};

use super::STAGE;
use crate::event::Question;

fn event() -> Value {
    json!({
        "type": "REQUEST",
        "methodArn": format!("{STAGE}/GET/whoami"),
        "httpMethod": "GET",
        "headers": {"authorization": "Bearer secret"},
        "requestContext": {"httpMethod": "GET", "identity": {}},
    })
}

#[test]
fn the_crates_event_prints_tokens() {
    let event: RestRequest = serde_json::from_value(event()).unwrap();
    assert!(format!("{event:?}").contains("Bearer secret"));
}

#[test]
fn the_crates_event_is_lost_over_one_header() {
    for (name, value) in [
        ("a b", json!("1")),
        ("a", Value::Null),
        ("a", json!("\u{0}")),
    ] {
        let mut event = event();
        event["headers"][name] = value;
        let lost = serde_json::from_value::<RestRequest>(event.clone());
        assert!(lost.is_err(), "{event}");
        let question = Question::read(event).unwrap();
        assert_eq!(question.credential.as_deref(), Some("Bearer secret"));
    }
}

/// No page of AWS's says that a key may be null.
#[test]
fn the_crates_answer_of_a_rest_api_names_a_key_that_is_null() {
    let answer = serde_json::to_value(RestResponse::<Value>::default()).unwrap();
    assert_eq!(answer.get("usageIdentifierKey"), Some(&Value::Null));
}
