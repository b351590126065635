//! The common part of the services with AWS's JSON protocols (1.0 and 1.1): `POST /`, the operation's name in a header,
//! a signed request, JSON both ways; counted, and made to fail on demand.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::lambda::REGION;
use crate::listen::hang_up;
use crate::sigv4::{Claim, Credentials, SignatureError};
use crate::{clock, random};

/// DynamoDB's limit for one request's body is 1 MB, and Secrets Manager's secrets have 64 KB.
const MAX_BODY: usize = 1024 * 1024;
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");

/// How a service misbehaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection closes without an answer.
    Down,
    /// The right answer, so much later.
    Slow(Duration),
    /// This status with this error name.
    Error(StatusCode, &'static str),
    /// 200 with these bytes in place of the answer.
    Body(Bytes),
}

/// An error of the service, always with status 400 ("Common errors" of each service's API reference).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exception {
    pub(crate) name: &'static str,
    pub(crate) message: &'static str,
}

/// An error, with the members that it has beside its name and message.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    pub(crate) exception: Exception,
    pub(crate) more: Option<(&'static str, Value)>,
}

impl From<Exception> for Refused {
    fn from(exception: Exception) -> Self {
        Self {
            exception,
            more: None,
        }
    }
}

impl From<SignatureError> for Refused {
    fn from(error: SignatureError) -> Self {
        Exception::from(error).into()
    }
}

impl From<SignatureError> for Exception {
    fn from(error: SignatureError) -> Self {
        let (name, message) = error.name_and_message();
        Self { name, message }
    }
}

/// What tells one service from another.
#[derive(Clone, Copy)]
pub(crate) struct Protocol {
    /// The name that signatures are made for.
    pub(crate) service: &'static str,
    /// Before the dot and the operation in `X-Amz-Target`.
    pub(crate) target: &'static str,
    /// Of requests and answers.
    pub(crate) content_type: &'static str,
}

/// What a service does when it is asked well: operation, input, output.
type Perform = dyn Fn(&str, &Value) -> Result<Value, Refused> + Send + Sync;

/// One service, without what it knows.
pub(crate) struct JsonService {
    protocol: Protocol,
    credentials: Credentials,
    perform: Box<Perform>,
    /// How it misbehaves: in one operation, or in all.
    fault: Mutex<Option<(Option<&'static str>, Fault)>>,
    requests: AtomicU64,
}

impl JsonService {
    pub(crate) fn new<E: Into<Refused> + 'static>(
        protocol: Protocol,
        credentials: Credentials,
        perform: impl Fn(&str, &Value) -> Result<Value, E> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let perform = move |operation: &str, input: &Value| {
            perform(operation, input).map_err(Into::<Refused>::into)
        };
        Arc::new(Self {
            protocol,
            credentials,
            perform: Box::new(perform),
            fault: Mutex::default(),
            requests: AtomicU64::new(0),
        })
    }

    pub(crate) fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/", post(call))
            .with_state(Arc::clone(self))
    }

    /// In all operations from now on; `None` ends it.
    pub(crate) fn set_fault(&self, fault: Option<Fault>) {
        self.misbehave(fault.map(|fault| (None, fault)));
    }

    /// In one operation from now on; `None` ends it.
    pub(crate) fn set_fault_of(&self, fault: Option<(&'static str, Fault)>) {
        self.misbehave(fault.map(|(operation, fault)| (Some(operation), fault)));
    }

    fn misbehave(&self, fault: Option<(Option<&'static str>, Fault)>) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }

    fn fault(&self, asked: Option<&str>) -> Option<Fault> {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = fault.clone();
        let (operation, fault) = fault?;
        (operation.is_none() || operation == asked).then_some(fault)
    }

    /// Answers one request, well or by its fault.
    pub(crate) async fn call(&self, request: Request) -> Response {
        self.requests.fetch_add(1, Ordering::SeqCst);
        let asked = operation(request.headers(), &self.protocol).map(str::to_owned);
        match self.fault(asked.as_deref()) {
            None => self.answer(request).await,
            Some(Fault::Down) => hang_up(),
            Some(Fault::Slow(delay)) => {
                tokio::time::sleep(delay).await;
                self.answer(request).await
            }
            Some(Fault::Error(status, name)) => {
                self.response(status, exception(name, "fault").to_string())
            }
            Some(Fault::Body(body)) => self.response(StatusCode::OK, body),
        }
    }

    async fn answer(&self, request: Request) -> Response {
        let outcome = self.perform(request).await;
        let (status, body) = match outcome {
            Ok(output) => (StatusCode::OK, output),
            Err(Refused {
                exception: Exception { name, message },
                more,
            }) => {
                let mut body = exception(name, message);
                if let (Some((name, value)), Some(members)) = (more, body.as_object_mut()) {
                    members.insert(name.to_owned(), value);
                }
                (StatusCode::BAD_REQUEST, body)
            }
        };
        self.response(status, body.to_string())
    }

    async fn perform(&self, request: Request) -> Result<Value, Refused> {
        let (head, body) = request.into_parts();
        let now = clock::now();
        let service = self.protocol.service;
        let claim = Claim::parse(&head.headers, &self.credentials, REGION, service, now)?;
        let body = axum::body::to_bytes(body, MAX_BODY).await;
        let body = body.map_err(|_| SERIALIZATION)?;
        claim.verify(&head, &body, &self.credentials)?;
        let operation = operation(&head.headers, &self.protocol).ok_or(UNKNOWN)?;
        let input = serde_json::from_slice(&body).map_err(|_| SERIALIZATION)?;
        (self.perform)(operation, &input)
    }

    fn response(&self, status: StatusCode, body: impl Into<Body>) -> Response {
        let mut response = Response::new(body.into());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        let content_type = HeaderValue::from_static(self.protocol.content_type);
        headers.insert(CONTENT_TYPE, content_type);
        if let Ok(id) = HeaderValue::try_from(random::uuid()) {
            headers.insert(HeaderName::from_static("x-amzn-requestid"), id);
        }
        response
    }
}

const SERIALIZATION: Exception = Exception {
    name: "SerializationException",
    message: "The request cannot be read.",
};

/// An operation that the emulator does not have.
pub(crate) const UNKNOWN: Exception = Exception {
    name: "UnknownOperationException",
    message: "There is no such operation.",
};

async fn call(State(service): State<Arc<JsonService>>, request: Request) -> Response {
    service.call(request).await
}

/// The names of the two members are those of the JSON protocols' error bodies.
fn exception(name: &str, message: &str) -> Value {
    json!({ "__type": name, "message": message })
}

fn operation<'a>(headers: &'a HeaderMap, protocol: &Protocol) -> Option<&'a str> {
    let text = |name| headers.get(name)?.to_str().ok();
    text(CONTENT_TYPE).filter(|kind| *kind == protocol.content_type)?;
    text(TARGET)?
        .strip_prefix(protocol.target)?
        .strip_prefix('.')
}
