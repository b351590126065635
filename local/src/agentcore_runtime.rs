//! The AgentCore data plane on one loopback port, in front of containers that speak the AgentCore
//! contracts of HTTP, MCP and A2A: `InvokeAgentRuntime`, `GetAgentCard`, `StopRuntimeSession` and
//! WebSocket connections, for signed requests or for bearers of a token, as each runtime is set up.
//!
//! It refuses what the service refuses, gives the container only the headers that the service gives
//! it, and streams the answer as it comes. Every call is recorded, and the next ones can be made to
//! fail.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery, Request, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, on};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, Method};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use crate::hops::Hops;
use crate::listen::{Bound, Served};
use crate::log::Listeners;
use crate::sigv4::{Claim, Credentials, SignatureError};

mod agent_url;
mod answer;
mod call;
mod failure;
mod fault;
mod inbound;
mod mcp;
mod observer;
mod plane;
mod protocol;
mod runtime;
mod sessions;
mod settings;
mod turn;
mod websocket;

pub use agent_url::{AgentUrl, AgentUrlError};
use call::Ledger;
pub use call::{Call, Ended, Operation};
use failure::Failure;
pub use fault::{Fault, ServiceError};
use inbound::Doorkeeper;
use observer::Observer;
use plane::Plane;
pub use protocol::Protocol;
use runtime::Runtime;
use sessions::Sessions;
pub use settings::{Auth, DataPlaneSettings, RuntimeSettings, StartError};
use websocket::Tunnels;

/// Whether a request is signed for AgentCore in a region, with these credentials, at about this time in seconds since
/// 1970.
pub fn is_signed(
    head: &Parts,
    body: &[u8],
    credentials: &Credentials,
    region: &str,
    now: u64,
) -> bool {
    let claim = Claim::parse(&head.headers, credentials, region, inbound::SERVICE, now);
    claim.is_ok_and(|claim| claim.verify(head, body, credentials).is_ok())
}

/// The running data plane. Dropping it closes its port.
pub struct DataPlane {
    url: String,
    plane: Arc<Plane>,
    _served: Served,
}

impl DataPlane {
    /// Answers on a free port of 127.0.0.1.
    pub async fn start(settings: DataPlaneSettings) -> Result<Self, StartError> {
        Self::start_watched(settings, Hops::default(), Listeners::default()).await
    }

    /// The same; its hops are told, and these hear why an agent failed.
    pub async fn start_watched(
        settings: DataPlaneSettings,
        hops: Hops,
        listeners: Listeners,
    ) -> Result<Self, StartError> {
        let DataPlaneSettings {
            region,
            credentials,
            runtimes,
        } = settings;
        let mut started = Vec::new();
        for runtime in runtimes {
            started.push(Runtime::start(runtime).await?);
        }
        let bound = Bound::loopback().await.map_err(StartError::Bind)?;
        let url = bound.origin();
        let plane = Arc::new(Plane {
            doorkeeper: Doorkeeper {
                origin: url.clone(),
                region,
                credentials,
            },
            runtimes: started,
            client: Client::builder(TokioExecutor::new()).build(answer::connector()),
            ledger: Ledger::new(),
            sessions: Sessions::default(),
            tunnels: Tunnels::default(),
            faults: Mutex::new(VecDeque::new()),
            refused: AtomicU64::new(0),
            observer: Observer::new(hops, listeners),
        });
        let router = router(Arc::clone(&plane));
        Ok(Self {
            url,
            plane,
            _served: bound.serve(router),
        })
    }

    /// The endpoint for the SDK's `AWS_ENDPOINT_URL_BEDROCK_AGENTCORE`: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The next call that gets as far as an agent fails like this. Several wait in line, 1000 at
    /// most. Of the faults only an error makes it fail to stop a session.
    pub fn inject(&self, fault: Fault) {
        self.plane.inject(fault);
    }

    /// The last 1000 well-signed and well-formed calls, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.plane.ledger.calls()
    }

    /// Waits until the calls are as `condition` wants them.
    pub async fn until(&self, condition: impl FnMut(&[Call]) -> bool) -> Vec<Call> {
        self.plane.ledger.until(condition).await
    }

    /// How many requests were refused before they became a call: unsigned, malformed, or for no
    /// agent or session.
    pub fn refused(&self) -> u64 {
        self.plane.refused.load(Ordering::SeqCst)
    }
}

fn router(plane: Arc<Plane>) -> Router {
    let invocations = "/runtimes/{arn}/invocations";
    let operations = [
        (invocations.to_owned(), Operation::Invoke),
        // As A2A clients complete it.
        (format!("{invocations}/"), Operation::Invoke),
        (
            format!("{invocations}/.well-known/agent-card.json"),
            Operation::Card,
        ),
        (
            "/runtimes/{arn}/stopruntimesession".to_owned(),
            Operation::Stop,
        ),
        ("/runtimes/{arn}/ws".to_owned(), Operation::WebSocket),
    ];
    let routes = operations.into_iter();
    routes
        .fold(Router::new(), |router, (path, operation)| {
            router.route(&path, route(operation))
        })
        .route(
            &format!("{invocations}/.well-known/oauth-protected-resource"),
            get(metadata),
        )
        .fallback(unknown)
        .with_state(plane)
}

fn route(operation: Operation) -> MethodRouter<Arc<Plane>> {
    let method = match operation {
        Operation::Invoke | Operation::Stop => axum::routing::MethodFilter::POST,
        Operation::Card | Operation::WebSocket => axum::routing::MethodFilter::GET,
    };
    let perform = move |State(plane): State<Arc<Plane>>,
                        Path(arn): Path<String>,
                        request: Request| async move {
        plane.answer(operation, &arn, request).await
    };
    on(method, perform).fallback(unknown)
}

/// RFC 9728, section 3.
async fn metadata(
    State(plane): State<Arc<Plane>>,
    Path(arn): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    match plane.metadata(&arn, &query.unwrap_or_default()) {
        Ok(document) => {
            let mut response = Response::new(Body::from(document.to_string()));
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(CONTENT_TYPE, json);
            response
        }
        Err(failure) => plane.refuse(failure, Protocol::Http),
    }
}

/// An unknown path or method looks like a missing signature at AWS, too.
async fn unknown(State(plane): State<Arc<Plane>>, _method: Method) -> Response {
    plane.refuse(Failure::from(SignatureError::Missing), Protocol::Http)
}
