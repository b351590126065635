//! The errors of a function: at its start, in place of an answer, within a streamed answer.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

use serde::Deserialize;
use serde_json::{Map, Value};

/// An error as a function posts it to the Runtime API.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "camelCase")]
pub struct FunctionError {
    /// The function's name for the kind of error.
    pub error_type: String,
    /// The text; API Gateway compares that of an authorizer with `Unauthorized`.
    pub error_message: String,
}

impl fmt::Display for FunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error_type, self.error_message)
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By a signal that was not ours, or in a way the system could not tell.
    Killed,
    /// By us: it passed its time limit.
    TimedOut,
    /// By us: the function was stopped.
    Stopped,
}

impl From<io::Result<ExitStatus>> for Exit {
    fn from(status: io::Result<ExitStatus>) -> Self {
        status
            .ok()
            .and_then(|status| status.code())
            .map_or(Self::Killed, Self::Code)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exited with code {code}"),
            Self::Killed => f.write_str("was killed"),
            Self::TimedOut => f.write_str("did not finish in time"),
            Self::Stopped => f.write_str("was stopped"),
        }
    }
}

/// A process that ended before its first poll.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InitFailure {
    /// How the process ended.
    pub exit: Exit,
    /// What it posted to `/runtime/init/error`, if it did.
    pub error: Option<FunctionError>,
}

impl fmt::Display for InitFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the process {} before its first poll", self.exit)?;
        self.error
            .as_ref()
            .map_or(Ok(()), |error| write!(f, " ({error})"))
    }
}

/// Why a function could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The process could not be made.
    #[error("start `{}`", binary.display())]
    Spawn {
        /// The program that was tried.
        binary: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The process was made, but never asked for an event.
    #[error("function `{name}`: {failure}{}", indented(log))]
    Init {
        /// The function.
        name: String,
        /// How the process ended.
        failure: InitFailure,
        /// What it had written until then, oldest line first.
        log: Vec<String>,
    },
}

impl StartError {
    /// The same, where the terminal has what the process wrote already.
    pub(crate) fn with_log_shown(self) -> Self {
        match self {
            Self::Init { name, failure, .. } => Self::Init {
                name,
                failure,
                log: vec!["its log lines above say why".to_owned()],
            },
            Self::Spawn { .. } => self,
        }
    }
}

fn indented(log: &[String]) -> String {
    let lines = log.iter().map(|line| format!("\n    {}", message(line)));
    lines.collect()
}

/// The object of a JSON line; any other line as a text.
fn message(line: &str) -> String {
    let members = serde_json::from_str::<Map<String, Value>>(line).ok();
    let message = members.as_ref().and_then(|members| members.get("message"));
    message.and_then(Value::as_str).unwrap_or(line).to_owned()
}

/// Why an invocation has no answer.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    /// The function answered with an error.
    #[error("{0}")]
    Function(FunctionError),
    /// The function passed its time limit; its process was ended.
    #[error("the function timed out")]
    TimedOut,
    /// The process ended during the invocation.
    #[error("the process {0}")]
    Crashed(Exit),
    /// The process asked for the next event without answering this one.
    #[error("the function polled again without an answer")]
    NoAnswer,
    /// A new process was needed and did not come up.
    #[error("{0}")]
    InitFailed(InitFailure),
    /// A new process was needed and could not be made.
    #[error("start a process")]
    Spawn(#[source] io::Error),
    /// All processes are busy and no more are allowed: Lambda's 429 `TooManyRequestsException`.
    #[error("the function is at its concurrency limit")]
    Throttled,
    /// The event is over 6 MB: Lambda's 413 `RequestTooLargeException`.
    #[error("the event is too large")]
    RequestTooLarge,
    /// The buffered answer is over 6 MB: Lambda's `Function.ResponseSizeTooLarge`.
    #[error("the answer is too large")]
    ResponseTooLarge,
    /// A streamed answer that does not begin with a well-formed prelude and its delimiter.
    #[error("the answer has no prelude: {0}")]
    Framing(&'static str),
    /// A streamed answer broke off before it was whole, or before its prelude was.
    #[error("the answer broke off")]
    Stream(#[source] StreamError),
}

/// Why a streamed answer broke off.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum StreamError {
    /// The function reported an error in the trailers of its answer.
    #[error("{0}")]
    Function(FunctionError),
    /// The function passed its time limit.
    #[error("the function timed out")]
    TimedOut,
    /// The process ended.
    #[error("the process {0}")]
    Crashed(Exit),
    /// The upload ended without its last chunk, and the process lives.
    #[error("the upload was cut")]
    Cut,
    /// More than 200 MB.
    #[error("the answer is too large")]
    TooLarge,
}

impl From<Exit> for StreamError {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::TimedOut => Self::TimedOut,
            Exit::Code(_) | Exit::Killed | Exit::Stopped => Self::Crashed(exit),
        }
    }
}
