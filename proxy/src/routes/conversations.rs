//! `DELETE /agents/{agent}/conversations/{conversation}`: the end of one of the caller's conversations, and of its
//! runtime session.
//!
//! The session's id is derived from the caller, so another caller's cannot be named. A conversation that was never
//! begun, or is over already, is over: the answer is the same, as it is for a caller who asks twice.

use http::StatusCode;
use shared::agents::Target;
use shared::gate::AgentName;
use shared::session::Conversation;

use crate::answer::Answer;
use crate::app::App;
use crate::caller::problem::Problem;
use crate::turn::declined::Declined;
use crate::turn::request::Request;

/// Ends a conversation, whether or not a turn of it is running.
pub(crate) async fn end(
    app: &App,
    name: &AgentName,
    conversation: &Conversation,
    request: &mut Request,
) -> Result<Answer, Declined> {
    // Whatever the agent speaks.
    let authorized = app.access.authorize(request.asker(), name, Some);
    let (admitted, target) = authorized.await?;
    let runtime = match target {
        Target::Runtime(runtime) => runtime,
        // The sessions of a gateway are its own.
        Target::Gateway(_) => return Err(Problem::NotFound.into()),
    };
    let ended = app
        .turns
        .end_at_runtime(runtime, &admitted, conversation, request);
    ended.await?;
    // Another turn may begin at once, even if the one that was running is never given back.
    if let Some(leases) = &app.turns.control.leases {
        let session = admitted.session(conversation).await?;
        leases.end(&session).await;
    }
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
