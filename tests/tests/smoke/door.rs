//! A door of canned answers: each as a good door gives it, but for the one that a test changes.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::http::header::{ACCEPT, AUTHORIZATION};
use hyper::http::{Request, Response};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The token that this door believes.
pub(super) const TOKEN: &str = "e30.e30.c2lnbmF0dXJl";
/// The digest of the settings of all its functions.
pub(super) const DIGEST: &str = "0123456789abcdef";

/// An answer.
pub(super) struct Canned {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, &'static str)>,
    pub(super) body: Value,
}

/// What is different: at which request, as [`name`] calls it, and how. More than one request may begin so.
pub(super) struct Change {
    pub(super) at: &'static str,
    pub(super) by: fn(&mut Canned),
}

/// A running door. Dropping it ends it.
pub(super) struct CannedDoor {
    pub(super) url: String,
    task: JoinHandle<()>,
}

impl Drop for CannedDoor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl CannedDoor {
    pub(super) async fn open(change: Change) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            let change: &'static Change = Box::leak(Box::new(change));
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, change));
            }
        });
        Self { url, task }
    }
}

async fn converse(stream: TcpStream, change: &'static Change) {
    let service = service_fn(|request: Request<Incoming>| async move {
        let name = name(&request);
        let mut canned = answer(&name);
        if name.starts_with(change.at) {
            (change.by)(&mut canned);
        }
        Ok::<_, Infallible>(canned.response())
    });
    // The client may close at any time.
    let _ended = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// `METHOD /path as WHOM`, and `, streaming` if an event stream is asked for first.
fn name(request: &Request<Incoming>) -> String {
    let header = |name| {
        let value = request.headers().get(name);
        value.map_or("", |value| value.to_str().unwrap())
    };
    let whom = match header(AUTHORIZATION).strip_prefix("Bearer ") {
        None => "nobody",
        Some(TOKEN) => "alice",
        Some(_) => "a stranger",
    };
    let streaming = match header(ACCEPT).starts_with("text/event-stream") {
        true => ", streaming",
        false => "",
    };
    format!(
        "{} {} as {whom}{streaming}",
        request.method(),
        request.uri().path()
    )
}

/// What a good door answers.
fn answer(name: &str) -> Canned {
    let (asked, whom) = name.split_once(" as ").unwrap();
    let open = match asked {
        "GET /healthz" => Some(json!({"status": "ok", "settings": DIGEST, "version": "0.0.0"})),
        "GET /.well-known/jwks.json" => Some(json!({"keys": [{"kid": "k1"}]})),
        "GET /.well-known/oauth-protected-resource" => {
            Some(json!({"authorization_servers": ["https://issuer.example"]}))
        }
        _ => None,
    };
    if let Some(body) = open {
        return Canned::json(200, body);
    }
    match (asked, whom.split(',').next().unwrap()) {
        ("OPTIONS /whoami", _) => Canned::json(204, Value::Null),
        (_, "nobody" | "a stranger") => Canned::refusal(),
        ("GET /whoami", _) => Canned::json(
            200,
            json!({"subject": "alice-1", "issuer": "https://issuer.example", "agents": ["demo"],
                "settings": {"authorizer": DIGEST, "proxy": DIGEST}}),
        ),
        ("POST /agents/demo/invocations", _) => {
            let mut turn = Canned::json(200, json!({"answer": "hello"}));
            turn.headers.push(("x-conversation-id", "c1"));
            turn
        }
        ("DELETE /agents/demo/conversations/c1", _) => Canned::json(204, Value::Null),
        _ => Canned::json(404, json!({"status": 404, "code": "unknown_agent"})),
    }
}

impl Canned {
    fn json(status: u16, body: Value) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json")],
            body,
        }
    }

    fn refusal() -> Self {
        let challenge = "Bearer realm=\"gatehouse\", resource_metadata=\"https://door.example/x\"";
        Self {
            status: 401,
            headers: vec![
                ("content-type", "application/problem+json"),
                ("www-authenticate", challenge),
            ],
            body: json!({"status": 401, "title": "A valid bearer token is needed", "code": "unauthorized",
                "request_id": "r-1"}),
        }
    }

    /// Gives a header another value, or takes it away.
    pub(super) fn set(&mut self, name: &'static str, value: Option<&'static str>) {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.extend(value.map(|value| (name, value)));
    }

    fn response(self) -> Response<Full<Bytes>> {
        let body = match self.body.as_str() {
            Some(text) => text.to_owned(),
            None if self.body.is_null() => String::new(),
            None => self.body.to_string(),
        };
        let mut response = Response::builder().status(self.status);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        response.body(Full::new(Bytes::from(body))).unwrap()
    }
}
