//! The answer to a request, written once it is over: who called what, how it ended, how much and how long.

use std::time::Duration;

use tracing::{Level, event};

use super::schema::{SCHEMA, loggable};
use crate::log::{RequestIds, millis};

/// One request and its answer.
pub struct Answer<'a> {
    pub ids: &'a RequestIds,
    pub route: &'static str,
    pub agent: Option<&'a str>,
    pub caller: Option<&'a Caller>,
    /// The tool that is called, where messages of MCP are.
    pub tool: Option<&'a str>,
    pub status: u16,
    pub outcome: &'static str,
    pub upstream: &'a Upstream,
    /// The code of the error that the agent reported within its answer.
    pub agent_error: Option<&'static str>,
    pub traces: &'a Traces,
    pub duration: Duration,
    pub first_byte: Option<Duration>,
    pub request_bytes: u64,
    pub bytes: u64,
}

/// Who asked, once they are let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub issuer: String,
    pub subject: String,
    pub token_id: String,
}

impl Caller {
    /// The token's id; the guest of a door that asks for no token has none.
    pub(super) fn token_id(&self) -> Option<&str> {
        Some(self.token_id.as_str()).filter(|id| !id.is_empty())
    }
}

/// What the agent's platform said, for an operator who takes it up with AWS.
#[derive(Debug, Default)]
pub struct Upstream {
    pub status: Option<u16>,
    pub request_id: Option<String>,
    /// The name of its error, or what kept the call from it.
    pub detail: Option<String>,
    /// In how many seconds it may be asked again, if it said so.
    pub retry_after: Option<u64>,
}

/// The traces that a request belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// The root of AWS X-Ray's trace: `1-67891233-abcdef012345678912345678`.
    pub root: Option<String>,
    pub from: Option<TraceFrom>,
    /// The trace id of the caller's `traceparent`: 32 hexadecimal digits.
    pub parent: Option<String>,
}

/// Who chose the root of the trace, as far as that can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceFrom {
    /// The caller: the time in it is not the request's.
    Caller,
    /// API Gateway, or a caller who wrote the present time into it.
    Unproven,
}

impl TraceFrom {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Unproven => "unproven",
        }
    }
}

impl Answer<'_> {
    /// Writes the one line of a request: at `WARN` if there is something for an operator to see.
    pub fn write(&self) {
        let Self {
            route,
            status,
            outcome,
            upstream,
            traces,
            caller,
            ..
        } = self;
        macro_rules! write_at {
            ($level:expr) => {
                event!(
                    $level,
                    schema = SCHEMA,
                    record = "answer",
                    request_id = self.ids.request,
                    extended_request_id = self.ids.extended,
                    invocation_id = self.ids.invocation,
                    route,
                    agent = self.agent,
                    tool = loggable(self.tool),
                    status,
                    outcome,
                    issuer = caller.map(|caller| caller.issuer.as_str()),
                    subject = loggable(caller.map(|caller| caller.subject.as_str())),
                    token_id = caller.and_then(Caller::token_id),
                    upstream_status = upstream.status,
                    upstream_request_id = loggable(upstream.request_id.as_deref()),
                    upstream_detail = upstream.detail.as_deref(),
                    agent_error = self.agent_error,
                    trace_id = loggable(traces.root.as_deref()),
                    trace_from = traces.from.map(TraceFrom::code),
                    w3c_trace_id = loggable(traces.parent.as_deref()),
                    duration_ms = millis(self.duration),
                    first_byte_ms = self.first_byte.map(millis),
                    request_bytes = self.request_bytes,
                    bytes = self.bytes,
                    "answered {route}: {status} {outcome}"
                )
            };
        }
        // What the caller can do nothing about is for an operator to see.
        if *status >= 500 || upstream.detail.is_some() || self.agent_error.is_some() {
            write_at!(Level::WARN);
        } else {
            write_at!(Level::INFO);
        }
    }
}
