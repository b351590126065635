//! The events of functions and authorizers, compared whole.

use aws_lambda_events::apigw::{
    ApiGatewayCustomAuthorizerRequest, ApiGatewayCustomAuthorizerRequestTypeRequest,
    ApiGatewayProxyRequest,
};

use super::*;
use crate::modelled::lost;

fn incoming() -> Incoming {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("host", "api.example.com:443"),
        ("authorization", "Bearer one"),
        ("authorization", "Bearer two"),
        ("x-forwarded-for", "203.0.113.7"),
        ("x-forwarded-proto", "gopher"),
        (
            "x-amzn-trace-id",
            "Root=1-68f0c0de-1122334455667788990011aa",
        ),
        ("connection", "close"),
        ("content-type", "image/png; x=y"),
    ] {
        headers.append(name, value.parse().unwrap());
    }
    let request = Request {
        method: Method::POST,
        base_path: None,
        path: "/agents/a%20b/run".to_owned(),
        query: "x=1&x=2&y=a%20b+c".to_owned(),
        headers,
        stage: "live".to_owned(),
    };
    let mut incoming = Incoming::new(request, 8080);
    incoming.matched(
        "/agents/{agent}/run",
        vec![("agent".to_owned(), "a%20b".to_owned())],
    );
    incoming
}

#[test]
fn the_proxy_event_has_the_documented_shape() {
    let event = incoming().proxy_event(Bytes::from_static(b"{}"), None, &[]);
    assert_eq!(event["resource"], "/agents/{agent}/run");
    assert_eq!(event["path"], "/agents/a%20b/run");
    assert_eq!(event["requestContext"]["path"], "/live/agents/a%20b/run");
    assert_eq!(event["pathParameters"], json!({"agent": "a b"}));
    assert_eq!(
        event["queryStringParameters"],
        json!({"x": "2", "y": "a b c"})
    );
    assert_eq!(
        event["multiValueQueryStringParameters"],
        json!({"x": ["1", "2"], "y": ["a b c"]})
    );
    let expected = json!({
        "Host": ["api.example.com:443"],
        "X-Amzn-Trace-Id": ["Root=1-68f0c0de-1122334455667788990011aa"],
        "X-Forwarded-For": ["203.0.113.7, 127.0.0.1"],
        "X-Forwarded-Port": ["8080"],
        "X-Forwarded-Proto": ["http"],
        "authorization": ["Bearer one", "Bearer two"],
        "content-type": ["image/png; x=y"],
    });
    assert_eq!(event["multiValueHeaders"], expected);
    assert_eq!(event["headers"]["authorization"], "Bearer two");
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"]),
        (&json!("{}"), &json!(false))
    );
    assert_eq!(event["requestContext"]["domainName"], "api.example.com");
    assert_eq!(event["stageVariables"], Value::Null);
}

#[test]
fn a_base_path_is_in_both_paths_and_not_in_the_method() {
    let mut incoming = incoming();
    incoming.request.base_path = Some("/v1".to_owned());
    let event = incoming.proxy_event(Bytes::new(), None, &[]);
    assert_eq!(event["path"], "/v1/agents/a%20b/run");
    assert_eq!(event["requestContext"]["path"], "/v1/agents/a%20b/run");
    assert_eq!(event["resource"], "/agents/{agent}/run");
    assert_eq!(
        event["requestContext"]["resourcePath"],
        "/agents/{agent}/run"
    );
    assert_eq!(event["pathParameters"], json!({"agent": "a b"}));
    let event = incoming.request_event();
    assert_eq!(event["path"], "/v1/agents/a%20b/run");
    let arn = "arn:aws:execute-api:us-east-1:123456789012:localdoor1/live/POST/agents/a%20b/run";
    assert_eq!(event["methodArn"], arn);
    // A domain that maps all of its paths: the stage is in none of them.
    incoming.request.base_path = Some(String::new());
    let event = incoming.proxy_event(Bytes::new(), None, &[]);
    assert_eq!(event["path"], "/agents/a%20b/run");
    assert_eq!(event["requestContext"]["path"], "/agents/a%20b/run");
}

#[test]
fn what_is_absent_is_null_for_functions_and_empty_for_authorizers() {
    let mut incoming = incoming();
    incoming.request.query = String::new();
    incoming.matched("/", Vec::new());
    let names = [
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "pathParameters",
    ];
    let event = incoming.proxy_event(Bytes::new(), None, &[]);
    assert!(names.iter().all(|name| event[*name].is_null()) && event["body"].is_null());
    let event = incoming.request_event();
    assert!(names.iter().all(|name| event[*name] == json!({})) && event.get("body").is_none());
    assert_eq!(event["type"], "REQUEST");
    let arn = "arn:aws:execute-api:us-east-1:123456789012:localdoor1/live/POST/agents/a%20b/run";
    assert_eq!(event["methodArn"], arn);
    let token = json!({"type": "TOKEN", "methodArn": arn, "authorizationToken": "t"});
    assert_eq!(incoming.token_event("t"), token);
}

#[test]
fn binary_bodies_travel_as_base64() {
    for (types, expected) in [
        (vec![], json!(["\u{fffd}", false])),
        (vec!["image/png"], json!(["/w==", true])),
        (vec!["image/*"], json!(["/w==", true])),
        (vec!["*/*"], json!(["/w==", true])),
        (vec!["image/jpeg"], json!(["\u{fffd}", false])),
    ] {
        let types: Vec<_> = types.into_iter().map(str::to_owned).collect();
        let event = incoming().proxy_event(Bytes::from_static(b"\xff"), None, &types);
        assert_eq!(
            json!([event["body"], event["isBase64Encoded"]]),
            expected,
            "{types:?}"
        );
    }
}

#[test]
fn times_are_written_as_in_access_logs() {
    assert_eq!(
        request_time(Duration::from_secs(1_792_142_078)),
        "16/Oct/2026:09:14:38 +0000"
    );
}

/// What the crate's types lose of the events, and nothing else: a member that they do not know would be a mistake here or
/// there.
#[test]
fn the_events_are_those_of_the_crates_types() {
    let proxy = incoming().proxy_event(Bytes::from_static(b"{}"), None, &[]);
    let unknown = [
        "/requestContext/deploymentId",
        "/requestContext/extendedRequestId",
        "/stageVariables",
    ];
    assert_eq!(lost::<ApiGatewayProxyRequest>(&proxy), unknown);
    let request = incoming().request_event();
    let lost_of_request = lost::<ApiGatewayCustomAuthorizerRequestTypeRequest>(&request);
    // Parameters become lists, and the context is a shorter one.
    let unknown = [
        "/queryStringParameters/x",
        "/queryStringParameters/y",
        "/requestContext/deploymentId",
        "/requestContext/domainName",
        "/requestContext/domainPrefix",
        "/requestContext/extendedRequestId",
        "/requestContext/protocol",
        "/requestContext/requestTime",
        "/requestContext/requestTimeEpoch",
    ];
    assert_eq!(lost_of_request, unknown);
    let token = incoming().token_event("t");
    assert_eq!(lost::<ApiGatewayCustomAuthorizerRequest>(&token), [""; 0]);
}
