//! One request at a time over TLS, with a bound on time and size, and the times at which pieces came.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::http::header::{self, HeaderMap, HeaderName};
use hyper::http::request::Builder;
use hyper::http::{Method, Request, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use url::Url;

/// More than any answer of this journey's needs, less than would hurt.
const MAX_BODY: usize = 16 * 1024 * 1024;

pub(super) struct Client {
    base: String,
    http: HttpClient<HttpsConnector<HttpConnector>, Full<Bytes>>,
    timeout: Duration,
}

/// A request under way to be one; what is wrong with it shows when it is sent.
pub(super) struct Asked {
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

/// A whole answer.
pub(super) struct Got {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) pieces: usize,
    /// Between the first piece and the last.
    pub(super) spread: Duration,
}

impl Client {
    /// For a door at this address. A token is sent over TLS, or never leaves this machine.
    pub(super) fn new(url: &str, timeout: Duration) -> Result<Self, String> {
        let parsed = Url::parse(url).map_err(|error| format!("URL is no address: {error}"))?;
        let is_local = matches!(parsed.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
        if parsed.scheme() != "https" && !(parsed.scheme() == "http" && is_local) {
            return Err("URL is neither https nor http on this machine".to_owned());
        }
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::aws_lc_rs::default_provider())
            .map_err(|error| format!("TLS cannot be set up: {error}"))?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self {
            base: url.trim_end_matches('/').to_owned(),
            http: HttpClient::builder(TokioExecutor::new()).build(connector),
            timeout,
        })
    }

    pub(super) async fn ask(&self, asked: Asked) -> Result<Got, String> {
        tokio::time::timeout(self.timeout, self.exchange(asked))
            .await
            .unwrap_or_else(|_| Err(format!("no end within {} s", self.timeout.as_secs())))
    }

    async fn exchange(&self, asked: Asked) -> Result<Got, String> {
        let Asked {
            method,
            path,
            headers,
            body,
        } = asked;
        let builder = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        let with =
            |builder: Builder, (name, value): (&'static str, String)| builder.header(name, value);
        let request = headers.into_iter().fold(builder, with);
        // Not the error's own words: they may hold a header's.
        let request = request.body(Full::from(body)).map_err(|_| {
            "TOKEN or AGENT cannot be sent: a space or a line end in it?".to_owned()
        })?;
        let answer = self.http.request(request).await;
        let answer = answer.map_err(|error| format!("no answer: {}", reason(&error)))?;
        let (head, mut body) = answer.into_parts();
        let (mut whole, mut pieces) = (BytesMut::new(), 0);
        let (mut first, mut last) = (None, Instant::now());
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| format!("{}, broken off", head.status))?;
            let Ok(bytes) = frame.into_data() else {
                continue;
            };
            last = Instant::now();
            first = first.or(Some(last));
            pieces += 1;
            whole.extend_from_slice(&bytes);
            if whole.len() > MAX_BODY {
                return Err(format!("more than {MAX_BODY} bytes"));
            }
        }
        Ok(Got {
            status: head.status,
            headers: head.headers,
            body: whole.freeze(),
            pieces,
            spread: last.saturating_duration_since(first.unwrap_or(last)),
        })
    }
}

/// The innermost cause: "connection refused" rather than "client error".
fn reason(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

impl Asked {
    pub(super) fn new(method: Method, path: &str) -> Self {
        Self {
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(super) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(super) fn json(mut self, document: &Value) -> Self {
        self.body = Bytes::from(document.to_string());
        self.header(header::CONTENT_TYPE.as_str(), "application/json")
    }
}

/// Codes of answers, as the papers list them: lower case and underscores, of moderate length.
fn is_code(text: &&str) -> bool {
    text.len() <= 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

impl Got {
    /// The body as JSON; null if it is none.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The header's first value; empty if there is none.
    pub(super) fn header(&self, name: HeaderName) -> &str {
        let value = self.headers.get(name);
        value.and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// What is said of an answer that is as expected, or else what came.
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

    /// What came, for people: its status, and its code if it has one.
    pub(super) fn seen(&self) -> String {
        let document = self.json();
        let code = document["code"].as_str().filter(is_code).unwrap_or("");
        let pieces = match self.pieces {
            1 => "1 piece".to_owned(),
            pieces => format!("{pieces} pieces"),
        };
        format!("{} {code} in {pieces}", self.status.as_u16()).replace("  ", " ")
    }
}
