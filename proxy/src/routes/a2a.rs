//! `/agents/{agent}/a2a`: A2A's JSON-RPC, passed on unopened, and the agent's card
//! (<https://a2a-protocol.org/latest/specification/>).
//!
//! The card is found below both addresses that a client may be given: the agent's, and the one that the card names.

mod card;

use crate::access::Admitted;
use crate::answer::Answer;
use crate::app::App;
use crate::caller::problem::Problem;
use crate::caller::resource;
use crate::turn::Call;
use crate::turn::request::Request;
use crate::upstream::Session;
use http::StatusCode;
use serde_json::Value;
use shared::agents::{Protocol, Target};
use shared::gate::AgentName;
use shared::headers;
use std::time::Duration;

/// How long an agent may take to show its card: somewhat less than the route's minute, and more than it takes to start.
const PATIENCE: Duration = Duration::from_secs(55);

impl App {
    /// Passes on one message, and streams the answer. Clients of A2A know nothing of conversations and name their tasks
    /// in later messages, so whoever names none stays in one.
    pub(crate) async fn a2a(&self, name: &AgentName, mut request: Request) -> Answer {
        let admitted = match self.admit_to(name, Protocol::A2a, &mut request).await {
            Ok(admitted) => admitted,
            Err(refused) => return request.refused(refused),
        };
        let conversation = match request.conversation_or(|| self.standing_conversation()) {
            Ok(conversation) => conversation,
            Err(problem) => return request.problem(problem),
        };
        let call = Call {
            conversation: &conversation,
            headers: headers::a2a_inward(&request.event.headers),
        };
        let reply = self.reply(&admitted, call, &mut request).await;
        self.answer_with(reply, conversation, request).await
    }

    /// The agent's card, which leads to this door.
    pub(crate) async fn agent_card(&self, name: &AgentName, mut request: Request) -> Answer {
        let admitted = match self.admit_to(name, Protocol::A2a, &mut request).await {
            Ok(admitted) => admitted,
            Err(refused) => return request.refused(refused),
        };
        match self.rewritten_card(&admitted, &mut request).await {
            Ok(card) => request.whole(Answer::json(StatusCode::OK, &card)),
            Err(problem) => request.problem(problem),
        }
    }

    async fn rewritten_card(
        &self,
        admitted: &Admitted<'_>,
        request: &mut Request,
    ) -> Result<Value, Problem> {
        let agent = admitted.agent;
        let Target::Runtime { arn, qualifier } = &agent.target else {
            return Err(Problem::WrongProtocol);
        };
        let door = request.door.clone().ok_or(Problem::AgentMisconfigured)?;
        // Asking for a card may begin a session, so it is the one in which messages follow.
        let conversation = request.conversation_or(|| self.standing_conversation())?;
        let session = Session {
            permit: &admitted.permit,
            authority: admitted.authority(),
            runtime: arn,
            qualifier,
            id: &admitted.session(&conversation),
        };
        let patience = request.patience(PATIENCE.min(self.limits.first_byte))?;
        let shown = self.upstream.agent_card(session, patience).await;
        let (card, upstream) =
            shown.map_err(|failure| request.failed(failure, agent.protocol).problem)?;
        request.record.upstream(upstream);
        let address = format!(
            "{}{}",
            door.as_str(),
            resource::route(&agent.name, Protocol::A2a)
        );
        card::rewritten(card, &address).ok_or(Problem::AgentFailed)
    }
}
