//! `POST /agents/{agent}/websocket`: a presigned URL that continues the caller's conversation over a WebSocket.
//!
//! Lambda passes on no frames, so they do not come through the door. The door decides who may open which session, and
//! signs just that.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use shared::agents::{Protocol, Runtime, Speaks, Target};
use shared::gate::AgentName;
use shared::session::Conversation;

use crate::access::Admitted;
use crate::answer::Answer;
use crate::app::App;
use crate::caller::problem::Problem;
use crate::turn::declined::{Declined, Unanswered};
use crate::turn::request::Request;
use crate::upstream::Session;

/// The most that AgentCore takes ("Get started with bidirectional streaming using WebSocket").
const MAX_VALIDITY: Duration = Duration::from_secs(300);

/// Answers with an address for the caller's conversation, or for a new one.
pub(crate) async fn open(
    app: &App,
    name: &AgentName,
    request: &mut Request,
) -> Result<Answer, Declined> {
    // Those who may call the agent are told that it has none.
    let authorized = app.access.authorize(request.asker(), name, Some);
    let (admitted, target) = authorized.await?;
    let conversation = request.conversation()?;
    request.conversation = Some(conversation.clone());
    let runtime = presignable(target).ok_or(Problem::NoWebSocket)?;
    let address = address(app, &admitted, runtime, &conversation, request).await?;
    Ok(Answer::json(StatusCode::OK, &address))
}

/// The address, and until when a connection may be opened there: never longer than the caller's token is good.
async fn address(
    app: &App,
    admitted: &Admitted<'_>,
    runtime: &Runtime,
    conversation: &Conversation,
    request: &mut Request,
) -> Result<Value, Unanswered> {
    let id = admitted.session(conversation).await?;
    app.turns.open(admitted, &id, request).await?;
    let session = Session::of(&admitted.permit, admitted.authority(), runtime, &id);
    let now = app.clock.now();
    let expires = admitted.permit.identity().expires.0;
    let life = Duration::from_secs(expires.saturating_sub(now.0)).min(MAX_VALIDITY);
    if life.is_zero() {
        return Err(Problem::Unauthorized.into());
    }
    let address = app.turns.upstream.websocket(session, now, life).await;
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

/// The runtime, if its operators ask for addresses of WebSockets to it.
fn presignable(target: &Target) -> Option<&Runtime> {
    let runtime = target.runtime(Protocol::Http);
    runtime.filter(|runtime| runtime.speaks == Speaks::Http { websocket: true })
}
