//! Client for AgentCore gateways: sends one MCP message.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use shared::agents::{Gateway, Protocol};
use shared::headers;
use shared::session::SessionId;

use super::body;
use super::call::Call;
use super::control::Control;
use super::declined::Unanswered;
use super::named_in_headers;
use super::request::Request;
use super::session_end;
use super::tool_token::{self, ToolTokens};
use super::watch;
use crate::access::authority::Authority;
use crate::caller::problem::Problem;
use crate::config::Limits;
use crate::upstream::{AgentCore, Message, Reply};

/// The way to gateways.
pub(super) struct Way<'w> {
    pub(super) upstream: &'w AgentCore,
    pub(super) limits: &'w Limits,
    pub(super) tool_tokens: Option<&'w ToolTokens>,
    pub(super) control: &'w Control,
}

/// What a message is sent as.
struct Letter {
    method: Method,
    accept: &'static str,
    body: Bytes,
    /// How long the caller waits for the reply, in all.
    in_all: Duration,
    /// The door's own name of the conversation; a gateway's policies may count by it.
    session: SessionId,
}

/// Sends what the caller says.
pub(super) async fn send(
    way: Way<'_>,
    gateway: &Gateway,
    call: Call<'_>,
    request: &mut Request,
) -> Result<Reply, Unanswered> {
    let letter = Letter {
        method: Method::POST,
        accept: body::media_types(request)?,
        body: body::for_gateway(request, way.limits.body_bytes)?,
        in_all: way.limits.first_byte,
        session: call.admitted.session(call.conversation).await?,
    };
    // A service that decides by the headers must decide as one that reads the message (MCP 2026-07-28, "Standard headers").
    named_in_headers::check(&call.headers, &letter.body)?;
    let (admitted, control) = (call.admitted, way.control);
    let session = &letter.session;
    control.enter(admitted, session, None, request).await?;
    // Nothing of the gateway's can be ended: the message is over with its connection.
    request.watch = control.watch(admitted, session, None, request);
    exchange(way, gateway, call, letter, request).await
}

/// Ends the session that the call's headers name.
pub(super) async fn end(
    way: Way<'_>,
    gateway: &Gateway,
    call: Call<'_>,
    request: &mut Request,
) -> Result<Reply, Unanswered> {
    let letter = Letter {
        method: Method::DELETE,
        accept: body::accepted(request)?,
        body: Bytes::new(),
        // The route on which a session is ended has less time.
        in_all: session_end::timeout(way.limits),
        session: call.admitted.session(call.conversation).await?,
    };
    let (admitted, session) = (call.admitted, &letter.session);
    way.control.ask(admitted, session, request).await?;
    exchange(way, gateway, call, letter, request).await
}

/// Shows the gateway the tool token if the agent asks for one, or what its `auth` says.
async fn exchange(
    way: Way<'_>,
    gateway: &Gateway,
    call: Call<'_>,
    letter: Letter,
    request: &mut Request,
) -> Result<Reply, Unanswered> {
    let Letter {
        method,
        accept,
        body,
        in_all,
        session,
    } = letter;
    let admitted = call.admitted;
    let tool_token = tool_token::of_call(way.tool_tokens, admitted, request).await?;
    let message = Message {
        permit: &admitted.permit,
        method,
        gateway: &gateway.url,
        authority: match &tool_token {
            Some(token) => Authority::Tool(token),
            None => admitted.authority(),
        },
        accept,
        headers: &headers::inward(&request.event.headers),
        own: own_headers(call, &session)?,
        body,
    };
    let patience = request.patience(in_all)?;
    request.held.note_asked(true);
    let reply = watch::over(&mut request.watch, way.upstream.send(message, patience)).await?;
    reply.map_err(|failure| request.failed(failure, Protocol::Mcp))
}

/// The policy session is the door's to name: this caller's conversation with this agent.
fn own_headers(call: Call<'_>, session: &SessionId) -> Result<HeaderMap, Problem> {
    let session = HeaderValue::from_str(session.as_str());
    let mut headers = call.headers;
    headers.insert(
        HeaderName::from_static(headers::POLICY_SESSION),
        session.map_err(|_| Problem::AgentMisconfigured)?,
    );
    Ok(headers)
}
