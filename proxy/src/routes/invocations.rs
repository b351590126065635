//! `POST /agents/{agent}/invocations`: a turn with an agent that speaks HTTP, AG-UI among it.

use crate::answer::Answer;
use crate::app::App;
use crate::turn::request::Request;
use shared::agents::Protocol;
use shared::gate::AgentName;

impl App {
    /// Takes a turn of the caller's conversation, or of a new one.
    pub(crate) async fn invoke(&self, name: &AgentName, mut request: Request) -> Answer {
        let admitted = match self.admit_to(name, Protocol::Http, &mut request).await {
            Ok(admitted) => admitted,
            Err(refused) => return request.refused(refused),
        };
        match request.conversation() {
            Ok(conversation) => self.turn(&admitted, conversation, request).await,
            Err(problem) => request.problem(problem),
        }
    }
}
