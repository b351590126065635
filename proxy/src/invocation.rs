//! One invocation, as Lambda's Runtime API has it: the event is read, and the answer posted piece by piece.
//!
//! `lambda_runtime` asks for the events. It would post the answers too, but over connections on which Nagle's algorithm
//! keeps back each small piece until the one before is acknowledged (RFC 1122, section 4.2.3.4), and the other side may
//! put that off for some 40 ms: longer than everything else the door adds, at every answer's first byte. Its
//! connections cannot be told otherwise, so answers are posted here, with the client it uses itself.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use http::{HeaderName, HeaderValue, Method, Request};
use http_body::Frame;
use http_body_util::StreamBody;
use hyper_util::client::legacy::connect::HttpConnector;
use lambda_runtime::tower::Layer;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, LambdaInvocation, Service};
use lambda_runtime_api_client::body::Body;
use lambda_runtime_api_client::{PooledClient, build_request};
use tracing::{error, warn};

use crate::answer::Response;
use crate::caller::event::Event;

/// Between the metadata of a streamed answer and its body (Lambda, Response streaming for custom runtimes).
const DELIMITER: [u8; 8] = [0; 8];

/// By which the Runtime API knows answers that come too late. It is sent back as it came, where it came.
const INVOCATION_ID: HeaderName = HeaderName::from_static("lambda-runtime-invocation-id");

/// Takes the place of what `lambda_runtime` wraps around a handler.
pub struct Invocations<H> {
    handler: Arc<H>,
    client: Arc<PooledClient>,
    settle: Option<Arc<Settle>>,
}

/// What is awaited after each answer.
type Settle = dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync;

/// A client of the Runtime API that the environment names, which lets no piece of an answer wait for another.
///
/// # Panics
/// If the environment names none, as `lambda_runtime` does.
pub fn runtime_api() -> PooledClient {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    PooledClient::builder().with_connector(connector).build()
}

impl<H> Invocations<H> {
    /// Answers events with `handler`, through `client`.
    pub fn new(handler: H, client: PooledClient) -> Self {
        Self {
            handler: Arc::new(handler),
            client: Arc::new(client),
            settle: None,
        }
    }

    /// Awaits this after each answer, too. As soon as the next event is asked for, Lambda may freeze the function, and
    /// whatever is under way with it.
    #[must_use]
    pub fn settling<F>(mut self, settle: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.settle = Some(Arc::new(move || Box::pin(settle())));
        self
    }
}

impl<H> Clone for Invocations<H> {
    fn clone(&self) -> Self {
        Self {
            handler: Arc::clone(&self.handler),
            client: Arc::clone(&self.client),
            settle: self.settle.clone(),
        }
    }
}

impl<H, S> Layer<S> for Invocations<H> {
    type Service = Self;

    fn layer(&self, _replaced: S) -> Self {
        self.clone()
    }
}

impl<H, F> Service<LambdaInvocation> for Invocations<H>
where
    H: Fn(LambdaEvent<Event>) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Response, Infallible>> + Send,
{
    type Response = ();
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let posted = this.client.call(this.outcome(invocation).await?).await;
            // The caller has left, or the answer came too late. The next event is another matter.
            match posted {
                Ok(taken) if taken.status().is_success() => {}
                Ok(refused) => warn!(
                    status = refused.status().as_u16(),
                    "the Runtime API refused an answer"
                ),
                Err(failure) => warn!(error = %failure, "an answer was not taken to its end"),
            }
            if let Some(settle) = &this.settle {
                settle().await;
            }
            Ok(())
        })
    }
}

impl<H, F> Invocations<H>
where
    H: Fn(LambdaEvent<Event>) -> F,
    F: Future<Output = Result<Response, Infallible>>,
{
    /// What is posted: the answer, or, of an event that is none and of a panic, an error.
    async fn outcome(&self, invocation: LambdaInvocation) -> Result<Request<Body>, Error> {
        let LambdaInvocation {
            parts,
            body,
            context,
        } = invocation;
        let request_id = context.request_id.clone();
        let mut request = match serde_json::from_slice(&body) {
            Ok(event) => {
                let handled = (self.handler)(LambdaEvent::new(event, context));
                // Nothing of the handler is looked at again after a panic but what is made to bear it.
                match AssertUnwindSafe(handled).catch_unwind().await {
                    Ok(Ok(response)) => streamed(&request_id, response)?,
                    Err(_) => failed(&request_id, "Panic", "the function panicked")?,
                }
            }
            Err(_) => failed(
                &request_id,
                "BadEvent",
                "the event is not one of API Gateway's",
            )?,
        };
        if let Some(id) = parts.headers.get(&INVOCATION_ID) {
            request.headers_mut().insert(INVOCATION_ID, id.clone());
        }
        Ok(request)
    }
}

/// An answer as the Runtime API takes it: metadata, delimiter, body.
fn streamed(request_id: &str, response: Response) -> Result<Request<Body>, Error> {
    let mut head = serde_json::to_vec(&response.metadata_prelude)?;
    head.extend_from_slice(&DELIMITER);
    let head = stream::once(async { Ok::<_, Infallible>(Bytes::from(head)) });
    let pieces = head.chain(response.stream);
    let body = StreamBody::new(pieces.map(|piece| piece.map(Frame::data)));
    let request = build_request()
        .method(Method::POST)
        .uri(path(request_id, "response"))
        .header(
            http::header::CONTENT_TYPE,
            "application/vnd.awslambda.http-integration-response",
        )
        .header("lambda-runtime-function-response-mode", "streaming")
        .body(Body::new(body))?;
    Ok(request)
}

/// An invocation without an answer. API Gateway makes one of it.
fn failed(request_id: &str, kind: &str, message: &str) -> Result<Request<Body>, Error> {
    error!(request_id, "{message}");
    let diagnostic = Diagnostic {
        error_type: kind.to_owned(),
        error_message: message.to_owned(),
    };
    let request = build_request()
        .method(Method::POST)
        .uri(path(request_id, "error"))
        .header(
            "lambda-runtime-function-error-type",
            HeaderValue::from_str(&format!("Gatehouse.{kind}"))?,
        )
        .body(Body::from(serde_json::to_vec(&diagnostic)?))?;
    Ok(request)
}

fn path(request_id: &str, outcome: &str) -> String {
    format!("/2018-06-01/runtime/invocation/{request_id}/{outcome}")
}
