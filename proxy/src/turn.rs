//! One turn with an agent, whatever it speaks: the caller is admitted, the agent called, its answer streamed.

mod assertion;
mod gateway_message;
pub mod lease;
pub(crate) mod request;
mod reserved_member;
pub mod tool_token;

use crate::access::authentication::Authentication;
use crate::access::{self, Admitted};
use crate::answer::Answer;
use crate::answer::stream::{Finally, Patience, Pump};
use crate::app::App;
use crate::audit::record::Upstream;
use crate::audit::tool_call::{self, Ambiguous, Tool};
use crate::caller::event::BodyError;
use crate::caller::media;
use crate::caller::problem::Problem;
use crate::upstream::{Reply, RpcError, Turn};
use bytes::Bytes;
use http::Method;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use lease::Refused;
use request::Request;
use shared::agents::{Agent, Protocol, Target, ToolToken};
use shared::gate::AgentName;
use shared::headers;
use shared::secret::Secret;
use shared::session::{Conversation, SessionId};
use std::sync::Arc;
use tokio::time::timeout_at;
use tool_token::Proven;

/// The name under which AWS's services pass on a trace.
const X_RAY: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// What a route says of a turn, beside what the caller sent.
pub(crate) struct Call<'c> {
    pub(crate) conversation: &'c Conversation,
    /// The protocol's own.
    pub(crate) headers: HeaderMap,
}

/// Why there is no reply, for the caller. What is for the log has been noted.
pub(crate) struct Unanswered {
    pub(crate) problem: Problem,
    /// What the platform answered with, if it did.
    pub(crate) upstream_status: Option<u16>,
    /// What is said in place of the problem, to a caller who speaks the agent's protocol.
    pub(crate) rpc: Option<RpcError>,
}

impl From<Problem> for Unanswered {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            upstream_status: None,
            rpc: None,
        }
    }
}

impl App {
    /// Lets the caller in to the agent of this name, or says why not.
    pub(crate) async fn admit(
        &self,
        name: &AgentName,
        request: &mut Request,
    ) -> Result<Admitted<'_>, access::Refused> {
        self.admit_as(name, None, request).await
    }

    /// As [`Self::admit`], to an agent that speaks this.
    pub(crate) async fn admit_to(
        &self,
        name: &AgentName,
        protocol: Protocol,
        request: &mut Request,
    ) -> Result<Admitted<'_>, access::Refused> {
        self.admit_as(name, Some(protocol), request).await
    }

    async fn admit_as(
        &self,
        name: &AgentName,
        protocol: Option<Protocol>,
        request: &mut Request,
    ) -> Result<Admitted<'_>, access::Refused> {
        let admitted = self.access.admit(request.asker(), name, protocol).await?;
        request.record.agent(&admitted.agent.name);
        request.record.caller(admitted.permit.identity());
        Ok(admitted)
    }

    /// The one conversation of a caller who names none, with an agent whose clients cannot. Where callers are not asked who
    /// they are, they are all one, and may not meet in it: each begins their own.
    pub(crate) fn standing_conversation(&self) -> Option<Conversation> {
        match self.access.authentication {
            Authentication::Required(_) => Some(Conversation::standing()),
            Authentication::Off => Conversation::begin(),
        }
    }

    /// Takes a turn of a conversation, and answers with what the agent says, or with why it says nothing.
    pub(crate) async fn turn(
        &self,
        admitted: &Admitted<'_>,
        conversation: Conversation,
        mut request: Request,
    ) -> Answer {
        let call = Call {
            conversation: &conversation,
            headers: HeaderMap::new(),
        };
        let reply = self.reply(admitted, call, &mut request).await;
        self.answer_with(reply, conversation, request).await
    }

    /// Answers with what the agent says, or with why it says nothing.
    pub(crate) async fn answer_with(
        &self,
        reply: Result<Reply, Unanswered>,
        conversation: Conversation,
        mut request: Request,
    ) -> Answer {
        let answer = match reply {
            Ok(reply) => self.stream(reply, conversation.clone(), request),
            Err(unanswered) => {
                // Lambda freezes the function as soon as it has answered.
                if let Some(lease) = request.lease.take() {
                    lease.release().await;
                }
                request.unanswered(unanswered)
            }
        };
        answer.with(
            HeaderName::from_static(headers::CONVERSATION),
            conversation.as_str(),
        )
    }

    /// The agent's reply, its body still to come, or what to tell the caller instead.
    pub(crate) async fn reply(
        &self,
        admitted: &Admitted<'_>,
        call: Call<'_>,
        request: &mut Request,
    ) -> Result<Reply, Unanswered> {
        let agent = admitted.agent;
        if !media::is_json_sent(&request.event.headers) {
            return Err(Problem::UnsupportedMedia.into());
        }
        let Target::Runtime { arn, qualifier } = &agent.target else {
            return self.send(Method::POST, admitted, call, request).await;
        };
        let Call {
            conversation,
            headers,
        } = call;
        let accept = media::accepted(&request.event.headers).ok_or(Problem::NotAcceptable)?;
        let body = self.body(agent, request)?;
        let session = admitted.session(conversation);
        let mut own = self.own_headers(admitted, &session, &body, request).await?;
        own.extend(headers);
        self.take_lease(agent, &session, request).await?;
        let turn = Turn {
            permit: &admitted.permit,
            authority: admitted.authority(),
            runtime: arn,
            qualifier,
            session: &session,
            accept,
            headers: &headers::inward(&request.event.headers),
            own,
            body,
        };
        let patience = request.patience(self.limits.first_byte)?;
        let reply = self.upstream.invoke(turn, patience).await;
        reply.map_err(|failure| request.failed(failure, agent.protocol))
    }

    /// Makes sure that no other turn of the conversation runs. MCP and A2A have requests of one session at once, by their
    /// nature.
    async fn take_lease(
        &self,
        agent: &Agent,
        session: &SessionId,
        request: &mut Request,
    ) -> Result<(), Problem> {
        let turns = self.turns.as_ref();
        if let Some(turns) = turns.filter(|_| agent.protocol == Protocol::Http) {
            let request_id = request.record.request_id();
            let lease = turns.take(session, request_id, request.left()).await;
            request.lease = Some(lease.map_err(Refused::problem)?);
        }
        Ok(())
    }

    /// What the caller says to an agent that speaks this. It is passed on as it is, if at all.
    pub(crate) fn body(&self, agent: &Agent, request: &mut Request) -> Result<Bytes, Problem> {
        let body = request.event.take_body(self.limits.body_bytes);
        let body = body.map_err(|error| match error {
            BodyError::TooLarge => Problem::TooLarge,
            BodyError::NotBase64 => Problem::BadBody,
        })?;
        let record = &mut request.record;
        record.received(u64::try_from(body.len()).unwrap_or(u64::MAX));
        match agent.protocol {
            Protocol::Http => reserved_member::check(&body)?,
            Protocol::Mcp => record.tool(tool_called(&agent.target, &body)?),
            Protocol::A2a => {}
        }
        Ok(body)
    }

    /// What the door itself tells the agent.
    async fn own_headers(
        &self,
        admitted: &Admitted<'_>,
        session: &SessionId,
        body: &[u8],
        request: &mut Request,
    ) -> Result<HeaderMap, Problem> {
        let mut own = HeaderMap::new();
        let trace = request.record.traces().header.as_deref();
        if let Some(trace) = trace.and_then(|trace| HeaderValue::from_str(trace).ok()) {
            own.insert(X_RAY, trace);
        }
        if let Some(assertion) = self.assertion(admitted, session, body, request).await? {
            own.insert(HeaderName::from_static(headers::IDENTITY), assertion);
        }
        if let Some(token) = self.tool_token(admitted, request).await? {
            let mut value =
                HeaderValue::from_str(token.reveal()).map_err(|_| Problem::NoToolToken)?;
            value.set_sensitive(true);
            own.insert(HeaderName::from_static(headers::TOOL_TOKEN), value);
        }
        Ok(own)
    }

    /// The token for the agent's tools, if it asks for one. Its loss is not the caller's fault.
    pub(crate) async fn tool_token(
        &self,
        admitted: &Admitted<'_>,
        request: &mut Request,
    ) -> Result<Option<Arc<Secret>>, Problem> {
        let kind = admitted.agent.tool_token;
        if kind == ToolToken::None {
            return Ok(None);
        }
        let caller = Proven {
            identity: admitted.permit.identity(),
            proof: &admitted.proof,
        };
        let token = match &self.tool_tokens {
            Some(tool_tokens) => {
                timeout_at(request.deadline, Box::pin(tool_tokens.get(kind, caller)))
                    .await
                    .unwrap_or(Err(tool_token::Fault::Timeout))
            }
            None => Err(tool_token::Fault::NotConfigured),
        };
        token.map_err(|fault| {
            request.record.upstream(Upstream {
                detail: Some(format!("tool token: {}", fault.code())),
                ..Upstream::default()
            });
            Problem::NoToolToken
        })
    }

    fn stream(&self, reply: Reply, conversation: Conversation, mut request: Request) -> Answer {
        let Reply {
            status,
            content_type,
            mcp_session: _,
            mcp_version: _,
            body,
            upstream,
        } = reply;
        request.record.upstream(upstream);
        request.record.status(status);
        let patience = Patience {
            idle: self.limits.idle,
            deadline: request.deadline,
        };
        let content_type = media::passed_on(&content_type);
        let is_event_stream = media::is_event_stream(content_type);
        let release = request.lease.take();
        let release = release.map(|lease| -> Finally { Box::pin(lease.release()) });
        let pump = Pump::new(
            body,
            is_event_stream,
            patience,
            conversation,
            request.record,
        )
        .finally(release);
        Answer::stream(status, content_type, pump)
    }
}

/// The tool that a message calls. A gateway decides by what it reads there, so it is sent no message that it may read
/// otherwise than the door does; a server in a runtime answers for itself.
fn tool_called(target: &Target, message: &[u8]) -> Result<Option<Tool>, Problem> {
    match (tool_call::read(message), target) {
        (Ok(tool), Target::Gateway { .. } | Target::Runtime { .. }) => Ok(tool),
        (Err(Ambiguous), Target::Gateway { .. }) => Err(Problem::BadJson),
        (Err(Ambiguous), Target::Runtime { .. }) => Ok(Some(Tool::Unreadable)),
    }
}
