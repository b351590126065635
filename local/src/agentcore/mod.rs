//! The AgentCore data plane on one loopback port: `InvokeAgentRuntime` with Signature Version 4, in
//! front of agents that speak the AgentCore HTTP container contract.
//!
//! It refuses what the service refuses, gives the container only the headers that the service gives
//! it, and streams the answer as it comes. Every call is recorded, and the next ones can be made to
//! fail.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::listen::{Bound, Served};
pub use crate::signature::Credentials;
use crate::signature::{Claim, SignatureError};
use crate::watched::Watch;
use crate::{clock, random};

mod agent_url;
mod answer;
mod call;
mod failure;
mod fault;
mod turn;

pub use agent_url::{AgentUrl, AgentUrlError};
use answer::Relay;
use call::Ledger;
pub use call::{Call, Ended};
use failure::Failure;
pub use fault::{Fault, ServiceError};
use turn::Turn;

/// The name that signatures are made for.
const SERVICE: &str = "bedrock-agentcore";
/// Of a request (service model).
const MAX_BODY: usize = 100_000_000;
/// Names on one allow-list (service model).
const MAX_ALLOW_LIST: usize = 20;
/// Faults that can wait for their calls.
const MAX_FAULTS: usize = 1000;

/// Which agents there are, and who may call them.
#[derive(Clone)]
pub struct DataPlaneSettings {
    /// The region that requests must be signed for.
    pub region: String,
    /// Whose signature is accepted.
    pub credentials: Credentials,
    /// The agents; any other ARN is unknown.
    pub runtimes: Vec<RuntimeSettings>,
}

/// One agent runtime.
#[derive(Clone)]
pub struct RuntimeSettings {
    /// As it stands, decoded, in the path of a request.
    pub arn: String,
    /// Where its container listens.
    pub agent: AgentUrl,
    /// Names of its endpoints.
    pub qualifiers: Vec<String>,
    /// Request headers that its container may see besides the service's own; at most 20.
    pub header_allow_list: Vec<String>,
}

impl RuntimeSettings {
    /// A runtime with the endpoint `DEFAULT` and an empty allow-list.
    pub fn new(arn: &str, agent: AgentUrl) -> Self {
        Self {
            arn: arn.to_owned(),
            agent,
            qualifiers: vec!["DEFAULT".to_owned()],
            header_allow_list: Vec::new(),
        }
    }
}

/// Why the data plane did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no free port.
    #[error("bind a loopback port")]
    Bind(#[source] io::Error),
    /// AgentCore restricts the name, or it is no header name.
    #[error("`{0}` may not be on a header allow-list")]
    HeaderName(String),
    /// The list is longer than AgentCore's.
    #[error("the header allow-list of `{0}` has more than 20 names")]
    HeaderCount(String),
    /// An agent's address cannot be completed.
    #[error("build the address of an agent")]
    Agent(#[from] AgentUrlError),
}

/// The running data plane. Dropping it closes its port.
pub struct DataPlane {
    url: String,
    plane: Arc<Plane>,
    _served: Served,
}

struct Plane {
    region: String,
    credentials: Credentials,
    runtimes: Vec<Runtime>,
    client: Client<HttpConnector, Full<Bytes>>,
    ledger: Ledger,
    faults: Mutex<VecDeque<Fault>>,
    refused: AtomicU64,
}

struct Runtime {
    arn: String,
    invocations: http::Uri,
    qualifiers: Vec<String>,
    allow_list: Vec<HeaderName>,
}

impl DataPlane {
    /// Answers on a free port of 127.0.0.1.
    pub async fn start(settings: DataPlaneSettings) -> Result<Self, StartError> {
        let DataPlaneSettings {
            region,
            credentials,
            runtimes,
        } = settings;
        let runtimes = runtimes
            .into_iter()
            .map(runtime)
            .collect::<Result<_, _>>()?;
        let plane = Arc::new(Plane {
            region,
            credentials,
            runtimes,
            client: Client::builder(TokioExecutor::new()).build(answer::connector()),
            ledger: Ledger::new(),
            faults: Mutex::new(VecDeque::new()),
            refused: AtomicU64::new(0),
        });
        let bound = Bound::loopback().await.map_err(StartError::Bind)?;
        let url = bound.origin();
        let router = Router::new()
            .route(
                "/runtimes/{arn}/invocations",
                post(invoke).fallback(unknown),
            )
            .fallback(unknown)
            .with_state(Arc::clone(&plane));
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
    /// most.
    pub fn inject(&self, fault: Fault) {
        let mut faults = self
            .plane
            .faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if faults.len() < MAX_FAULTS {
            faults.push_back(fault);
        }
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
    /// agent.
    pub fn refused(&self) -> u64 {
        self.plane.refused.load(Ordering::SeqCst)
    }
}

impl Plane {
    async fn invoke(&self, arn: String, request: Request, id: &str) -> Result<Response, Failure> {
        let (head, body) = self.read(request).await?;
        let turn = Turn::parse(&head)?;
        let runtime = self
            .runtime(&arn, &turn.qualifier)
            .ok_or(ServiceError::ResourceNotFound)?;
        let id_value = HeaderValue::try_from(id).map_err(|_| ServiceError::Internal)?;
        let forwarded = turn.container_headers(&head.headers, &runtime.allow_list, &id_value)?;
        self.ledger
            .add(record(id, &arn, &turn, &head.headers, &forwarded, &body));
        let (ledger, name) = (self.ledger.clone(), id.to_owned());
        let watch = Watch::new(move |ended| {
            ledger.update(&name, |call| call.ended = Some(ended));
        });
        let relay = Relay {
            client: &self.client,
            uri: &runtime.invocations,
            headers: forwarded,
            body,
            session_id: turn.session_id,
        };
        let response = relay.answer(self.next_fault(), watch).await;
        self.ledger
            .update(id, |call| call.status = Some(response.status()));
        Ok(response)
    }

    /// The request, proven to come from the principal. Its body is read only after all else about
    /// it is right.
    async fn read(&self, request: Request) -> Result<(Parts, Bytes), Failure> {
        let (head, body) = request.into_parts();
        let now = clock::now();
        let claim = Claim::parse(&head.headers, &self.credentials, &self.region, SERVICE, now)?;
        let body = axum::body::to_bytes(body, MAX_BODY).await;
        let body = body.map_err(|_| Failure::invalid("payload", "at most 100000000 bytes"))?;
        claim.verify(&head, &body, &self.credentials)?;
        Ok((head, body))
    }

    fn runtime(&self, arn: &str, qualifier: &str) -> Option<&Runtime> {
        let mut runtimes = self.runtimes.iter();
        runtimes
            .find(|runtime| runtime.arn == arn)
            .filter(|runtime| runtime.qualifiers.iter().any(|known| known == qualifier))
    }

    fn next_fault(&self) -> Option<Fault> {
        self.faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    }
}

async fn invoke(
    State(plane): State<Arc<Plane>>,
    Path(arn): Path<String>,
    request: Request,
) -> Response {
    let id = random::uuid();
    let mut response = plane
        .invoke(arn, request, &id)
        .await
        .unwrap_or_else(|failure| {
            plane.refused.fetch_add(1, Ordering::SeqCst);
            failure.answer()
        });
    if let Ok(id) = HeaderValue::try_from(id) {
        response
            .headers_mut()
            .insert(HeaderName::from_static("x-amzn-requestid"), id);
    }
    response
}

/// An unknown path or method looks like a missing signature at AWS, too.
async fn unknown(State(plane): State<Arc<Plane>>, _method: Method) -> Response {
    plane.refused.fetch_add(1, Ordering::SeqCst);
    Failure::from(SignatureError::Missing).answer()
}

fn runtime(settings: RuntimeSettings) -> Result<Runtime, StartError> {
    let RuntimeSettings {
        arn,
        agent,
        qualifiers,
        header_allow_list,
    } = settings;
    if header_allow_list.len() > MAX_ALLOW_LIST {
        return Err(StartError::HeaderCount(arn));
    }
    let listed = |name: String| turn::allow_listed(&name).ok_or(StartError::HeaderName(name));
    Ok(Runtime {
        arn,
        invocations: agent.uri("/invocations")?,
        qualifiers,
        allow_list: header_allow_list
            .into_iter()
            .map(listed)
            .collect::<Result<_, _>>()?,
    })
}

fn record(
    id: &str,
    arn: &str,
    turn: &Turn,
    received: &HeaderMap,
    forwarded: &HeaderMap,
    body: &Bytes,
) -> Call {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Call {
        request_id: id.to_owned(),
        runtime: arn.to_owned(),
        qualifier: turn.qualifier.clone(),
        session_id: text(&turn.session_id),
        user_id: turn.user_id.as_ref().map(text),
        received: received.clone(),
        forwarded: forwarded.clone(),
        body: body.clone(),
        body_length: body.len(),
        status: None,
        ended: None,
    }
}
