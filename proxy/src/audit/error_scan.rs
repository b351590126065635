//! Errors within an agent's answer, read for the log as it passes: the agent failed after its answer had begun, or a
//! policy refused a tool. Nothing is kept back for it, and nothing of an agent's text is kept.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

/// The longest message that is looked into, in bytes. Those that count are a sentence or a stack trace long.
const MAX_MESSAGE: usize = 16 * 1024;

shared::code_table! {
    /// What was heard.
    pub enum Heard;

    Unauthorized       "unauthorized"           "AG-UI: the platform takes the door's call for unauthorized"
    AccessDenied       "access_denied"          "AG-UI: the platform denies access"
    Validation         "validation_error"       "AG-UI: the request is not valid to the platform"
    RateLimit          "rate_limit_exceeded"    "AG-UI: the platform takes no more requests at the moment"
    Quota              "service_quota_exceeded" "AG-UI: a quota is used up"
    SessionBusy        "session_busy"           "AG-UI: the session has another run"
    Internal           "internal_error"         "AG-UI: the platform failed"
    Agent              "agent_error"            "AG-UI: the agent failed"
    Run                "run_error"              "AG-UI: the run failed, for a reason of the agent's own"
    Sdk                "sdk_error"              "AgentCore's SDK: the agent raised an error"
    PolicyDenied       "policy_denied"          "a policy denied the call of a tool"
    PolicyFailed       "policy_failed"          "the policies could not be evaluated, so the call of a tool was denied"
}

impl Heard {
    /// Whether it is of a tool's call, and not of the agent.
    pub const fn is_of_tool(self) -> bool {
        match self {
            Self::PolicyDenied | Self::PolicyFailed => true,
            Self::Unauthorized
            | Self::AccessDenied
            | Self::Validation
            | Self::RateLimit
            | Self::Quota
            | Self::SessionBusy
            | Self::Internal
            | Self::Agent
            | Self::Run
            | Self::Sdk => false,
        }
    }

    /// Reads one message: an event's data, or a whole answer.
    fn in_message(message: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(message).ok()?;
        // Few messages are worth parsing.
        let is_worth_it = |word: &&str| text.contains(word);
        [RUN_ERROR, ERROR_TYPE, DENIED, NOT_EVALUATED]
            .iter()
            .find(|word| is_worth_it(word))?;
        let Message {
            kind,
            code,
            error,
            error_type,
            result,
        } = serde_json::from_str(text).ok()?;
        if kind.as_deref() == Some(RUN_ERROR) {
            return Some(Self::of_run(code.as_deref().unwrap_or_default()));
        }
        if error.is_some() && error_type.is_some() {
            return Some(Self::Sdk);
        }
        let result = result.filter(|result| result.is_error)?;
        let texts = result
            .content
            .iter()
            .filter_map(|part| part.text.as_deref());
        texts.into_iter().find_map(|text| {
            if text.starts_with(DENIED) {
                Some(Self::PolicyDenied)
            } else if text.starts_with(NOT_EVALUATED) {
                Some(Self::PolicyFailed)
            } else {
                None
            }
        })
    }

    /// The codes of AG-UI's error events ("AG-UI protocol contract", Amazon Bedrock AgentCore Developer Guide).
    fn of_run(code: &str) -> Self {
        match code {
            "UNAUTHORIZED" => Self::Unauthorized,
            "ACCESS_DENIED" => Self::AccessDenied,
            "VALIDATION_ERROR" => Self::Validation,
            "RATE_LIMIT_EXCEEDED" => Self::RateLimit,
            "SERVICE_QUOTA_EXCEEDED" => Self::Quota,
            "SESSION_BUSY" => Self::SessionBusy,
            "INTERNAL_ERROR" => Self::Internal,
            "AGENT_ERROR" => Self::Agent,
            _ => Self::Run,
        }
    }
}

/// The type of AG-UI's error event.
const RUN_ERROR: &str = "RUN_ERROR";
/// A member of the error event of AgentCore's SDK for Python.
const ERROR_TYPE: &str = "error_type";
/// How a gateway begins the text of a result that its policies denied ("Use an AgentCore Gateway with Policy").
const DENIED: &str = "AuthorizeActionException";
/// The same, of policies that could not be evaluated.
const NOT_EVALUATED: &str = "InternalServerException - Policy evaluation failed";

/// A message, as far as it matters here: AG-UI's, the SDK's, or JSON-RPC's. One whose members are of other types is none.
#[derive(Deserialize)]
struct Message<'m> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Cow<'m, str>>,
    #[serde(borrow, default)]
    code: Option<Cow<'m, str>>,
    #[serde(default)]
    error: Option<IgnoredAny>,
    #[serde(default)]
    error_type: Option<IgnoredAny>,
    #[serde(borrow, default)]
    result: Option<ToolResult<'m>>,
}

/// The result of a tool's call (MCP, "Tools").
#[derive(Deserialize)]
struct ToolResult<'m> {
    #[serde(default, rename = "isError")]
    is_error: bool,
    #[serde(borrow, default)]
    content: Vec<Content<'m>>,
}

#[derive(Deserialize)]
struct Content<'m> {
    #[serde(borrow, default)]
    text: Option<Cow<'m, str>>,
}

/// Listens to an answer as it passes.
pub struct Listener {
    form: Framing,
    /// What was heard first.
    heard: Option<Heard>,
    /// The line, or the document, so far; empty if there is too much of it.
    buffer: Vec<u8>,
    is_too_long: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// A message is the data of one line, as AG-UI, MCP and the SDK write them.
    Events,
    /// The whole is one message.
    Document,
}

impl Listener {
    /// Listens to server-sent events.
    pub const fn to_events() -> Self {
        Self::to(Framing::Events)
    }

    /// Listens to a JSON document.
    pub const fn to_document() -> Self {
        Self::to(Framing::Document)
    }

    const fn to(form: Framing) -> Self {
        Self {
            form,
            heard: None,
            buffer: Vec::new(),
            is_too_long: false,
        }
    }

    /// Hears a piece of the answer.
    pub fn hear(&mut self, piece: &[u8]) {
        match self.form {
            Framing::Document => self.keep(piece),
            Framing::Events => {
                for part in piece.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
                    match part.split_last() {
                        Some((b'\n' | b'\r', line)) => {
                            self.keep(line);
                            self.close();
                        }
                        Some(_) | None => self.keep(part),
                    }
                }
            }
        }
    }

    /// What was heard in an answer that is over.
    pub fn end(&mut self) -> Option<Heard> {
        self.close();
        self.heard
    }

    fn keep(&mut self, bytes: &[u8]) {
        let length = self.buffer.len().saturating_add(bytes.len());
        if length > MAX_MESSAGE {
            self.is_too_long = true;
            self.buffer.clear();
        }
        if !self.is_too_long {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The line or document is complete.
    fn close(&mut self) {
        if self.heard.is_none() && !self.is_too_long {
            let message = match self.form {
                Framing::Document => Some(self.buffer.as_slice()),
                Framing::Events => self.buffer.strip_prefix(b"data:"),
            };
            self.heard = message.and_then(Heard::in_message);
        }
        self.buffer.clear();
        self.is_too_long = false;
    }
}

#[cfg(test)]
mod tests;
