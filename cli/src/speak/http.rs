//! Turns with agents that speak HTTP: a prompt, a body of the caller's, or AG-UI's input.

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::speak::agent::{Agent, Answer};
use crate::speak::random;
use crate::speak::said::Reader;
use crate::speak::show::{Show, Stop};

const PATH: &str = "/invocations";

/// The form that most of AgentCore's samples take.
pub(crate) fn prompt(text: &str) -> Value {
    json!({"prompt": text})
}

/// AG-UI's `RunAgentInput`.
pub(crate) fn run_input(conversation: &str, text: &str) -> Result<Value, Failure> {
    Ok(json!({
        "context": [],
        "forwardedProps": {},
        "messages": [{"content": text, "id": random::text()?, "role": "user"}],
        "runId": random::text()?,
        "state": {},
        "threadId": conversation,
        "tools": [],
    }))
}

/// One turn.
pub(crate) async fn turn(agent: &mut Agent, body: &Value, show: &mut Show<'_>) -> Result<(), Stop> {
    let response = agent.send(PATH, &[], body).await?;
    let mut answer = Answer::new(response, agent.at(PATH)?);
    let mut reader = Reader::default();
    while let Some(event) = answer.next().await? {
        let data = serde_json::from_str(&event.data);
        show.raw(&event.name, &data.unwrap_or_else(|_| json!(event.data)))?;
        for said in reader.event(&event) {
            show.said(said)?;
        }
    }
    show.end(&agent.conversation)
}
