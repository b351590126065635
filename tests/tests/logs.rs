//! Tests of the access-log line of a request.

use serde_json::{Value, json};
use tests::{Lambda, ProxyRequest, claims};

use crate::world::World;

/// The last line of the log that says so, as JSON.
async fn line(proxy: &Lambda, says: &str) -> Value {
    serde_json::from_str(&proxy.until_logged(says).await).unwrap()
}

#[tokio::test]
async fn a_request_is_told_in_one_line() {
    let world = World::start().await;
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = world.turn("hello").header("traceparent", parent);
    let mut reply = world.proxy.call(&request).await;
    let bytes = reply.text().await.len();
    let call = world.last_call();
    let line = line(&world.proxy, "\"answered invocations").await;
    for (name, expected) in [
        ("level", json!("INFO")),
        ("route", json!("invocations")),
        ("agent", json!("demo")),
        ("status", json!(200)),
        ("outcome", json!("ok")),
        ("upstream_status", json!(200)),
        ("upstream_request_id", json!(call.request_id)),
        ("bytes", json!(bytes)),
        ("request_bytes", json!("{\"prompt\":\"hello\"}".len())),
        ("w3c_trace_id", json!("0af7651916cd43dd8448eb211c80319c")),
        ("request_id", json!(reply.headers["x-request-id"])),
    ] {
        assert_eq!(line[name], expected, "{name}: {line}");
    }
    assert!(
        line["first_byte_ms"].as_f64() < line["duration_ms"].as_f64(),
        "{line}"
    );
    // AgentCore is told the trace that Lambda gave, and the caller's.
    let header = call.received["x-amzn-trace-id"].to_str().unwrap();
    let trace = line["trace_id"].as_str().unwrap();
    assert!(
        header.contains(&format!("Root={trace}")),
        "{header} {trace}"
    );
    assert_eq!(call.received["traceparent"], parent);
    world.stop().await;
}

#[tokio::test]
async fn an_agents_error_within_its_answer_is_the_outcome() {
    let world = World::start().await;
    let text = world.take("fail midway").await.text().await;
    assert!(
        text.contains("\"error_type\""),
        "it passes unchanged: {text}"
    );
    let line = line(&world.proxy, "\"answered invocations").await;
    assert_eq!(
        (
            &line["level"],
            &line["status"],
            &line["outcome"],
            &line["agent_error"]
        ),
        (
            &json!("WARN"),
            &json!(200),
            &json!("agent_error"),
            &json!("sdk_error")
        ),
        "{line}"
    );
    let words: Value = text
        .lines()
        .filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok())
        .find(|event: &Value| event.get("error").is_some())
        .unwrap();
    let logged = world.proxy.logs().concat();
    assert!(
        !logged.contains(words["error"].as_str().unwrap()),
        "{logged}"
    );
    let metric = world.proxy.logs().into_iter().rev();
    let mut metric = metric.filter(|line| line.contains("\"_aws\""));
    let metric: Value = serde_json::from_str(&metric.next().unwrap()).unwrap();
    assert_eq!(metric["outcome"], "agent_error", "{metric}");
    world.stop().await;
}

#[tokio::test]
async fn whoever_tries_out_agents_is_named() {
    let world = World::start().await;
    let token = format!("Bearer {}", world.token(&claims()));
    for (path, reason) in [
        ("/agents/nobody/invocations", "unknown_agent"),
        ("/agents/demo/a2a", "wrong_protocol"),
    ] {
        let request = ProxyRequest::new("POST", path).header("Authorization", &token);
        let reply = world.proxy.call(&request).await;
        let line = line(&world.proxy, &format!("\"reason\":\"{reason}\"")).await;
        for (name, expected) in [
            ("outcome", json!("refused")),
            ("action", json!(format!("POST {path}"))),
            ("subject", claims()["sub"].clone()),
            ("issuer", claims()["iss"].clone()),
            ("request_id", json!(reply.headers["x-request-id"])),
        ] {
            assert_eq!(line[name], expected, "{name}: {line}");
        }
        assert!(line["token_id"].is_string(), "{line}");
    }
    let logs = world.proxy.logs().concat();
    assert!(!logs.contains("\"allowed\""), "{logs}");
    world.stop().await;
}
