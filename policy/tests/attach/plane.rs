//! AgentCore's control plane with one gateway, and CloudFormation's address for answers, on one loopback port.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

pub(crate) const GATEWAY: &str = "tools-abcdefghij";
pub(crate) const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
pub(crate) const SECRET_ACCESS_KEY: &str = "a secret of nobody";
pub(crate) const SESSION_TOKEN: &str = "a session of nobody";

/// What only the service sets.
pub(crate) const READ_ONLY: [&str; 9] = [
    "createdAt",
    "gatewayArn",
    "gatewayId",
    "gatewayUrl",
    "status",
    "statusReasons",
    "updatedAt",
    "webAclArn",
    "workloadIdentityDetails",
];

/// A running control plane.
pub(crate) struct Plane {
    pub(crate) url: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    inner: Mutex<Inner>,
    held: Notify,
}

#[derive(Default)]
struct Inner {
    gateway: Option<Value>,
    /// Reads that see an update going on.
    delay: usize,
    reads_left: usize,
    /// What an update ends with.
    end: Value,
    requests: Vec<Method>,
    answers: Vec<Value>,
    refused: VecDeque<(Method, Refusal)>,
    hold: Option<(usize, Edge)>,
}

/// A call that is not carried out: its status, and the error's name.
pub(crate) type Refusal = (u16, &'static str);

/// Where a call is held for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    /// Nothing has come of it.
    Before,
    /// It has been carried out, and its answer does not arrive.
    After,
}

impl Plane {
    /// Starts with a gateway whose updates are seen going on once, and succeed.
    pub(crate) async fn start(gateway: Option<Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        {
            let mut inner = shared.inner.lock().unwrap();
            inner.gateway = gateway;
            inner.delay = 1;
            inner.end = json!({"status": "READY"});
        }
        let router = Router::new().fallback(call).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url,
            shared,
            server,
        }
    }

    pub(crate) fn answer_url(&self) -> String {
        format!("{}/answers?signature=of-nobody", self.url)
    }

    pub(crate) fn gateway(&self) -> Value {
        self.shared.inner.lock().unwrap().gateway.clone().unwrap()
    }

    pub(crate) fn requests(&self) -> Vec<Method> {
        self.shared.inner.lock().unwrap().requests.clone()
    }

    /// The answers since the last time.
    pub(crate) fn take_answers(&self) -> Vec<Value> {
        std::mem::take(&mut self.shared.inner.lock().unwrap().answers)
    }

    /// Has updates end with these members.
    pub(crate) fn end_with(&self, end: Value) {
        self.shared.inner.lock().unwrap().end = end;
    }

    /// Has an update go on for this many reads.
    pub(crate) fn delay(&self, reads: usize) {
        self.shared.inner.lock().unwrap().delay = reads;
    }

    /// Refuses the next calls of a method; POST stands for answers.
    pub(crate) fn refuse(&self, method: Method, refusals: &[Refusal]) {
        let refused = refusals.iter().map(|refusal| (method.clone(), *refusal));
        self.shared.inner.lock().unwrap().refused.extend(refused);
    }

    /// Holds the call after this many further ones.
    pub(crate) fn hold(&self, calls: usize, edge: Edge) {
        let mut inner = self.shared.inner.lock().unwrap();
        inner.hold = Some((inner.requests.len() + calls, edge));
    }

    /// Waits until a call is held; then no further one will be.
    pub(crate) async fn held(&self) {
        self.shared.held.notified().await;
    }

    pub(crate) fn release(&self) {
        self.shared.inner.lock().unwrap().hold = None;
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn call(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let edge = {
        let mut inner = shared.inner.lock().unwrap();
        let at = inner.requests.len();
        inner.requests.push(method.clone());
        inner
            .hold
            .filter(|(held, _)| *held == at)
            .map(|(_, edge)| edge)
    };
    if edge == Some(Edge::Before) {
        hold(&shared).await;
    }
    let response = respond(&shared, &method, &uri, &headers, &body);
    if edge == Some(Edge::After) {
        hold(&shared).await;
    }
    response
}

async fn hold(shared: &Shared) {
    shared.held.notify_one();
    std::future::pending().await
}

fn respond(
    shared: &Shared,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let mut inner = shared.inner.lock().unwrap();
    let is_answer = uri.path() == "/answers";
    let kind = if is_answer { &Method::POST } else { method };
    if let Some(at) = inner
        .refused
        .iter()
        .position(|(refused, _)| refused == kind)
    {
        let (_, (status, name)) = inner.refused.remove(at).unwrap();
        return refusal(status, name);
    }
    if is_answer {
        // The address is signed for a request without a content type.
        assert_eq!((method, headers.get("content-type")), (&Method::PUT, None));
        assert_eq!(uri.query(), Some("signature=of-nobody"));
        inner.answers.push(serde_json::from_slice(body).unwrap());
        return StatusCode::OK.into_response();
    }
    assert_signed(method, uri, headers, body);
    // With or without a slash at its end: models and clients differ.
    assert_eq!(
        uri.path().trim_end_matches('/'),
        format!("/gateways/{GATEWAY}")
    );
    match *method {
        Method::GET => inner.read(),
        Method::PUT => inner.write(body),
        _ => panic!("{method} {uri}"),
    }
}

impl Inner {
    fn read(&mut self) -> Response {
        let Some(gateway) = &mut self.gateway else {
            return refusal(404, "ResourceNotFoundException");
        };
        if gateway["status"] == "UPDATING" {
            if self.reads_left == 0 {
                for (name, value) in self.end.as_object().unwrap() {
                    gateway[name] = value.clone();
                }
            }
            self.reads_left = self.reads_left.saturating_sub(1);
        }
        document(StatusCode::OK, gateway)
    }

    fn write(&mut self, body: &[u8]) -> Response {
        let Some(gateway) = &mut self.gateway else {
            return refusal(404, "ResourceNotFoundException");
        };
        if gateway["status"] == "UPDATING" {
            return refusal(409, "ConflictException");
        }
        let mut written: Value = serde_json::from_slice(body).unwrap();
        for required in ["name", "roleArn", "authorizerType"] {
            if !written[required].is_string() {
                return refusal(400, "ValidationException");
            }
        }
        for name in READ_ONLY {
            assert!(written.get(name).is_none(), "{name} is written");
            if let Some(value) = gateway.get(name) {
                written[name] = value.clone();
            }
        }
        written["status"] = json!("UPDATING");
        self.reads_left = self.delay;
        *gateway = written;
        document(StatusCode::ACCEPTED, gateway)
    }
}

fn document(status: StatusCode, document: &Value) -> Response {
    let json = [("content-type", "application/json")];
    (status, json, document.to_string()).into_response()
}

fn refusal(status: u16, name: &'static str) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    let headers = [
        ("x-amzn-errortype", name),
        ("content-type", "application/json"),
    ];
    (status, headers, json!({"message": "not now"}).to_string()).into_response()
}

/// Signs the same request at the same time, body and all, and compares.
fn assert_signed(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) {
    let header = |name: &str| headers[name].to_str().unwrap();
    let authorization = header("authorization");
    let (_, signed) = authorization.split_once("SignedHeaders=").unwrap();
    let (signed, signature) = signed.split_once(", Signature=").unwrap();
    let added = ["x-amz-date", "x-amz-security-token"];
    let names = signed.split(';').filter(|name| !added.contains(name));
    let headers: Vec<(&str, &str)> = names.map(|name| (name, header(name))).collect();
    let url = format!("http://{}{uri}", header("host"));
    let request = SignableRequest::new(
        method.as_str(),
        url,
        headers.into_iter(),
        SignableBody::Bytes(body),
    );
    let token = Some(SESSION_TOKEN.to_owned());
    let identity = Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, token, None, "test").into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("bedrock-agentcore")
        .time(time(header("x-amz-date")))
        .settings(SigningSettings::default())
        .build()
        .unwrap();
    let expected = sign(request.unwrap(), &params.into()).unwrap();
    assert_eq!(signature, expected.signature(), "{method} {uri}");
}

/// `20261122T010203Z`.
fn time(text: &str) -> SystemTime {
    let number = |range: std::ops::Range<usize>| text[range].parse::<u64>().unwrap();
    let (year, month, day) = (number(0..4), number(4..6), number(6..8));
    // Years that begin in March: days of months then follow a pattern.
    let (year, month) = if month < 3 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    let days =
        365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    let seconds = (number(9..11) * 60 + number(11..13)) * 60 + number(13..15);
    SystemTime::UNIX_EPOCH + Duration::from_secs(days * 86_400 + seconds)
}
