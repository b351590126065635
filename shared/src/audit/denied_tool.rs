//! A tool that a gateway's policies denied within an answer. The gateway's own traces hold no user.

use tracing::warn;

use super::answer::{Caller, TraceFrom, Traces};
use super::schema::{SCHEMA, loggable};
use crate::log::RequestIds;

/// The tool that stands in a line whose call names none that every reader would understand; no name has such signs.
const UNREADABLE: &str = "(unreadable)";

/// Who was denied which tool.
pub struct DeniedTool<'a> {
    pub ids: &'a RequestIds,
    pub agent: &'a str,
    /// None if it is not readable.
    pub tool: Option<&'a str>,
    pub reason: &'static str,
    pub caller: Option<&'a Caller>,
    pub traces: &'a Traces,
}

impl DeniedTool<'_> {
    /// Writes the line.
    pub fn write(&self) {
        let Self {
            agent,
            reason,
            caller,
            traces,
            ..
        } = self;
        let tool = loggable(self.tool).map(|tool| tool.to_string());
        let tool = tool.as_deref().unwrap_or(UNREADABLE);
        warn!(
            schema = SCHEMA,
            record = "denied_tool",
            request_id = self.ids.request,
            // A caller may have chosen the trace id and the request id, and share them with another: not this one.
            extended_request_id = self.ids.extended,
            invocation_id = self.ids.invocation,
            agent,
            tool,
            outcome = "denied",
            reason,
            issuer = caller.map(|caller| caller.issuer.as_str()),
            subject = loggable(caller.map(|caller| caller.subject.as_str())),
            token_id = caller.and_then(Caller::token_id),
            trace_id = loggable(traces.root.as_deref()),
            trace_from = traces.from.map(TraceFrom::code),
            "denied the tool {tool} of {agent}: {reason}"
        );
    }
}
