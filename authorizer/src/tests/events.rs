//! Tests of events: every format in API Gateway's guide, and every place where a credential may be.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{STAGE, Scene, agents, rest};
use crate::event::Question;
use crate::handler::AuthorizerError;

const DEFAULT_STAGE: &str = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/$default";

fn token(bearer: &str) -> Value {
    json!({
        "type": "TOKEN",
        "methodArn": format!("{STAGE}/POST/agents/staff/invocations"),
        "authorizationToken": bearer,
    })
}

fn request(bearer: &str) -> Value {
    json!({
        "type": "REQUEST",
        "methodArn": format!("{STAGE}/POST/agents/staff/invocations"),
        "resource": "/agents/{agent}/invocations",
        "path": "/agents/staff/invocations",
        "httpMethod": "POST",
        "headers": {"Accept": "application/json", "Authorization": bearer, "Host": "api.example.com"},
        "multiValueHeaders": {"Accept": ["application/json"], "Authorization": [bearer]},
        "queryStringParameters": {"expand": "lines"},
        "multiValueQueryStringParameters": {"expand": ["items", "lines"]},
        "pathParameters": {"agent": "staff"},
        "stageVariables": {"tier": "gold"},
        "requestContext": {"stage": "prod", "apiId": "a1b2c3d4e5", "identity": {"sourceIp": "203.0.113.7", "user": null}},
    })
}

fn request_with_client_certificate(bearer: &str) -> Value {
    json!({
        "type": "REQUEST",
        "methodArn": format!("{STAGE}/POST/agents/staff/invocations"),
        "headers": {"authorization": bearer},
        "multiValueHeaders": {"authorization": [bearer]},
        "queryStringParameters": {},
        "pathParameters": {},
        "requestContext": {"identity": {"clientCert": {"subjectDN": "CN=device-17", "validity": {"notBefore": "x"}}}},
    })
}

fn http_1(bearer: &str) -> Value {
    json!({
        "version": "1.0",
        "type": "REQUEST",
        "methodArn": format!("{DEFAULT_STAGE}/POST/agents/staff/invocations"),
        "identitySource": bearer,
        "authorizationToken": bearer,
        "resource": "/agents/{agent}/invocations",
        "path": "/agents/staff/invocations",
        "httpMethod": "POST",
        "headers": {"Authorization": bearer, "User-Agent": "curl/8.9.1"},
        "requestContext": {"stage": "$default", "resourceId": "POST /agents/{agent}/invocations"},
    })
}

fn http_2(bearer: &str) -> Value {
    json!({
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": format!("{DEFAULT_STAGE}/POST/agents/staff/invocations"),
        "identitySource": [bearer],
        "routeKey": "POST /agents/{agent}/invocations",
        "rawPath": "/agents/staff/invocations",
        "rawQueryString": "expand=items&expand=lines",
        "cookies": ["sid=abc"],
        "headers": {"accept": "application/json", "authorization": bearer},
        "requestContext": {"http": {"method": "POST", "path": "/agents/staff/invocations"}, "stage": "$default"},
    })
}

fn http_2_without_identity_source(bearer: &str) -> Value {
    let mut event = http_2(bearer);
    event["identitySource"] = Value::Null;
    event["cookies"] = Value::Null;
    event
}

fn websocket(bearer: &str) -> Value {
    json!({
        "type": "REQUEST",
        "methodArn": format!("{STAGE}/$connect"),
        "headers": {"Authorization": bearer, "Connection": "upgrade", "Sec-WebSocket-Version": "13"},
        "multiValueHeaders": {"Authorization": [bearer], "Connection": ["upgrade"]},
        "queryStringParameters": {"channel": "orders"},
        "requestContext": {"routeKey": "$connect", "eventType": "CONNECT", "connectionId": "UxYzAcJdliACHgw="},
    })
}

type Shape = fn(&str) -> Value;

const SHAPES: [(&str, Shape); 7] = [
    ("TOKEN", token),
    ("REQUEST", request),
    (
        "REQUEST with a client certificate",
        request_with_client_certificate,
    ),
    ("HTTP 1.0", http_1),
    ("HTTP 2.0", http_2),
    (
        "HTTP 2.0 without identity source",
        http_2_without_identity_source,
    ),
    ("WebSocket", websocket),
];

/// A custom domain's base path is in both paths of the event and not in the method, which is what counts.
#[tokio::test]
async fn a_base_path_changes_nothing() {
    let scene = Scene::new();
    let bearer = scene.bearer("alice");
    let plain = scene.ask(request(&bearer)).await.unwrap();
    let mut behind = request(&bearer);
    behind["path"] = json!("/v1/agents/staff/invocations");
    behind["requestContext"]["path"] = json!("/v1/agents/staff/invocations");
    behind["requestContext"]["domainName"] = json!("api.example.com");
    assert_eq!(scene.ask(behind).await.unwrap(), plain);
}

#[tokio::test]
async fn every_kind_of_event_is_answered_with_a_policy_of_its_own_stage() {
    let scene = Scene::new();
    for (what, shape) in SHAPES {
        let event = shape(&scene.bearer("alice"));
        let arn = event.get("methodArn").or(event.get("routeArn")).unwrap();
        let stage = arn
            .as_str()
            .unwrap()
            .rsplitn(if what == "WebSocket" { 2 } else { 5 }, '/')
            .last();
        let answer = scene.ask(event.clone()).await.unwrap();
        assert_eq!(answer["principalId"], "subject-of-alice", "{what}");
        assert_eq!(answer["policyDocument"]["Version"], "2012-10-17", "{what}");
        let resource = answer["policyDocument"]["Statement"][0]["Resource"][0]
            .as_str()
            .unwrap();
        assert!(
            resource.starts_with(&format!("{}/", stage.unwrap())),
            "{what}: {resource}"
        );
    }
}

#[tokio::test]
async fn every_kind_of_event_is_refused_without_a_good_token() {
    let scene = Scene::new();
    for (what, shape) in SHAPES {
        for bad in ["", "Bearer ", "Bearer x.y.z", "Basic dXNlcjpwYXNz"] {
            let answer = scene.ask(shape(bad)).await;
            assert_eq!(answer, Err(AuthorizerError::Unauthorized), "{what} {bad:?}");
        }
    }
}

#[tokio::test]
async fn a_simple_response_answers_the_route() {
    let scene = Scene::with(true, &json!({}), &agents());
    for (caller, route, expected) in [
        ("alice", "GET/whoami", true),
        ("alice", "POST/agents/staff/invocations", true),
        ("alice", "POST/agents/batch/invocations", false),
        ("bob", "POST/agents/staff/invocations", false),
        ("bob", "POST/agents/anyone/invocations", true),
        ("bob", "POST/agents/unknown/invocations", true),
        ("bob", "POST/agents/Not%2Fa%2Fname/invocations", true),
        ("bob", "POST/whoami", false),
        ("bob", "GET/whoami/more", false),
        ("bob", "GET/", false),
        ("bob", "$default", false),
        ("bob", "POST/agents", false),
        ("bob", "POST/other", false),
    ] {
        let mut event = http_2(&scene.bearer(caller));
        event["routeArn"] = format!("{DEFAULT_STAGE}/{route}").into();
        let answer = scene.ask(event).await.unwrap();
        assert_eq!(answer["isAuthorized"], expected, "{caller} {route}");
        assert_eq!(answer["context"]["sub"], format!("subject-of-{caller}"));
        assert_eq!(answer.get("policyDocument"), None);
    }
    let strict = Scene::with(true, &json!({"allowedScopes": ["write"]}), &agents());
    let answer = strict.ask(http_2(&strict.bearer("bob"))).await;
    assert_eq!(answer, Ok(json!({"isAuthorized": false, "context": {}})));
    // Other kinds of event have no such answer.
    let answer = scene.ask(http_1(&scene.bearer("bob"))).await.unwrap();
    assert_eq!(answer.get("isAuthorized"), None);
}

fn credential(event: Value) -> Option<String> {
    Question::read(event).ok().unwrap().credential
}

/// The credential of a REST event that has these members instead of its headers.
fn credential_of(members: &Value) -> Option<String> {
    let mut event = rest("GET/whoami", "");
    event["headers"] = Value::Null;
    event["multiValueHeaders"] = Value::Null;
    let event_members = event.as_object_mut().unwrap();
    event_members.extend(members.as_object().unwrap().clone());
    credential(event)
}

#[test]
fn the_header_counts_in_any_spelling_if_its_values_agree() {
    let lists = |values: &[&str]| json!({"multiValueHeaders": {"Authorization": values}});
    let spelt = |name: &str| json!({"headers": {name: "Bearer a"}});
    let spelt_twice =
        json!({"headers": {"authorization": "Bearer b", "Authorization": "Bearer a"}});
    let mut list_differs = lists(&["Bearer b"]);
    list_differs["headers"] = json!({"authorization": "Bearer a"});
    let one = Some("Bearer a");
    for (members, expected) in [
        (spelt("Authorization"), one),
        (spelt("aUTHORIZATION"), one),
        (spelt("X-Authorization"), None),
        (lists(&["Bearer a"]), one),
        (lists(&["Bearer a", "Bearer a"]), one),
        (lists(&["Bearer b", "Bearer a"]), None),
        (lists(&["Basic b", "Bearer a"]), None),
        (lists(&[]), None),
        (spelt_twice, None),
        (list_differs, None),
        (json!({"headers": {"Authorization": null}}), None),
        (json!({}), None),
    ] {
        assert_eq!(credential_of(&members).as_deref(), expected, "{members}");
    }
}

#[test]
fn an_identity_source_counts_if_it_is_a_bearer_credential() {
    let with = |source: Value| json!({"identitySource": source});
    let beside = |source: &str| {
        let header = json!({"authorization": "Bearer a"});
        json!({"headers": header, "identitySource": [source]})
    };
    let one = Some("Bearer a");
    for (members, expected) in [
        (with(json!(["POST /x", null, "bearer a"])), Some("bearer a")),
        (with(json!("POST /x, Bearer a")), one),
        (with(json!("POST /x")), None),
        (with(json!(["Bearer a", "Bearer b"])), None),
        (beside("Bearer a"), one),
        (beside("POST /x"), one),
        (beside("Bearer b"), None),
        (json!({"authorizationToken": "Bearer a"}), one),
        (json!({"authorizationToken": "Bearer a,Bearer b"}), None),
    ] {
        assert_eq!(credential_of(&members).as_deref(), expected, "{members}");
    }
}

#[test]
fn a_subprotocol_counts_for_a_websocket_alone() {
    let headers = json!({"Sec-WebSocket-Protocol": subprotocols("a")});
    assert_eq!(credential_of(&json!({"headers": headers})), None);
}

fn subprotocols(token: &str) -> String {
    let token = URL_SAFE_NO_PAD.encode(token);
    format!("base64UrlBearerAuthorization.{token}, base64UrlBearerAuthorization")
}

#[test]
fn a_websocket_may_carry_its_token_as_agentcore_defines_it() {
    let name = "base64UrlBearerAuthorization";
    let long = "a".repeat(8192);
    let too_long = "a".repeat(8193);
    for (what, offered, expected) in [
        (
            "both",
            subprotocols("a.b.c"),
            Some("Bearer a.b.c".to_owned()),
        ),
        (
            "other order",
            format!("{name},{name}.YQ"),
            Some("Bearer a".to_owned()),
        ),
        (
            "longest",
            subprotocols(&long),
            Some(format!("Bearer {long}")),
        ),
        ("too long", subprotocols(&too_long), None),
        ("no marker", format!("{name}.YQ"), None),
        ("no token", name.to_owned(), None),
        ("empty token", format!("{name}., {name}"), None),
        ("two tokens", format!("{name}.YQ, {name}.Yg, {name}"), None),
        (
            "another beside",
            format!("{name}.YQ, {name}, graphql-ws"),
            None,
        ),
        ("another name", format!("{name}X.YQ, {name}"), None),
        ("another case", subprotocols("a").to_lowercase(), None),
        (
            "padded",
            format!("{name}.{}, {name}", URL_SAFE.encode("a")),
            None,
        ),
        (
            "standard alphabet",
            format!("{name}.{}, {name}", STANDARD.encode("???>>>")),
            None,
        ),
        ("loose last bits", format!("{name}.YR, {name}"), None),
        ("not text", format!("{name}._w, {name}"), None),
        ("none of ours", "graphql-ws".to_owned(), None),
    ] {
        let mut event = rest("$connect", "");
        event["headers"] = json!({"sec-websocket-protocol": offered});
        event["multiValueHeaders"] = Value::Null;
        assert_eq!(credential(event), expected, "{what}");
    }
}

#[test]
fn a_websockets_two_places_must_agree() {
    for (bearer, expected) in [("Bearer a", Some("Bearer a")), ("Bearer b", None)] {
        let mut event = rest("$connect", bearer);
        event["headers"]["Sec-WebSocket-Protocol"] = subprotocols("a").into();
        assert_eq!(credential(event).as_deref(), expected, "{bearer}");
    }
}

#[test]
fn what_no_gateway_sends_is_no_question() {
    let whoami = format!("{STAGE}/GET/whoami");
    for event in [
        json!(null),
        json!([]),
        json!({}),
        json!({"type": "REQUEST"}),
        json!({"type": "OTHER", "methodArn": whoami}),
        json!({"methodArn": whoami}),
        json!({"type": "TOKEN", "version": "2.0", "routeArn": whoami}),
        json!({"type": "REQUEST", "version": "3.0", "methodArn": whoami, "routeArn": whoami}),
        json!({"type": "REQUEST", "version": "2.0", "methodArn": whoami}),
        json!({"type": "REQUEST", "routeArn": whoami}),
        json!({"type": "REQUEST", "methodArn": whoami, "headers": {"Authorization": 1}}),
        json!({"type": "REQUEST", "methodArn": 1}),
        json!({"type": "REQUEST", "methodArn": "arn:aws:execute-api:eu-central-1:1:api/prod"}),
        json!({"type": "REQUEST", "methodArn": "arn:aws:execute-api:eu-central-1:1:*/prod/GET/x"}),
        json!({"type": "REQUEST", "methodArn": "arn:aws:execute-api:eu-central-1:1:api/*/GET/x"}),
        json!({"type": "REQUEST", "methodArn": "arn:aws:execute-api:eu-central-1:1:api/${x}/GET/x"}),
        json!({"type": "REQUEST", "methodArn": "arn:aws:execute-api:eu-central-1:1:api//GET/x"}),
        json!({"type": "REQUEST", "methodArn": "arn:aws:lambda:eu-central-1:1:api/prod/GET/x"}),
    ] {
        assert!(Question::read(event.clone()).is_err(), "{event}");
    }
}
