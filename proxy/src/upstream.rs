//! The call to Amazon Bedrock AgentCore: one request, its answer's head awaited, its body handed on unread.

mod signed;

use crate::problem::Problem;
use crate::record::Upstream;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_bedrockagentcore::config::Region;
use aws_sdk_bedrockagentcore::primitives::{ByteStream, ByteStreamError};
use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderMap, StatusCode};
use shared::agents::RuntimeArn;
use shared::gate::Permit;
use shared::session::SessionId;
use signed::Signed;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// The agents' platform.
pub struct AgentCore {
    signed: Signed,
}

/// One turn with an agent. There is none without a [`Permit`].
pub struct Turn<'t> {
    pub permit: &'t Permit,
    pub runtime: &'t RuntimeArn,
    /// The name of the runtime's endpoint.
    pub qualifier: &'t str,
    pub session: &'t SessionId,
    /// What [`crate::media`] wrote; nothing of the caller's own.
    pub accept: &'static str,
    /// What [`shared::headers::inward`] let through.
    pub headers: &'t HeaderMap,
    /// What the door itself says to the agent, such as a token for its tools.
    pub own: HeaderMap,
    pub body: Bytes,
}

/// An agent's answer, its body still to come.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub content_type: String,
    pub body: AgentStream,
    pub upstream: Upstream,
}

/// The body of an agent's answer as a stream, whichever way it comes; dropping it closes the call.
#[derive(Debug)]
pub enum AgentStream {
    /// From the AWS SDK.
    Signed(ByteStream),
}

/// Why there is no answer: what a caller is told, and what only the log is.
#[derive(Debug)]
pub struct Failure {
    pub problem: Problem,
    pub upstream: Upstream,
}

/// What the AWS SDK reads of its environment: credentials, and whether its endpoints are the usual ones.
///
/// Credentials are those that Lambda puts there. The SDK's default chain would, without them, go on to ask files, STS and
/// the instance metadata service, none of which a function has, and take seconds to fail.
pub async fn platform() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        // Each client has the region of its agents; one named here keeps the SDK from looking for another.
        .region(Region::from_static("us-east-1"))
        .load()
        .await
}

impl AgentCore {
    /// Prepares a client for each region; nothing is connected yet.
    #[must_use]
    pub fn new(platform: &SdkConfig, regions: impl Iterator<Item = String>) -> Self {
        Self {
            signed: Signed::new(platform, regions),
        }
    }

    /// Takes a turn with an agent, and waits at most `patience` for the head of its answer.
    ///
    /// # Errors
    /// [`Failure`], which names the [`Problem`] to tell the caller.
    pub async fn invoke(&self, turn: Turn<'_>, patience: Duration) -> Result<Reply, Failure> {
        self.signed.invoke(turn, patience).await
    }
}

impl Stream for AgentStream {
    type Item = Result<Bytes, ByteStreamError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.get_mut() {
            Self::Signed(stream) => Pin::new(stream).poll_next(context),
        }
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
            },
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
