//! An agent written with the `bedrock-agentcore` Python SDK, behind the door.

use std::time::Duration;

use bytes::Bytes;
use hyper::http::Request;
use serde_json::{Value, json};
use tests::{Python, PythonServer, Stack, Streaming, counted, post, send};

use crate::journey::password_token;

fn sdk_agent() -> Option<PythonServer> {
    PythonServer::start(Python::Agent, "sdk_agent.py", &[])
}

fn route(stack: &Stack) -> String {
    format!("{}/agents/demo/invocations", stack.url)
}

async fn turn(stack: &Stack, token: &str, conversation: &str, body: &Value) -> Streaming {
    let request = Request::post(route(stack))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .header("x-conversation-id", conversation)
        .body(Bytes::from(body.to_string()))
        .unwrap();
    send(request).await
}

async fn nobody_is_let_in(stack: &Stack) {
    let nobody = post(&route(stack), None, &json!({})).await;
    assert_eq!(nobody.status, 401);
}

#[tokio::test]
async fn an_sdk_agent_answers_through_the_door() {
    let Some(agent) = sdk_agent() else {
        return;
    };
    let stack = Stack::start(&[("AGENT_URL", &agent.url)]);
    let token = password_token(&stack, "bob").await;
    let whole = turn(&stack, &token, "one", &json!({"prompt": "hello ü"}))
        .await
        .whole()
        .await;
    assert_eq!(whole.status, 200, "{}", whole.text());
    assert_eq!(whole.header("content-type"), "application/json");
    let answer = whole.json();
    assert_eq!(answer["prompt"], "hello ü");
    let session = answer["session"].as_str().unwrap();
    assert_eq!(
        session.len(),
        64,
        "the door's session reaches the agent: {answer}"
    );
    let again = turn(&stack, &token, "one", &json!({}))
        .await
        .whole()
        .await
        .json();
    assert_eq!(
        again["session"], session,
        "the same conversation is the same session"
    );
    nobody_is_let_in(&stack).await;
    counted("a Python SDK agent answered JSON through the door");
}

#[tokio::test]
async fn an_sdk_agent_streams_through_the_door() {
    let Some(agent) = sdk_agent() else {
        return;
    };
    let stack = Stack::start(&[("AGENT_URL", &agent.url)]);
    let token = password_token(&stack, "bob").await;
    let events = turn(&stack, &token, "one", &json!({"pieces": 3})).await;
    assert_eq!(
        events.headers["content-type"],
        "text/event-stream; charset=utf-8"
    );
    let arrivals = events.arrivals().await;
    let text: Vec<u8> = arrivals
        .iter()
        .flat_map(|arrival| arrival.bytes.clone())
        .collect();
    let expected = "data: {\"piece\": 0}\n\ndata: {\"piece\": 1}\n\ndata: {\"piece\": 2}\n\n";
    assert_eq!(String::from_utf8(text).unwrap(), expected);
    let times: Vec<Duration> = arrivals.iter().map(|arrival| arrival.after).collect();
    assert!(
        times[times.len() - 1] - times[0] > Duration::from_millis(300),
        "{times:?}"
    );

    nobody_is_let_in(&stack).await;
    counted("a Python SDK agent answered events through the door");
}

/// What the SDK answers to a body that it has no use for is an error of the agent's, in the door's words.
#[tokio::test]
async fn an_sdk_agents_error_is_the_agents() {
    let Some(agent) = sdk_agent() else {
        return;
    };
    let stack = Stack::start(&[("AGENT_URL", &agent.url)]);
    let token = password_token(&stack, "bob").await;
    let failed = turn(&stack, &token, "one", &json!({"pieces": "many"}))
        .await
        .whole()
        .await;
    // The stream had begun: what the SDK says at its end passes as it is.
    assert_eq!(failed.status, 200);
    assert!(
        failed.text().contains("\"error_type\": \"TypeError\""),
        "{}",
        failed.text()
    );
    assert!(!failed.text().contains("gatehouse."), "{}", failed.text());
    let failed = post(&route(&stack), Some(&token), &json!([])).await;
    let failed = failed.whole().await;
    failed.assert_problem(502, "agent_failed");
}
