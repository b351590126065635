//! The call to an AgentCore gateway: one MCP message over HTTPS, with a token, or signed by the door's own role.

mod sign;

use std::error::Error;
use std::time::Duration;

use aws_config::SdkConfig;
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full, Limited};
use shared::clock::Clock;
use shared::fetch::{self, HttpsClient};
use shared::gate::Permit;
use shared::headers::{MCP_PROTOCOL_VERSION, MCP_SESSION_ID};
use shared::log::{self, Loggable};
use shared::settings::Address;
use tokio::time::timeout;

use super::failure::{Failure, MAX_ERROR, pause, problem_of_status, rpc_error};
use super::renewed::Renewed;
use super::reply::{AgentStream, Reply};
use crate::access::authority::Authority;
use crate::audit::record::Upstream;
use crate::caller::media;
use crate::caller::problem::Problem;

use sign::Signer;

/// Connections that are kept for the next message. An instance of the function has one caller at a time, or a few.
const MAX_IDLE_CONNECTIONS: usize = 4;

/// The way to gateways.
pub(super) struct Gateways {
    /// By the gateway's host; none if TLS cannot be set up.
    clients: Renewed<Option<HttpsClient>>,
    signer: Signer,
    clock: Clock,
}

/// One message to a gateway. There is none without a [`Permit`].
pub struct Message<'m> {
    pub permit: &'m Permit,
    pub method: Method,
    pub gateway: &'m Address,
    pub authority: Authority<'m>,
    /// What [`crate::caller::media`] wrote; nothing of the caller's own.
    pub accept: &'static str,
    /// What [`shared::headers::inward`] let through.
    pub headers: &'m HeaderMap,
    /// What the door itself says to the gateway.
    pub own: HeaderMap,
    pub body: Bytes,
}

impl Gateways {
    pub(super) fn new(platform: &SdkConfig, clock: Clock) -> Self {
        Self {
            clients: Renewed::default(),
            signer: Signer::new(platform, clock.clone()),
            clock,
        }
    }

    /// Sends a message, and waits at most `patience` for the head of its answer. It is never sent twice: a tool may have
    /// been called.
    pub(super) async fn send(
        &self,
        message: Message<'_>,
        patience: Duration,
    ) -> Result<Reply, Failure> {
        let authority = message.authority;
        let client = self.client(message.gateway);
        let exchange = async {
            let request = self.request(message).await?;
            let client = client.ok_or_else(|| misconfigured("no TLS client"))?;
            let response = client.request(request).await.map_err(|error| {
                Failure::without_answer(Problem::AgentUnreachable, Some(log::causes(&error)))
            })?;
            answered(response, authority).await
        };
        let timed_out = Failure::without_answer(Problem::AgentTimeout, None);
        timeout(patience, exchange).await.unwrap_or(Err(timed_out))
    }

    async fn request(&self, message: Message<'_>) -> Result<Request<Full<Bytes>>, Failure> {
        let Message {
            permit: _,
            method,
            gateway,
            authority,
            accept,
            headers,
            own,
            body,
        } = message;
        let mut request = Request::new(Full::from(body.clone()));
        *request.method_mut() = method;
        *request.uri_mut() = gateway.uri().clone();
        let to_send = request.headers_mut();
        to_send.extend(headers.clone());
        to_send.extend(own);
        to_send.insert(header::ACCEPT, HeaderValue::from_static(accept));
        to_send.insert(header::CONTENT_TYPE, HeaderValue::from_static(media::JSON));
        match authority.header() {
            Some((name, value)) => drop(request.headers_mut().insert(name, value)),
            None => {
                let signed = Box::pin(self.signer.sign(&mut request, gateway, &body)).await;
                signed.map_err(misconfigured)?;
            }
        }
        Ok(request)
    }

    fn client(&self, gateway: &Address) -> Option<HttpsClient> {
        let make = || fetch::client(MAX_IDLE_CONNECTIONS);
        self.clients
            .client(gateway.host(), self.clock.moment(), make)
    }
}

fn misconfigured(detail: &'static str) -> Failure {
    Failure::without_answer(Problem::AgentMisconfigured, Some(detail.to_owned()))
}

/// A good answer is passed on as it comes; of any other, only what is JSON-RPC's.
async fn answered<B>(response: Response<B>, authority: Authority<'_>) -> Result<Reply, Failure>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Error + Send + Sync + 'static,
{
    let (head, body) = response.into_parts();
    let text = |name: HeaderName| head.headers.get(name)?.to_str().ok().map(str::to_owned);
    let request_id = text(HeaderName::from_static("x-amzn-requestid"));
    let upstream = Upstream {
        status: Some(head.status.as_u16()),
        request_id: request_id.map(|id| Loggable(&id).to_string()),
        detail: None,
        retry_after: text(header::RETRY_AFTER).as_deref().and_then(pause),
    };
    if head.status.is_success() {
        return Ok(Reply {
            status: head.status,
            content_type: text(header::CONTENT_TYPE).unwrap_or_default(),
            mcp_session: text(HeaderName::from_static(MCP_SESSION_ID)),
            mcp_version: text(HeaderName::from_static(MCP_PROTOCOL_VERSION)),
            body: AgentStream::of(body.into_data_stream()),
            upstream,
        });
    }
    let body = Limited::new(body, MAX_ERROR).collect().await;
    let body = body.map(|body| body.to_bytes()).unwrap_or_default();
    let problem = match (head.status.as_u16(), authority) {
        (401 | 403, Authority::Caller(_)) => Problem::AgentRefusedToken,
        (status, _) => problem_of_status(status),
    };
    Err(Failure {
        problem,
        upstream,
        rpc: rpc_error(head.status, &body).map(Box::new),
        rest: None,
    })
}
