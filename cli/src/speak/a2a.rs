//! Turns with agents that speak A2A: one message by JSON-RPC, in the version that the agent's card offers (1.0 or 0.3).

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::log::line::shown;
use crate::speak::agent::{Agent, Answer};
use crate::speak::problem::Problem;
use crate::speak::random;
use crate::speak::said::{Failed, Said};
use crate::speak::show::{Show, Stop};

const PATH: &str = "/a2a";
const CARD: &str = "/.well-known/agent-card.json";

/// The members of an agent's card that this tool uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Card {
    /// Version 1.0, rather than 0.3.
    is_new: bool,
    streams: bool,
}

/// A conversation in A2A's own terms.
pub(crate) struct Talk {
    card: Card,
    /// The agent's name of the conversation, once it gave one.
    context: Option<String>,
}

impl Card {
    fn read(card: &Value) -> Self {
        let interfaces = card.get("supportedInterfaces").and_then(Value::as_array);
        let mut versions = interfaces
            .into_iter()
            .flatten()
            .filter_map(|one| one.get("protocolVersion"));
        let streams = card.pointer("/capabilities/streaming");
        Self {
            is_new: versions
                .any(|version| version.as_str().is_some_and(|text| text.starts_with("1."))),
            streams: streams == Some(&Value::Bool(true)),
        }
    }

    const fn method(self) -> &'static str {
        match (self.is_new, self.streams) {
            (true, true) => "SendStreamingMessage",
            (true, false) => "SendMessage",
            (false, true) => "message/stream",
            (false, false) => "message/send",
        }
    }

    fn request(self, text: &str, context: Option<&str>) -> Result<Value, Failure> {
        let mut message = if self.is_new {
            json!({"parts": [{"text": text}], "role": "ROLE_USER"})
        } else {
            json!({"kind": "message", "parts": [{"kind": "text", "text": text}], "role": "user"})
        };
        if let Some(members) = message.as_object_mut() {
            members.insert("messageId".to_owned(), json!(random::text()?));
            members.extend(context.map(|context| ("contextId".to_owned(), json!(context))));
        }
        Ok(
            json!({"id": 1, "jsonrpc": "2.0", "method": self.method(), "params": {"message": message}}),
        )
    }
}

impl Talk {
    /// Reads the agent's card.
    pub(crate) async fn open(agent: &mut Agent) -> Result<Self, Failure> {
        let answer = agent
            .web
            .get(&agent.at(CARD)?, Some(&agent.session.token))
            .await?;
        let card = answer
            .json()
            .filter(|card| answer.is_good() && card.is_object());
        let card = card.ok_or_else(|| {
            Problem::of(&answer).failure(&format!("the card of `{}`", agent.name))
        })?;
        Ok(Self {
            card: Card::read(&card),
            context: None,
        })
    }

    /// Another conversation.
    pub(crate) fn forget(&mut self) {
        self.context = None;
    }

    /// One turn.
    pub(crate) async fn turn(
        &mut self,
        agent: &mut Agent,
        text: &str,
        show: &mut Show<'_>,
    ) -> Result<(), Stop> {
        let request = self.card.request(text, self.context.as_deref())?;
        let version = if self.card.is_new { "1.0" } else { "0.3" };
        let response = agent
            .send(PATH, &[("a2a-version", version)], &request)
            .await?;
        let mut answer = Answer::new(response, agent.at(PATH)?);
        while let Some(event) = answer.next().await? {
            let message = serde_json::from_str::<Value>(&event.data).map_err(|_| {
                Failure::unreachable(
                    "the agent's answer is no JSON-RPC",
                    "ask the agent's author",
                )
            })?;
            show.raw(&event.name, &message)?;
            for said in self.said(&message) {
                show.said(said)?;
            }
        }
        show.end(&agent.conversation)
    }

    /// The content of a JSON-RPC message.
    fn said(&mut self, message: &Value) -> Vec<Said> {
        if let Some(error) = message.get("error") {
            return vec![Said::Failed(rpc_error(error))];
        }
        let Some(result) = message.get("result") else {
            return Vec::new();
        };
        // Version 1.0 wraps what is of one kind in a member of its name; 0.3 says `kind`.
        let kinds = ["message", "task", "statusUpdate", "artifactUpdate"];
        let wrapped = kinds
            .iter()
            .find_map(|kind| result.get(*kind).filter(|inner| inner.is_object()));
        // A task of 0.3 has no such member, and its status may have a message.
        let inner = match result.get("kind") {
            Some(_) => result,
            None => wrapped.unwrap_or(result),
        };
        let context = inner.get("contextId").and_then(Value::as_str);
        if let Some(context) = context {
            self.context = Some(context.to_owned());
        }
        let mut said = Vec::new();
        let artifacts = inner.get("artifacts").and_then(Value::as_array);
        let artifacts = artifacts.into_iter().flatten().chain(inner.get("artifact"));
        for parts in artifacts.map(|artifact| artifact.get("parts")) {
            said.extend(texts(parts));
        }
        said.extend(texts(inner.get("parts")));
        let words = texts(inner.pointer("/status/message/parts"));
        match inner.pointer("/status/state").and_then(Value::as_str) {
            Some(state) if is_failure(state) => said.push(Said::Failed(Failed {
                code: None,
                message: failure(state, &words),
                request_id: None,
            })),
            _ => said.extend(words),
        }
        said
    }
}

/// A JSON-RPC error, the agent's or the door's.
pub(crate) fn rpc_error(error: &Value) -> Failed {
    let text = |pointer: &str| error.pointer(pointer).and_then(Value::as_str).map(shown);
    Failed {
        code: text("/data/code"),
        message: text("/message").unwrap_or_else(|| "the agent failed".to_owned()),
        request_id: text("/data/request_id"),
    }
}

fn is_failure(state: &str) -> bool {
    let state = state.strip_prefix("TASK_STATE_").unwrap_or(state);
    [
        "failed",
        "rejected",
        "canceled",
        "auth-required",
        "auth_required",
    ]
    .iter()
    .any(|failure| state.eq_ignore_ascii_case(failure))
}

fn failure(state: &str, words: &[Said]) -> String {
    let words = words.iter().filter_map(|said| match said {
        Said::Text(text) => Some(shown(text.trim())),
        Said::Tool(_) | Said::Failed(_) => None,
    });
    let words: Vec<String> = words.collect();
    let colon = if words.is_empty() { "" } else { ": " };
    format!(
        "the task ended as `{}`{colon}{}",
        shown(state),
        words.join(" ")
    )
}

/// Each part with text is a line: agents send whole sentences or words.
fn texts(parts: Option<&Value>) -> Vec<Said> {
    let parts = parts.and_then(Value::as_array).into_iter().flatten();
    let texts = parts.filter_map(|part| part.get("text").and_then(Value::as_str));
    texts.map(|text| Said::Text(format!("{text}\n"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(card: &Value) -> Talk {
        Talk {
            card: Card::read(card),
            context: None,
        }
    }

    #[test]
    fn the_version_is_the_cards() {
        for (card, method) in [
            (
                json!({"capabilities": {"streaming": true}, "protocolVersion": "0.3.0"}),
                "message/stream",
            ),
            (json!({"protocolVersion": "0.3.0"}), "message/send"),
            (
                json!({"capabilities": {"streaming": true}, "supportedInterfaces": [{"protocolVersion": "0.3"}, {"protocolVersion": "1.0"}]}),
                "SendStreamingMessage",
            ),
            (
                json!({"supportedInterfaces": [{"protocolVersion": "1.0"}]}),
                "SendMessage",
            ),
        ] {
            let request = Card::read(&card).request("hello", Some("c")).unwrap();
            assert_eq!(request["method"], method);
            assert_eq!(request["params"]["message"]["contextId"], "c");
            assert_eq!(request["params"]["message"]["parts"][0]["text"], "hello");
        }
    }

    #[test]
    fn both_versions_are_read() {
        let text = |text: &str| vec![Said::Text(format!("{text}\n"))];
        for (result, expected) in [
            (
                json!({"message": {"contextId": "c", "parts": [{"text": "a"}]}}),
                text("a"),
            ),
            (
                json!({"kind": "message", "contextId": "c", "parts": [{"kind": "text", "text": "a"}]}),
                text("a"),
            ),
            (
                json!({"artifactUpdate": {"contextId": "c", "artifact": {"parts": [{"text": "a"}]}}}),
                text("a"),
            ),
            (
                json!({"kind": "artifact-update", "contextId": "c", "artifact": {"parts": [{"text": "a"}]}}),
                text("a"),
            ),
            (
                json!({"statusUpdate": {"contextId": "c", "status": {"state": "TASK_STATE_COMPLETED", "message": {"parts": [{"text": "a"}]}}}}),
                text("a"),
            ),
            (
                json!({"kind": "task", "contextId": "c", "status": {"state": "completed"}, "artifacts": [{"parts": [{"text": "a"}]}]}),
                text("a"),
            ),
            (
                json!({"task": {"contextId": "c", "status": {"state": "TASK_STATE_WORKING"}}}),
                Vec::new(),
            ),
        ] {
            let mut talk = talk(&json!({}));
            assert_eq!(
                talk.said(&json!({"id": 1, "result": result})),
                expected,
                "{result}"
            );
            assert_eq!(talk.context.as_deref(), Some("c"));
        }
    }

    #[test]
    fn failures_are_told() {
        for message in [
            json!({"error": {"code": -32603, "message": "m", "data": {"code": "agent_cut"}}}),
            json!({"result": {"statusUpdate": {"status": {"state": "TASK_STATE_FAILED"}}}}),
            json!({"result": {"kind": "status-update", "status": {"state": "auth-required"}}}),
        ] {
            let said = talk(&json!({})).said(&message);
            assert!(matches!(&said[..], [Said::Failed(_)]), "{said:?}");
        }
    }
}
