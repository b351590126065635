//! A WebSocket client of the Python world, at an address that the door hands out, to an agent of AgentCore's SDK.

use local::agentcore_runtime::{Operation, Protocol};
use local::stack::{AgentAuth, AgentSettings, Stack};
use serde_json::{Value, json};
use tests::{Python, PythonServer, chain, counted, journey, post};

/// The address for a new conversation of this caller's, as the door answers.
async fn address(stack: &Stack, token: &str) -> String {
    let route = format!("{}/agents/talker/websocket", stack.url());
    let answer = post(&route, Some(token), &json!({})).await.whole().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.json()["url"].as_str().unwrap().to_owned()
}

async fn talk(address: &str) -> Value {
    let report = journey("websocket_journey.py", &[address], "").await;
    report.unwrap()
}

#[tokio::test]
async fn it_talks_where_the_door_says_and_nowhere_else() {
    let (Some(server), Some(_)) = (
        PythonServer::start(Python::Agent, "websocket_agent.py", &[]),
        Python::Clients.find("`websocket_journey.py`"),
    ) else {
        return;
    };
    let stack = chain(vec![AgentSettings {
        name: "talker".to_owned(),
        url: server.url.clone(),
        protocol: Protocol::Http,
        auth: AgentAuth::Iam,
    }])
    .await;
    let [alice, bob] = ["alice", "bob"].map(|user| stack.issuer().access_token(user).unwrap());
    let (hers, his) = (address(&stack, &alice).await, address(&stack, &bob).await);
    let talked = talk(&hers).await;
    let call = stack.data_plane().calls().pop().unwrap();
    assert_eq!(call.operation, Operation::WebSocket);
    let session = &call.session_id;
    let heard = |text| json!({"heard": text, "session": session});
    assert_eq!(talked["heard"], json!([heard("good"), heard("day")]));
    let parameter = |url: &str, name: &str| {
        let url = url::Url::parse(url).unwrap();
        let mut pairs = url.query_pairs();
        let pair = pairs.find(|(key, _)| key.eq_ignore_ascii_case(name));
        pair.unwrap().1.into_owned()
    };
    for name in [
        "x-amzn-bedrock-agentcore-runtime-session-id",
        "x-amzn-bedrock-agentcore-runtime-user-id",
        "x-amz-expires",
        "x-amz-date",
    ] {
        let (from, to) = (parameter(&his, name), parameter(&hers, name));
        let to = if from == to { "1".repeat(to.len()) } else { to };
        let changed = url_with(&his, name, &to);
        assert_ne!(changed, his, "{name}");
        assert_eq!(talk(&changed).await, json!({"refused": 403}), "{name}");
    }
    assert_eq!(stack.data_plane().calls().len(), 1);
    stack.stop().await;
    counted("a WebSocket client at an address that the door hands out, and none that was changed");
}

/// The address with another value for one of its parameters.
fn url_with(address: &str, name: &str, value: &str) -> String {
    let mut url = url::Url::parse(address).unwrap();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let changed = pairs.into_iter().map(|(key, before)| {
        let value = if key.eq_ignore_ascii_case(name) {
            value.to_owned()
        } else {
            before
        };
        (key, value)
    });
    url.query_pairs_mut()
        .clear()
        .extend_pairs(changed.collect::<Vec<_>>());
    url.into()
}
