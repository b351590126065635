//! The data plane's answer, made from the agent's.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;

use super::failure::Failure;
use super::fault::{Fault, ServiceError, Then, flood, truncated};
use super::mcp;
use super::observer::Trouble;
use super::protocol::Protocol;
use super::turn::{MCP_SESSION_ID, SESSION_ID};
use crate::listen::hang_up;
use crate::watched::{Ended, Watch, watched};

/// A container that takes longer to come up is not waited for.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// Until an answer begins ("request timeout", AgentCore quotas).
const FIRST_BYTE_TIMEOUT: Duration = Duration::from_secs(15 * 60);
/// Until a stream is ended ("streaming response", AgentCore quotas).
const STREAM_TIMEOUT: Duration = Duration::from_secs(60 * 60);
/// The address by which a client could bypass the component in front of the data plane. A runtime with ports of its own
/// sends it; this one always does, so that a component in front that forgets to remove it is found.
const SESSION_ENDPOINT: HeaderName =
    HeaderName::from_static("x-amzn-bedrock-agentcore-runtime-session-endpoint-url");

/// The answer's own headers that reach the caller of an MCP server.
const MCP_ANSWERED: [HeaderName; 2] = [
    MCP_SESSION_ID,
    HeaderName::from_static("mcp-protocol-version"),
];

/// One call on its way to the agent.
pub(super) struct Relay<'a> {
    pub(super) client: &'a Client<HttpConnector, Full<Bytes>>,
    pub(super) protocol: Protocol,
    pub(super) method: Method,
    pub(super) uri: &'a Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) session_id: HeaderValue,
}

pub(super) fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    connector.set_nodelay(true);
    connector
}

impl Relay<'_> {
    /// The agent's answer, or an error, or what the fault makes of it; `watch` tells how it ended.
    pub(super) async fn answer<Tell>(
        self,
        fault: Option<Fault>,
        trouble: &Trouble,
        mut watch: Watch<Tell>,
    ) -> Response
    where
        Tell: FnOnce(Ended) + Send + Unpin + 'static,
    {
        let (protocol, body) = (self.protocol, self.body.clone());
        let session_id = self.session_id.clone();
        let answered = match fault {
            Some(Fault::HangUp) => {
                watch.end(Ended::Cut);
                return hang_up();
            }
            Some(Fault::Error(error)) => Err(error),
            Some(Fault::Flood(bytes)) => Ok(success(
                HeaderValue::from_static("text/event-stream"),
                flood(bytes),
            )),
            Some(Fault::SlowFirstByte(delay)) => {
                tokio::time::sleep(delay).await;
                self.ask(trouble).await
            }
            Some(Fault::CutAfter(bytes)) => self
                .ask(trouble)
                .await
                .map(|answer| answer.map(|body| truncated(body, bytes, Then::Cut))),
            Some(Fault::SilenceAfter(bytes)) => {
                let answer = self.ask(trouble).await;
                answer.map(|answer| answer.map(|body| truncated(body, bytes, Then::Silence)))
            }
            None => self.ask(trouble).await,
        };
        let mut response = answered
            .unwrap_or_else(|error| Failure::from(error).answer(protocol, &mcp::request_id(&body)));
        response.headers_mut().insert(SESSION_ID, session_id);
        response.map(|body| watched(body, watch))
    }

    /// Whatever the container answers but success becomes one error, as does a container that is
    /// not there. `trouble` learns what it was.
    async fn ask(self, trouble: &Trouble) -> Result<Response, ServiceError> {
        let protocol = self.protocol;
        let mut request = Request::builder()
            .method(self.method)
            .uri(self.uri.clone())
            .body(Full::new(self.body))
            .map_err(|_| ServiceError::Internal)?;
        *request.headers_mut() = self.headers;
        let answer = tokio::time::timeout(FIRST_BYTE_TIMEOUT, self.client.request(request)).await;
        let answer = match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                trouble.note(Trouble::of_connection(&error));
                return Err(ServiceError::RuntimeClient);
            }
            Err(_) => {
                trouble.note("it did not answer within 15 minutes".to_owned());
                return Err(ServiceError::RuntimeClient);
            }
        };
        if !passes(protocol, answer.status()) {
            trouble.note(Trouble::of_answer(&answer));
            return Err(ServiceError::RuntimeClient);
        }
        let (head, body) = answer.into_parts();
        let octets = HeaderValue::from_static("application/octet-stream");
        let content_type = head.headers.get(CONTENT_TYPE).cloned().unwrap_or(octets);
        let pieces = body
            .into_data_stream()
            .take_until(Box::pin(tokio::time::sleep(STREAM_TIMEOUT)));
        let mut response = success(content_type, Body::from_stream(pieces));
        *response.status_mut() = head.status;
        if protocol == Protocol::Mcp {
            for name in MCP_ANSWERED {
                let value = head.headers.get(&name).cloned();
                response
                    .headers_mut()
                    .extend(value.map(|value| (name, value)));
            }
        }
        Ok(response)
    }
}

/// An MCP server's 4xx is a part of its transport: a session that it does not know, for one
/// ("Session management", MCP).
fn passes(protocol: Protocol, status: StatusCode) -> bool {
    status.is_success() || (protocol == Protocol::Mcp && status.is_client_error())
}

fn success(content_type: HeaderValue, body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(
        SESSION_ENDPOINT,
        HeaderValue::from_static("https://session.example.com/"),
    );
    response
}
