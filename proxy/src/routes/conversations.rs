//! `DELETE /agents/{agent}/conversations/{conversation}`: the caller's own conversation is over, and what the agent kept of
//! it in its session is gone.
//!
//! The session's id is derived from the caller, so another caller's cannot be named. A conversation that nobody began, or
//! that is over already, is over: the answer is the same, as it is for whoever asks twice.

use crate::access::Admitted;
use crate::answer::Answer;
use crate::app::App;
use crate::caller::problem::Problem;
use crate::turn::request::Request;
use crate::upstream::Session;
use http::StatusCode;
use shared::agents::Target;
use shared::gate::AgentName;
use shared::session::Conversation;
use std::time::Duration;

/// AgentCore ends a session in a moment. The template gives the route half a minute, with all that comes before.
pub(crate) const PATIENCE: Duration = Duration::from_secs(25);

impl App {
    /// Ends a conversation, whether or not a turn of it is running.
    pub(crate) async fn end_conversation(
        &self,
        name: &AgentName,
        conversation: &Conversation,
        mut request: Request,
    ) -> Answer {
        let admitted = match self.admit(name, &mut request).await {
            Ok(admitted) => admitted,
            Err(refused) => return request.refused(refused),
        };
        if let Err(problem) = self.stop(&admitted, conversation, &mut request).await {
            return request.problem(problem);
        }
        // Another turn may begin at once, even if nobody ever gives back the one that was running.
        if let Some(turns) = &self.turns {
            let session = admitted.session(conversation);
            turns.end(&session, request.record.request_id()).await;
        }
        request.whole(Answer::empty(StatusCode::NO_CONTENT))
    }

    /// Ends the session of a conversation at its runtime.
    pub(crate) async fn stop(
        &self,
        admitted: &Admitted<'_>,
        conversation: &Conversation,
        request: &mut Request,
    ) -> Result<(), Problem> {
        // The sessions of a gateway are its own.
        let Target::Runtime { arn, qualifier } = &admitted.agent.target else {
            return Err(Problem::NotFound);
        };
        let session = Session {
            permit: &admitted.permit,
            authority: admitted.authority(),
            runtime: arn,
            qualifier,
            id: &admitted.session(conversation),
        };
        let patience = request.patience(PATIENCE.min(self.limits.first_byte))?;
        let stopped = self.upstream.stop(session, patience).await;
        let (outcome, upstream) = match stopped {
            Ok(upstream) => (Ok(()), upstream),
            Err(failure) => (Err(failure.problem), failure.upstream),
        };
        request.record.upstream(upstream);
        outcome
    }
}
