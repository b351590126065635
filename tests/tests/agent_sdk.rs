//! An agent written with the `bedrock-agentcore` Python SDK, behind the door.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use hyper::http::Request;
use serde_json::{Value, json};
use tests::{Stack, Streaming, counted, post, send, skipped};

use crate::journey::password_token;

/// A Python agent. Dropping it ends it.
struct PythonAgent {
    process: Child,
    url: String,
}

impl PythonAgent {
    /// Nothing where there is no Python with the SDK.
    fn start() -> Option<Self> {
        let python = python();
        if !python.is_file() {
            skipped(&format!(
                "the Python SDK's agent, because `{}` is not there (`make unit` installs it)",
                python.display()
            ));
            return None;
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("agents/sdk_agent.py");
        let mut process = Command::new(python)
            .arg(script)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // Its log; what matters of it comes through the door.
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let port = line.trim_end().strip_prefix("listening on ").unwrap();
        let url = format!("http://127.0.0.1:{port}");
        Some(Self { process, url })
    }
}

impl Drop for PythonAgent {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.process.kill();
        let _status = self.process.wait();
    }
}

/// The Python that `make` has installed the SDK for.
#[expect(
    clippy::disallowed_methods,
    reason = "asks about the test run, not about a function"
)]
fn python() -> PathBuf {
    std::env::var_os("AGENT_PYTHON").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/agent/bin/python"),
        PathBuf::from,
    )
}

async fn turn(stack: &Stack, token: &str, conversation: &str, body: &Value) -> Streaming {
    let request = Request::post(format!("{}/agents/demo/invocations", stack.url))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .header("x-conversation-id", conversation)
        .body(Bytes::from(body.to_string()))
        .unwrap();
    send(request).await
}

#[tokio::test]
async fn an_sdk_agent_answers_through_the_door() {
    let Some(agent) = PythonAgent::start() else {
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
    let nobody = post(
        &format!("{}/agents/demo/invocations", stack.url),
        None,
        &json!({}),
    )
    .await;
    assert_eq!(nobody.status, 401);
    counted("a Python SDK agent answered JSON through the door");
}

#[tokio::test]
async fn an_sdk_agent_streams_through_the_door() {
    let Some(agent) = PythonAgent::start() else {
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

    let nobody = post(
        &format!("{}/agents/demo/invocations", stack.url),
        None,
        &json!({}),
    )
    .await;
    assert_eq!(nobody.status, 401);
    counted("a Python SDK agent answered events through the door");
}

/// What the SDK answers to a body it cannot read is an error of the agent's, in the door's words.
#[tokio::test]
async fn an_sdk_agents_error_is_the_agents() {
    let Some(agent) = PythonAgent::start() else {
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
    let request = Request::post(format!("{}/agents/demo/invocations", stack.url))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Bytes::from_static(b"{\"prompt\":"))
        .unwrap();
    let failed = send(request).await.whole().await;
    failed.assert_problem(502, "agent_failed");
}
