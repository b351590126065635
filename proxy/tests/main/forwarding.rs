//! Tests of forwarding: which of a caller's headers reach AgentCore.

use proptest::prelude::*;
use serde_json::json;
use shared::settings::AGENTS;

use crate::agentcore::{DataPlane, Script};
use crate::caller::ARN;
use crate::door::{Door, INVOKE, ORIGIN};

/// Every header that a call to AgentCore has: the SDK's, and ours.
const FORWARDED: [&str; 15] = [
    "accept",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "authorization",
    "baggage",
    "content-length",
    "content-type",
    "host",
    "traceparent",
    "tracestate",
    "user-agent",
    "x-amz-date",
    "x-amz-user-agent",
    "x-amzn-bedrock-agentcore-runtime-session-id",
    "x-amzn-bedrock-agentcore-runtime-user-id",
];

fn hostile_name() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "X-Amzn-Bedrock-AgentCore-Runtime-User-Id",
        "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id",
        "x_amzn_bedrock_agentcore_runtime_user_id",
        "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Identity",
        "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Tool-Token",
        "X-Amz-Security-Token",
        "X-Amz-Date",
        "X-Amzn-Trace-Id",
        "WorkloadAccessToken",
        "OAuth2CallbackUrl",
        "Cookie",
        "Forwarded",
        "X-Forwarded-For",
        "Host",
        "User-Agent",
        "Content-Length",
        "Transfer-Encoding",
        "TE",
        "Mcp-Session-Id",
    ]);
    prop_oneof![
        known.prop_map(str::to_owned),
        "[a-zA-Z_-]{1,20}".prop_filter("has a meaning", |name| {
            ![
                "accept",
                "authorization",
                "baggage",
                "content-type",
                "traceparent",
                "tracestate",
            ]
            .contains(&name.to_ascii_lowercase().as_str())
        })
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What is forwarded never holds a header that the door did not set, whatever the caller sends.
    #[test]
    fn nothing_of_the_callers_is_forwarded(headers in prop::collection::vec((hostile_name(), "forged[a-z0-9, ]{0,20}"), 0..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let door = Door::open([Script::Json("{}")]).await;
            let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let got = door.invoke(&headers, "{}").await;
            assert_eq!(got.status, 200);
            let call = door.plane.calls().pop().unwrap();
            for (name, value) in &call.headers {
                let name = name.as_str();
                assert!(FORWARDED.contains(&name), "{name} was forwarded");
                assert!(!value.to_str().unwrap().contains("forged"), "{name} holds the caller's text");
            }
            assert_eq!(call.headers["x-amzn-bedrock-agentcore-runtime-user-id"], "https://issuer.example#alice-1");
        });
    }
}

#[tokio::test]
async fn an_agent_gets_the_headers_that_its_operator_lists() {
    let listed =
        json!({"runtime": ARN, "allow": {}, "forwardHeaders": ["X-Tenant", "Last-Event-ID"]});
    let agents = json!({"demo": listed, "other": {"runtime": ARN, "allow": {}}}).to_string();
    let scripts = [Script::Json("{}"), Script::Json("{}")];
    let door = Door::over(DataPlane::start(scripts).await, &[(AGENTS, &agents)]).await;
    let token = door.alice();
    let headers = [
        ("authorization", token.as_str()),
        ("x-tenant", "blue"),
        ("last-event-id", "7"),
        ("x-other", "stays"),
        ("x-amzn-bedrock-agentcore-runtime-session-id", "forged"),
    ];
    for (agent, expected) in [("demo", Some("blue")), ("other", None)] {
        let path = format!("/agents/{agent}/invocations");
        assert_eq!(door.ask("POST", &path, &headers, "{}").await.status, 200);
        let call = door.plane.calls().pop().unwrap();
        let sent = |name: &str| call.headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(sent("x-tenant"), expected);
        assert_eq!(sent("last-event-id"), expected.map(|_| "7"));
        assert_eq!(sent("x-other"), None);
        assert_ne!(
            sent("x-amzn-bedrock-agentcore-runtime-session-id"),
            Some("forged")
        );
    }
}

#[tokio::test]
async fn a_page_may_send_what_an_operator_lists() {
    let listed = json!({"runtime": ARN, "allow": {}, "forwardHeaders": ["X-Tenant"]});
    let agents = json!({"demo": listed}).to_string();
    let door = Door::over(DataPlane::start([]).await, &[(AGENTS, &agents)]).await;
    let asked = [
        ("origin", ORIGIN),
        (
            "access-control-request-headers",
            "x-tenant,x-other,mcp-param-region",
        ),
    ];
    let got = door.ask("OPTIONS", INVOKE, &asked, "").await;
    let allowed = got.header("access-control-allow-headers").unwrap();
    let allowed: Vec<&str> = allowed.split(", ").collect();
    assert!(allowed.contains(&"x-tenant") && allowed.contains(&"mcp-param-region"));
    assert!(!allowed.contains(&"x-other"), "{allowed:?}");
}
