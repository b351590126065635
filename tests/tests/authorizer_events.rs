//! Tests of the authorizer's events: every kind that API Gateway sends, and others.

use mint::Key;
use serde_json::{Value, json};
use tests::{Lambda, Outcome, authorizer_events, claims, counted};

use crate::authorizer::{
    INVOKE_DEMO, INVOKE_FINANCE, allows, authorizer, bearer, request, settings,
};
use crate::world::bob;

#[tokio::test]
async fn every_kind_of_event_gets_its_answer() {
    let key = Key::p256("one");
    let authorizer = authorizer(&key).await;
    let good = authorizer_events(&bearer(&key, &claims()), INVOKE_DEMO);
    for (kind, event) in &good {
        let outcome = authorizer.ask(event).await;
        let is_websocket = event["methodArn"]
            .as_str()
            .is_some_and(|arn| arn.ends_with("/$connect"));
        assert_eq!(
            allows(&outcome, INVOKE_DEMO),
            !is_websocket,
            "{kind}: {outcome:?}"
        );
        assert_eq!(
            allows(&outcome, "$connect"),
            is_websocket,
            "{kind}: {outcome:?}"
        );
        let answer = outcome.answer();
        assert_eq!(answer["principalId"], claims()["sub"], "{kind}");
        assert_eq!(answer["policyDocument"]["Version"], "2012-10-17", "{kind}");
        let context = answer["context"].as_object().unwrap();
        assert!(
            context.values().all(Value::is_string),
            "{kind}: API Gateway takes nothing else"
        );
        assert_eq!(context["sub"], claims()["sub"], "{kind}");
        assert_eq!(context["username"], "alice", "{kind}");
        assert_eq!(context["groups"], r#"["finance","staff"]"#, "{kind}");
    }
    for (kind, event) in authorizer_events("Bearer nonsense", INVOKE_DEMO) {
        assert_eq!(
            authorizer.ask(&event).await,
            Outcome::Unauthorized,
            "{kind}"
        );
    }
    counted(&format!(
        "{} kinds of authorizer event answered",
        good.len()
    ));
    authorizer.stop().await;
}

#[tokio::test]
async fn an_event_without_any_credential_is_unauthorized() {
    let authorizer = authorizer(&Key::p256("one")).await;
    for (kind, mut event) in authorizer_events("", INVOKE_DEMO) {
        for name in [
            "headers",
            "multiValueHeaders",
            "identitySource",
            "authorizationToken",
        ] {
            if let Some(member) = event.get_mut(name) {
                *member = Value::Null;
            }
        }
        assert_eq!(
            authorizer.ask(&event).await,
            Outcome::Unauthorized,
            "{kind}: null"
        );
        let object = event.as_object_mut().unwrap();
        object.retain(|_, value| !value.is_null());
        assert_eq!(
            authorizer.ask(&event).await,
            Outcome::Unauthorized,
            "{kind}: absent"
        );
    }
    authorizer.stop().await;
}

#[tokio::test]
async fn simple_responses_answer_the_route_asked() {
    let key = Key::p256("one");
    let settings = settings(&key).with("SIMPLE_RESPONSES", "true");
    let authorizer = Lambda::authorizer(settings).await;
    let bearer = bearer(&key, &bob());
    for (route, expected) in [
        (INVOKE_DEMO, true),
        (INVOKE_FINANCE, false),
        ("GET/whoami", true),
        ("POST/agents/unknown/invocations", true),
        ("GET/anything", false),
    ] {
        for (kind, event) in authorizer_events(&bearer, route) {
            let outcome = authorizer.ask(&event).await;
            if kind == "HTTP 2.0" {
                assert_eq!(outcome.answer()["isAuthorized"], expected, "{route}");
            } else {
                assert!(
                    outcome.answer().get("isAuthorized").is_none(),
                    "{kind} knows policies only"
                );
            }
        }
    }
    authorizer.stop().await;
}

#[tokio::test]
async fn a_websocket_may_show_its_token_as_a_subprotocol() {
    let key = Key::p256("one");
    let authorizer = authorizer(&key).await;
    let connect = |protocols: &str| {
        let (_, mut event) = authorizer_events("", "").pop().unwrap();
        for headers in ["headers", "multiValueHeaders"] {
            event[headers]
                .as_object_mut()
                .unwrap()
                .remove("Authorization");
        }
        event["headers"]["Sec-WebSocket-Protocol"] = json!(protocols);
        event
    };
    let token = mint::encode(key.token("ES256", &claims()).as_bytes());
    let name = "base64UrlBearerAuthorization";
    let good = authorizer
        .ask(&connect(&format!("{name}.{token}, {name}")))
        .await;
    assert!(allows(&good, "$connect"), "{good:?}");
    for bad in [
        format!("{name}.{token}"),
        format!("{name}.{token}=, {name}"),
        format!("{name}.{token}, {name}, chat"),
        format!("{name}.{token}, {name}.{token}"),
        format!("{name}., {name}"),
        format!("{name}.{}, {name}", "A".repeat(20_000)),
        name.to_owned(),
    ] {
        assert_eq!(
            authorizer.ask(&connect(&bad)).await,
            Outcome::Unauthorized,
            "{bad:.60}"
        );
    }
    // Elsewhere the header means nothing.
    let mut event = request("", INVOKE_DEMO);
    event["headers"] = json!({"Sec-WebSocket-Protocol": format!("{name}.{token}, {name}")});
    event["multiValueHeaders"] = Value::Null;
    assert_eq!(authorizer.ask(&event).await, Outcome::Unauthorized);
    authorizer.stop().await;
}

#[tokio::test]
async fn what_is_no_question_is_an_error_and_nothing_more() {
    let key = Key::p256("one");
    let authorizer = authorizer(&key).await;
    let bearer = bearer(&key, &claims());
    let good = request(&bearer, INVOKE_DEMO);
    let with = |name: &str, value: Value| {
        let mut event = good.clone();
        event[name] = value;
        event
    };
    for event in [
        json!(null),
        json!({}),
        json!([]),
        json!("Bearer"),
        with("type", json!("OTHER")),
        with("type", json!(1)),
        with("version", json!("3.0")),
        with("methodArn", Value::Null),
        with("methodArn", json!("*")),
        with(
            "methodArn",
            json!("arn:aws:execute-api:us-east-1:123456789012:*/live/GET/whoami"),
        ),
        with("methodArn", json!("arn:aws:s3:::bucket/live/GET/whoami")),
        with("headers", json!([bearer])),
        with("multiValueHeaders", json!({"Authorization": bearer})),
    ] {
        let outcome = authorizer.ask(&event).await;
        assert!(matches!(outcome, Outcome::Error(_)), "{event}: {outcome:?}");
    }
    assert!(
        allows(&authorizer.ask(&good).await, INVOKE_DEMO),
        "it goes on"
    );
    authorizer.stop().await;
}
