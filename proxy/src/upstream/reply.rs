//! An agent's answer.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use http::StatusCode;

use crate::audit::record::Upstream;

/// An agent's answer, its body still to come.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub content_type: String,
    /// What an MCP server calls the session, in every answer of AgentCore's.
    pub mcp_session: Option<String>,
    /// The version of MCP that the server speaks.
    pub mcp_version: Option<String>,
    pub body: AgentStream,
    pub upstream: Upstream,
}

/// The body of an agent's answer as a stream, whichever way it comes; dropping it closes the call.
pub struct AgentStream(Pin<Box<dyn Stream<Item = Result<Bytes, Broken>> + Send>>);

/// An answer broke off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

impl Stream for AgentStream {
    type Item = Result<Bytes, Broken>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl AgentStream {
    /// A stream as the body of an answer.
    pub fn of<E>(stream: impl Stream<Item = Result<Bytes, E>> + Send + 'static) -> Self {
        Self(Box::pin(stream.map_err(|_| Broken)))
    }

    /// Reads to the end what no caller is shown: then the agent has ended.
    pub async fn drained(mut self) {
        while let Some(Ok(_)) = self.next().await {}
    }
}

impl fmt::Debug for AgentStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AgentStream(..)")
    }
}
