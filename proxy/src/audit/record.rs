//! The record of a request, written once it is over: the lines of the audit record, and metrics. It never has a token, a
//! body, or a person's name.

use std::time::Duration;

use http::StatusCode;
use shared::audit::{self, Caller, DeniedTool};
use shared::gate::{AgentName, Identity};
use shared::log::RequestIds;
use shared::metrics::{self, Metric};
use tokio::time::Instant;

pub use shared::audit::Upstream;

use crate::audit::error_scan::{Heard, Listener};
use crate::audit::tool_call::Tool;
use crate::audit::trace::Trace;

/// What is known of a request so far. It is written once: when it is finished, or when it is dropped before that, and
/// then the caller has left.
pub struct Record {
    ids: RequestIds,
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

/// The outcome of a request whose answer was dropped before its end.
pub const CLIENT_GONE: &str = "client_gone";

/// The outcome of a request whose answer is whole, and says that the agent failed.
pub const AGENT_ERROR: &str = "agent_error";

impl Record {
    /// Begins with a request; its time runs from here.
    pub fn begin(ids: RequestIds, route: &'static str) -> Self {
        Self {
            ids,
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

    /// The ids of the request.
    pub const fn ids(&self) -> &RequestIds {
        &self.ids
    }

    /// The id that the caller is told. Callers may choose it, so nothing but answers and lines may rest on it.
    pub fn request_id(&self) -> &str {
        &self.ids.request
    }

    /// Lambda's id of the invocation, which no caller chooses.
    pub fn invocation_id(&self) -> &str {
        &self.ids.invocation
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

    /// The tool that is called, if its name can be read.
    fn tool_name(&self) -> Option<&str> {
        match &self.tool {
            Some(Tool::Named(name)) => Some(name),
            Some(Tool::Unreadable) | None => None,
        }
    }

    /// Writes who was denied which tool.
    fn audit(&self) {
        let Some(heard) = self.heard.filter(|heard| heard.is_of_tool()) else {
            return;
        };
        let agent = self.agent.as_ref().map_or("none", AgentName::as_str);
        let denied = DeniedTool {
            ids: &self.ids,
            agent,
            tool: self.tool_name(),
            reason: heard.code(),
            caller: self.caller.as_ref(),
            traces: &self.trace.ids,
        };
        denied.write();
        metrics::emit(
            &[("agent", agent), ("reason", heard.code())],
            &[Metric::count("tool_denials", 1)],
        );
    }

    fn write(&self, outcome: &'static str) {
        let duration = self.started.elapsed();
        let heard = self.heard.filter(|heard| !heard.is_of_tool());
        let answer = audit::Answer {
            ids: &self.ids,
            route: self.route,
            agent: self.agent.as_ref().map(AgentName::as_str),
            caller: self.caller.as_ref(),
            tool: self.tool_name(),
            status: self.status,
            outcome,
            upstream: &self.upstream,
            agent_error: heard.map(Heard::code),
            traces: &self.trace.ids,
            duration,
            first_byte: self.first_byte,
            request_bytes: self.request_bytes,
            bytes: self.bytes,
        };
        answer.write();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn record(tool: Option<Tool>) -> Record {
        let mut record = Record::begin(RequestIds::of_invocation("r-1"), "mcp");
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
