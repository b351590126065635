//! An AgentCore data plane on loopback that answers as it is told and remembers what it was asked.

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_bedrockagentcore::config::{Credentials, Region};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::poll_fn;
use http::{HeaderMap, Method, Uri};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// What the data plane does with one call.
pub(crate) enum Script {
    /// Answers an error of its own, whose text must never be passed on.
    Error(u16, &'static str),
    /// Refuses the way in which the door shows itself, as the service words it.
    Mismatch,
    /// The same, and after how many seconds it may be asked again.
    Later(u16, &'static str, &'static str),
    Json(&'static str),
    /// The same, after so long.
    Late(Duration, &'static str),
    /// Answers with this content type, and with what is sent through the other end; an error there cuts the connection.
    Stream(&'static str, mpsc::UnboundedReceiver<Piece>),
    /// Answers this status, with these headers and this body.
    Full(u16, &'static [(&'static str, &'static str)], &'static str),
    /// Takes the request and never answers.
    Silence,
}

pub(crate) type Piece = Result<Bytes, io::Error>;

/// What the data plane was asked.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

pub(crate) struct DataPlane {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    scripts: Mutex<VecDeque<Script>>,
    calls: Mutex<Vec<Call>>,
}

/// Text of the platform's that no caller may ever see.
pub(crate) const PLATFORM_TEXT: &str = "arn:aws:secret-detail";

const MISMATCH: &str = r#"{"message": "Authorization method mismatch. The agent is configured for a different authorization method."}"#;

impl DataPlane {
    pub(crate) async fn start(scripts: impl IntoIterator<Item = Script>) -> Self {
        let shared = Arc::new(Shared {
            scripts: Mutex::new(scripts.into_iter().collect()),
            ..Shared::default()
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    /// What the AWS SDK is told of its environment.
    pub(crate) async fn platform(&self) -> SdkConfig {
        platform(&self.url).await
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.shared.calls.lock().unwrap())
    }
}

/// Those of [`platform`], for the check of signatures.
pub(crate) fn credentials() -> local::sigv4::Credentials {
    local::sigv4::Credentials {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: "secret".to_owned(),
        session_token: None,
    }
}

pub(crate) async fn platform(url: &str) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .credentials_provider(Credentials::new(
            "AKIDEXAMPLE",
            "secret",
            None,
            None,
            "test",
        ))
        .region(Region::from_static("us-east-1"))
        .endpoint_url(url)
        .load()
        .await
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    shared.calls.lock().unwrap().push(Call {
        method: parts.method,
        uri: parts.uri,
        headers: parts.headers,
        body,
    });
    let script = shared.scripts.lock().unwrap().pop_front();
    act(script).await
}

async fn act(script: Option<Script>) -> Response {
    let response = Response::builder()
        .header("x-amzn-requestid", "upstream-1")
        .header(
            "x-amzn-bedrock-agentcore-runtime-session-endpoint-url",
            "https://session.example",
        )
        .header("set-cookie", "a=b");
    match script {
        None => response
            .status(500)
            .header("x-amzn-errortype", "Unscripted")
            .body(Body::empty()),
        Some(Script::Error(status, name)) => response
            .status(status)
            .header("x-amzn-errortype", name)
            .body(Body::from(format!(r#"{{"message": "{PLATFORM_TEXT}"}}"#))),
        Some(Script::Mismatch) => response
            .status(403)
            .header("x-amzn-errortype", "AccessDeniedException")
            .body(Body::from(MISMATCH)),
        Some(Script::Later(status, name, seconds)) => response
            .status(status)
            .header("x-amzn-errortype", name)
            .header("retry-after", seconds)
            .body(Body::empty()),
        Some(Script::Late(after, text)) => {
            sleep(after).await;
            response
                .header("content-type", "application/json")
                .body(Body::from(text))
        }
        Some(Script::Json(text)) => response
            .header("content-type", "application/json")
            .body(Body::from(text)),
        Some(Script::Stream(content_type, mut pieces)) => response
            .header("content-type", content_type)
            .body(Body::from_stream(poll_fn(move |context| {
                pieces.poll_recv(context)
            }))),
        Some(Script::Full(status, headers, text)) => {
            let named = headers.iter().fold(response, |response, (name, value)| {
                response.header(*name, *value)
            });
            named.status(status).body(Body::from(text))
        }
        Some(Script::Silence) => pending().await,
    }
    .unwrap()
}
