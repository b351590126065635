//! `POST /agents/{agent}/invocations`: a turn with an agent that speaks HTTP, AG-UI among it.

use crate::answer::Answer;
use crate::handler::App;
use crate::problem::Problem;
use crate::request::Request;
use shared::gate::AgentName;

impl App {
    /// Takes a turn of the caller's conversation, or of a new one.
    pub(crate) async fn invoke(&self, name: &AgentName, mut request: Request) -> Answer {
        let admitted = match self.admit(name, &mut request).await {
            Ok(admitted) => admitted,
            Err(refused) => return request.refused(refused),
        };
        match request.conversation() {
            Some(conversation) => self.turn(&admitted, conversation, request).await,
            None => request.problem(Problem::BadConversation),
        }
    }
}
