//! `POST /agents/{agent}/websocket`: an address at which the caller's own conversation goes on over a WebSocket.
//!
//! Lambda passes on no frames, so they do not come through the door. The door decides who may open which session, and
//! signs just that.

use crate::access::Admitted;
use crate::answer::Answer;
use crate::app::App;
use crate::caller::problem::Problem;
use crate::turn::request::Request;
use crate::upstream::Session;
use http::StatusCode;
use http::header::HeaderName;
use serde_json::{Value, json};
use shared::agents::{Agent, RuntimeArn, Target};
use shared::gate::AgentName;
use shared::headers;
use shared::session::Conversation;
use std::time::Duration;

/// The most that AgentCore takes ("Get started with bidirectional streaming using WebSocket").
const LONGEST: Duration = Duration::from_secs(300);

impl App {
    /// Answers with an address for the caller's conversation, or for a new one.
    pub(crate) async fn open_websocket(&self, name: &AgentName, mut request: Request) -> Answer {
        let admitted = match self.admit(name, &mut request).await {
            Ok(admitted) => admitted,
            Err(refused) => return request.refused(refused),
        };
        let conversation = match request.conversation() {
            Ok(conversation) => conversation,
            Err(problem) => return request.problem(problem),
        };
        let answer = match self.address(&admitted, &conversation, &mut request).await {
            Ok(address) => request.whole(Answer::json(StatusCode::OK, &address)),
            Err(problem) => request.problem(problem),
        };
        answer.with(
            HeaderName::from_static(headers::CONVERSATION),
            conversation.as_str(),
        )
    }

    /// The address, and until when a connection may be opened there: never longer than the caller's token is good.
    async fn address(
        &self,
        admitted: &Admitted<'_>,
        conversation: &Conversation,
        request: &mut Request,
    ) -> Result<Value, Problem> {
        let (runtime, qualifier) = presignable(admitted.agent).ok_or(Problem::NoWebSocket)?;
        let session = Session {
            permit: &admitted.permit,
            authority: admitted.authority(),
            runtime,
            qualifier,
            id: &admitted.session(conversation),
        };
        let now = self.clock.now();
        let expires = admitted.permit.identity().expires.0;
        let life = Duration::from_secs(expires.saturating_sub(now.0)).min(LONGEST);
        if life.is_zero() {
            return Err(Problem::Unauthorized);
        }
        let address = self.upstream.websocket(session, now, life).await;
        let address = address.map_err(|failure| {
            request.record.upstream(failure.upstream);
            failure.problem
        })?;
        Ok(json!({
            "conversation": conversation.as_str(),
            "expires": now.0.saturating_add(life.as_secs()),
            "url": address,
        }))
    }
}

/// The runtime, if its operators ask for addresses of WebSockets to it.
fn presignable(agent: &Agent) -> Option<(&RuntimeArn, &str)> {
    match &agent.target {
        Target::Runtime { arn, qualifier } if agent.websocket => Some((arn, qualifier)),
        Target::Runtime { .. } | Target::Gateway { .. } => None,
    }
}
