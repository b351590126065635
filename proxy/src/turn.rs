//! One turn with an agent, whatever it speaks: what it is told of its caller, the call, and its answer.

mod assertion;
mod body;
pub(crate) mod call;
pub(crate) mod declined;
mod gateway_message;
pub mod lease;
mod named_in_headers;
mod one_reading;
pub(crate) mod request;
mod reserved_member;
mod session_end;
pub mod tool_token;

use std::sync::Arc;

use http::header::{HeaderName, HeaderValue};
use shared::agents::{Gateway, Runtime, Speaks};
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
use declined::Unanswered;
use lease::{Lease, LeaseError, Leases};
use request::Request;
use tool_token::ToolTokens;

/// The name under which AWS's services pass on a trace.
const X_RAY: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// What turns are taken with.
pub(crate) struct Turns {
    pub(crate) upstream: AgentCore,
    pub(crate) limits: Limits,
    /// None if nothing is asserted.
    pub(crate) signing: Option<Arc<SigningKeys>>,
    /// None if no agent asks for a token.
    pub(crate) tool_tokens: Option<ToolTokens>,
    /// None if turns are taken as they come.
    pub(crate) leases: Option<Leases>,
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
        let session = admitted.session(conversation);
        // The caller's word comes first, so that nothing of it stays where the door sets a header.
        let listed = &admitted.agent.forward_headers;
        let mut own = headers::forwarded(&request.event.headers, listed);
        own.extend(trace(request));
        let signing = self.signing.as_deref();
        own.extend(assertion::header(signing, admitted, runtime, &session, &body, request).await?);
        let token = tool_token::of_call(self.tool_tokens.as_ref(), admitted, request).await?;
        own.extend(token.map(|token| tool_token_header(&token)).transpose()?);
        own.extend(protocol_headers);
        request.lease = self.lease(runtime.speaks, &session, request).await?;
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
        let reply = self.upstream.invoke(turn, patience).await;
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
        let id = admitted.session(conversation);
        let session = Session::of(&admitted.permit, admitted.authority(), runtime, &id);
        session_end::at_runtime(&self.upstream, &self.limits, session, request).await
    }

    fn to_gateways(&self) -> gateway_message::Way<'_> {
        gateway_message::Way {
            upstream: &self.upstream,
            limits: &self.limits,
            tool_tokens: self.tool_tokens.as_ref(),
        }
    }

    /// Takes the lease of the conversation, so that no other turn of it runs. MCP and A2A clients send concurrent
    /// requests in one session, so only `http` agents take one.
    async fn lease(
        &self,
        speaks: Speaks,
        session: &SessionId,
        request: &Request,
    ) -> Result<Option<Lease>, Problem> {
        match (&self.leases, speaks) {
            (Some(leases), Speaks::Http { websocket: _ }) => {
                // No caller chooses this id, so no two turns have the same.
                let holder = request.record.invocation_id();
                let lease = leases.take(session, holder, request.left()).await;
                lease.map(Some).map_err(LeaseError::problem)
            }
            (Some(_), Speaks::A2a | Speaks::Mcp) | (None, _) => Ok(None),
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
