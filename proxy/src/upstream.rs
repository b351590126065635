//! The call to Amazon Bedrock AgentCore: one request, its answer's head awaited, its body handed on unread.

mod attempts;
mod bounded;
mod card;
mod gateway;
mod presign;
mod renewed;
mod runtime;
mod stop;

use crate::access::authority::Authority;
use crate::audit::record::Upstream;
use crate::caller::problem::Problem;
use aws_config::SdkConfig;
use bytes::Bytes;
use futures_util::{Stream, TryStreamExt};
use gateway::Gateways;
use http::StatusCode;
use http::header::HeaderMap;
use presign::Presigner;
use runtime::Runtimes;
use serde_json::Value;
use shared::agents::RuntimeArn;
use shared::clock::Clock;
use shared::gate::{Permit, UnixTime};
use shared::session::SessionId;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

pub use gateway::Message;

/// What is read of an error: JSON-RPC's are a few lines.
const MAX_ERROR: usize = 64 * 1024;

/// The agents' platform.
pub struct AgentCore {
    presigner: Presigner,
    runtimes: Runtimes,
    gateways: Gateways,
}

/// One turn with an agent. There is none without a [`Permit`].
pub struct Turn<'t> {
    pub permit: &'t Permit,
    pub authority: Authority<'t>,
    pub runtime: &'t RuntimeArn,
    /// The name of the runtime's endpoint.
    pub qualifier: &'t str,
    pub session: &'t SessionId,
    /// What [`crate::caller::media`] wrote; nothing of the caller's own.
    pub accept: &'static str,
    /// What [`shared::headers::inward`] let through.
    pub headers: &'t HeaderMap,
    /// What the door itself says to the agent, such as a token for its tools.
    pub own: HeaderMap,
    pub body: Bytes,
}

/// A caller's session with an agent. There is none without a [`Permit`].
pub struct Session<'s> {
    pub permit: &'s Permit,
    pub authority: Authority<'s>,
    pub runtime: &'s RuntimeArn,
    /// The name of the runtime's endpoint.
    pub qualifier: &'s str,
    pub id: &'s SessionId,
}

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

/// Why there is no answer: what a caller is told, and what only the log is.
#[derive(Debug)]
pub struct Failure {
    pub problem: Problem,
    pub upstream: Upstream,
    /// What an MCP server or an A2A agent said, in words of its protocol that may be passed on.
    pub rpc: Option<RpcError>,
}

/// An error of JSON-RPC 2.0's (section 5.1), whole.
#[derive(Debug)]
pub struct RpcError {
    pub status: StatusCode,
    pub body: Bytes,
}

impl AgentCore {
    /// Prepares a client for each region; nothing is connected yet.
    #[must_use]
    pub fn new(platform: &SdkConfig, regions: impl Iterator<Item = String>, clock: Clock) -> Self {
        Self {
            presigner: Presigner::new(platform),
            runtimes: Runtimes::new(platform, regions, clock.clone()),
            gateways: Gateways::new(platform, clock),
        }
    }

    /// Takes a turn with an agent, and waits at most `patience` for the head of its answer.
    ///
    /// # Errors
    /// [`Failure`], which names the [`Problem`] to tell the caller.
    pub async fn invoke(&self, turn: Turn<'_>, patience: Duration) -> Result<Reply, Failure> {
        self.runtimes.invoke(turn, patience).await
    }

    /// Sends one message to a gateway, and waits at most `patience` for the head of its answer.
    ///
    /// # Errors
    /// [`Failure`], which names the [`Problem`] to tell the caller.
    pub async fn send(&self, message: Message<'_>, patience: Duration) -> Result<Reply, Failure> {
        self.gateways.send(message, patience).await
    }

    /// Asks an A2A agent for its card, and waits at most `patience` for it.
    ///
    /// # Errors
    /// [`Failure`], which names the [`Problem`] to tell the caller.
    pub async fn agent_card(
        &self,
        session: Session<'_>,
        patience: Duration,
    ) -> Result<(Value, Upstream), Failure> {
        self.runtimes.agent_card(session, patience).await
    }

    /// Ends a session, and waits at most `patience` for that. One that has ended, or never began, is no failure.
    ///
    /// # Errors
    /// [`Failure`]
    pub async fn stop(
        &self,
        session: Session<'_>,
        patience: Duration,
    ) -> Result<Upstream, Failure> {
        self.runtimes.stop(session, patience).await
    }

    /// An address that opens a WebSocket to a session: signed by the door's role at `now`, and good for so many whole
    /// seconds of `life`, 300 at most.
    ///
    /// # Errors
    /// [`Failure`], if the door cannot sign.
    pub async fn websocket(
        &self,
        session: Session<'_>,
        now: UnixTime,
        life: Duration,
    ) -> Result<String, Failure> {
        self.presigner.address(session, now, life).await
    }
}

impl Stream for AgentStream {
    type Item = Result<Bytes, Broken>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl AgentStream {
    fn of<E>(stream: impl Stream<Item = Result<Bytes, E>> + Send + 'static) -> Self {
        Self(Box::pin(stream.map_err(|_| Broken)))
    }
}

impl fmt::Debug for AgentStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AgentStream(..)")
    }
}

impl Failure {
    const fn without_answer(problem: Problem, detail: Option<String>) -> Self {
        Self {
            problem,
            upstream: Upstream {
                status: None,
                request_id: None,
                detail,
                retry_after: None,
            },
            rpc: None,
        }
    }
}

/// What a status of AgentCore's means for a caller. Each of its errors has a status of its own (InvokeAgentRuntime,
/// Errors), so the status alone decides, for errors to come as well.
const fn problem_of_status(status: u16) -> Problem {
    match status {
        402 => Problem::AgentQuota,
        409 => Problem::AgentBusy,
        // The container answered an error, or did not start.
        424 => Problem::AgentFailed,
        429 => Problem::AgentThrottled,
        500..=599 => Problem::AgentServiceFailed,
        // It is this door that the platform refuses: its role, the agent's ARN, or the form of the request.
        _ => Problem::AgentMisconfigured,
    }
}

/// An error that JSON-RPC words, unless it names something of the platform's that is no caller's business.
fn rpc_error(status: StatusCode, body: &[u8]) -> Option<RpcError> {
    let said: Value = serde_json::from_slice(body).ok()?;
    let is_rpc = said.get("jsonrpc")? == "2.0" && said.get("error")?.get("code")?.is_i64();
    let names_resource = String::from_utf8_lossy(body).contains("arn:");
    (is_rpc && !names_resource).then(|| RpcError {
        status,
        body: Bytes::copy_from_slice(body),
    })
}
