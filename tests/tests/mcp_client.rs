//! The official MCP client, through the door to servers of the official SDK.

use bytes::Bytes;
use hyper::http::Request;
use local::agentcore_runtime::{Fault, Operation, Protocol};
use local::stack::{AgentAuth, AgentSettings, Stack};
use serde_json::{Value, json};
use tests::{Answer, Python, PythonServer, chain, counted, journey, send};

/// A server that keeps no state, one that does, and the first again behind a runtime that takes tokens.
struct Servers {
    stateless: PythonServer,
    stateful: PythonServer,
}

impl Servers {
    fn start() -> Option<Self> {
        let start = |kind| PythonServer::start(Python::Clients, "mcp_server.py", &[kind]);
        Some(Self {
            stateless: start("stateless")?,
            stateful: start("stateful")?,
        })
    }

    fn agents(&self) -> Vec<AgentSettings> {
        let agents = [
            ("stateless", &self.stateless, AgentAuth::Iam),
            ("stateful", &self.stateful, AgentAuth::Iam),
            ("bearer", &self.stateless, AgentAuth::Jwt),
        ];
        let agents = agents.map(|(name, server, auth)| AgentSettings {
            name: name.to_owned(),
            url: server.url.clone(),
            protocol: Protocol::Mcp,
            auth,
        });
        agents.into()
    }
}

fn at(stack: &Stack, agent: &str) -> String {
    format!("{}/agents/{agent}/mcp", stack.url())
}

#[tokio::test]
async fn it_lists_calls_and_follows_progress() {
    let Some(servers) = Servers::start() else {
        return;
    };
    let stack = chain(servers.agents()).await;
    let token = stack.issuer().access_token("alice").unwrap();
    for (agent, mode, protocol) in [
        ("stateless", "legacy", "2025-11-25"),
        ("stateless", "auto", "2026-07-28"),
        ("stateful", "legacy", "2025-11-25"),
        ("bearer", "legacy", "2025-11-25"),
    ] {
        let arguments = [at(&stack, agent), mode.to_owned()];
        let seen = journey("mcp_journey.py", &arguments, &token).await.unwrap();
        assert_eq!(seen["protocol"], protocol, "{agent}: {seen}");
        assert_eq!(seen["tools"], json!(["add", "count", "fail", "session"]));
        assert_eq!(
            (&seen["sum"], &seen["failed"]),
            (&json!("42"), &json!(true))
        );
        assert_eq!(seen["counted"], "counted to 4");
        assert_eq!(seen["progress"], json!([1.0, 2.0, 3.0, 4.0]));
        // Three pauses of 200 ms lie between the first and the last.
        assert!(seen["spread"].as_f64().unwrap() > 0.4, "it streams: {seen}");
    }
    let stopped = stack.data_plane().calls().into_iter();
    let stopped = stopped.filter(|call| call.operation == Operation::Stop);
    assert!(
        stopped.count() >= 1,
        "a client that closes its session ends it"
    );
    stack.stop().await;
    counted(
        "the official MCP client at stateless and stateful servers, signed and with its own token",
    );
}

#[tokio::test]
async fn it_is_told_at_once_that_its_answer_broke_off() {
    let Some(servers) = Servers::start() else {
        return;
    };
    let stack = chain(servers.agents()).await;
    let token = stack.issuer().access_token("alice").unwrap();
    stack.data_plane().inject(Fault::CutAfter(30));
    let arguments = ["mcp".to_owned(), at(&stack, "stateful")];
    let told = journey("cut_off.py", &arguments, &token).await.unwrap();
    assert_eq!(told["text"], "The connection to the agent broke", "{told}");
    assert_eq!(told["code"], -32603, "{told}");
    assert_eq!(told["data"]["code"], "agent_cut", "{told}");
    stack.stop().await;
    counted("the official MCP client, told of an answer that broke off");
}

#[tokio::test]
async fn policies_decide_what_it_sees_and_does() {
    let stack = chain(Vec::new()).await;
    let mut seen = Vec::new();
    for user in ["alice", "bob"] {
        let token = stack.issuer().access_token(user).unwrap();
        let arguments = [at(&stack, "tools")];
        let Some(report) = journey("mcp_tools.py", &arguments, &token).await else {
            return;
        };
        seen.push(report);
    }
    let [alice, bob] = &seen[..] else {
        panic!("two reports")
    };
    let refund = json!("billing___refund");
    let sees = |report: &Value| report["tools"].as_array().unwrap().contains(&refund);
    assert!(sees(alice) && !sees(bob), "{alice} {bob}");
    assert_eq!(alice["small"]["is_error"], false, "{alice}");
    for denied in [&alice["large"], &bob["small"]] {
        assert_eq!(denied["is_error"], true, "{denied}");
        let text = denied["text"].as_str().unwrap();
        assert!(text.starts_with("AuthorizeActionException"), "{text}");
    }
    stack.stop().await;
    counted("the official MCP client at the gateway, for alice and for bob");
}

/// One message, by hand.
async fn say(door: &str, token: &str, session: Option<&str>, message: &Value) -> Answer {
    let request = Request::post(door)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2025-11-25");
    let request = match session {
        Some(session) => request.header("mcp-session-id", session),
        None => request,
    };
    let body = Bytes::from(message.to_string());
    send(request.body(body).unwrap()).await.whole().await
}

#[tokio::test]
async fn a_session_is_its_users_alone() {
    let Some(servers) = Servers::start() else {
        return;
    };
    let stack = chain(servers.agents()).await;
    let [alice, bob] = ["alice", "bob"].map(|user| stack.issuer().access_token(user).unwrap());
    let door = at(&stack, "stateful");
    let initialize = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "capabilities": {},
        "clientInfo": {"name": "by hand", "version": "1"},
        "protocolVersion": "2025-11-25",
    }});
    let list = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"});
    let opened = say(&door, &bob, None, &initialize).await;
    assert_eq!(opened.status, 200, "{}", opened.text());
    let session = opened.header("mcp-session-id").to_owned();
    let begun = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    assert_eq!(say(&door, &bob, Some(&session), &begun).await.status, 202);
    assert_eq!(say(&door, &bob, Some(&session), &list).await.status, 200);
    let servers_own = stack
        .data_plane()
        .calls()
        .pop()
        .unwrap()
        .mcp_session_id
        .unwrap();
    assert_ne!(
        servers_own, session,
        "the server's own id stays behind the door"
    );
    let before = stack.data_plane().calls().len();
    for (token, agent, session) in [
        (&alice, "stateful", session.as_str()),
        (&alice, "stateful", &servers_own),
        (&bob, "stateful", &servers_own),
        (&bob, "stateless", &session),
        (&bob, "stateful", &tests::alter(&session, session.len() / 2)),
    ] {
        let answer = say(&at(&stack, agent), token, Some(session), &list).await;
        assert_eq!(answer.status, 404, "{agent}: {}", answer.text());
    }
    assert_eq!(
        stack.data_plane().calls().len(),
        before,
        "none of it got past the door"
    );
    assert_eq!(say(&door, &bob, Some(&session), &list).await.status, 200);
    stack.stop().await;
}

/// All the client knows is the address of an agent and its own client id.
#[tokio::test]
async fn it_finds_out_where_tokens_come_from() {
    let stack = chain(Vec::new()).await;
    let (issuer, door) = (stack.issuer(), at(&stack, "tools"));
    let arguments = [door.as_str(), issuer.console_client(), "alice"];
    let password = issuer.password("alice").unwrap();
    let Some(seen) = journey("mcp_sign_in.py", &arguments, password).await else {
        return;
    };
    assert_eq!(seen["resource"], door, "a token for this resource: {seen}");
    let tools = seen["tools"].as_array().unwrap();
    assert!(tools.contains(&json!("billing___refund")), "{seen}");
    stack.stop().await;
    counted("the official MCP client found its authorization server by itself");
}
