//! The path of a request through the data plane.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use http_body_util::Full;
use hyper::upgrade::OnUpgrade;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::Value;

use super::answer::Relay;
use super::call::{Call, Ledger, Operation};
use super::failure::{Failure, ServiceError};
use super::fault::Fault;
use super::inbound::Doorkeeper;
use super::mcp::Exchange;
use super::observer::{Called, Observer, Seen, Trouble};
use super::protocol::Protocol;
use super::runtime::Runtime;
use super::sessions::{Name, Sessions};
use super::turn::{self, SESSION_ID, Turn};
use super::websocket::{self, Opening, Tunnels};
use crate::hops::Began;
use crate::random;
use crate::watched::{Ended, Watch};

/// Of a request (service model).
const MAX_BODY: usize = 100_000_000;
/// Faults that can wait for their calls.
const MAX_FAULTS: usize = 1000;

pub(super) struct Plane {
    pub(super) doorkeeper: Doorkeeper,
    pub(super) runtimes: Vec<Runtime>,
    pub(super) client: Client<HttpConnector, Full<Bytes>>,
    pub(super) ledger: Ledger,
    pub(super) sessions: Sessions,
    pub(super) tunnels: Tunnels,
    pub(super) faults: Mutex<VecDeque<Fault>>,
    pub(super) refused: AtomicU64,
    pub(super) observer: Observer,
}

/// A request that is proven and well formed.
struct Visit<'a> {
    id: &'a str,
    operation: Operation,
    runtime: &'a Runtime,
    qualifier: String,
    head: Parts,
    body: Bytes,
    turn: Turn,
    seen: &'a Seen<'a>,
}

impl Plane {
    pub(super) async fn answer(
        &self,
        operation: Operation,
        arn: &str,
        request: Request,
    ) -> Response {
        let id = random::uuid();
        let seen = self.observer.begin(request.headers());
        let outcome = self.perform(&id, operation, arn, request, &seen).await;
        let mut response = outcome.unwrap_or_else(|failure| {
            seen.refused(failure.status().as_u16());
            let mut runtimes = self.runtimes.iter();
            let runtime = runtimes.find(|runtime| runtime.arn == arn);
            let protocol = runtime.map_or(Protocol::Http, |runtime| runtime.protocol);
            self.refuse(failure, protocol)
        });
        if let Ok(id) = HeaderValue::try_from(id) {
            let name = HeaderName::from_static("x-amzn-requestid");
            response.headers_mut().insert(name, id);
        }
        response
    }

    pub(super) fn refuse(&self, failure: Failure, protocol: Protocol) -> Response {
        self.refused.fetch_add(1, Ordering::SeqCst);
        failure.answer(protocol, &Value::Null)
    }

    pub(super) fn inject(&self, fault: Fault) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        if faults.len() < MAX_FAULTS {
            faults.push_back(fault);
        }
    }

    /// Open to everyone, as RFC 9728, section 3 has it.
    pub(super) fn metadata(&self, arn: &str, query: &str) -> Result<Value, Failure> {
        let qualifier = turn::qualifier(query)?;
        let runtime = self.runtime(arn, &qualifier);
        let runtime = runtime.ok_or(ServiceError::ResourceNotFound)?;
        self.doorkeeper.metadata(runtime, &qualifier)
    }

    async fn perform(
        &self,
        id: &str,
        operation: Operation,
        arn: &str,
        mut request: Request,
        seen: &Seen<'_>,
    ) -> Result<Response, Failure> {
        let upgrade = hyper::upgrade::on(&mut request);
        let qualifier = turn::qualifier(request.uri().query().unwrap_or_default())?;
        let runtime = self.runtime(arn, &qualifier);
        let (mut head, body) = self.read(runtime, &qualifier, request).await?;
        if operation == Operation::WebSocket {
            websocket::names_from_query(&mut head)?;
        }
        let turn = Turn::parse(&head)?;
        let visit = Visit {
            id,
            operation,
            runtime: runtime.ok_or(ServiceError::ResourceNotFound)?,
            qualifier,
            head,
            body,
            turn,
            seen,
        };
        seen.admitted();
        match operation {
            Operation::Invoke => self.invoke(visit).await,
            Operation::Card => self.card(visit).await,
            Operation::Stop => self.stop(&visit),
            Operation::WebSocket => self.connect(visit, upgrade).await,
        }
    }

    /// The request, proven to come from whom the runtime takes. Its body is read only after all else
    /// about it is right.
    async fn read(
        &self,
        runtime: Option<&Runtime>,
        qualifier: &str,
        request: Request,
    ) -> Result<(Parts, Bytes), Failure> {
        let (head, body) = request.into_parts();
        let proof = self.doorkeeper.prove(runtime, qualifier, &head).await?;
        let body = axum::body::to_bytes(body, MAX_BODY).await;
        let body = body.map_err(|_| Failure::invalid("payload", "at most 100000000 bytes"))?;
        proof.verify(&head, &body, &self.doorkeeper.credentials)?;
        Ok((head, body))
    }

    async fn invoke(&self, visit: Visit<'_>) -> Result<Response, Failure> {
        let mut headers = visit.container_headers()?;
        let exchange = match visit.runtime.protocol {
            Protocol::Http | Protocol::A2a => None,
            Protocol::Mcp => {
                let name = |id: &HeaderValue| visit.name(id);
                let (turn, body) = (&visit.turn, &visit.body);
                let exchange = Exchange::begin(&self.sessions, name, turn, body, &mut headers);
                Some(exchange?)
            }
        };
        let compute = match &exchange {
            Some(exchange) => exchange.compute.clone(),
            None => self.sessions.enter(visit.name(&visit.turn.session_id)),
        };
        let uri = &visit.runtime.invocations;
        let mut response = self
            .relay(&visit, Method::POST, uri, headers, compute)
            .await;
        if let Some(exchange) = exchange
            && response.status().is_success()
        {
            let name = |id: &HeaderValue| visit.name(id);
            exchange.end(&self.sessions, name, response.headers_mut());
        }
        Ok(response)
    }

    async fn card(&self, visit: Visit<'_>) -> Result<Response, Failure> {
        if visit.runtime.protocol != Protocol::A2a {
            return Err(Failure::invalid("agentRuntimeArn", "an A2A agent"));
        }
        let headers = visit.container_headers()?;
        let compute = self.sessions.enter(visit.name(&visit.turn.session_id));
        let uri = &visit.runtime.card;
        Ok(self.relay(&visit, Method::GET, uri, headers, compute).await)
    }

    async fn relay(
        &self,
        visit: &Visit<'_>,
        method: Method,
        uri: &http::Uri,
        headers: HeaderMap,
        compute: String,
    ) -> Response {
        self.ledger.add(visit.record(&headers, compute));
        let relay = Relay {
            client: &self.client,
            protocol: visit.runtime.protocol,
            method,
            uri,
            headers,
            body: visit.body.clone(),
            session_id: visit.turn.session_id.clone(),
        };
        let began = Began::now();
        let trouble = Trouble::default();
        let watch = self.watch(visit.id);
        let response = relay.answer(self.next_fault(), &trouble, watch).await;
        self.status(visit.id, &response);
        let called = Called {
            runtime: &visit.runtime.arn,
            request_id: visit.id,
            began,
        };
        visit.seen.agent(&called, response.status(), &trouble);
        response
    }

    /// A session that is not there cannot be stopped; a stopped one may be used again.
    fn stop(&self, visit: &Visit<'_>) -> Result<Response, Failure> {
        if !visit.turn.is_named {
            return Err(Failure::invalid(SESSION_ID.as_str(), "needed"));
        }
        if let Some(Fault::Error(error)) = self.next_fault() {
            return Err(error.into());
        }
        let stopped = self.sessions.stop(&visit.name(&visit.turn.session_id));
        let compute = stopped.ok_or(ServiceError::ResourceNotFound)?;
        self.ledger.add(visit.record(&HeaderMap::new(), compute));
        let mut response = Response::new(Body::from("{}"));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(SESSION_ID, visit.turn.session_id.clone());
        self.status(visit.id, &response);
        Ok(response)
    }

    async fn connect(&self, visit: Visit<'_>, upgrade: OnUpgrade) -> Result<Response, Failure> {
        if !websocket::is_asked_for(&visit.head.headers) {
            return Err(Failure::invalid("upgrade", "websocket"));
        }
        let headers = visit.container_headers()?;
        let compute = self.sessions.enter(visit.name(&visit.turn.session_id));
        self.ledger.add(visit.record(&headers, compute));
        let opening = Opening {
            client: &self.client,
            uri: &visit.runtime.websocket,
            headers,
            received: &visit.head.headers,
            upgrade,
        };
        let opened = opening.answer(&self.tunnels, self.watch(visit.id)).await;
        let response = opened.unwrap_or_else(|error| {
            Failure::from(error).answer(visit.runtime.protocol, &Value::Null)
        });
        self.status(visit.id, &response);
        Ok(response)
    }

    fn runtime(&self, arn: &str, qualifier: &str) -> Option<&Runtime> {
        let mut runtimes = self.runtimes.iter();
        runtimes
            .find(|runtime| runtime.arn == arn)
            .filter(|runtime| runtime.has_endpoint(qualifier))
    }

    fn next_fault(&self) -> Option<Fault> {
        self.faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    }

    fn watch(&self, id: &str) -> Watch<impl FnOnce(Ended) + Send + Unpin + use<>> {
        let (ledger, id) = (self.ledger.clone(), id.to_owned());
        Watch::new(move |ended| ledger.update(&id, |call| call.ended = Some(ended)))
    }

    fn status(&self, id: &str, response: &Response) {
        let status = response.status();
        self.ledger.update(id, |call| call.status = Some(status));
    }
}

impl Visit<'_> {
    /// The session of this id, of this runtime and endpoint.
    fn name(&self, id: &HeaderValue) -> Name {
        Name::new(&self.runtime.arn, &self.qualifier, id)
    }

    fn container_headers(&self) -> Result<HeaderMap, Failure> {
        let Runtime {
            allow_list,
            inbound,
            ..
        } = self.runtime;
        let id = HeaderValue::try_from(self.id).map_err(|_| ServiceError::Internal)?;
        let received = &self.head.headers;
        self.turn
            .container_headers(received, allow_list, inbound, &id)
    }

    fn record(&self, forwarded: &HeaderMap, compute: String) -> Call {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let turn = &self.turn;
        Call {
            operation: self.operation,
            request_id: self.id.to_owned(),
            runtime: self.runtime.arn.clone(),
            qualifier: self.qualifier.clone(),
            session_id: text(&turn.session_id),
            user_id: turn.user_id.as_ref().map(text),
            mcp_session_id: turn.mcp_session_id.as_ref().map(text),
            compute,
            received: self.head.headers.clone(),
            forwarded: forwarded.clone(),
            body: self.body.clone(),
            body_length: self.body.len(),
            status: None,
            ended: None,
        }
    }
}
