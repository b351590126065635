//! One request at a time, with a bound on time and size, and the times at which pieces came.

use std::cell::Cell;
use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use url::Url;

use crate::speak::door::Door;
use crate::speak::web::{Web, unreachable};

/// More than any answer of this journey needs, less than would hurt.
const MAX_BODY: usize = 16 * 1024 * 1024;
/// Longer than an agent takes to start, shorter than the patience of a person who waits.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A client of one door.
pub(super) struct Client<'a> {
    web: &'a Web,
    door: &'a Door,
    has_answer: Cell<bool>,
}

/// A request that is being put together.
pub(super) struct Asked {
    method: Method,
    path: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: String,
}

/// A whole answer.
pub(super) struct Got {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    pub(super) body: Vec<u8>,
    pub(super) pieces: usize,
    /// Between the first piece and the last.
    pub(super) spread: Duration,
}

impl<'a> Client<'a> {
    pub(super) const fn new(web: &'a Web, door: &'a Door) -> Self {
        Self {
            web,
            door,
            has_answer: Cell::new(false),
        }
    }

    /// True if a request got an answer so far.
    pub(super) const fn has_answer(&self) -> bool {
        self.has_answer.get()
    }

    /// Sends a request and reads its answer to the end. The error says why no whole answer came.
    pub(super) async fn ask(&self, asked: Asked) -> Result<Got, String> {
        tokio::time::timeout(TIMEOUT, self.exchange(asked))
            .await
            .unwrap_or_else(|_| Err(format!("no end within {} s", TIMEOUT.as_secs())))
    }

    async fn exchange(&self, asked: Asked) -> Result<Got, String> {
        let Asked {
            method,
            path,
            headers,
            body,
        } = asked;
        let url = Url::parse(&self.door.at(&path)).map_err(|_| "no address".to_owned())?;
        let request = self.web.request(method, &url);
        let request = request.headers(headers.into_iter().collect()).body(body);
        let failed = |error: reqwest::Error| unreachable(&url, &error).what().to_owned();
        let mut answer = request.send().await.map_err(failed)?;
        self.has_answer.set(true);
        let (mut whole, mut pieces) = (Vec::new(), 0_usize);
        let (mut first, mut last) = (None, Instant::now());
        while let Some(piece) = answer.chunk().await.map_err(failed)? {
            last = Instant::now();
            first = first.or(Some(last));
            pieces = pieces.saturating_add(1);
            whole.extend_from_slice(&piece);
            if whole.len() > MAX_BODY {
                return Err(format!("more than {MAX_BODY} bytes"));
            }
        }
        Ok(Got {
            status: answer.status(),
            headers: answer.headers().clone(),
            body: whole,
            pieces,
            spread: last.saturating_duration_since(first.unwrap_or(last)),
        })
    }
}

impl Asked {
    pub(super) fn new(method: Method, path: &str) -> Self {
        Self {
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body: String::new(),
        }
    }

    pub(super) fn header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.push((name, HeaderValue::from_static(value)));
        self
    }

    pub(super) fn authorized(mut self, authorization: &HeaderValue) -> Self {
        self.headers.push((AUTHORIZATION, authorization.clone()));
        self
    }

    pub(super) fn json(mut self, document: &Value) -> Self {
        self.body = document.to_string();
        self.header(CONTENT_TYPE, "application/json")
    }
}

/// A member of a document, if it is a text.
pub(super) fn text<'d>(document: &'d Value, member: &str) -> Option<&'d str> {
    document.get(member)?.as_str()
}

/// Codes of answers, as the documents list them: lower case and underscores, of moderate length.
fn is_code(text: &&str) -> bool {
    text.len() <= 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

impl Got {
    /// The body as JSON; `null` if the body is not JSON.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The first value of a header; an empty text if the answer has no such header.
    pub(super) fn header(&self, name: HeaderName) -> &str {
        let value = self.headers.get(name);
        value.and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// The result of a step: the text of `said` for an expected answer, or a description of the answer as the error.
    pub(super) fn expect(
        &self,
        is_expected: bool,
        said: impl FnOnce() -> String,
    ) -> Result<String, String> {
        if is_expected {
            Ok(said())
        } else {
            Err(self.seen())
        }
    }

    /// A description of the answer: status, error code if it has one, number of pieces.
    pub(super) fn seen(&self) -> String {
        let document = self.json();
        let code = text(&document, "code").filter(is_code).unwrap_or("");
        let pieces = match self.pieces {
            1 => "1 piece".to_owned(),
            pieces => format!("{pieces} pieces"),
        };
        format!("{} {code} in {pieces}", self.status.as_u16()).replace("  ", " ")
    }
}
