//! `POST /agents/{agent}/invocations`: a turn with an agent that speaks HTTP, AG-UI among it.

use http::HeaderMap;
use shared::agents::{Protocol, Runtime, Target};
use shared::gate::AgentName;

use crate::answer::Answer;
use crate::app::App;
use crate::turn;
use crate::turn::call::Call;
use crate::turn::declined::Declined;
use crate::turn::request::Request;

/// Takes a turn of the caller's conversation, or of a new one.
pub(crate) async fn invoke(
    app: &App,
    name: &AgentName,
    request: &mut Request,
) -> Result<Answer, Declined> {
    let authorized = app.access.authorize(request.asker(), name, http);
    let (admitted, runtime) = authorized.await?;
    let call = Call {
        admitted: &admitted,
        conversation: &request.conversation()?,
        headers: HeaderMap::new(),
    };
    let reply = app.turns.take(runtime, call, request).await?;
    Ok(turn::answer(reply, request))
}

fn http(target: &Target) -> Option<&Runtime> {
    target.runtime(Protocol::Http)
}
