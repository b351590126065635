//! Tests of hijacking: each thing of another user's that a caller can name, in each place where a caller can put it.
//!
//! Alice has a conversation. Bob knows everything of it: its name, the session and the user id that AgentCore has for it.
//! What reached AgentCore and the agent is the evidence.

use bytes::Bytes;
use hyper::http::Request;
use hyper::http::request::Builder;
use local::agentcore_gateway::ToolCall;
use local::agentcore_runtime::{Call, Protocol};
use local::stack::{AgentAuth, AgentSettings, Stack};
use serde_json::{Value, json};
use tests::{Answer, Python, PythonServer, chain, counted, send};

const SESSION: &str = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id";
const POLICY_SESSION: &str = "X-Amzn-Bedrock-AgentCore-Policy-Session-Id";
const USER: &str = "X-Amzn-Bedrock-AgentCore-Runtime-User-Id";
/// The name of Alice's conversation, which Bob uses too.
const OURS: &str = "ours";

/// What Bob knows of Alice, and who he is himself.
struct Scene {
    stack: Stack,
    alice: Call,
    /// His own turn in a conversation of the same name, without any trick.
    bob: Call,
    token: String,
}

impl Scene {
    async fn start() -> Self {
        let stack = chain(Vec::new()).await;
        let [alice, token] =
            ["alice", "bob"].map(|user| stack.issuer().access_token(user).unwrap());
        let honest = async |token: &str| {
            let request = turn(&stack, token).header("x-conversation-id", OURS);
            assert_eq!(finish(request, &prompt()).await.status, 200);
            stack.data_plane().calls().pop().unwrap()
        };
        let (alice, bob) = (honest(&alice).await, honest(&token).await);
        assert_ne!(alice.session_id, bob.session_id);
        assert_ne!(alice.user_id, bob.user_id);
        assert_ne!(alice.compute, bob.compute);
        Self {
            stack,
            alice,
            bob,
            token,
        }
    }

    /// Everything of Alice's that Bob can name.
    fn loot(&self) -> Vec<String> {
        let user = self.alice.user_id.clone().unwrap();
        let subject = user.split_once('#').unwrap().1.to_owned();
        vec![self.alice.session_id.clone(), user, subject]
    }

    /// Bob's turn in the conversation, to be bent.
    fn turn(&self) -> Builder {
        turn(&self.stack, &self.token).header("x-conversation-id", OURS)
    }

    /// Checks that Bob was Bob, in his own session, and that nothing of Alice's came along in a header.
    fn assert_bob(&self, call: &Call, what: &str) {
        assert_eq!(call.session_id, self.bob.session_id, "{what}");
        assert_eq!(call.user_id, self.bob.user_id, "{what}");
        assert_eq!(call.compute, self.bob.compute, "{what}");
        assert_eq!(call.runtime, self.bob.runtime, "{what}");
        for (name, value) in call.received.iter().chain(&call.forwarded) {
            let value = String::from_utf8_lossy(value.as_bytes());
            for loot in self.loot() {
                assert!(!value.contains(&loot), "{what}: `{name}: {value}`");
            }
        }
    }

    /// Takes a bent turn. If it is a turn at all, it is Bob's.
    async fn take(&self, request: Builder, body: &Value, what: &str) -> bool {
        let before = self.stack.data_plane().calls().len();
        let answer = finish(request, body).await;
        let calls = self.stack.data_plane().calls();
        if answer.status == 200 {
            self.assert_bob(calls.last().unwrap(), what);
            return true;
        }
        assert!(answer.status.is_client_error(), "{what}: {}", answer.status);
        assert_eq!(calls.len(), before, "{what}");
        false
    }
}

fn prompt() -> Value {
    json!({"prompt": "fail midway"})
}

fn turn(stack: &Stack, token: &str) -> Builder {
    at(stack, token, "POST", "/agents/demo/invocations")
}

fn at(stack: &Stack, token: &str, method: &str, path: &str) -> Builder {
    Request::builder()
        .method(method)
        .uri(format!("{}{path}", stack.url()))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
}

async fn finish(request: Builder, body: &Value) -> Answer {
    let request = request.body(Bytes::from(body.to_string())).unwrap();
    send(request).await.whole().await
}

/// A header's name as it stands, and as others might read it.
fn spellings(name: &str) -> [String; 4] {
    [
        name.to_owned(),
        name.to_ascii_uppercase(),
        name.replace('-', "_"),
        name.to_ascii_lowercase().replace('-', "_"),
    ]
}

/// Headers by which AgentCore, its gateways or its SDKs identify a user, a session or a workload.
const NAMES: [&str; 16] = [
    SESSION,
    USER,
    "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Identity",
    "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Tool-Token",
    "X-Amzn-Bedrock-AgentCore-Policy-Session-Id",
    "X-Amzn-Bedrock-AgentCore-Gateway-Domain",
    "X-Amz-Bedrock-AgentCore-Identity-WAT",
    "Mcp-Session-Id",
    "WorkloadAccessToken",
    "OAuth2CallbackUrl",
    "X-Session-Id",
    "X-User-Id",
    "X-Forwarded-User",
    "X-Original-URL",
    "X-HTTP-Method-Override",
    "Cookie",
];

#[tokio::test]
async fn no_header_of_the_callers_leads_to_another_user() {
    let scene = Scene::start().await;
    let mut count = 0;
    for name in NAMES {
        for spelling in spellings(name) {
            for loot in scene.loot() {
                let request = scene.turn().header(&spelling, &loot);
                assert!(scene.take(request, &prompt(), &spelling).await);
                count += 1;
            }
        }
    }
    // Named by `Connection`, a header might be lost on the way, and another take its place.
    for token in [
        "close, x-conversation-id",
        "authorization",
        "x-amzn-bedrock-agentcore-runtime-session-id",
        "x-amzn-bedrock-agentcore-runtime-user-id, x-amz-security-token",
    ] {
        let request = scene.turn().header("connection", token);
        let loot = &scene.loot()[0];
        let request = request.header(SESSION, loot).header(USER, loot);
        scene.take(request, &prompt(), token).await;
        count += 1;
    }
    counted(&format!("{count} headers that lead to no other user"));
    scene.stack.stop().await;
}

#[tokio::test]
async fn no_conversation_query_or_body_of_the_callers_leads_to_another_user() {
    let scene = Scene::start().await;
    for loot in scene.loot() {
        // What looks like a session is the name of a conversation of his own; what is no name is refused.
        let turn = turn(&scene.stack, &scene.token).header("x-conversation-id", &loot);
        let answer = finish(turn, &prompt()).await;
        if answer.status == 200 {
            let call = scene.stack.data_plane().calls().pop().unwrap();
            assert_ne!(call.session_id, scene.alice.session_id);
            assert_eq!(call.user_id, scene.bob.user_id);
        } else {
            answer.assert_problem(400, "bad_conversation_id");
        }
        let both = scene.turn().header("x-conversation-id", &loot);
        assert!(!scene.take(both, &prompt(), "two conversations").await);
        for name in [SESSION, USER, "runtimeSessionId", "qualifier", "accountId"] {
            let value: String = url::form_urlencoded::byte_serialize(loot.as_bytes()).collect();
            let path = format!("/agents/demo/invocations?{name}={value}");
            let request = at(&scene.stack, &scene.token, "POST", &path);
            let request = request.header("x-conversation-id", OURS);
            assert!(scene.take(request, &prompt(), name).await, "{name}");
        }
        let body = json!({"prompt": "fail midway", "runtimeSessionId": loot, "runtimeUserId": loot, "sessionId": loot,
            "user_id": loot, "sub": loot, SESSION: loot, "headers": {SESSION: loot, USER: loot}});
        assert!(scene.take(scene.turn(), &body, "body").await);
    }
    scene.stack.stop().await;
}

#[tokio::test]
async fn no_path_leads_to_another_users_conversation() {
    let scene = Scene::start().await;
    let (session, user) = (&scene.alice.session_id, &scene.loot()[2]);
    for path in [
        format!("/agents/demo/conversations/{OURS}"),
        format!("/agents/demo/conversations/{session}"),
        format!("/agents/demo/conversations/{user}"),
        format!("/agents/demo/conversations/{OURS}?{USER}={user}"),
        format!("/agents/demo/conversations/x/../{OURS}"),
        format!("/agents/demo/conversations/{OURS}%2f..%2f{session}"),
        format!("/agents/finance/conversations/{OURS}"),
    ] {
        let request = at(&scene.stack, &scene.token, "DELETE", &path);
        let request = request.header(SESSION, session).header(USER, user);
        let answer = finish(request, &json!({"runtimeSessionId": session})).await;
        let is_settled = answer.status == 204 || answer.status.is_client_error();
        assert!(is_settled, "{path}: {}", answer.status);
    }
    let stopped = scene.stack.data_plane().calls();
    let of_alice = stopped.iter().filter(|call| call.session_id == *session);
    assert_eq!(
        of_alice.count(),
        1,
        "but for her own turn, nobody came to her session"
    );
    // She goes on where she was.
    let alice = scene.stack.issuer().access_token("alice").unwrap();
    let turn = turn(&scene.stack, &alice).header("x-conversation-id", OURS);
    assert_eq!(finish(turn, &prompt()).await.status, 200);
    let call = scene.stack.data_plane().calls().pop().unwrap();
    assert_eq!(call.compute, scene.alice.compute);
    scene.stack.stop().await;
}

#[tokio::test]
async fn no_address_of_a_websocket_leads_to_another_user() {
    let scene = Scene::start().await;
    let (session, user) = (
        &scene.alice.session_id,
        scene.alice.user_id.as_deref().unwrap(),
    );
    let path = format!("/agents/demo/websocket?{SESSION}={session}");
    let request = at(&scene.stack, &scene.token, "POST", &path)
        .header("x-conversation-id", OURS)
        .header(SESSION, session)
        .header(USER, user);
    let answer = finish(
        request,
        &json!({"runtimeSessionId": session, "conversation": session}),
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let address = url::Url::parse(answer["url"].as_str().unwrap()).unwrap();
    let values = |name: &str| {
        let pairs = address.query_pairs();
        let values = pairs.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        values
            .map(|(_, value)| value.into_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(values(SESSION), [scene.bob.session_id.as_str()]);
    assert_eq!(values(USER), [scene.bob.user_id.as_deref().unwrap()]);
    scene.stack.stop().await;
}

/// A call of a tool in the conversation, to be bent.
fn tool(stack: &Stack, token: &str, query: &str) -> Builder {
    at(stack, token, "POST", &format!("/agents/tools/mcp{query}"))
        .header("x-conversation-id", OURS)
        .header("accept", "application/json, text/event-stream")
}

/// Calls it, and tells what the gateway saw.
async fn call_tool(stack: &Stack, request: Builder, more: &Value) -> ToolCall {
    let before = stack.tools().calls().len();
    let mut parameters = json!({"name": "notices___read", "arguments": {"topic": "canteen"}});
    parameters["_meta"] = more.clone();
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": parameters});
    let answer = finish(request, &message).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut calls = stack.tools().calls();
    assert_eq!(calls.len(), before + 1);
    calls.pop().unwrap()
}

#[tokio::test]
async fn no_policy_session_of_the_callers_is_another_users() {
    let stack = chain(Vec::new()).await;
    let [alice, bob] = ["alice", "bob"].map(|user| stack.issuer().access_token(user).unwrap());
    let none = json!({});
    let alices = call_tool(&stack, tool(&stack, &alice, ""), &none).await;
    let honest = call_tool(&stack, tool(&stack, &bob, ""), &none).await;
    let loot = alices.policy_session.unwrap();
    let own = honest.policy_session.unwrap();
    assert_ne!(own, loot);
    let mut count = 0;
    let mut bent = Vec::new();
    for name in [POLICY_SESSION, SESSION, USER] {
        for spelling in spellings(name) {
            let request = tool(&stack, &bob, "").header(&spelling, &loot);
            bent.push((spelling, request, none.clone()));
        }
        let request = tool(&stack, &bob, &format!("?{name}={loot}"));
        bent.push((format!("?{name}"), request, none.clone()));
        let request = tool(&stack, &bob, "").header("connection", name);
        let request = request.header(name, &loot);
        bent.push((format!("connection: {name}"), request, none.clone()));
        let said = json!({"headers": {name: loot}, name: loot, "sub": "alice"});
        bent.push((format!("body {name}"), tool(&stack, &bob, ""), said));
    }
    for (what, request, more) in bent {
        let call = call_tool(&stack, request, &more).await;
        assert_eq!(call.policy_session.as_ref(), Some(&own), "{what}");
        assert_eq!(call.claims["user_id"], honest.claims["user_id"], "{what}");
        count += 1;
    }
    stack.stop().await;
    counted(&format!(
        "{count} ways to another's policy session that lead to one's own"
    ));
}

const CARD: &str = "/agents/echo/.well-known/agent-card.json";

/// Bob's requests for a card, each with something that might make it another's.
fn bent_cards(stack: &Stack, token: &str, alices_session: &str) -> Vec<(&'static str, Builder)> {
    let user = stack.issuer().subject("alice").unwrap();
    let foreign = "http://elsewhere.example/";
    let honest = || at(stack, token, "GET", CARD);
    let asked = |query: String| at(stack, token, "GET", &format!("{CARD}?{query}"));
    vec![
        ("a session", honest().header(SESSION, alices_session)),
        ("a user", honest().header(USER, user)),
        (
            "a session in the query",
            asked(format!("{SESSION}={alices_session}")),
        ),
        ("an address in the query", asked(format!("url={foreign}"))),
        ("a host", honest().header("host", "elsewhere.example")),
        (
            "a host before it",
            honest().header("x-forwarded-host", "elsewhere.example"),
        ),
        (
            "a standard one",
            honest().header("forwarded", "host=elsewhere.example"),
        ),
        ("an address", honest().header("x-original-url", foreign)),
    ]
}

#[tokio::test]
async fn no_card_leads_round_the_door_or_to_another_user() {
    let Some(server) = PythonServer::start(Python::Clients, "a2a_agent.py", &[]) else {
        return;
    };
    let stack = chain(vec![AgentSettings {
        name: "echo".to_owned(),
        url: server.url.clone(),
        protocol: Protocol::A2a,
        auth: AgentAuth::Iam,
    }])
    .await;
    let [alice, bob] = ["alice", "bob"].map(|user| stack.issuer().access_token(user).unwrap());
    let fetch = async |request: Builder| {
        let answer = finish(request, &Value::Null).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        (answer.json(), stack.data_plane().calls().pop().unwrap())
    };
    let (_, alices) = fetch(at(&stack, &alice, "GET", CARD)).await;
    let (honest, bobs) = fetch(at(&stack, &bob, "GET", CARD)).await;
    assert_ne!(alices.session_id, bobs.session_id);
    for (what, request) in bent_cards(&stack, &bob, &alices.session_id) {
        let (shown, call) = fetch(request).await;
        assert_eq!(shown, honest, "{what}");
        assert_eq!(call.session_id, bobs.session_id, "{what}");
        assert_eq!(call.user_id, bobs.user_id, "{what}");
    }
    let shown = honest.to_string();
    assert!(shown.contains(stack.url()), "{shown}");
    assert!(!shown.contains(&server.url), "{shown}");
    stack.stop().await;
}
