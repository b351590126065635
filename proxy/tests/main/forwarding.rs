//! Tests of forwarding: which of a caller's headers reach AgentCore.

use proptest::prelude::*;

use crate::agentcore::Script;
use crate::door::Door;

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
