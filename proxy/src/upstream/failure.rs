//! Failures: the reasons why there is no answer of an agent's.

use std::fmt;
use std::pin::Pin;

use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;

use crate::audit::record::Upstream;
use crate::caller::dialect::RpcId;
use crate::caller::problem::Problem;

/// What is read of an error: JSON-RPC's are a few lines.
pub(super) const MAX_ERROR: usize = 64 * 1024;

/// Why there is no answer: what a caller is told, and what only the log is.
#[derive(Debug)]
pub struct Failure {
    pub problem: Problem,
    pub upstream: Upstream,
    /// What an MCP server or an A2A agent said, in words of its protocol that may be passed on.
    pub rpc: Option<Box<RpcError>>,
    /// What is left of a call that was given up while the agent may work at it.
    pub rest: Option<Rest>,
}

/// A call that no caller waits for any more; it is over when the agent is, and dropping it closes the call.
pub struct Rest(pub Pin<Box<dyn Future<Output = ()> + Send>>);

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rest(..)")
    }
}

/// An agent's own refusal, for a caller who speaks its protocol.
#[derive(Debug)]
pub struct RpcError {
    pub status: StatusCode,
    pub said: Said,
}

/// What of a refusal may be passed on.
#[derive(Debug, PartialEq)]
pub enum Said {
    /// An error of JSON-RPC 2.0's (section 5.1), whole.
    Whole(Bytes),
    /// The id and the code of one whose text names a resource of the platform's.
    Code(RpcId, i64),
    /// It is not worded in JSON-RPC.
    Nothing,
}

impl Failure {
    pub(super) const fn without_answer(problem: Problem, detail: Option<String>) -> Self {
        Self {
            problem,
            upstream: Upstream {
                status: None,
                request_id: None,
                detail,
                retry_after: None,
            },
            rpc: None,
            rest: None,
        }
    }
}

/// What a status of AgentCore's means for a caller. Each of its errors has a status of its own (InvokeAgentRuntime,
/// Errors), so the status alone decides, for errors to come as well.
pub(super) const fn problem_of_status(status: u16) -> Problem {
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

/// An error that JSON-RPC words. One that names something of the platform's, which is no caller's business, loses its
/// text for it, but not its status, id and code.
pub(super) fn rpc_error(status: StatusCode, body: &[u8]) -> Option<RpcError> {
    let error: Value = serde_json::from_slice(body).ok()?;
    let code = error.get("error")?.get("code")?.as_i64()?;
    if error.get("jsonrpc")? != "2.0" {
        return None;
    }
    let names_resource = |text: &[u8]| String::from_utf8_lossy(text).contains(RESOURCE);
    // The id may be any text, and escapes may hide what it is.
    let is_hidden = names_resource(error.to_string().as_bytes());
    let said = if names_resource(body) || is_hidden {
        Said::Code(RpcId::of(body), code)
    } else {
        Said::Whole(Bytes::copy_from_slice(body))
    };
    Some(RpcError { status, said })
}

/// How the name of a resource of AWS's begins.
const RESOURCE: &str = "arn:";

/// The refusal of an agent that words it in no JSON-RPC. A 401 of its own becomes the door's 502: it asks for credentials
/// that callers do not have for it, and would send them to sign in again.
pub(super) fn own_refusal(status: StatusCode) -> Option<RpcError> {
    let status = match status {
        StatusCode::UNAUTHORIZED => StatusCode::BAD_GATEWAY,
        status => status,
    };
    (status.is_client_error() || status == StatusCode::BAD_GATEWAY).then_some(RpcError {
        status,
        said: Said::Nothing,
    })
}

/// The seconds of a `Retry-After` that are worth passing on: up to an hour. A date is not read; AgentCore sends none.
pub(super) fn pause(text: &str) -> Option<u64> {
    let seconds: u64 = text.trim().parse().ok()?;
    (1..=3600).contains(&seconds).then_some(seconds)
}
