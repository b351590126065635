//! Losses of the crate's type for API Gateway's proxy event. When one of these tests fails, the crate has mended it, and
//! the proxy's own type may go.

use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use proxy::caller::event::Event;
use serde_json::{Value, json};

fn event() -> Value {
    json!({
        "httpMethod": "GET",
        "path": "/whoami",
        "headers": {"authorization": "Bearer secret"},
        "requestContext": {"httpMethod": "GET"},
    })
}

#[test]
fn the_crates_event_prints_tokens() {
    let event: ApiGatewayProxyRequest = serde_json::from_value(event()).unwrap();
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
        let lost = serde_json::from_value::<ApiGatewayProxyRequest>(event.clone());
        assert!(lost.is_err(), "{event}");
        let own: Event = serde_json::from_value(event).unwrap();
        assert_eq!(own.headers["authorization"], "Bearer secret");
    }
}

/// The runtime logs why an event could not be read.
#[test]
fn the_crates_error_quotes_what_a_stranger_sent() {
    let mut event = event();
    event["headers"] = json!({"authorization": "Bearer secret\u{0}"});
    let error = serde_json::from_value::<ApiGatewayProxyRequest>(event).unwrap_err();
    assert!(error.to_string().contains("Bearer secret"), "{error}");
}
