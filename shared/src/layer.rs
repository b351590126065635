//! Tower layer for Rust services behind the door: it accepts requests with a valid assertion, and refuses all others.
//!
//! ```text
//! request -> open path? -> proof ------> body -----> seen before? -> service, with a `Proven` in its extensions
//!            as it is      one header,   bounded,    bounded         403 problem: the proof does not hold
//!                          the door's    its hash                    503 problem: it cannot be told, no keys
//!                          signature
//! ```
//!
//! The door's keys are cached as an issuer's are: refreshed opportunistically, and used while the door is unreachable,
//! up to [`HARD_AGE`].

mod answer;
mod proof;
mod replay;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Either, Full, Limited};
use tower_layer::Layer;
use tower_service::Service;
use tracing::warn;

use crate::clock::Clock;
use crate::door_keys::DoorKeys;
use crate::gate::AgentName;
use crate::headers;
use crate::settings::Address;

use answer::LayerError;
use proof::Proof;
use replay::Seen;

pub use crate::door_keys::{HARD_AGE, SOFT_AGE};
pub use proof::{ProofError, Proven, SKEW};
pub use replay::MAX_SEEN;

/// The longest body that is read, unless another bound is set: what the door takes of a caller, in bytes.
pub const MAX_BODY: usize = 6 * 1024 * 1024;

/// Where AgentCore asks a container how it is ("HTTP protocol contract"), open unless other paths are set.
pub const HEALTH: &str = "/ping";

/// Where AgentCore asks an A2A agent for its card ("A2A protocol contract"), open as well: what it says is the same for
/// every caller, and the door asks for it without an assertion.
pub const CARD: &str = "/.well-known/agent-card.json";

/// Whose word counts, for whom, and what needs none.
#[derive(Clone)]
pub struct Settings {
    /// The door's own address, as its `PUBLIC_URL` has it.
    pub door: Address,
    /// The name by which the door's `AGENTS` knows this service.
    pub agent: AgentName,
    /// Paths that anybody may `GET`, without a query; each is compared as it stands.
    pub open: Vec<String>,
    /// The longest body that is read, in bytes.
    pub max_body: usize,
    /// Where the door's keys are, if a service cannot reach them at the door's own address, because it is in a private
    /// network for example. The server there decides who every caller is.
    pub keys: Option<Address>,
}

/// The layer. Its clones share keys, and what they have seen.
#[derive(Clone)]
pub struct IdentityLayer(Arc<Guard>);

/// A service behind the layer.
#[derive(Clone)]
pub struct Guarded<S> {
    inner: S,
    guard: Arc<Guard>,
}

struct Guard {
    settings: Settings,
    keys: DoorKeys,
    seen: Seen,
    clock: Clock,
}

impl Settings {
    /// With the usual open paths and bound.
    pub fn new(door: Address, agent: AgentName) -> Self {
        Self {
            door,
            agent,
            open: [HEALTH, CARD].map(str::to_owned).into(),
            max_body: MAX_BODY,
            keys: None,
        }
    }
}

impl IdentityLayer {
    /// Nothing is fetched yet.
    pub fn new(settings: Settings, clock: Clock) -> Self {
        Self(Arc::new(Guard {
            keys: DoorKeys::new(&settings.door, settings.keys.clone(), clock.clone()),
            settings,
            seen: Seen::default(),
            clock,
        }))
    }

    /// Fetches the door's keys before the first request, for at most `budget`.
    pub async fn warm(&self, budget: Duration) {
        self.0.keys.warm(budget).await;
    }
}

impl<S> Layer<S> for IdentityLayer {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded {
            inner,
            guard: Arc::clone(&self.0),
        }
    }
}

type Answered<B, E> = Result<Response<Either<B, Full<Bytes>>>, E>;

impl<S, B, R> Service<Request<B>> for Guarded<S>
where
    S: Service<Request<Full<Bytes>>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Either<R, Full<Bytes>>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Answered<R, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The one that was asked whether it is ready is the one that is called (tower's contract of `Clone`).
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let guard = Arc::clone(&self.guard);
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            match guard.admit(&parts, body).await {
                Ok((proven, body)) => {
                    parts
                        .extensions
                        .extend(proven.map_or_else(http::Extensions::new, extension));
                    let answer = inner
                        .call(Request::from_parts(parts, Full::from(body)))
                        .await;
                    Ok(answer?.map(Either::Left))
                }
                Err(rejection) => {
                    warn!(
                        reason = rejection.code(),
                        "a request was turned away: {rejection}"
                    );
                    Ok(rejection.answer().map(Either::Right))
                }
            }
        })
    }
}

fn extension(proven: Proven) -> http::Extensions {
    let mut extensions = http::Extensions::new();
    extensions.insert(proven);
    extensions
}

impl Guard {
    /// The verified caller and the body; neither on an open path.
    async fn admit<B>(&self, parts: &Parts, body: B) -> Result<(Option<Proven>, Bytes), LayerError>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        if self.is_open(parts) {
            return Ok((None, Bytes::new()));
        }
        let proof = Proof::parse(the_one(&parts.headers)?)?;
        let keys = self.keys.get(proof.key_id()).await;
        let keys = keys.ok_or(LayerError::NoKeys)?;
        let claims = proof.verify(&keys)?;
        let now = self.clock.now();
        let Settings {
            door,
            agent,
            max_body,
            ..
        } = &self.settings;
        claims.check(door.as_str(), agent, parts, now)?;
        let body = Limited::new(body, *max_body).collect().await;
        let body = body.map_err(|_| LayerError::TooLarge)?.to_bytes();
        claims.check_body(&body)?;
        // Last, so that a request that is refused anyway cannot use up another's assertion.
        let now = self.clock.now();
        self.seen.once(claims.id(), claims.forgotten_at(), now)?;
        Ok((Some(claims.into_proven()), body))
    }

    fn is_open(&self, parts: &Parts) -> bool {
        let path = parts.uri.path();
        parts.method == Method::GET
            && parts.uri.query().is_none()
            && self.settings.open.iter().any(|open| open == path)
    }
}

/// With two headers it is unclear which one the door set.
fn the_one(headers: &HeaderMap) -> Result<&[u8], ProofError> {
    let mut values = headers.get_all(headers::IDENTITY).iter();
    match (values.next(), values.next()) {
        (Some(only), None) => Ok(only.as_bytes()),
        (None, _) => Err(ProofError::Missing),
        (Some(_), Some(_)) => Err(ProofError::Repeated),
    }
}
