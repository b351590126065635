//! Tests of disabled authentication, and of every other value that keeps it enabled.

use serde_json::{Value, json};
use tests::{DEMO_ARN, FINANCE_ARN, ProxyRequest, Settings, Stack, claims, get, post};

use crate::world::World;

const WARNING: &str = "x-gatehouse-warning";

/// `demo` for anybody, `finance` for finance; neither asks for anything made of a caller's token.
fn agents() -> Value {
    json!({
        "demo": {"runtime": DEMO_ARN, "allow": {}},
        "finance": {"runtime": FINANCE_ARN, "allow": {"groups": ["finance"]}},
    })
}

fn open(settings: Settings) -> Settings {
    settings
        .with("ENABLE_AUTH", "false")
        .with("TRUSTED_ISSUERS", "")
        .with("AGENTS", &agents().to_string())
}

#[tokio::test]
async fn an_open_chain_answers_anybody_and_warns() {
    let agents = agents().to_string();
    let stack = Stack::start(&[("ENABLE_AUTH", "false"), ("AGENTS", &agents)]);
    let turn = json!({"prompt": "hello"});
    let agent = |name: &str| format!("{}/agents/{name}/invocations", stack.url);
    let answer = post(&agent("demo"), None, &turn).await.whole().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header(WARNING), "authentication is off");
    assert_eq!(answer.header("x-conversation-id").len(), 32);
    let whoami = get(&format!("{}/whoami", stack.url), None).await;
    assert_eq!(whoami.header(WARNING), "authentication is off");
    let whoami = whoami.json();
    assert_eq!(whoami["subject"], "anonymous", "{whoami}");
    assert_eq!(whoami["agents"], json!(["demo"]), "{whoami}");
    // An agent that asks for a right admits no caller here.
    let answer = post(&agent("finance"), None, &turn).await.whole().await;
    answer.assert_problem(403, "forbidden");
    assert!(stack.errors().contains("authentication is off"));
    stack.stop();
}

#[tokio::test]
async fn no_token_passes_an_open_door() {
    let world = World::with(open).await;
    let token = world.token(&claims());
    let turn = ProxyRequest::turn("demo", &token, "hello");
    let mut reply = world.proxy.call(&turn).await;
    let text = reply.text().await;
    assert_eq!(reply.status, 200, "{text}");
    let call = world.last_call();
    for (name, value) in &call.received {
        let value = String::from_utf8_lossy(value.as_bytes());
        assert!(!value.contains(&token), "{name}");
    }
    let authorization = call.received["authorization"].to_str().unwrap();
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 "));
    assert_eq!(call.user_id.as_deref(), Some("anonymous#anonymous"));
    let logs = world.proxy.logs();
    let warned = logs.iter().filter(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["level"] == "WARN" && line["message"].as_str().unwrap().contains("off")
    });
    assert_eq!(warned.count(), 1, "{logs:?}");
    world.stop().await;
}

#[tokio::test]
async fn any_other_word_keeps_the_door_shut() {
    for word in ["true", "False", "FALSE", " false", "0", "no", "off"] {
        let world = World::with(|settings| settings.with("ENABLE_AUTH", word)).await;
        let turn = ProxyRequest::turn("demo", "none", "hello").without("Authorization");
        let mut reply = world.proxy.call(&turn).await;
        assert!(!reply.headers.contains_key(WARNING), "{word}");
        reply.assert_problem(401, "unauthorized").await;
        world.stop().await;
    }
}
