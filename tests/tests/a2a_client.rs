//! The official A2A client, through the door to an agent of the official SDK.

use local::agentcore_runtime::{Fault, Operation, Protocol};
use local::stack::{AgentAuth, AgentSettings};
use serde_json::json;
use tests::{Python, PythonServer, chain, counted, journey};

#[tokio::test]
async fn it_finds_the_card_and_speaks_and_listens() {
    let Some(server) = PythonServer::start(Python::Clients, "a2a_agent.py", &[]) else {
        return;
    };
    let agent = |name: &str, auth| AgentSettings {
        name: name.to_owned(),
        url: server.url.clone(),
        protocol: Protocol::A2a,
        auth,
    };
    let agents = vec![
        agent("echo", AgentAuth::Iam),
        agent("bearer", AgentAuth::Jwt),
    ];
    let stack = chain(agents).await;
    let token = stack.issuer().access_token("alice").unwrap();
    // Every address that the documents give.
    for (agent, given) in [("echo", "/"), ("echo", "/a2a"), ("bearer", "")] {
        let base = format!("{}/agents/{agent}", stack.url());
        let address = format!("{base}{given}");
        let seen = journey("a2a_journey.py", &[&address], &token)
            .await
            .unwrap();
        assert_eq!(seen["name"], "echo");
        assert_eq!(
            seen["urls"],
            json!([format!("{base}/a2a")]),
            "only the door's"
        );
        assert_eq!(seen["said"], json!(["you said: good day"]));
        assert_eq!(
            seen["words"],
            json!(["", "one", "two", "three", "that is all"])
        );
        // Three pauses of 200 ms lie between the first and the last.
        assert!(seen["spread"].as_f64().unwrap() > 0.3, "it streams: {seen}");
    }
    let calls = stack.data_plane().calls();
    assert!(calls.iter().any(|call| call.operation == Operation::Card));
    stack.stop().await;
    counted("the official A2A client: card, message and stream, signed and with its own token");
}

#[tokio::test]
async fn it_is_told_at_once_that_its_answer_broke_off() {
    let Some(server) = PythonServer::start(Python::Clients, "a2a_agent.py", &[]) else {
        return;
    };
    let agent = AgentSettings {
        name: "echo".to_owned(),
        url: server.url.clone(),
        protocol: Protocol::A2a,
        auth: AgentAuth::Iam,
    };
    let stack = chain(vec![agent]).await;
    let token = stack.issuer().access_token("alice").unwrap();
    stack.data_plane().inject(Fault::CutAfter(30));
    let address = format!("{}/agents/echo/a2a", stack.url());
    let told = journey("cut_off.py", &["a2a", address.as_str()], &token)
        .await
        .unwrap();
    assert_eq!(told["text"], "The connection to the agent broke", "{told}");
    stack.stop().await;
    counted("the official A2A client, told of an answer that broke off");
}
