//! The authorizer: who may call what, for every kind of event.

use mint::Key;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use serde_json::{Value, json};
use tests::{Lambda, Outcome, STAGE, Settings, authorizer_events, claims, counted, trusted};

use crate::bad_tokens;

const INVOKE_DEMO: &str = "POST/agents/demo/invocations";
const INVOKE_FINANCE: &str = "POST/agents/finance/invocations";

fn settings(key: &Key) -> Settings {
    Settings::new(&trusted(&[key], &json!({})))
}

async fn authorizer(key: &Key) -> Lambda {
    Lambda::authorizer(settings(key)).await
}

fn bearer(key: &Key, claims: &Value) -> String {
    format!("Bearer {}", key.token("ES256", claims))
}

fn bob() -> Value {
    let mut claims = claims();
    claims["sub"] = json!("0b0b0b0b-0000-4000-8000-000000000b0b");
    claims["username"] = json!("bob");
    claims["cognito:groups"] = json!(["guest", "staff"]);
    claims
}

fn request(authorization: &str, route: &str) -> Value {
    let events = authorizer_events(authorization, route);
    let request = events.into_iter().find(|(kind, _)| *kind == "REST REQUEST");
    request.unwrap().1
}

fn allows(outcome: &Outcome, route: &str) -> bool {
    outcome.allows(&format!("{STAGE}/{route}"))
}

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
async fn two_different_credentials_are_none() {
    let key = Key::p256("one");
    let authorizer = authorizer(&key).await;
    let (alice, bob) = (bearer(&key, &claims()), bearer(&key, &bob()));
    let mut event = request(&alice, INVOKE_DEMO);
    event["multiValueHeaders"]["Authorization"] = json!([alice, bob]);
    assert_eq!(authorizer.ask(&event).await, Outcome::Unauthorized);
    event["multiValueHeaders"]["Authorization"] = json!([alice]);
    event["headers"]["authorization"] = json!(bob);
    assert_eq!(
        authorizer.ask(&event).await,
        Outcome::Unauthorized,
        "another spelling"
    );
    event["headers"]["authorization"] = json!(alice);
    assert!(
        allows(&authorizer.ask(&event).await, INVOKE_DEMO),
        "the same one twice"
    );
    authorizer.stop().await;
}

#[tokio::test]
async fn no_bad_token_is_allowed_or_makes_an_error_of_ours() {
    let key = Key::p256("one");
    let authorizer = authorizer(&key).await;
    let rows = bad_tokens::headers(&key);
    for (name, header) in &rows {
        let outcome = authorizer.ask(&request(header, INVOKE_DEMO)).await;
        assert_eq!(outcome, Outcome::Unauthorized, "{name}");
    }
    // All of that was about the changes: the token they were made to is good.
    let good = authorizer
        .ask(&request(&bearer(&key, &claims()), INVOKE_DEMO))
        .await;
    assert!(allows(&good, INVOKE_DEMO));
    counted(&format!(
        "{} bad tokens refused by the authorizer",
        rows.len()
    ));
    authorizer.stop().await;
}

/// Which routes each caller may call, as API Gateway reads the policy.
#[tokio::test]
async fn a_policy_lists_what_its_caller_may_call() {
    let key = Key::p256("one");
    let authorizer = authorizer(&key).await;
    let mut nobody = claims();
    nobody["cognito:groups"] = json!([]);
    let rows = [
        ("GET/whoami", [true, true, true]),
        (INVOKE_DEMO, [true, true, false]),
        ("POST/agents/demo", [true, true, false]),
        (INVOKE_FINANCE, [true, false, false]),
        ("GET/agents/finance/x/y", [true, false, false]),
        // A name that no agent has: the proxy says that there is none.
        ("POST/agents/unknown/invocations", [true, true, true]),
        ("POST/agents/demonstration/invocations", [true, true, true]),
        ("POST/whoami", [false, false, false]),
        ("GET/", [false, false, false]),
        ("GET/anything", [false, false, false]),
        ("$connect", [false, false, false]),
    ];
    for (index, caller) in [claims(), bob(), nobody].iter().enumerate() {
        let outcome = authorizer
            .ask(&request(&bearer(&key, caller), "GET/whoami"))
            .await;
        for (route, expected) in &rows {
            let username = &caller["username"];
            assert_eq!(
                allows(&outcome, route),
                expected[index],
                "{username} {route}: {outcome:?}"
            );
        }
        for elsewhere in [
            "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/other/GET/whoami",
            "arn:aws:execute-api:us-east-1:123456789012:another/live/GET/whoami",
            "arn:aws:execute-api:us-east-1:999999999999:a1b2c3d4e5/live/GET/whoami",
        ] {
            assert!(!outcome.allows(elsewhere), "{elsewhere}");
        }
    }
    authorizer.stop().await;
}

/// API Gateway keeps an answer and uses it on other routes, so it may not depend on the route.
#[tokio::test]
async fn the_answer_is_the_same_on_every_route() {
    let key = Key::p256("one");
    let authorizer = authorizer(&key).await;
    let bearer = bearer(&key, &bob());
    let first = authorizer.ask(&request(&bearer, INVOKE_DEMO)).await;
    for route in [
        INVOKE_FINANCE,
        "GET/whoami",
        "DELETE/agents/unknown/x",
        "GET/",
    ] {
        assert_eq!(
            authorizer.ask(&request(&bearer, route)).await,
            first,
            "{route}"
        );
    }
    authorizer.stop().await;
}

#[tokio::test]
async fn a_good_token_without_the_issuers_conditions_is_denied() {
    let key = Key::p256("one");
    let conditions = [
        json!({"allowedScopes": ["gatehouse/admin"]}),
        json!({"customClaims": [{
            "inboundTokenClaimName": "department",
            "inboundTokenClaimValueType": "STRING",
            "authorizingClaimMatchValue": {
                "claimMatchOperator": "EQUALS",
                "claimMatchValue": {"matchValueString": "finance"},
            },
        }]}),
    ];
    for condition in conditions {
        let authorizer = Lambda::authorizer(Settings::new(&trusted(&[&key], &condition))).await;
        for (kind, event) in authorizer_events(&bearer(&key, &claims()), INVOKE_DEMO) {
            let outcome = authorizer.ask(&event).await;
            let answer = outcome.answer();
            let effects: Vec<&Value> = answer["policyDocument"]["Statement"]
                .as_array()
                .unwrap()
                .iter()
                .map(|statement| &statement["Effect"])
                .collect();
            assert_eq!(effects, ["Deny"], "{kind}: {condition}");
        }
        authorizer.stop().await;
    }
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

/// Anything at all in the header: refused, never an error of ours, never a panic.
#[test]
fn random_headers_are_never_allowed() {
    const CASES: u32 = 1500;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let key = Key::p256("one");
    let authorizer = runtime.block_on(authorizer(&key));
    let good = key.token("ES256", &claims());
    let (length, original) = (good.len(), good.clone());
    let base64url = "[A-Za-z0-9_-]{0,200}";
    let json_part = any::<Vec<u8>>().prop_map(|bytes| mint::encode(&bytes));
    let headers = prop_oneof![
        any::<String>(),
        any::<String>().prop_map(|text| format!("Bearer {text}")),
        (base64url, base64url, base64url).prop_map(|(a, b, c)| format!("Bearer {a}.{b}.{c}")),
        (json_part.clone(), json_part, base64url)
            .prop_map(|(a, b, c)| format!("Bearer {a}.{b}.{c}")),
        (0..length, any::<char>(), Just(original))
            .prop_filter("a change", |(at, to, good)| good.as_bytes().get(*at)
                != u8::try_from(*to).ok().as_ref())
            .prop_map(|(at, to, good)| format!("Bearer {}{to}{}", &good[..at], &good[at + 1..])),
    ];
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&headers, |header| {
        let outcome = runtime.block_on(authorizer.ask(&request(&header, INVOKE_DEMO)));
        match outcome {
            Outcome::Unauthorized => Ok(()),
            Outcome::Answer(_) | Outcome::Error(_) => {
                Err(TestCaseError::fail(format!("{outcome:?}")))
            }
        }
    });
    if let Err(TestError::Fail(reason, header)) = &outcome {
        panic!("{header:?}: {reason}");
    }
    outcome.unwrap();
    counted(&format!("{CASES} random Authorization headers refused"));
    let unchanged =
        runtime.block_on(authorizer.ask(&request(&format!("Bearer {good}"), INVOKE_DEMO)));
    assert!(allows(&unchanged, INVOKE_DEMO));
    runtime.block_on(authorizer.stop());
}

#[tokio::test]
async fn the_log_tells_the_decision_and_no_secret() {
    let key = Key::p256("one");
    let authorizer = authorizer(&key).await;
    let mut alice = claims();
    alice["email"] = json!("alice@example.com");
    let token = key.token("ES256", &alice);
    let outcome = authorizer
        .ask(&request(&format!("Bearer {token}"), INVOKE_DEMO))
        .await;
    assert_eq!(outcome.answer()["context"]["email"], "alice@example.com");
    authorizer
        .ask(&request(&format!("Bearer {token}x"), INVOKE_DEMO))
        .await;
    let logs = authorizer.logs();
    let decisions: Vec<Value> = logs
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line.get("outcome").is_some())
        .collect();
    let outcomes: Vec<&Value> = decisions.iter().map(|line| &line["outcome"]).collect();
    assert_eq!(outcomes, ["allowed", "refused"], "{logs:?}");
    for line in &decisions {
        for name in ["timestamp", "level", "message", "request_id", "duration_ms"] {
            assert!(!line[name].is_null(), "`{name}` of {line}");
        }
    }
    assert_eq!(decisions[0]["subject"], alice["sub"]);
    assert_eq!(
        decisions[0]["token_id"],
        outcome.answer()["context"]["token_id"]
    );
    let signature = token.rsplit('.').next().unwrap();
    for line in &logs {
        for secret in [token.as_str(), signature, "alice@example.com"] {
            assert!(!line.contains(secret), "{line}");
        }
    }
    authorizer.stop().await;
}
