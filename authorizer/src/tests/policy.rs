//! Tests of policies, evaluated by a small subset of IAM: any matching denial wins, then any matching permission.

use serde_json::{Map, Value, json};

use super::{STAGE, Scene, agents, caller, rest};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    Allow,
    Deny,
    /// Nothing matches, which denies too.
    Silent,
}

/// IAM's `*` and `?`, which match slashes as well.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            matches(rest, text)
                || text
                    .split_first()
                    .is_some_and(|(_, text)| matches(pattern, text))
        }
        (Some((b'?', rest)), Some((_, text))) => matches(rest, text),
        (Some((wanted, rest)), Some((byte, text))) => wanted == byte && matches(rest, text),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn effect(answer: &Value, arn: &str) -> Effect {
    let statements = answer["policyDocument"]["Statement"].as_array().unwrap();
    let says = |effect: &str| {
        statements.iter().any(|statement| {
            assert_eq!(statement["Action"], json!(["execute-api:Invoke"]));
            let mut resources = statement["Resource"].as_array().unwrap().iter();
            statement["Effect"] == effect
                && resources
                    .any(|resource| matches(resource.as_str().unwrap().as_bytes(), arn.as_bytes()))
        })
    };
    match (says("Deny"), says("Allow")) {
        (true, _) => Effect::Deny,
        (false, true) => Effect::Allow,
        (false, false) => Effect::Silent,
    }
}

#[test]
fn the_matcher_reads_wildcards_as_iam_does() {
    for (pattern, text, expected) in [
        ("a/*/c", "a/b/c", true),
        ("a/*/c", "a/b/b/c", true),
        ("a/*/c", "a/c", false),
        ("a*", "a", true),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("abc", "ab", false),
        ("ab", "abc", false),
    ] {
        assert_eq!(
            matches(pattern.as_bytes(), text.as_bytes()),
            expected,
            "{pattern} {text}"
        );
    }
}

/// Whether the routes of each agent are allowed: anyone, batch, staff, staff-writers.
const MATRIX: [(&str, [Effect; 4]); 4] = {
    use Effect::{Allow, Deny};
    [
        ("alice", [Allow, Deny, Allow, Allow]),
        ("bob", [Allow, Deny, Deny, Deny]),
        ("carol", [Allow, Deny, Allow, Deny]),
        ("nightly", [Allow, Allow, Deny, Deny]),
    ]
};

#[tokio::test]
async fn each_caller_may_call_the_agents_that_admit_them() {
    let scene = Scene::new();
    let names = ["anyone", "batch", "staff", "staff-writers"];
    for (caller, row) in MATRIX {
        let bearer = scene.bearer(caller);
        let answer = scene.ask(rest("GET/whoami", &bearer)).await.unwrap();
        for (agent, expected) in names.into_iter().zip(row) {
            for route in [
                format!("POST/agents/{agent}/invocations"),
                format!("GET/agents/{agent}/.well-known/agent-card.json"),
                format!("DELETE/agents/{agent}/conversations/one"),
            ] {
                let found = effect(&answer, &format!("{STAGE}/{route}"));
                assert_eq!(found, expected, "{caller} {route}");
            }
        }
    }
}

#[tokio::test]
async fn every_believed_caller_may_ask_who_they_are_and_for_unknown_agents_and_nothing_else() {
    use Effect::{Allow, Silent};
    let scene = Scene::new();
    let other_stage = STAGE.replace("/prod", "/test");
    let other_api = STAGE.replace("a1b2c3d4e5", "zzzzzzzzzz");
    let rows = [
        (format!("{STAGE}/GET/whoami"), Allow),
        // The proxy says 404 of these; a denial would say 403.
        (format!("{STAGE}/POST/agents/unknown/invocations"), Allow),
        (format!("{STAGE}/POST/agents/staf/invocations"), Allow),
        (format!("{STAGE}/POST/whoami"), Silent),
        (format!("{STAGE}/GET/whoami/more"), Silent),
        (format!("{STAGE}/POST/agents"), Silent),
        (format!("{STAGE}/GET/"), Silent),
        (format!("{STAGE}/$connect"), Silent),
        (format!("{other_stage}/GET/whoami"), Silent),
        (
            format!("{other_api}/POST/agents/anyone/invocations"),
            Silent,
        ),
    ];
    for (caller, _) in MATRIX {
        let bearer = scene.bearer(caller);
        let answer = scene.ask(rest("GET/whoami", &bearer)).await.unwrap();
        for (arn, expected) in &rows {
            assert_eq!(effect(&answer, arn), *expected, "{caller} {arn}");
        }
    }
}

#[tokio::test]
async fn the_answer_does_not_depend_on_the_route_that_was_asked_first() {
    let scene = Scene::new();
    for (caller, _) in MATRIX {
        let bearer = scene.bearer(caller);
        let first = scene
            .ask(rest("GET/whoami", &bearer))
            .await
            .unwrap()
            .to_string();
        for route in [
            "POST/agents/staff/invocations",
            "POST/agents/unknown/invocations",
            "POST/agents/../../*/invocations",
            "DELETE/",
            "GET/agents/batch/*",
        ] {
            let answer = scene.ask(rest(route, &bearer)).await.unwrap();
            assert_eq!(answer.to_string(), first, "{caller} {route}");
        }
    }
}

#[tokio::test]
async fn a_websocket_opens_for_whom_an_agent_admits() {
    let scene = Scene::new();
    let answer = scene
        .ask(rest("$connect", &scene.bearer("bob")))
        .await
        .unwrap();
    assert_eq!(effect(&answer, &format!("{STAGE}/$connect")), Effect::Allow);
    assert_eq!(
        effect(&answer, &format!("{STAGE}/GET/whoami")),
        Effect::Silent
    );

    let mut closed = agents();
    closed.as_object_mut().unwrap().remove("anyone");
    let scene = Scene::with(false, &json!({}), &closed);
    let answer = scene
        .ask(rest("$connect", &scene.bearer("bob")))
        .await
        .unwrap();
    assert_eq!(effect(&answer, &format!("{STAGE}/$connect")), Effect::Deny);
}

#[tokio::test]
async fn a_good_token_that_its_issuers_entry_refuses_may_call_nothing() {
    let scene = Scene::with(false, &json!({"allowedScopes": ["write"]}), &agents());
    let answer = scene
        .ask(rest("GET/whoami", &scene.bearer("bob")))
        .await
        .unwrap();
    for route in ["GET/whoami", "POST/agents/anyone/invocations", "$connect"] {
        assert_eq!(
            effect(&answer, &format!("{STAGE}/{route}")),
            Effect::Deny,
            "{route}"
        );
    }
    // It leads from the access log to the line that says why, and the proxy is told nothing of the caller.
    let context = answer["context"].as_object().unwrap();
    let names: Vec<&String> = context.keys().collect();
    assert_eq!(names, ["token_id"]);

    let answer = scene
        .ask(rest("GET/whoami", &scene.bearer("alice")))
        .await
        .unwrap();
    assert_eq!(
        effect(&answer, &format!("{STAGE}/GET/whoami")),
        Effect::Allow
    );
}

/// The most bytes of an authorizer's result ("Quotas for configuring and running a WebSocket API").
const MOST: usize = 8 * 1000;

/// So many agents with names of 63 characters, of which every other one admits staff and the others none of them.
fn many(count: usize) -> Value {
    let agents = (0..count).map(|place| {
        let group = if place % 2 == 0 { "staff" } else { "none" };
        let mut agent = agents()["staff"].clone();
        agent["allow"] = json!({"groups": [group]});
        (format!("{place:0>63}"), agent)
    });
    Value::Object(Map::from_iter(agents))
}

#[tokio::test]
async fn denials_that_there_is_no_room_for_are_left_to_the_proxy() {
    use Effect::{Allow, Deny, Silent};
    for (count, odd) in [(2, Deny), (20, Deny), (200, Allow), (2000, Allow)] {
        let scene = Scene::with(false, &json!({}), &many(count));
        let bearer = scene.bearer("alice");
        let answer = scene.ask(rest("GET/whoami", &bearer)).await.unwrap();
        assert!(answer.to_string().len() <= MOST, "{count}");
        let effect = |route: &str| effect(&answer, &format!("{STAGE}/{route}"));
        for place in [0, 1, count - 2, count - 1] {
            let route = format!("POST/agents/{place:0>63}/invocations");
            let expected = if place % 2 == 0 { Allow } else { odd };
            assert_eq!(effect(&route), expected, "{count} {route}");
        }
        // Nothing else changes: what no agent is called is for the proxy's 404, and the rest of the API stays shut.
        assert_eq!(effect("POST/agents/unknown/invocations"), Allow);
        assert_eq!(effect("GET/whoami"), Allow);
        for route in ["POST/whoami", "GET/", "POST/agents"] {
            assert_eq!(effect(route), Silent, "{count} {route}");
        }
        assert_eq!(answer["context"]["groups"], "[\"staff\",\"höchste\"]");
    }
}

#[tokio::test]
async fn an_answer_is_as_full_as_it_may_be() {
    // One agent more each time, until the denials are left out: the answer before was nearly full.
    let mut before = 0;
    for count in 1.. {
        let scene = Scene::with(false, &json!({}), &many(count));
        let bearer = scene.bearer("bob");
        let answer = scene.ask(rest("GET/whoami", &bearer)).await.unwrap();
        let statements = answer["policyDocument"]["Statement"].as_array().unwrap();
        if statements.len() == 1 {
            break;
        }
        before = answer.to_string().len();
        assert!(before <= MOST, "{count}");
    }
    assert!(before > MOST - 400, "{before}");
}

/// What answers say of a caller with these claims, by name.
async fn context(entry: &Value, claims: &Value) -> Map<String, Value> {
    let mut contexts = Vec::new();
    for is_simple in [false, true] {
        let scene = Scene::with(is_simple, entry, &agents());
        let bearer = format!("Bearer {}", scene.sign(claims));
        for route in ["GET/whoami", "$connect"] {
            let event = if is_simple {
                json!({
                    "version": "2.0",
                    "type": "REQUEST",
                    "routeArn": format!("{STAGE}/GET/whoami"),
                    "headers": {"authorization": bearer},
                })
            } else {
                rest(route, &bearer)
            };
            let answer = scene.ask(event).await.unwrap();
            assert!(answer.to_string().len() <= MOST, "{route}");
            // What is left out was there when the caller was judged.
            if is_simple {
                assert_eq!(answer["isAuthorized"], true);
            } else {
                let effect = effect(&answer, &format!("{STAGE}/{route}"));
                assert_eq!(effect, Effect::Allow, "{route}");
            }
            contexts.push(answer["context"].as_object().unwrap().clone());
        }
    }
    contexts.remove(0)
}

/// What a context may hold, and first what is left out of it, in this order.
const CONTEXT: [&str; 9] = [
    "groups",
    "scope",
    "client_id",
    "email",
    "exp",
    "issuer",
    "sub",
    "token_id",
    "username",
];

#[tokio::test]
async fn what_there_is_no_room_for_is_left_out_of_the_context() {
    // A sign of one letter that JSON within JSON makes five of; and letters of four bytes.
    let quotes = |count: usize| vec!["\""; count];
    let wide = "\u{10348}".repeat(255);
    let names = json!({"sub": wide, "username": wide, "email": wide, "email_verified": true});
    let by_subject =
        json!({"allowedClients": null, "allowedAudience": ["door"], "clientClaim": "sub"});
    let long = format!("https://issuer.example.com/{}", "i".repeat(2021));
    let by_long_name = with(by_subject.clone(), &json!({"issuer": long}));
    let scope = |count: usize| vec!["s"; count].join(" ");
    for (entry, more, left_out) in [
        (json!({}), json!({"username": "alice"}), 0),
        (
            json!({}),
            json!({"username": "alice", "groups": quotes(1000)}),
            1,
        ),
        (
            json!({}),
            with(names.clone(), &json!({"groups": quotes(400)})),
            1,
        ),
        (
            by_subject,
            with(names.clone(), &json!({"aud": "door", "scope": scope(1330)})),
            2,
        ),
        (
            by_long_name,
            with(
                names,
                &json!({"aud": "door", "iss": long, "scope": scope(300)}),
            ),
            2,
        ),
    ] {
        let context = context(&entry, &with(caller("alice"), &more)).await;
        let absent: Vec<&str> = CONTEXT
            .into_iter()
            .filter(|name| !context.contains_key(*name))
            .collect();
        assert_eq!(absent, CONTEXT[..left_out]);
    }
}

fn with(mut object: Value, more: &Value) -> Value {
    let members = object.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    object
}

#[tokio::test]
async fn resources_stay_within_what_api_gateway_takes() {
    let scene = Scene::new();
    let stage = "s".repeat(128);
    let mut event = rest("GET/whoami", &scene.bearer("bob"));
    let arn = STAGE.replace("/prod", &format!("/{stage}"));
    event["methodArn"] = format!("{arn}/GET/whoami").into();
    let answer = scene.ask(event).await.unwrap();
    let longest_name_more = 63 - "staff-writers".len();
    for statement in answer["policyDocument"]["Statement"].as_array().unwrap() {
        for resource in statement["Resource"].as_array().unwrap() {
            assert!(resource.as_str().unwrap().len() + longest_name_more <= 512);
        }
    }
}
