//! Observer of the data plane's calls: it tells their hops, and why an agent failed.
//!
//! The service hides an agent's own failure behind one error. On a laptop the developer mends the agent, so it is told.

use std::sync::{Mutex, PoisonError};

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use hyper_util::client::legacy;
use serde_json::{Map, Value, json};

use crate::clock;
use crate::hops::{Began, Check, Hop, Hops, Kind, Outcome, Request, claims_of};
use crate::log::{Listeners, Log};

const TRACE: HeaderName = HeaderName::from_static("x-amzn-trace-id");
const ASSERTION: HeaderName =
    HeaderName::from_static("x-amzn-bedrock-agentcore-runtime-custom-identity");
const TOOL_TOKEN: HeaderName =
    HeaderName::from_static("x-amzn-bedrock-agentcore-runtime-custom-tool-token");

/// Of a media type that is told.
const MAX_MEDIA_TYPE: usize = 100;

/// The observer of calls.
pub(super) struct Observer {
    hops: Hops,
    log: Log,
}

/// A call, as far as its hops tell it.
pub(super) struct Seen<'o> {
    observer: &'o Observer,
    began: Began,
    request: Option<Request>,
    assertion: Option<Map<String, Value>>,
    tool_token: Option<Map<String, Value>>,
}

/// A container that was called.
pub(super) struct Called<'c> {
    pub(super) runtime: &'c str,
    pub(super) request_id: &'c str,
    pub(super) began: Began,
}

/// The fault of a container's answer.
#[derive(Debug, Default)]
pub(super) struct Trouble(Mutex<Option<String>>);

impl Observer {
    pub(super) fn new(hops: Hops, listeners: Listeners) -> Self {
        Self {
            hops,
            log: Log::new("agentcore".to_owned(), false, listeners),
        }
    }

    /// A request has come in, with these headers.
    pub(super) fn begin(&self, headers: &HeaderMap) -> Seen<'_> {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let claims = |name| {
            let token = text(name).filter(|_| self.hops.is_watched());
            token.and_then(claims_of)
        };
        Seen {
            observer: self,
            began: Began::now(),
            request: text(TRACE).and_then(|trace| self.hops.of_trace(trace)),
            assertion: claims(ASSERTION),
            tool_token: claims(TOOL_TOKEN),
        }
    }
}

impl Seen<'_> {
    /// The request is proven and well formed.
    pub(super) fn admitted(&self) {
        if !self.observer.hops.is_watched() {
            return;
        }
        self.kept_token();
        let hop = self.runtime().checked(Check::new("signature", true));
        self.tell(&hop);
    }

    /// The request is refused before it is a call.
    pub(super) fn refused(&self, status: u16) {
        if self.observer.hops.is_watched() {
            let mut hop = self.runtime().answered(status);
            hop.outcome = Outcome::Refused;
            self.tell(&hop);
        }
    }

    /// The container has answered, or has not.
    pub(super) fn agent(&self, called: &Called<'_>, status: StatusCode, trouble: &Trouble) {
        let trouble = trouble.text();
        if let Some(trouble) = &trouble {
            self.report(called, trouble);
        }
        if !self.observer.hops.is_watched() {
            return;
        }
        let mut hop = Hop::new(Kind::Agent, called.began)
            .answered(status.as_u16())
            .carrying("tool_token", self.tool_token.clone());
        if let Some(trouble) = &trouble {
            let check = Check::new("answer", false).expected(Some("a status of success"));
            hop = hop.checked(check.found(Some(trouble)));
            hop.outcome = Outcome::Error;
        }
        self.tell(&hop);
    }

    /// A tool token that the proxy had already makes no request to the issuer.
    fn kept_token(&self) {
        let Self {
            observer,
            request,
            tool_token,
            ..
        } = self;
        let id = tool_token
            .as_ref()
            .and_then(|claims| claims.get("jti")?.as_str());
        let Some((request, id)) = request.as_ref().zip(id) else {
            return;
        };
        if observer.hops.gave_tool_token(request, id) {
            let hop = Hop::new(Kind::ToolToken, self.began);
            let hop = hop.carrying("tool_token", tool_token.clone());
            self.tell(&hop.checked(Check::new("kept_token", true)));
        }
    }

    fn runtime(&self) -> Hop {
        Hop::new(Kind::Runtime, self.began).carrying("assertion", self.assertion.clone())
    }

    fn tell(&self, hop: &Hop) {
        self.observer.hops.tell(self.request.as_ref(), hop);
    }

    /// A line of its own, which the request's id leads to.
    fn report(&self, called: &Called<'_>, trouble: &str) {
        let extended_id = self.request.as_ref().map(|request| &request.extended_id);
        let line = json!({
            "extended_request_id": extended_id,
            "level": "WARN",
            "message": format!("the agent failed: {trouble}"),
            "request_id": self.request.as_ref().map(|request| &request.id),
            "runtime": called.runtime,
            "timestamp": clock::rfc3339(clock::since_epoch()),
            "upstream_request_id": called.request_id,
        });
        self.observer.log.add(line.to_string().as_bytes());
    }
}

impl Trouble {
    pub(super) fn note(&self, text: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
    }

    fn text(&self) -> Option<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn of_connection(error: &legacy::Error) -> String {
        if error.is_connect() {
            "nothing listens at its address".to_owned()
        } else {
            "it closed the connection before it answered".to_owned()
        }
    }

    /// Status and media type: the body may hold anything.
    pub(super) fn of_answer<B>(answer: &http::Response<B>) -> String {
        let media_type = answer.headers().get(CONTENT_TYPE).map(HeaderValue::to_str);
        let media_type = match media_type {
            Some(Ok(text)) => text.chars().take(MAX_MEDIA_TYPE).collect(),
            Some(Err(_)) => "an unreadable media type".to_owned(),
            None => "no media type".to_owned(),
        };
        format!("it answered {}, {media_type}", answer.status().as_u16())
    }
}
