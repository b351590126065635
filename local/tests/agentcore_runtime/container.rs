//! A container that reports what it received, whatever the request.

use std::net::Ipv4Addr;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::header::{CONNECTION, CONTENT_TYPE, UPGRADE};
use http::{HeaderName, HeaderValue, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Map, json};
use tokio::task::JoinHandle;

pub(crate) const MCP_SESSION: HeaderName = HeaderName::from_static("mcp-session-id");

/// Dropping it closes its port.
pub(crate) struct Container {
    pub(crate) url: String,
    served: JoinHandle<()>,
}

impl Container {
    /// With an MCP session id of its own in each answer, if it keeps state.
    pub(crate) async fn start(mcp_session: Option<&'static str>) -> Self {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(move |request| answer(mcp_session, request));
        let served = tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Self { url, served }
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        self.served.abort();
    }
}

async fn answer(mcp_session: Option<&'static str>, mut request: Request) -> Response {
    if request.headers().contains_key(UPGRADE) {
        return echo(&mut request);
    }
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1_000_000).await.unwrap();
    let headers = head.headers.iter().map(|(name, value)| {
        let value = value.to_str().unwrap();
        (name.as_str().to_owned(), json!(value))
    });
    let said = json!({
        "body": String::from_utf8(body.to_vec()).unwrap(),
        "headers": Map::from_iter(headers),
        "method": head.method.as_str(),
        "path": head.uri.path(),
    });
    let mut response = Response::new(Body::from(said.to_string()));
    let asked = |name: &str| head.headers.get(name).cloned();
    if asked("x-status").is_some() {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let session = mcp_session.map(HeaderValue::from_static);
    headers.extend(session.map(|session| (MCP_SESSION, session)));
    response
}

/// Gives back every byte that comes after the handshake.
fn echo(request: &mut Request) -> Response {
    let upgrade = hyper::upgrade::on(&mut *request);
    tokio::spawn(async move {
        let stream = TokioIo::new(upgrade.await.unwrap());
        let (mut from, mut to) = tokio::io::split(stream);
        // It ends when the other side does.
        let _ended = tokio::io::copy(&mut from, &mut to).await;
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    let session = request
        .headers()
        .get("x-amzn-bedrock-agentcore-runtime-session-id");
    let name = HeaderName::from_static("x-session-of-the-container");
    headers.extend(session.cloned().map(|session| (name, session)));
    response
}
