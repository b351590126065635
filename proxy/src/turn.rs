//! One turn with an agent, whatever it speaks: what it is told of its caller, the call, and its answer.

mod assertion;
mod body;
pub(crate) mod call;
pub(crate) mod control;
pub mod count;
pub(crate) mod declined;
mod gateway_message;
pub(crate) mod held;
pub mod lease;
pub mod leaving;
mod named_in_headers;
mod one_reading;
pub(crate) mod request;
mod reserved_member;
mod session_end;
pub mod table;
pub mod tool_token;
pub(crate) mod watch;

use std::sync::Arc;

use http::header::{HeaderName, HeaderValue};
use shared::agents::{Gateway, Runtime};
use shared::headers;
use shared::secret::Secret;
use shared::session::{Conversation, SessionId};
use shared::signing::SigningKeys;

use crate::access::Admitted;
use crate::answer::Answer;
use crate::caller::problem::Problem;
use crate::config::Limits;
use crate::upstream::{AgentCore, Reply, Session, Turn};

use call::Call;
use control::Control;
use declined::Unanswered;
use request::Request;
use tool_token::ToolTokens;

/// The name under which AWS's services pass on a trace.
const X_RAY: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// What turns are taken with.
pub(crate) struct Turns {
    pub(crate) upstream: Arc<AgentCore>,
    pub(crate) limits: Limits,
    /// None if nothing is asserted.
    pub(crate) signing: Option<Arc<SigningKeys>>,
    /// None if no agent asks for a token.
    pub(crate) tool_tokens: Option<ToolTokens>,
    /// What is asked before a turn, and while it is under way.
    pub(crate) control: Control,
}

impl Turns {
    /// Takes a turn of a conversation with an agent in a runtime: the reply, its body still to come. The lines are the
    /// phases in their order; `docs/request.md` shows the same.
    pub(crate) async fn take(
        &self,
        runtime: &Runtime,
        call: Call<'_>,
        request: &mut Request,
    ) -> Result<Reply, Unanswered> {
        request.conversation = Some(call.conversation.clone());
        let Call {
            admitted,
            conversation,
            headers: protocol_headers,
        } = call;
        let accept = body::media_types(request)?;
        let body = body::for_runtime(request, self.limits.body_bytes, runtime.speaks)?;
        let session = admitted.session(conversation).await?;
        let speaks = Some(runtime.speaks);
        self.control
            .enter(admitted, &session, speaks, request)
            .await?;
        // The caller's word comes first, so that nothing of it stays where the door sets a header.
        let listed = &admitted.agent.forward_headers;
        let mut own = headers::forwarded(&request.event.headers, listed);
        own.extend(trace(request));
        let signing = self.signing.as_deref();
        own.extend(assertion::header(signing, admitted, runtime, &session, &body, request).await?);
        let token = tool_token::of_call(self.tool_tokens.as_ref(), admitted, request).await?;
        own.extend(token.map(|token| tool_token_header(&token)).transpose()?);
        own.extend(protocol_headers);
        let turn = Turn {
            permit: &admitted.permit,
            authority: admitted.authority(),
            runtime: &runtime.arn,
            qualifier: &runtime.qualifier,
            session: &session,
            accept,
            headers: &headers::inward(&request.event.headers),
            own,
            body,
        };
        let patience = request.patience(self.limits.first_byte)?;
        let stop = session_end::of_turn(&self.upstream, admitted, runtime, session.clone());
        request.watch = self.control.watch(admitted, &session, Some(stop), request);
        request.held.note_asked(true);
        let reply = watch::over(&mut request.watch, self.upstream.invoke(turn, patience)).await?;
        reply.map_err(|failure| request.failed(failure, runtime.speaks.protocol()))
    }

    /// Sends a message to an agent that is a gateway: the reply, its body still to come.
    pub(crate) async fn send(
        &self,
        gateway: &Gateway,
        call: Call<'_>,
        request: &mut Request,
    ) -> Result<Reply, Unanswered> {
        request.conversation = Some(call.conversation.clone());
        gateway_message::send(self.to_gateways(), gateway, call, request).await
    }

    /// Ends the session that a gateway's agent knows by the header of the call.
    pub(crate) async fn end_at_gateway(
        &self,
        gateway: &Gateway,
        call: Call<'_>,
        request: &mut Request,
    ) -> Result<(), Unanswered> {
        let ended = gateway_message::end(self.to_gateways(), gateway, call, request).await;
        ended.map(drop)
    }

    /// Ends the session of a conversation at its runtime, whether or not a turn of it is running.
    pub(crate) async fn end_at_runtime(
        &self,
        runtime: &Runtime,
        admitted: &Admitted<'_>,
        conversation: &Conversation,
        request: &mut Request,
    ) -> Result<(), Problem> {
        let id = admitted.session(conversation).await?;
        self.control.ask(admitted, &id, request).await?;
        let session = Session::of(&admitted.permit, admitted.authority(), runtime, &id);
        session_end::at_runtime(&self.upstream, &self.limits, session, request).await
    }

    /// Counts an address that opens a WebSocket as one turn: what follows does not pass the door.
    pub(crate) async fn open(
        &self,
        admitted: &Admitted<'_>,
        session: &SessionId,
        request: &mut Request,
    ) -> Result<(), Unanswered> {
        self.control.enter(admitted, session, None, request).await?;
        request.held.note_asked(true);
        Ok(())
    }

    fn to_gateways(&self) -> gateway_message::Way<'_> {
        gateway_message::Way {
            upstream: &self.upstream,
            limits: &self.limits,
            tool_tokens: self.tool_tokens.as_ref(),
            control: &self.control,
        }
    }
}

/// The answer that passes a reply on, and what is noted of it.
pub(crate) fn answer(reply: Reply, request: &mut Request) -> Answer {
    let Reply {
        status,
        content_type,
        mcp_session: _,
        mcp_version: _,
        body,
        upstream,
    } = reply;
    request.record.upstream(upstream);
    Answer::agent(status, &content_type, body)
}

/// The trace that the function is part of.
fn trace(request: &Request) -> Option<(HeaderName, HeaderValue)> {
    let trace = request.record.traces().header.as_deref()?;
    Some((X_RAY, HeaderValue::from_str(trace).ok()?))
}

fn tool_token_header(token: &Secret) -> Result<(HeaderName, HeaderValue), Problem> {
    let value = HeaderValue::from_str(token.reveal());
    let mut value = value.map_err(|_| Problem::NoToolToken)?;
    value.set_sensitive(true);
    Ok((HeaderName::from_static(headers::TOOL_TOKEN), value))
}
