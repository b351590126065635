//! The end of a session with an agent in a runtime.

use std::time::Duration;

use super::request::Request;
use crate::caller::problem::Problem;
use crate::config::Limits;
use crate::upstream::{AgentCore, Session};

/// AgentCore ends a session in a moment. The template gives the route half a minute, with all that comes before.
const SESSION_END_TIMEOUT: Duration = Duration::from_secs(25);

/// How long the end of a session may take.
pub(super) fn timeout(limits: &Limits) -> Duration {
    SESSION_END_TIMEOUT.min(limits.first_byte)
}

/// Ends a session at its runtime.
pub(super) async fn at_runtime(
    upstream: &AgentCore,
    limits: &Limits,
    session: Session<'_>,
    request: &mut Request,
) -> Result<(), Problem> {
    let patience = request.patience(timeout(limits))?;
    let (outcome, said) = match upstream.stop(session, patience).await {
        Ok(said) => (Ok(()), said),
        Err(failure) => (Err(failure.problem), failure.upstream),
    };
    request.record.upstream(said);
    outcome
}
