//! Failures: the reasons why there is no answer of an agent's.

use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;

use crate::audit::record::Upstream;
use crate::caller::problem::Problem;

/// What is read of an error: JSON-RPC's are a few lines.
pub(super) const MAX_ERROR: usize = 64 * 1024;

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

/// An error that JSON-RPC words, unless it names something of the platform's that is no caller's business.
pub(super) fn rpc_error(status: StatusCode, body: &[u8]) -> Option<RpcError> {
    let said: Value = serde_json::from_slice(body).ok()?;
    let is_rpc = said.get("jsonrpc")? == "2.0" && said.get("error")?.get("code")?.is_i64();
    let names_resource = String::from_utf8_lossy(body).contains("arn:");
    (is_rpc && !names_resource).then(|| RpcError {
        status,
        body: Bytes::copy_from_slice(body),
    })
}

/// The seconds of a `Retry-After` that are worth passing on: up to an hour. A date is not read; AgentCore sends none.
pub(super) fn pause(text: &str) -> Option<u64> {
    let seconds: u64 = text.trim().parse().ok()?;
    (1..=3600).contains(&seconds).then_some(seconds)
}
