//! `/agents/{agent}/mcp`: MCP over streamable HTTP, to a runtime or a gateway
//! (<https://modelcontextprotocol.io/specification/2025-11-25/basic/transports>, and the stateless one of 2026-07-28).
//!
//! Messages are passed on unchanged. What the door adds is whose a session is: see [`session_seal`]. Of the ids that
//! AgentCore gives with every answer only the first is a session's, so only an answer to a message without one hands one
//! out. Whoever speaks the generation without sessions stays in one conversation. There is no stream to listen to, so
//! `GET` is answered 405, as the transport has it.

mod session_seal;

use crate::access::Admitted;
use crate::access::authentication::Authentication;
use crate::answer::Answer;
use crate::app::App;
use crate::caller::problem::Problem;
use crate::turn::request::Request;
use crate::turn::{Call, Unanswered};
use crate::upstream::Reply;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use session_seal::{Owner, Session};
use shared::agents::{Protocol, Target};
use shared::gate::AgentName;
use shared::headers::{self, MCP_METHOD, MCP_PROTOCOL_VERSION, MCP_SESSION_ID};
use shared::session::Conversation;
use shared::signing::SealKey;

/// What a message says of the session it belongs to.
struct Place {
    /// None for the first message, and for clients that keep no session.
    session: Option<Session>,
    conversation: Conversation,
    /// Whether no session begins with it either.
    is_stateless: bool,
    keys: Vec<SealKey>,
}

impl App {
    /// Passes on one message, and streams the answer.
    pub(crate) async fn mcp(&self, name: &AgentName, mut request: Request) -> Answer {
        let admitted = match self.admit_to(name, Protocol::Mcp, &mut request).await {
            Ok(admitted) => admitted,
            Err(refused) => return request.refused(refused),
        };
        let place = match self.place(&admitted, &request).await {
            Ok(place) => place,
            Err(problem) => return request.problem(problem),
        };
        let call = Call {
            conversation: &place.conversation,
            headers: match told(&request.event.headers, place.session.as_ref()) {
                Ok(headers) => headers,
                Err(problem) => return request.problem(problem),
            },
        };
        let reply = self.reply(&admitted, call, &mut request).await;
        let handed_out = reply
            .as_ref()
            .map(|reply| handed_out(reply, &admitted, &place));
        let handed_out = handed_out.unwrap_or_default();
        let reply = reply.map_err(|unanswered| lost(unanswered, place.session.as_ref()));
        let answer = self.answer_with(reply, place.conversation, request).await;
        answer.with_all(handed_out)
    }

    /// Ends the caller's own session.
    pub(crate) async fn end_mcp(&self, name: &AgentName, mut request: Request) -> Answer {
        let admitted = match self.admit_to(name, Protocol::Mcp, &mut request).await {
            Ok(admitted) => admitted,
            Err(refused) => return request.refused(refused),
        };
        match self.end_session(&admitted, &mut request).await {
            Ok(()) => request.whole(Answer::empty(StatusCode::NO_CONTENT)),
            Err(problem) => request.problem(problem),
        }
    }

    async fn end_session(
        &self,
        admitted: &Admitted<'_>,
        request: &mut Request,
    ) -> Result<(), Problem> {
        let Place {
            session,
            conversation,
            ..
        } = self.place(admitted, request).await?;
        let session = session.ok_or(Problem::BadSession)?;
        match &admitted.agent.target {
            Target::Runtime { .. } => self.stop(admitted, &conversation, request).await,
            Target::Gateway { .. } => {
                let call = Call {
                    conversation: &conversation,
                    headers: told(&request.event.headers, Some(&session))?,
                };
                let sent = self.send(Method::DELETE, admitted, call, request).await;
                sent.map(drop)
                    .map_err(|unanswered| lost(unanswered, Some(&session)).problem)
            }
        }
    }

    /// The session that a message shows, opened, or none if it shows none.
    async fn place(&self, admitted: &Admitted<'_>, request: &Request) -> Result<Place, Problem> {
        let keys = self.seal_keys().await?;
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
        let standing = || self.standing_conversation();
        let target = &admitted.agent.target;
        let conversation = match (target, &self.access.authentication, &session) {
            // What a policy limits is counted by it, so whoever is known cannot begin anew under another name.
            (Target::Gateway { .. }, Authentication::Required(_), _) => Conversation::standing(),
            (Target::Gateway { .. } | Target::Runtime { .. }, _, Some(session)) => {
                session.conversation.clone()
            }
            // Each call would start compute of its own otherwise.
            (Target::Gateway { .. } | Target::Runtime { .. }, _, None) if is_stateless => {
                request.conversation_or(standing)?
            }
            (Target::Gateway { .. } | Target::Runtime { .. }, _, None) => request.conversation()?,
        };
        Ok(Place {
            session,
            conversation,
            is_stateless,
            keys,
        })
    }
}

impl App {
    /// The keys that sessions are sealed with.
    async fn seal_keys(&self) -> Result<Vec<SealKey>, Problem> {
        let signing = self.signing.as_ref().ok_or(Problem::SigningUnavailable)?;
        let ring = Box::pin(signing.ring()).await;
        let ring = ring.map_err(|_| Problem::SigningUnavailable)?;
        let keys = ring.seal_keys(session_seal::PURPOSE, signing.now());
        keys.map_err(|_| Problem::SigningUnavailable)
    }
}

/// Whether a message is of the generation without sessions (MCP 2026-07-28), each of which names its method in a header.
/// Whatever begins a session is of the one before.
fn is_stateless(received: &HeaderMap) -> bool {
    let headers = headers::mcp_inward(received);
    let method = headers.get(MCP_METHOD);
    method.is_some_and(|method| method != "initialize")
}

/// What the server is told in headers: the protocol's own, and its session's id as it knows it.
fn told(received: &HeaderMap, session: Option<&Session>) -> Result<HeaderMap, Problem> {
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
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    (1..=32).contains(&value.len()) && value.as_bytes().iter().all(allowed)
}

/// What the caller is told in headers.
fn handed_out(reply: &Reply, admitted: &Admitted<'_>, place: &Place) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let session = match (&place.session, &reply.mcp_session) {
        (None, Some(id)) if !place.is_stateless => {
            let session = Session {
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
fn lost(mut unanswered: Unanswered, session: Option<&Session>) -> Unanswered {
    let is_not_found = unanswered.upstream_status == Some(StatusCode::NOT_FOUND.as_u16());
    if is_not_found && session.is_some() {
        unanswered.problem = Problem::UnknownSession;
    }
    unanswered
}
