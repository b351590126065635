//! `/agents/{agent}/a2a`: A2A's JSON-RPC, passed on unopened, and the agent's card
//! (<https://a2a-protocol.org/latest/specification/>).
//!
//! The card is found below both addresses that a client may be given: the agent's, and the one that the card names.

mod card;

use std::time::Duration;

use http::StatusCode;
use serde_json::Value;
use shared::agents::{Agent, Protocol, Runtime, Target};
use shared::gate::AgentName;
use shared::headers;
use shared::issuers::Advertised;
use shared::settings::Address;

use crate::access::Admitted;
use crate::answer::Answer;
use crate::app::App;
use crate::caller::problem::Problem;
use crate::caller::resource;
use crate::turn;
use crate::turn::call::Call;
use crate::turn::declined::{Declined, Unanswered};
use crate::turn::request::Request;
use crate::upstream::Session;

/// How long an agent may take to show its card: somewhat less than the route's minute, and more than it takes to start.
const CARD_TIMEOUT: Duration = Duration::from_secs(55);

/// Passes on one message, and streams the answer. Clients of A2A know nothing of conversations and name their tasks in
/// later messages, so a caller who names none stays in one.
pub(crate) async fn message(
    app: &App,
    name: &AgentName,
    request: &mut Request,
) -> Result<Answer, Declined> {
    let authorized = app.access.authorize(request.asker(), name, a2a);
    let (admitted, runtime) = authorized.await?;
    let call = Call {
        admitted: &admitted,
        conversation: &request.conversation_or(|| app.access.standing_conversation())?,
        headers: headers::a2a_inward(&request.event.headers),
    };
    let reply = app.turns.take(runtime, call, request).await?;
    Ok(turn::answer(reply, request))
}

/// The agent's card, which leads to this door.
pub(crate) async fn agent_card(
    app: &App,
    name: &AgentName,
    request: &mut Request,
) -> Result<Answer, Declined> {
    let authorized = app.access.authorize(request.asker(), name, a2a);
    let (admitted, runtime) = authorized.await?;
    let card = rewritten_card(app, &admitted, runtime, request).await?;
    Ok(Answer::json(StatusCode::OK, &card))
}

fn a2a(target: &Target) -> Option<&Runtime> {
    target.runtime(Protocol::A2a)
}

async fn rewritten_card(
    app: &App,
    admitted: &Admitted<'_>,
    runtime: &Runtime,
    request: &mut Request,
) -> Result<Value, Problem> {
    let door = request.door.clone().ok_or(Problem::AgentMisconfigured)?;
    // Asking for a card may begin a session, so it is the one in which messages follow.
    let conversation = request.conversation_or(|| app.access.standing_conversation())?;
    let id = admitted.session(&conversation).await?;
    app.turns.control.ask(admitted, &id, request).await?;
    let session = Session::of(&admitted.permit, admitted.authority(), runtime, &id);
    let patience = request.patience(CARD_TIMEOUT.min(app.turns.limits.first_byte))?;
    let shown = app.turns.upstream.agent_card(session, patience).await;
    let (card, upstream) = shown.map_err(|failure| {
        let Unanswered { problem, .. } = request.failed(failure, Protocol::A2a);
        problem
    })?;
    request.record.upstream(upstream);
    let path = resource::route(&admitted.agent.name, Protocol::A2a);
    let address = format!("{}{path}", door.as_str());
    let issuers = issuers(app, admitted.agent);
    card::rewritten(&card, &address, &issuers).ok_or(Problem::AgentFailed)
}

/// The issuers whose tokens the agent takes. One that is named by no address has no metadata that a client could find.
fn issuers(app: &App, agent: &Agent) -> Vec<card::Issuer> {
    let admission = &agent.admission;
    let named = admission.issuers.as_ref();
    let taken = app
        .advertised
        .iter()
        .filter(|issuer| named.is_none_or(|named| named.contains(&issuer.issuer)))
        .filter(|issuer| Address::parse(&issuer.issuer).is_ok());
    let of = |issuer: &Advertised| {
        let address = issuer.issuer.trim_end_matches('/');
        let named = admission.named_scopes().map(String::as_str);
        let scopes = issuer.requested(named).into_iter();
        card::Issuer {
            discovery: format!("{address}/.well-known/openid-configuration"),
            scopes: scopes.map(str::to_owned).collect(),
        }
    };
    taken.map(of).collect()
}
