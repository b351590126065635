//! The answer to a caller: status, headers, and a body that is whole or still to come.

pub mod ending;
pub mod sse;
pub mod stream;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::mem::take;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use lambda_runtime::{MetadataPrelude, StreamResponse};
use serde_json::{Value, json};
use shared::headers;

use crate::answer::stream::Pump;
use crate::caller::dialect::RpcId;
use crate::caller::limit::Reached;
use crate::caller::media;
use crate::caller::problem::Problem;
use crate::upstream::{AgentStream, RpcError, Said};

/// What is said in the place of an agent's text that names a resource.
const WITHHELD: &str = "The agent's text is withheld, because it names a resource";

/// The form in which Lambda streams an answer.
pub type Response = StreamResponse<Body>;

/// An answer, until [`Answer::finish`].
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    content: Content,
}

/// What an answer says.
pub enum Content {
    Whole(Option<Bytes>),
    /// An agent's, which a [`Pump`] alone may pass on.
    Agent {
        stream: AgentStream,
        is_event_stream: bool,
    },
}

/// An answer but for its body.
pub struct Head(MetadataPrelude);

/// The body of an answer. It never yields an error.
pub enum Body {
    Whole(Option<Bytes>),
    Stream(Box<Pump>),
}

impl Answer {
    /// An answer without a body.
    pub fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            content: Content::Whole(None),
        }
    }

    /// A JSON document.
    pub fn json(status: StatusCode, document: &Value) -> Self {
        let mut answer = Self::empty(status).with(header::CONTENT_TYPE, media::JSON);
        answer.content = Content::Whole(Some(Bytes::from(document.to_string())));
        answer
    }

    /// A problem, with the headers that belong to its status.
    pub fn problem(problem: Problem, request_id: &str) -> Self {
        Self::json(problem.status(), &problem.body(request_id))
            .with(header::CONTENT_TYPE, media::PROBLEM)
            .until_again(problem)
    }

    /// Names the limit that a body was over.
    #[must_use]
    pub fn limited(self, bytes: usize) -> Self {
        self.with_members([("max_bytes", bytes.into())])
    }

    /// Adds members beside the others of a problem (RFC 9457, section 3.2), or beside those of an error's `data`.
    fn with_members<const N: usize>(mut self, members: [(&str, Value); N]) -> Self {
        let Content::Whole(Some(body)) = &self.content else {
            return self;
        };
        let Ok(mut document) = serde_json::from_slice::<Value>(body) else {
            return self;
        };
        let place = match document.pointer_mut("/error/data") {
            Some(data) => data.as_object_mut(),
            None => document.as_object_mut(),
        };
        if let Some(place) = place {
            let members = members.map(|(name, value)| (name.to_owned(), value));
            let all: BTreeMap<_, _> = take(place).into_iter().chain(members).collect();
            place.extend(all);
            self.content = Content::Whole(Some(Bytes::from(document.to_string())));
        }
        self
    }

    /// Names the limit that a caller has reached, and when it is over.
    #[must_use]
    pub fn at_limit(self, reached: Reached) -> Self {
        let Reached {
            limit,
            resets,
            pause,
        } = reached;
        self.with_members([("limit", limit.name().into()), ("resets", resets.into())])
            .with(header::RETRY_AFTER, &pause.to_string())
    }

    /// Says when another attempt may help.
    fn until_again(mut self, problem: Problem) -> Self {
        if let Some(pause) = problem.retry_after() {
            let pause = HeaderValue::from(pause.as_secs());
            self.headers.insert(header::RETRY_AFTER, pause);
        }
        self
    }

    /// A problem in JSON-RPC, with the headers that belong to it. Its type is JSON and no more: the official clients
    /// read an error under no other.
    pub fn rpc_problem(problem: Problem, id: &RpcId, request_id: &str) -> Self {
        let status = problem.status();
        Self::rpc(problem, status, problem.rpc(id, status, request_id).into())
    }

    /// An agent's own refusal, as far as it may be passed on.
    pub fn rpc_error(problem: Problem, error: RpcError, id: &RpcId, request_id: &str) -> Self {
        let RpcError { status, said } = error;
        let body = match said {
            Said::Whole(body) => body,
            Said::Code(id, code) => {
                let data = json!({"request_id": request_id, "status": status.as_u16()});
                id.error(code, WITHHELD, &data).into()
            }
            Said::Nothing => problem.rpc(id, status, request_id).into(),
        };
        Self::rpc(problem, status, body)
    }

    fn rpc(problem: Problem, status: StatusCode, body: Bytes) -> Self {
        let mut answer = Self::empty(status)
            .with(header::CONTENT_TYPE, media::JSON)
            .until_again(problem);
        answer.content = Content::Whole(Some(body));
        answer
    }

    /// An agent's answer, under the type that may leave.
    pub fn agent(status: StatusCode, content_type: &str, stream: AgentStream) -> Self {
        let content_type = media::passed_on(content_type);
        let mut answer = Self::empty(status).with(header::CONTENT_TYPE, &content_type);
        answer.content = Content::Agent {
            stream,
            is_event_stream: media::is_event_stream(&content_type),
        };
        answer
    }

    /// Sets a header; a value that HTTP does not allow leaves it out.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => self.headers.insert(name, value),
            Err(_) => self.headers.remove(name),
        };
        self
    }

    /// Sets these headers too.
    #[must_use]
    pub fn with_all(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }

    /// Closes the answer: what is said of every one, and nothing but the headers that may leave. What is left to do is
    /// to make the content a body.
    pub fn finish(self, request_id: &str) -> (Head, Content) {
        // What one caller may see is kept for no other (RFC 9111, section 5.2.2.5); what everybody may see says so.
        let is_public = self.headers.contains_key(header::CACHE_CONTROL);
        let is_stream = matches!(
            self.content,
            Content::Agent {
                is_event_stream: true,
                ..
            }
        );
        let answer = if is_stream {
            // A proxy in front that gathers a stream, to compress it or for a slow reader, takes its sense away.
            self.with(header::CACHE_CONTROL, "no-store, no-transform")
                .with(HeaderName::from_static(headers::ACCEL_BUFFERING), "no")
        } else if is_public {
            self
        } else {
            self.with(header::CACHE_CONTROL, "no-store")
        };
        let Self {
            status,
            headers,
            content,
        } = answer
            // An agent's JSON is never taken for a page, whatever is in it.
            .with(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
            .with(HeaderName::from_static(headers::REQUEST_ID), request_id);
        let metadata_prelude = MetadataPrelude {
            status_code: status,
            headers: headers::outward(&headers),
            cookies: Vec::new(),
        };
        (Head(metadata_prelude), content)
    }
}

impl Head {
    /// The status, for the log.
    pub const fn status(&self) -> StatusCode {
        self.0.status_code
    }

    /// The answer as Lambda streams it.
    pub fn with_body(self, body: Body) -> Response {
        StreamResponse {
            metadata_prelude: self.0,
            stream: body,
        }
    }
}

impl Stream for Body {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(Ok)),
            Self::Stream(pump) => Pin::new(pump).poll_next(context),
        }
    }
}
