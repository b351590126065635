//! The end of a session with an agent in a runtime.

use std::sync::Arc;
use std::time::Duration;

use shared::agents::Runtime;
use shared::session::SessionId;
use tracing::warn;

use super::request::Request;
use crate::access::Admitted;
use crate::access::authority::Authority;
use crate::answer::stream::Finally;
use crate::caller::problem::Problem;
use crate::config::Limits;
use crate::upstream::{AgentCore, Session};

/// AgentCore ends a session in a moment. The template gives the route half a minute, with all that comes before.
const SESSION_END_TIMEOUT: Duration = Duration::from_secs(25);

/// How long the end of a session may take.
pub(super) fn timeout(limits: &Limits) -> Duration {
    SESSION_END_TIMEOUT.min(limits.first_byte)
}

/// What ends the session of a turn whose caller was shut out. That it failed is for the log: the agent then works on until
/// its own end.
pub(super) fn of_turn(
    upstream: &Arc<AgentCore>,
    admitted: &Admitted<'_>,
    runtime: &Runtime,
    id: SessionId,
) -> Finally {
    let (permit, bearer) = (Arc::clone(&admitted.permit), Arc::clone(&admitted.bearer));
    let (upstream, runtime, auth) = (Arc::clone(upstream), runtime.clone(), admitted.agent.auth);
    Box::pin(async move {
        let authority = Authority::of(auth, &bearer);
        let session = Session::of(&permit, authority, &runtime, &id);
        if let Err(failure) = upstream.stop(session, SESSION_END_TIMEOUT).await {
            let detail = failure.upstream.detail;
            warn!(
                session = id.as_str(),
                error = detail,
                "cannot end the session of a caller who was shut out"
            );
        }
    })
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
