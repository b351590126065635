//! One message to an agent that is an AgentCore gateway.

use crate::access::Admitted;
use crate::access::authority::Authority;
use crate::app::App;
use crate::caller::media;
use crate::caller::problem::Problem;
use crate::routes::conversations;
use crate::turn::request::Request;
use crate::turn::{Call, Unanswered};
use crate::upstream::{Message, Reply};
use bytes::Bytes;
use http::Method;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use shared::agents::Target;
use shared::headers;

impl App {
    /// Sends a message to the agent that is a gateway: with the tool token if it asks for one, or as its `auth` says.
    pub(crate) async fn send(
        &self,
        method: Method,
        admitted: &Admitted<'_>,
        call: Call<'_>,
        request: &mut Request,
    ) -> Result<Reply, Unanswered> {
        let agent = admitted.agent;
        let Target::Gateway { url } = &agent.target else {
            return Err(Problem::AgentMisconfigured.into());
        };
        let accept = media::accepted(&request.event.headers).ok_or(Problem::NotAcceptable)?;
        let is_end = method == Method::DELETE;
        let body = if is_end {
            Bytes::new()
        } else {
            self.body(agent, request)?
        };
        let tool_token = self.tool_token(admitted, request).await?;
        let message = Message {
            permit: &admitted.permit,
            method,
            gateway: url,
            authority: match &tool_token {
                Some(token) => Authority::Tool(token),
                None => admitted.authority(),
            },
            accept,
            headers: &headers::inward(&request.event.headers),
            own: gateway_headers(admitted, call)?,
            body,
        };
        let in_all = if is_end {
            // The route on which a session is ended has less time.
            conversations::PATIENCE.min(self.limits.first_byte)
        } else {
            self.limits.first_byte
        };
        let patience = request.patience(in_all)?;
        let reply = self.upstream.send(message, patience).await;
        reply.map_err(|failure| request.failed(failure, agent.protocol))
    }
}

/// The policy session is the door's to name: a caller's conversation with this agent, and nobody else's.
fn gateway_headers(admitted: &Admitted<'_>, call: Call<'_>) -> Result<HeaderMap, Problem> {
    let session = HeaderValue::from_str(admitted.session(call.conversation).as_str());
    let mut headers = call.headers;
    headers.insert(
        HeaderName::from_static(headers::POLICY_SESSION),
        session.map_err(|_| Problem::AgentMisconfigured)?,
    );
    Ok(headers)
}
