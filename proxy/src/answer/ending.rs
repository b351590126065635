//! Ends of an answer, and the last event of a stream in the words of its own protocol, so that every client of that
//! protocol reports it at once.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use shared::session::Conversation;

use crate::caller::dialect::{Dialect, INTERNAL_ERROR, RpcId, ascii};

shared::code_table! {
    /// How an answer ended: the stable name, in the last event and in the log, and what the caller is told of it.
    pub enum End;

    Complete    "ok"              "The agent finished"
    AgentCut    "agent_cut"       "The connection to the agent broke"
    AgentSilent "agent_silent"    "The agent sent nothing for too long"
    Denied      "denied"          "The door's operators have denied this"
    DenialsUnavailable "denials_unavailable" "It cannot be told at the moment whether this is denied"
    TooLong     "answer_too_long" "The answer is longer than the door can pass on"
    Deadline    "deadline"        "The time of this answer is over; the conversation goes on"
}

impl End {
    /// The type of the last event of a stream whose protocol is not known; none when the agent's own end is the end.
    const fn event(self) -> Option<&'static str> {
        match self {
            Self::Complete => None,
            Self::AgentCut
            | Self::AgentSilent
            | Self::Denied
            | Self::DenialsUnavailable
            | Self::TooLong => Some("gatehouse.error"),
            Self::Deadline => Some("gatehouse.resume"),
        }
    }

    /// Whether the agent has ended too. Where the door gives up first, the agent may work on: AgentCore does not tell a
    /// container that its caller hung up. A connection that breaks is taken for the container's end, which breaks it. Where
    /// the caller was shut out, the door ends the agent's session itself.
    pub const fn is_the_agents(self) -> bool {
        match self {
            Self::Complete | Self::AgentCut | Self::Denied | Self::DenialsUnavailable => true,
            Self::AgentSilent | Self::Deadline | Self::TooLong => false,
        }
    }
}

/// What is said at the end of an event stream, which depends on what the agent has said so far.
pub struct Words {
    dialect: Dialect,
    conversation: Option<Conversation>,
    /// What the agent on the plain route speaks, by what it has said so far.
    speech: Speech,
    /// The agent has said its last, whatever becomes of the connection.
    is_over: bool,
}

impl Words {
    /// For a caller who reads this.
    pub const fn new(dialect: Dialect, conversation: Option<Conversation>) -> Self {
        Self {
            dialect,
            conversation,
            speech: Speech::Unheard,
            is_over: false,
        }
    }

    /// Hears what is passed on: whole events, or a part of one that is too long to be looked into.
    pub fn hear(&mut self, events: &[u8]) {
        for line in events.split(|byte| matches!(byte, b'\n' | b'\r')) {
            let data = line.strip_prefix(b"data:");
            if let Some(data) = data.and_then(|data| std::str::from_utf8(data).ok()) {
                self.message(data);
            }
        }
    }

    /// One message: the data of an event, which the protocols' servers write on one line.
    fn message(&mut self, data: &str) {
        match &self.dialect {
            Dialect::Http => self.plain(data),
            Dialect::Mcp(id) => self.is_over |= answers(data, id),
            Dialect::A2a(_) => self.is_over |= is_terminal(data),
        }
    }

    /// One message of an agent on the plain route.
    fn plain(&mut self, data: &str) {
        match self.speech {
            Speech::Unheard if starts_ui_message(data) => self.speech = Speech::UiMessages,
            Speech::UiMessages => self.is_over |= ends_ui_message(data),
            Speech::Unheard | Speech::Plain | Speech::AgUi => {
                let run = run_of(data);
                self.is_over = run.map_or(self.is_over, |run| run == Run::Ends);
                self.speech = match (run, self.speech) {
                    (Some(_), _) | (None, Speech::AgUi) => Speech::AgUi,
                    (None, _) => Speech::Plain,
                };
            }
        }
    }

    /// The last event; none if the agent has ended, or has said its last: a second end is an error to AG-UI's client, and
    /// the id of a request that has been answered is unknown to MCP's.
    pub fn last(&self, end: End, request_id: &str) -> Option<String> {
        let event = end.event().filter(|_| !self.is_over)?;
        let code = end.code();
        let data = json!({"code": code, "request_id": request_id});
        let error = |id: &RpcId| id.error(INTERNAL_ERROR, end.sentence(), &data);
        Some(match (&self.dialect, self.speech) {
            // Some clients keep the name of the event before for one without.
            (Dialect::Mcp(id), _) => format!("event: message\ndata: {}\n\n", error(id)),
            (Dialect::A2a(id), _) => format!("data: {}\n\n", error(id)),
            (Dialect::Http, Speech::AgUi) => {
                let data = json!({"code": code, "message": end.sentence(), "type": "RUN_ERROR"});
                format!("data: {data}\n\n")
            }
            (Dialect::Http, Speech::UiMessages) => {
                let text = format!("{} ({code})", end.sentence());
                let data = json!({"errorText": text, "type": "error"});
                format!("data: {data}\n\ndata: {UI_DONE}\n\n")
            }
            (Dialect::Http, Speech::Unheard | Speech::Plain) => {
                let conversation = self.conversation.as_ref().map(Conversation::as_str);
                let data = json!({"code": code, "conversation_id": conversation, "request_id": request_id});
                format!("event: {event}\ndata: {}\n\n", ascii(&data.to_string()))
            }
        })
    }
}

/// What an agent on the plain route speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Speech {
    /// It has said nothing so far.
    Unheard,
    /// No protocol that is known here.
    Plain,
    /// Every run ends with an event that says so (AG-UI, "Events").
    AgUi,
    /// The AI SDK's UI message stream, whose messages have a part for errors (AI SDK, "Stream Protocols").
    UiMessages,
}

/// What follows the last part of a UI message stream (AI SDK, "Stream Protocols").
const UI_DONE: &str = "[DONE]";

/// Whether the first event of a stream begins a message of the AI SDK's. Its header says so too, but AgentCore passes on
/// no header of an agent's but the type. A part with any other member is not one of the AI SDK's.
fn starts_ui_message(data: &str) -> bool {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Start {
        #[serde(rename = "type")]
        kind: String,
        #[serde(rename = "messageId")]
        _id: Option<IgnoredAny>,
        #[serde(rename = "messageMetadata")]
        _metadata: Option<IgnoredAny>,
    }
    let start = serde_json::from_str::<Start>(data);
    start.is_ok_and(|start| start.kind == "start")
}

/// Whether a part ends its message: no other may follow.
fn ends_ui_message(data: &str) -> bool {
    #[derive(Deserialize)]
    struct Part<'p> {
        #[serde(borrow, rename = "type")]
        kind: Cow<'p, str>,
    }
    if data.trim() == UI_DONE {
        return true;
    }
    // Few parts are worth parsing.
    let may_end = ["\"abort\"", "\"error\"", "\"finish\""];
    may_end.iter().any(|kind| data.contains(kind))
        && serde_json::from_str::<Part<'_>>(data)
            .is_ok_and(|part| matches!(part.kind.as_ref(), "abort" | "error" | "finish"))
}

/// What an event of AG-UI means for its run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Run {
    Begins,
    Ends,
}

fn run_of(data: &str) -> Option<Run> {
    #[derive(Deserialize)]
    struct Event<'e> {
        #[serde(borrow, rename = "type")]
        kind: Cow<'e, str>,
    }
    // Few events are worth parsing.
    if !data.contains("\"RUN_") {
        return None;
    }
    let event: Event<'_> = serde_json::from_str(data).ok()?;
    match event.kind.as_ref() {
        "RUN_STARTED" => Some(Run::Begins),
        "RUN_FINISHED" | "RUN_ERROR" => Some(Run::Ends),
        _ => None,
    }
}

/// Whether a message of MCP answers the request of this id (JSON-RPC 2.0, 5).
fn answers(data: &str, id: &RpcId) -> bool {
    #[derive(Deserialize)]
    struct Response {
        id: RpcId,
        result: Option<IgnoredAny>,
        error: Option<IgnoredAny>,
    }
    let may_answer = data.contains("\"result\"") || data.contains("\"error\"");
    let response = may_answer.then(|| serde_json::from_str::<Response>(data).ok());
    let is_answer = |said: &Response| said.result.is_some() || said.error.is_some();
    response
        .flatten()
        .is_some_and(|said| is_answer(&said) && said.id == *id)
}

/// Whether a message of A2A is the last of its stream: an error, a whole message, or a task in a state that it stays in
/// (A2A 1.0, 3.1.2; before that the member `final` says so).
fn is_terminal(data: &str) -> bool {
    let may_end = [
        "\"error\"",
        "\"final\"",
        "\"message\"",
        "\"status\"",
        "TASK_STATE_",
    ];
    if !may_end.iter().any(|word| data.contains(word)) {
        return false;
    }
    let Ok(said) = serde_json::from_str::<Value>(data) else {
        return false;
    };
    let result = said.get("result").unwrap_or(&Value::Null);
    let is_final = result.get("final") == Some(&Value::Bool(true));
    let is_message = result.get("message").is_some_and(Value::is_object)
        || result.get("kind").is_some_and(|kind| kind == "message");
    let states = ["/statusUpdate/status/state", "/task/status/state"];
    let is_over = states
        .iter()
        .filter_map(|path| result.pointer(path)?.as_str())
        .any(|state| TERMINAL.contains(&state));
    said.get("error").is_some() || is_final || is_message || is_over
}

/// The states of a task that end its stream (A2A 1.0, 4.1.3).
const TERMINAL: [&str; 6] = [
    "TASK_STATE_AUTH_REQUIRED",
    "TASK_STATE_CANCELED",
    "TASK_STATE_COMPLETED",
    "TASK_STATE_FAILED",
    "TASK_STATE_INPUT_REQUIRED",
    "TASK_STATE_REJECTED",
];

#[cfg(test)]
mod tests;
