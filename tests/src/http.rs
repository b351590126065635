//! A minimal HTTP client: one connection per request, and the time at which each piece of an answer arrived.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::http::request::Builder;
use hyper::http::{HeaderMap, HeaderValue, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use url::Url;

use crate::function::problem;

/// An answer that is complete.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// An answer whose body is still to come. Dropping it closes the connection.
pub struct Streaming {
    pub status: StatusCode,
    pub headers: HeaderMap,
    body: Incoming,
    asked: Instant,
}

/// One piece of a body.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Since the request was sent
    pub after: Duration,
    pub bytes: Bytes,
}

/// Sends a request with an absolute address, and waits for the head of the answer.
///
/// # Panics
/// If there is none.
pub async fn send(request: Request<Bytes>) -> Streaming {
    let url = Url::parse(&request.uri().to_string()).unwrap();
    let address = url.socket_addrs(|| None).unwrap()[0];
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let asked = Instant::now();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let (mut head, body) = request.into_parts();
    let host = HeaderValue::from_str(&address.to_string()).unwrap();
    head.headers.entry(HOST).or_insert(host);
    head.uri = head.uri.path_and_query().unwrap().as_str().parse().unwrap();
    let request = Request::from_parts(head, Full::new(body));
    let (head, body) = sender.send_request(request).await.unwrap().into_parts();
    Streaming {
        status: head.status,
        headers: head.headers,
        body,
        asked,
    }
}

/// `GET`, as the bearer of a token if there is one.
pub async fn get(address: &str, token: Option<&str>) -> Answer {
    let request = with_token(Request::get(address), token);
    send(request.body(Bytes::new()).unwrap())
        .await
        .whole()
        .await
}

/// `POST` of a JSON document, as the bearer of a token if there is one.
pub async fn post(address: &str, token: Option<&str>, body: &Value) -> Streaming {
    let request =
        with_token(Request::post(address), token).header(CONTENT_TYPE, "application/json");
    send(request.body(Bytes::from(body.to_string())).unwrap()).await
}

fn with_token(request: Builder, token: Option<&str>) -> Builder {
    match token {
        Some(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
        None => request,
    }
}

impl Streaming {
    /// The next piece; nothing at the end.
    ///
    /// # Panics
    /// If the answer breaks off.
    pub async fn next(&mut self) -> Option<Arrival> {
        loop {
            let frame = self.body.frame().await?.unwrap();
            if let Ok(bytes) = frame.into_data() {
                let after = self.asked.elapsed();
                return Some(Arrival { after, bytes });
            }
        }
    }

    /// Every piece to the end.
    pub async fn arrivals(mut self) -> Vec<Arrival> {
        let mut arrivals = Vec::new();
        while let Some(arrival) = self.next().await {
            arrivals.push(arrival);
        }
        arrivals
    }

    /// The complete answer.
    pub async fn whole(self) -> Answer {
        let (status, headers) = (self.status, self.headers.clone());
        let arrivals = self.arrivals().await;
        let body = arrivals.iter().flat_map(|arrival| arrival.bytes.clone());
        Answer {
            status,
            headers,
            body: body.collect(),
        }
    }
}

impl Answer {
    /// A header's value; empty if there is none.
    ///
    /// # Panics
    /// If it is there more than once, or is not text.
    pub fn header(&self, name: &str) -> &str {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().map_or("", |value| value.to_str().unwrap());
        assert!(values.next().is_none(), "`{name}` came twice");
        value
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is not.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("not JSON: {:?}", String::from_utf8_lossy(&self.body)))
    }

    /// The body as text.
    ///
    /// # Panics
    /// If it is not.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// Checks that this is a problem document of this status and code, with nothing else in it.
    ///
    /// # Panics
    /// If it is not.
    pub fn assert_problem(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{}", self.text());
        let said = self.json();
        let content_type = if said["jsonrpc"] == "2.0" {
            "application/json"
        } else {
            "application/problem+json"
        };
        assert_eq!(self.header("content-type"), content_type);
        let problem = problem(said);
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["code"], code, "{problem}");
        let mut names: Vec<_> = problem.as_object().unwrap().keys().collect();
        // API Gateway's own limit is another, which it does not tell.
        names.retain(|name| *name != "max_bytes" || code != "too_large");
        names.sort_unstable();
        let expected: &[&str] = if code == "not_found" {
            &["code", "detail", "request_id", "status", "title"]
        } else {
            &["code", "request_id", "status", "title"]
        };
        assert_eq!(names, expected);
    }
}
