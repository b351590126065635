//! The record of a request, written once it is over: one log line, and metrics. It never has a token, a body, or a
//! person's name.

use std::time::Duration;

use http::StatusCode;
use shared::gate::{AgentName, Identity};
use shared::log::{Loggable, millis};
use shared::metrics::{self, Metric};
use tokio::time::Instant;
use tracing::field::{DisplayValue, display};
use tracing::{Level, event, warn};

use crate::audit::error_scan::{Heard, Listener};
use crate::audit::tool_call::Tool;
use crate::audit::trace::Trace;

/// What is known of a request so far. It is written once: when it is finished, or when it is dropped before that, and
/// then the caller has left.
pub struct Record {
    request_id: String,
    /// API Gateway's own id of the request.
    gateway_request_id: Option<String>,
    started: Instant,
    route: &'static str,
    agent: Option<AgentName>,
    caller: Option<Caller>,
    /// The tool that is called, where messages of MCP are.
    tool: Option<Tool>,
    trace: Trace,
    status: u16,
    upstream: Upstream,
    heard: Option<Heard>,
    first_byte: Option<Duration>,
    request_bytes: u64,
    bytes: u64,
    is_written: bool,
}

/// Who asked, as decisions are logged.
struct Caller {
    issuer: String,
    subject: String,
    token_id: String,
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

/// The outcome of a request whose answer was dropped before its end.
pub const CLIENT_GONE: &str = "client_gone";

/// The outcome of a request whose answer is whole, and says that the agent failed.
pub const AGENT_ERROR: &str = "agent_error";

impl Record {
    /// Begins with a request; its time runs from here.
    pub fn begin(
        request_id: &str,
        gateway_request_id: Option<String>,
        route: &'static str,
    ) -> Self {
        Self {
            request_id: request_id.to_owned(),
            gateway_request_id,
            started: Instant::now(),
            route,
            agent: None,
            caller: None,
            tool: None,
            trace: Trace::default(),
            status: 0,
            upstream: Upstream::default(),
            heard: None,
            first_byte: None,
            request_bytes: 0,
            bytes: 0,
            is_written: false,
        }
    }

    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// How long the request has taken so far.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Notes which agent was called: one of the settings, never a name that a caller made up.
    pub fn agent(&mut self, agent: &AgentName) {
        self.agent = Some(agent.clone());
    }

    /// Notes who is let in.
    pub fn caller(&mut self, identity: &Identity) {
        self.caller = Some(Caller {
            issuer: identity.issuer.clone(),
            subject: identity.subject.clone(),
            token_id: identity.token_id.clone(),
        });
    }

    /// Notes which tool is called.
    pub fn tool(&mut self, tool: Option<Tool>) {
        self.tool = tool;
    }

    /// Notes which traces the request belongs to.
    pub fn trace(&mut self, trace: Trace) {
        self.trace = trace;
    }

    /// The traces that the request belongs to.
    pub const fn traces(&self) -> &Trace {
        &self.trace
    }

    /// Notes so many bytes of the body that the caller sent.
    pub fn received(&mut self, count: u64) {
        self.request_bytes = count;
    }

    /// What is to be listened to in the answer. A document can only tell of a tool.
    pub fn listener(&self, is_event_stream: bool) -> Option<Listener> {
        if is_event_stream {
            Some(Listener::to_events())
        } else {
            self.tool.as_ref().map(|_| Listener::to_document())
        }
    }

    /// Notes what was heard in the answer: a denial is one only where a tool is called.
    pub fn heard(&mut self, heard: Option<Heard>) {
        self.heard = heard.filter(|heard| !heard.is_of_tool() || self.tool.is_some());
    }

    /// Notes what the agent's platform said.
    pub fn upstream(&mut self, upstream: Upstream) {
        self.upstream = upstream;
    }

    /// In how many seconds the platform may be asked again, if it said so.
    pub const fn retry_after(&self) -> Option<u64> {
        self.upstream.retry_after
    }

    /// Notes the status the caller is sent.
    pub fn status(&mut self, status: StatusCode) {
        self.status = status.as_u16();
    }

    /// Notes so many bytes of the body that the caller is sent.
    pub fn sent(&mut self, count: u64) {
        self.bytes = self.bytes.saturating_add(count);
        if self.first_byte.is_none() {
            self.first_byte = Some(self.started.elapsed());
        }
    }

    /// How many bytes the caller was sent so far.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Notes a whole answer, and writes the record.
    pub fn whole(&mut self, status: StatusCode, count: u64, outcome: &'static str) {
        self.status(status);
        self.sent(count);
        self.finish(outcome);
    }

    /// Writes the record; what comes after the first time is not written.
    pub fn finish(&mut self, outcome: &'static str) {
        if !std::mem::replace(&mut self.is_written, true) {
            self.write(self.outcome(outcome));
            self.audit();
        }
    }

    /// An answer that came to its end may still say that the agent failed.
    fn outcome(&self, outcome: &'static str) -> &'static str {
        match outcome {
            "ok" if self.heard.is_some_and(|heard| !heard.is_of_tool()) => AGENT_ERROR,
            outcome => outcome,
        }
    }

    /// Writes who was denied which tool. A gateway's own traces hold no user: this line and they share the trace id.
    fn audit(&self) {
        let Some(heard) = self.heard.filter(|heard| heard.is_of_tool()) else {
            return;
        };
        let agent = self.agent.as_ref().map_or("none", AgentName::as_str);
        let tool = match &self.tool {
            Some(Tool::Named(name)) => Loggable(name).to_string(),
            // No name is written with such signs around it.
            Some(Tool::Unreadable) | None => "(unreadable)".to_owned(),
        };
        let caller = self.caller.as_ref();
        warn!(
            request_id = display(Loggable(&self.request_id)),
            // A caller may have chosen the trace id, and share it with another: only API Gateway writes this one.
            gateway_request_id = loggable(self.gateway_request_id.as_deref()),
            agent,
            tool,
            outcome = "denied",
            reason = heard.code(),
            issuer = caller.map(|caller| caller.issuer.as_str()),
            subject = caller.map(|caller| display(Loggable(&caller.subject))),
            token_id = caller.map(|caller| caller.token_id.as_str()),
            trace_id = loggable(self.trace.root.as_deref()),
            "denied the tool {tool} of {agent}: {}",
            heard.code()
        );
        metrics::emit(
            &[("agent", agent), ("reason", heard.code())],
            &[Metric::count("tool_denials", 1)],
        );
    }

    fn write(&self, outcome: &'static str) {
        let Self {
            request_id,
            route,
            status,
            trace,
            upstream,
            ..
        } = self;
        let heard = self.heard.filter(|heard| !heard.is_of_tool());
        let agent_error = heard.map(Heard::code);
        let duration = self.started.elapsed();
        macro_rules! write_at {
            ($level:expr) => {
                event!(
                    $level,
                    request_id = display(Loggable(request_id)),
                    gateway_request_id = loggable(self.gateway_request_id.as_deref()),
                    route,
                    agent = self.agent.as_ref().map(AgentName::as_str),
                    status,
                    outcome,
                    upstream_status = upstream.status,
                    upstream_request_id = loggable(upstream.request_id.as_deref()),
                    upstream_detail = upstream.detail.as_deref(),
                    agent_error,
                    trace_id = loggable(trace.root.as_deref()),
                    w3c_trace_id = loggable(trace.parent.as_deref()),
                    duration_ms = millis(duration),
                    first_byte_ms = self.first_byte.map(millis),
                    request_bytes = self.request_bytes,
                    bytes = self.bytes,
                    "answered {route}: {status} {outcome}"
                )
            };
        }
        // What the caller can do nothing about is for an operator to see.
        if *status >= 500 || upstream.detail.is_some() || agent_error.is_some() {
            write_at!(Level::WARN)
        } else {
            write_at!(Level::INFO)
        }
        self.emit(outcome, duration);
    }

    fn emit(&self, outcome: &'static str, duration: Duration) {
        let agent = self.agent.as_ref().map_or("none", AgentName::as_str);
        let mut values = vec![
            Metric::count("requests", 1),
            Metric::time("duration", duration),
            Metric::bytes("request_bytes", self.request_bytes),
            Metric::bytes("bytes", self.bytes),
        ];
        values.extend(self.first_byte.map(|time| Metric::time("first_byte", time)));
        metrics::emit(
            &[
                ("route", self.route),
                ("agent", agent),
                ("outcome", outcome),
            ],
            &values,
        );
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.finish(CLIENT_GONE);
    }
}

fn loggable(text: Option<&str>) -> Option<DisplayValue<Loggable<'_>>> {
    text.map(|text| display(Loggable(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(tool: Option<Tool>) -> Record {
        let mut record = Record::begin("r-1", None, "mcp");
        record.tool(tool);
        record
    }

    fn refund() -> Option<Tool> {
        Some(Tool::Named("refund".to_owned()))
    }

    #[test]
    fn a_denial_is_one_only_where_a_tool_is_called() {
        for (tool, heard, kept, outcome) in [
            (None, Heard::Sdk, true, AGENT_ERROR),
            (refund(), Heard::Sdk, true, AGENT_ERROR),
            // An agent may say these words, too.
            (None, Heard::PolicyDenied, false, "ok"),
            (refund(), Heard::PolicyDenied, true, "ok"),
            (refund(), Heard::PolicyFailed, true, "ok"),
            (Some(Tool::Unreadable), Heard::PolicyDenied, true, "ok"),
        ] {
            let mut record = record(tool.clone());
            record.heard(Some(heard));
            assert_eq!(record.heard.is_some(), kept, "{tool:?} {heard:?}");
            assert_eq!(record.outcome("ok"), outcome, "{tool:?} {heard:?}");
            assert_eq!(record.outcome("agent_cut"), "agent_cut");
        }
    }

    #[test]
    fn a_document_is_listened_to_for_tools_alone() {
        for tool in [None, refund(), Some(Tool::Unreadable)] {
            assert!(record(tool.clone()).listener(true).is_some());
            let is_called = tool.is_some();
            assert_eq!(record(tool).listener(false).is_some(), is_called);
        }
    }
}
