//! Tests of what is forwarded: no header, session or identity of the caller's own making.

use std::collections::BTreeSet;
use std::sync::Arc;

use local::agentcore_runtime::Call;
use proptest::collection::vec;
use proptest::prelude::{Strategy, prop_oneof};
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use tests::{ProxyRequest, claims, counted};

use crate::world::{World, bob};

/// What a caller's header must never bring to AgentCore.
const FORGED: &str = "forged-by-the-caller";

/// Header names by which a caller might speak for another user, to AgentCore or to the agent.
const DANGEROUS: [&str; 30] = [
    "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id",
    "x-amzn-bedrock-agentcore-runtime-session-id",
    "X_Amzn_Bedrock_AgentCore_Runtime_Session_Id",
    "X-Amzn-Bedrock-AgentCore-Runtime-User-Id",
    "X-AMZN-BEDROCK-AGENTCORE-RUNTIME-USER-ID",
    "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Identity",
    "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Tool-Token",
    "x_amzn_bedrock_agentcore_runtime_custom_identity",
    "X-Amz-Bedrock-AgentCore-Identity-WAT",
    "X-Amz-Security-Token",
    "X-Amz-Date",
    "X-Amz-Content-Sha256",
    "X-Amzn-RequestId",
    "WorkloadAccessToken",
    "workload_access_token",
    "OAuth2CallbackUrl",
    "Cookie",
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Real-IP",
    "X-Original-URL",
    "Host",
    "Proxy-Authorization",
    "Mcp-Session-Id",
    "Keep-Alive",
    "TE",
    "Upgrade",
    "User-Agent",
    "X-Anything-At-All",
];

/// The names of the headers of a request that the proxy itself makes: the SDK's, the signature's and AgentCore's.
const OURS: [&str; 15] = [
    "accept",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "authorization",
    "content-length",
    "content-type",
    "host",
    "user-agent",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-user-agent",
    "x-amzn-bedrock-agentcore-runtime-session-id",
    "x-amzn-bedrock-agentcore-runtime-user-id",
    "x-amzn-trace-id",
    "x-amz-content-sha256",
];

/// What a caller may add to them.
const PASSED_ON: [&str; 3] = ["baggage", "traceparent", "tracestate"];

fn assert_clean(call: &Call) {
    for (name, value) in &call.received {
        let known = OURS.contains(&name.as_str()) || PASSED_ON.contains(&name.as_str());
        assert!(known, "`{name}` reached AgentCore");
        let value = String::from_utf8_lossy(value.as_bytes());
        assert!(
            !value.contains(FORGED),
            "`{name}: {value}` reached AgentCore"
        );
    }
}

/// Everything but the body, which belongs to the caller.
async fn take(world: &World, request: &ProxyRequest) -> Call {
    let mut reply = world.proxy.call(request).await;
    let text = reply.text().await;
    assert_eq!(reply.status, 200, "{text}");
    world.last_call()
}

#[tokio::test]
async fn no_dangerous_header_of_the_callers_reaches_agentcore() {
    let world = World::start().await;
    let honest = take(
        &world,
        &world.turn("hello").header("X-Conversation-Id", "c"),
    )
    .await;
    for name in DANGEROUS {
        let request = world
            .turn("hello")
            .header("X-Conversation-Id", "c")
            .header(name, FORGED)
            .header(&name.to_ascii_lowercase(), FORGED);
        let call = take(&world, &request).await;
        assert_clean(&call);
        assert_eq!(call.session_id, honest.session_id, "{name}");
        assert_eq!(call.user_id, honest.user_id, "{name}");
        let names = call.received.keys();
        let more: Vec<_> = names
            .filter(|name| !honest.received.contains_key(*name))
            .collect();
        assert!(more.is_empty(), "{name} brought {more:?}");
    }
    counted(&format!(
        "{} dangerous headers kept from AgentCore",
        DANGEROUS.len()
    ));
    world.stop().await;
}

/// Whatever the name and whatever the value: what arrives is what the proxy sets, and the trace context.
#[test]
fn random_headers_bring_nothing_to_agentcore() {
    const CASES: u32 = 150;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = Arc::new(runtime.block_on(World::start()));
    let random = "[A-Za-z][A-Za-z0-9_.-]{0,40}";
    let name = prop_oneof![random, select(&DANGEROUS[..]).prop_map(str::to_owned)];
    let value = "[ -~]{0,40}".prop_map(|text| format!("{text}{FORGED}"));
    let not_ours_to_read = |name: &String| {
        let read = [
            "authorization",
            "content-type",
            "accept",
            "x-conversation-id",
            "connection",
        ];
        let name = name.to_ascii_lowercase();
        !read.contains(&name.as_str()) && !PASSED_ON.contains(&name.as_str())
    };
    let headers = vec(
        (name.prop_filter("not read", not_ours_to_read), value),
        1..8,
    );
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&headers, |headers| {
        let turn = world.turn("fail midway");
        let request = headers
            .iter()
            .fold(turn, |request, (name, value)| request.header(name, value));
        assert_clean(&runtime.block_on(take(&world, &request)));
        Ok(())
    });
    outcome.unwrap();
    counted(&format!(
        "{CASES} sets of random headers kept from AgentCore"
    ));
    let world = Arc::into_inner(world).unwrap();
    runtime.block_on(world.stop());
}

#[tokio::test]
async fn trace_context_travels_unless_connection_names_it() {
    let world = World::start().await;
    let traced = || {
        world
            .turn("hello")
            .header(
                "Traceparent",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            )
            .header("tracestate", "vendor=1")
            .header("baggage", "key=value")
    };
    let call = take(&world, &traced()).await;
    assert_eq!(call.received["tracestate"], "vendor=1");
    assert_eq!(call.received["baggage"], "key=value");
    assert!(call.received.contains_key("traceparent"));
    let call = take(
        &world,
        &traced().header("Connection", "close, Tracestate, BAGGAGE"),
    )
    .await;
    assert!(call.received.contains_key("traceparent"));
    assert!(!call.received.contains_key("tracestate"));
    assert!(!call.received.contains_key("baggage"));
    world.stop().await;
}

#[tokio::test]
async fn the_callers_token_stays_at_the_door() {
    let world = World::start().await;
    let token = world.token(&claims());
    let call = take(&world, &ProxyRequest::turn("demo", &token, "hello")).await;
    let signature = token.rsplit('.').next().unwrap();
    for (name, value) in call.received.iter().chain(&call.forwarded) {
        let value = String::from_utf8_lossy(value.as_bytes());
        assert!(!value.contains(signature), "`{name}` holds the token");
    }
    assert!(!call.forwarded.contains_key("authorization"));
    for line in world.proxy.logs() {
        for secret in [
            signature,
            "a secret of nobody",
            "a session of nobody",
            "hello",
        ] {
            assert!(!line.contains(secret), "{secret} in {line}");
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn a_session_belongs_to_one_caller_one_agent_and_one_conversation() {
    let world = World::start().await;
    let alice = world.token(&claims());
    let bob = world.token(&bob());
    let mut elsewhere = claims();
    elsewhere["sub"] = json!("another-alice");
    let another = world.token(&elsewhere);
    let mut sessions = BTreeSet::new();
    for (token, agent, conversation) in [
        (&alice, "demo", "one"),
        (&alice, "demo", "two"),
        (&alice, "finance", "one"),
        (&bob, "demo", "one"),
        (&another, "demo", "one"),
    ] {
        let request = ProxyRequest::turn(agent, token, "fail midway")
            .header("X-Conversation-Id", conversation);
        let first = take(&world, &request).await;
        let again = take(&world, &request).await;
        assert_eq!(first.session_id, again.session_id, "{agent} {conversation}");
        assert_eq!(first.user_id, again.user_id);
        assert_eq!(first.session_id.len(), 64);
        assert!(
            first
                .session_id
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit())
        );
        assert!(
            first
                .user_id
                .as_ref()
                .is_some_and(|id| (1..=128).contains(&id.len()))
        );
        assert!(
            sessions.insert(first.session_id),
            "{agent} {conversation}: a session is shared"
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn a_conversation_is_made_and_told_where_there_is_none() {
    let world = World::start().await;
    let first = world.take("fail midway").await.headers["x-conversation-id"].clone();
    let second = world.take("fail midway").await.headers["x-conversation-id"].clone();
    assert_ne!(first, second);
    let calls = world.plane.calls();
    assert_ne!(calls[0].session_id, calls[1].session_id);
    let request = world
        .turn("fail midway")
        .header("x-conversation-id", &first);
    let reply = world.proxy.call(&request).await;
    assert_eq!(reply.headers["x-conversation-id"], first);
    assert_eq!(
        world.last_call().session_id,
        calls[0].session_id,
        "it goes on"
    );
    for bad in ["", " ", "a b", "a/b", "é", &"x".repeat(129)] {
        let request = world.turn("hello").header("X-Conversation-Id", bad);
        let mut reply = world.proxy.call(&request).await;
        reply.assert_problem(400, "bad_conversation_id").await;
    }
    let twice = world
        .turn("hello")
        .header("X-Conversation-Id", "a")
        .header("x-conversation-id", "b");
    world
        .proxy
        .call(&twice)
        .await
        .assert_problem(400, "bad_conversation_id")
        .await;
    assert_eq!(world.plane.calls().len(), 3);
    world.stop().await;
}

#[tokio::test]
async fn an_answer_has_the_proxys_headers_and_no_other() {
    let world = World::start().await;
    let reply = world.take("hello").await;
    let names: Vec<&str> = reply.headers.keys().map(String::as_str).collect();
    let expected = [
        "cache-control",
        "content-type",
        "x-accel-buffering",
        "x-content-type-options",
        "x-conversation-id",
        "x-request-id",
    ];
    // Not among them: AgentCore's session, and the address by which a caller could go round the door.
    assert_eq!(names, expected);
    world.stop().await;
}
