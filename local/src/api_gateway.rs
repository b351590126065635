//! An API Gateway REST API on one port, which answers as the template says.
//!
//! Header names of requests reach the functions in lower case (as from an HTTP/2 client), but for those that API
//! Gateway adds itself. Throttling and bandwidth limits are left out.

mod access_log;
mod authorizer;
mod domain;
mod event;
mod headers;
mod integration;
mod mock;
mod policy;
mod refusal;
mod routes;
mod seen;

pub use domain::CustomDomain;
pub use refusal::ResponseType;

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Request, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Map, Value};
use tokio::sync::broadcast;
use tokio::time::Instant;

use crate::hops::Hops;
use crate::lambda::{Event, Function};
use crate::listen::{Bound, Served};
use crate::log::{Listeners, Log};
use crate::template::{Api, Call, Integration};

use access_log::{AccessLog, Entry};
use authorizer::{Authorized, Authorizers};
use event::Incoming;
use refusal::Refusal;
use routes::Routes;
use seen::Seen;

/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>
const MAX_PAYLOAD: usize = 10 * 1024 * 1024;
const MAX_HEADERS: usize = 20_480;
const MAX_METHOD_ARN: usize = 1600;

/// A REST API that answers until it is dropped.
pub struct ApiGateway {
    url: String,
    log: Arc<Log>,
    _served: Served,
}

/// A port of 127.0.0.1 that does not answer yet, because functions must know it before they start.
pub struct Entrance {
    bound: Bound,
    domain: Option<CustomDomain>,
    echo: bool,
    listeners: Listeners,
    hops: Hops,
}

impl Entrance {
    /// This port; any free one for 0.
    ///
    /// # Errors When the port is not available.
    pub async fn bind(port: u16) -> io::Result<Self> {
        Ok(Self {
            bound: Bound::loopback_port(port).await?,
            domain: None,
            echo: false,
            listeners: Listeners::default(),
            hops: Hops::default(),
        })
    }

    /// The same port, which this domain leads to as well: what is dialled at it by `Host` is taken as API Gateway takes it
    /// there.
    #[must_use]
    pub fn with_domain(mut self, domain: Option<CustomDomain>) -> Self {
        self.domain = domain;
        self
    }

    /// The same port, whose access log also goes to standard error.
    #[must_use]
    pub fn with_echo(mut self, echo: bool) -> Self {
        self.echo = echo;
        self
    }

    /// The same port, whose access log these hear, and which tells the hops of its requests.
    #[must_use]
    pub fn with_listeners(mut self, listeners: Listeners, hops: Hops) -> Self {
        self.listeners = listeners;
        self.hops = hops;
        self
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        self.bound.origin()
    }
}

impl ApiGateway {
    /// Answers from now on, calling functions by their logical ids.
    pub fn open(entrance: Entrance, api: Api, functions: HashMap<String, Function>) -> Self {
        let Entrance {
            bound,
            domain,
            echo,
            listeners,
            hops,
        } = entrance;
        let url = bound.origin();
        let log = Arc::new(Log::new("gateway".to_owned(), echo, listeners));
        let access_log = AccessLog {
            log: Arc::clone(&log),
            format: api.access_log.clone().map(Arc::from),
        };
        let door = Arc::new(Door {
            port: bound.address().port(),
            domain,
            access_log,
            routes: Routes::new(&api.routes),
            authorizers: Authorizers::new(api.authorizers.clone()),
            functions,
            hops,
            api,
        });
        let router = Router::new().fallback(answer).with_state(door);
        Self {
            url,
            log,
            _served: bound.serve(router),
        }
    }

    /// `http://127.0.0.1:PORT`. A path may begin with the stage's name, as in a deployed API's own URL, or not, as
    /// behind a domain name.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The last lines of the access log.
    pub fn access_log(&self) -> Vec<String> {
        self.log.recent()
    }

    /// The lines of the access log from now on. A line is written once its answer has been sent.
    pub fn access_log_lines(&self) -> broadcast::Receiver<String> {
        self.log.subscribe()
    }
}

struct Door {
    port: u16,
    domain: Option<CustomDomain>,
    access_log: AccessLog,
    api: Api,
    routes: Routes,
    authorizers: Authorizers,
    functions: HashMap<String, Function>,
    hops: Hops,
}

async fn answer(State(door): State<Arc<Door>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let Some(request) = request_of(&door, parts) else {
        return domain::no_mapping();
    };
    let mut incoming = Incoming::new(request, door.port);
    let seen = Seen::begin(&door.hops, &incoming);
    let mut entry = door.access_log.begin(&incoming, seen.end());
    let outcome = door.answer(&mut incoming, body, &mut entry, &seen).await;
    let mut response = outcome.unwrap_or_else(|refusal| {
        entry.refused(refusal.kind);
        let response = door.api.responses.get(refusal.kind.name());
        let fallback = door.api.responses.get(refusal.fallback());
        refusal.answer(response.or(fallback), &incoming)
    });
    headers::mark(response.headers_mut(), &incoming);
    entry.follow(response)
}

/// The request with what stands before the API's own path taken off: the base path at the custom domain, anywhere else
/// the stage, if the path names it. None if the custom domain has no mapping for it.
fn request_of(door: &Door, parts: Parts) -> Option<event::Request> {
    let path = parts.uri.path();
    let domain = door.domain.as_ref();
    let (base_path, path) = match domain.filter(|domain| domain.is_dialled(&parts.headers)) {
        Some(domain) => {
            let (base_path, path) = domain.cut(path)?;
            (Some(base_path), path)
        }
        None => (None, without_stage(path, &door.api.stage).to_owned()),
    };
    let query = parts.uri.query().unwrap_or_default().to_owned();
    Some(event::Request {
        method: parts.method,
        base_path,
        path,
        query,
        headers: parts.headers,
        stage: door.api.stage.clone(),
    })
}

fn without_stage<'p>(path: &'p str, stage: &str) -> &'p str {
    let rest = path
        .strip_prefix('/')
        .and_then(|path| path.strip_prefix(stage));
    rest.filter(|rest| rest.starts_with('/')).unwrap_or(path)
}

impl Door {
    async fn answer(
        &self,
        incoming: &mut Incoming,
        body: Body,
        entry: &mut Entry,
        seen: &Seen<'_>,
    ) -> Result<Response, Refusal> {
        check_sizes(&incoming.request.headers)?;
        let (route, parameters) = self
            .routes
            .find(&incoming.request.method, &incoming.request.path)
            .ok_or(Refusal::of(ResponseType::MissingAuthenticationToken))?;
        incoming.matched(&route.path, parameters);
        entry.matched(&route.path);
        if incoming.method_arn().len() > MAX_METHOD_ARN {
            return Err(Refusal::uri_too_long());
        }
        let authorized = match &route.authorizer {
            Some(name) => Some(self.authorize(name, incoming, entry, seen).await?),
            None => None,
        };
        let body = payload(body).await?;
        let call = match &route.integration {
            Integration::Function(call) => call,
            Integration::Mock(status, answer) => return mock::answer(*status, answer, incoming),
        };
        let event = incoming.proxy_event(body, authorized.as_ref(), &self.api.binary_media_types);
        let event = Event {
            payload: event.to_string().into(),
            trace: Some(incoming.trace.clone()),
        };
        let asked = Instant::now();
        let deciding = authorized.is_some().then(|| seen.proxy());
        let answered = self.integrate(call, event, incoming).await;
        entry.integrated(asked.elapsed());
        if let Some(deciding) = deciding {
            deciding.end(seen::outcome(&answered));
        }
        answered
    }

    async fn authorize(
        &self,
        name: &str,
        incoming: &Incoming,
        entry: &mut Entry,
        seen: &Seen<'_>,
    ) -> Result<Authorized, Refusal> {
        seen.token();
        let asking = seen.authorizer();
        let mut is_kept = false;
        let told = |context: &Map<String, Value>, kept| {
            entry.told(context);
            is_kept = kept;
        };
        let asked = self.authorizers.ask(name, incoming, &self.functions, told);
        let authorized = asked.await;
        asking.end(&authorized, is_kept);
        authorized
    }

    async fn integrate(
        &self,
        call: &Call,
        event: Event,
        incoming: &Incoming,
    ) -> Result<Response, Refusal> {
        // A route is read together with its function, so it is there.
        let function = self
            .functions
            .get(&call.function)
            .ok_or(Refusal::of(ResponseType::ApiConfigurationError))?;
        let id = &incoming.request_id;
        if call.streaming {
            integration::stream(function, event, call.timeout, self.api.stream_idle, id).await
        } else {
            let binary =
                event::accepts_binary(&incoming.request.headers, &self.api.binary_media_types);
            integration::buffer(function, event, call.timeout, binary, id).await
        }
    }
}

fn check_sizes(headers: &HeaderMap) -> Result<(), Refusal> {
    let size = headers.iter().fold(0_usize, |size, (name, value)| {
        size.saturating_add(name.as_str().len())
            .saturating_add(value.len())
    });
    if size > MAX_HEADERS {
        return Err(Refusal::headers_too_large());
    }
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_PAYLOAD) {
        return Err(Refusal::of(ResponseType::RequestTooLarge));
    }
    Ok(())
}

async fn payload(body: Body) -> Result<Bytes, Refusal> {
    match Limited::new(body, MAX_PAYLOAD).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(Refusal::of(ResponseType::RequestTooLarge))
        }
        Err(_) => Err(Refusal::of(ResponseType::BadRequestBody)),
    }
}
