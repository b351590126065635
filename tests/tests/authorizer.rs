//! Tests of the authorizer's decisions.

use mint::Key;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use serde_json::{Value, json};
use tests::{Lambda, Outcome, STAGE, Settings, authorizer_events, claims, counted, trusted};

use crate::bad_tokens;
use crate::world::bob;

pub(crate) const INVOKE_DEMO: &str = "POST/agents/demo/invocations";
pub(crate) const INVOKE_FINANCE: &str = "POST/agents/finance/invocations";

pub(crate) fn settings(key: &Key) -> Settings {
    Settings::new(&trusted(&[key], &json!({})))
}

pub(crate) async fn authorizer(key: &Key) -> Lambda {
    Lambda::authorizer(settings(key)).await
}

pub(crate) fn bearer(key: &Key, claims: &Value) -> String {
    format!("Bearer {}", key.token("ES256", claims))
}

pub(crate) fn request(authorization: &str, route: &str) -> Value {
    let events = authorizer_events(authorization, route);
    let request = events.into_iter().find(|(kind, _)| *kind == "REST REQUEST");
    request.unwrap().1
}

pub(crate) fn allows(outcome: &Outcome, route: &str) -> bool {
    outcome.allows(&format!("{STAGE}/{route}"))
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
    alice["email_verified"] = json!(true);
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
