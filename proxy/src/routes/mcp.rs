//! `/agents/{agent}/mcp`: MCP over streamable HTTP, to a runtime or a gateway
//! (<https://modelcontextprotocol.io/specification/2025-11-25/basic/transports>, and the stateless one of 2026-07-28).
//!
//! Messages are passed on unchanged. What the door adds is whose a session is: see [`session_seal`]. Of the ids that
//! AgentCore gives with every answer only the first is a session's, so only an answer to a message without one hands one
//! out. A caller of the generation without sessions stays in one conversation. There is no stream to listen to, so
//! `GET` is answered 405, as the transport has it.

mod session_seal;

use http::StatusCode;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use shared::agents::{Protocol, Target};
use shared::gate::AgentName;
use shared::headers::{self, MCP_METHOD, MCP_PROTOCOL_VERSION, MCP_SESSION_ID};
use shared::session::Conversation;
use shared::signing::SealKey;
use shared::text::is_word;

use crate::access::Admitted;
use crate::access::authentication::Authentication;
use crate::answer::Answer;
use crate::app::App;
use crate::caller::problem::Problem;
use crate::turn;
use crate::turn::call::Call;
use crate::turn::declined::{Declined, Unanswered};
use crate::turn::request::Request;
use crate::upstream::Reply;

use session_seal::{McpSession, Owner};

/// What a message says of the session it belongs to.
struct Place {
    /// None for the first message, and for clients that keep no session.
    session: Option<McpSession>,
    conversation: Conversation,
    /// Whether no session begins with it either.
    is_stateless: bool,
    keys: Vec<SealKey>,
}

/// Passes on one message, and streams the answer.
pub(crate) async fn message(
    app: &App,
    name: &AgentName,
    request: &mut Request,
) -> Result<Answer, Declined> {
    let authorized = app.access.authorize(request.asker(), name, mcp);
    let (admitted, target) = authorized.await?;
    let place = place(app, &admitted, target, request).await?;
    let call = Call {
        admitted: &admitted,
        conversation: &place.conversation,
        headers: told(&request.event.headers, place.session.as_ref())?,
    };
    let reply = match target {
        Target::Runtime(runtime) => app.turns.take(runtime, call, request).await,
        Target::Gateway(gateway) => app.turns.send(gateway, call, request).await,
    };
    let reply = reply.map_err(|unanswered| lost(unanswered, place.session.as_ref()))?;
    let handed_out = handed_out(&reply, &admitted, &place);
    Ok(turn::answer(reply, request).with_all(handed_out))
}

/// Ends the caller's own session.
pub(crate) async fn end_session(
    app: &App,
    name: &AgentName,
    request: &mut Request,
) -> Result<Answer, Declined> {
    let authorized = app.access.authorize(request.asker(), name, mcp);
    let (admitted, target) = authorized.await?;
    let place = place(app, &admitted, target, request).await?;
    let session = place.session.ok_or(Problem::BadSession)?;
    let (turns, conversation) = (&app.turns, &place.conversation);
    match target {
        Target::Runtime(runtime) => {
            let ended = turns.end_at_runtime(runtime, &admitted, conversation, request);
            ended.await?;
        }
        Target::Gateway(gateway) => {
            let call = Call {
                admitted: &admitted,
                conversation,
                headers: told(&request.event.headers, Some(&session))?,
            };
            let ended = turns.end_at_gateway(gateway, call, request).await;
            ended.map_err(|unanswered| lost(unanswered, Some(&session)).problem)?;
        }
    }
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

fn mcp(target: &Target) -> Option<&Target> {
    (target.protocol() == Protocol::Mcp).then_some(target)
}

/// The session that a message shows, opened, or none if it shows none.
async fn place(
    app: &App,
    admitted: &Admitted<'_>,
    target: &Target,
    request: &Request,
) -> Result<Place, Problem> {
    let keys = seal_keys(app).await?;
    let mut shown = request.event.headers.get_all(MCP_SESSION_ID).iter();
    let session = match (shown.next(), shown.next()) {
        (None, _) => None,
        (Some(only), None) => {
            let text = only.to_str().map_err(|_| Problem::UnknownSession)?;
            let session = Owner::of(&admitted.permit).open(text, &keys);
            Some(session.ok_or(Problem::UnknownSession)?)
        }
        (Some(_), Some(_)) => return Err(Problem::BadSession),
    };
    let is_stateless = is_stateless(&request.event.headers);
    let standing = || app.access.standing_conversation();
    let conversation = match (target, &app.access.authentication, &session) {
        // What a policy limits is counted by it, so a known caller cannot begin anew under another name.
        (Target::Gateway(_), Authentication::Required(_), _) => Conversation::standing(),
        (Target::Gateway(_) | Target::Runtime(_), _, Some(session)) => session.conversation.clone(),
        // Each call would start compute of its own otherwise.
        (Target::Gateway(_) | Target::Runtime(_), _, None) if is_stateless => {
            request.conversation_or(standing)?
        }
        (Target::Gateway(_) | Target::Runtime(_), _, None) => request.conversation()?,
    };
    Ok(Place {
        session,
        conversation,
        is_stateless,
        keys,
    })
}

/// The keys that sessions are sealed with.
async fn seal_keys(app: &App) -> Result<Vec<SealKey>, Problem> {
    let signing = app.turns.signing.as_ref();
    let signing = signing.ok_or(Problem::SigningUnavailable)?;
    let ring = Box::pin(signing.ring()).await;
    let ring = ring.map_err(|_| Problem::SigningUnavailable)?;
    let keys = ring.seal_keys(session_seal::PURPOSE, signing.now());
    keys.map_err(|_| Problem::SigningUnavailable)
}

/// Whether a message is of the generation without sessions (MCP 2026-07-28), each of which names its method in a header.
/// Whatever begins a session is of the one before.
fn is_stateless(received: &HeaderMap) -> bool {
    let headers = headers::mcp_inward(received);
    let method = headers.get(MCP_METHOD);
    method.is_some_and(|method| method != "initialize")
}

/// What the server is told in headers: the protocol's own, and its session's id as it knows it.
fn told(received: &HeaderMap, session: Option<&McpSession>) -> Result<HeaderMap, Problem> {
    let mut headers = headers::mcp_inward(received);
    let is_given = received.contains_key(MCP_PROTOCOL_VERSION);
    if is_given && !headers.get(MCP_PROTOCOL_VERSION).is_some_and(is_version) {
        return Err(Problem::BadProtocolVersion);
    }
    if let Some(session) = session {
        let id = HeaderValue::from_str(&session.id).map_err(|_| Problem::UnknownSession)?;
        headers.insert(HeaderName::from_static(MCP_SESSION_ID), id);
    }
    Ok(headers)
}

/// Versions are dates (MCP, "Versioning"), drafts have names.
fn is_version(value: &HeaderValue) -> bool {
    value.to_str().is_ok_and(|text| is_word(text, 32, b"-."))
}

/// What the caller is told in headers.
fn handed_out(reply: &Reply, admitted: &Admitted<'_>, place: &Place) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let session = match (&place.session, &reply.mcp_session) {
        (None, Some(id)) if !place.is_stateless => {
            let session = McpSession {
                conversation: place.conversation.clone(),
                id: id.clone(),
            };
            Owner::of(&admitted.permit).seal(&session, &place.keys)
        }
        (Some(_), _) | (None, _) => None,
    };
    if let Some(value) = session.and_then(|text| HeaderValue::try_from(text).ok()) {
        headers.insert(HeaderName::from_static(MCP_SESSION_ID), value);
    }
    let version = reply.mcp_version.as_deref();
    if let Some(value) = version.and_then(|text| HeaderValue::from_str(text).ok())
        && is_version(&value)
    {
        headers.insert(HeaderName::from_static(MCP_PROTOCOL_VERSION), value);
    }
    headers
}

/// A session that the server no longer has is told as one, so that the client begins another.
fn lost(mut unanswered: Unanswered, session: Option<&McpSession>) -> Unanswered {
    let is_not_found = unanswered.upstream_status == Some(StatusCode::NOT_FOUND.as_u16());
    if is_not_found && session.is_some() {
        unanswered.problem = Problem::UnknownSession;
    }
    unanswered
}
