//! The whole proxy before a data plane, asked as API Gateway asks it.

use bytes::Bytes;
use futures_util::StreamExt;
use http::HeaderMap;
use lambda_runtime::{Context, LambdaEvent};
use proxy::answer::Response;
use proxy::app::App;
use proxy::caller::event::Event;
use proxy::caller::problem::Problem;
use proxy::config::{ALLOWED_ORIGINS, FIRST_BYTE_SECONDS, MAX_BODY_BYTES};
use proxy::dispatch;
use serde_json::{Value, json};
use shared::clock::Clock;

use crate::agentcore::{DataPlane, PLATFORM_TEXT, Script};
use crate::caller::{Issuer, NOW, event};

pub(crate) const INVOKE: &str = "/agents/demo/invocations";
pub(crate) const ORIGIN: &str = "https://console.example.com";
/// Of the function's time, a minute is left.
const DEADLINE: u64 = (NOW.0 + 60) * 1000;

pub(crate) type Headers<'h> = &'h [(&'h str, &'h str)];

pub(crate) struct Door {
    app: App,
    pub(crate) issuer: Issuer,
    pub(crate) plane: DataPlane,
}

/// What a caller gets.
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// The answer of `/mcp` or `/a2a`.
    is_rpc: bool,
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl Door {
    pub(crate) async fn open(scripts: impl IntoIterator<Item = Script>) -> Self {
        Self::over(DataPlane::start(scripts).await, &[]).await
    }

    /// A door before this data plane, with more settings.
    pub(crate) async fn over(plane: DataPlane, more: &[(&str, &str)]) -> Self {
        let issuer = Issuer::new();
        // Of two values the first counts.
        let mut settings = more.to_vec();
        settings.extend([
            (ALLOWED_ORIGINS, ORIGIN),
            (MAX_BODY_BYTES, "1000"),
            (FIRST_BYTE_SECONDS, "1"),
        ]);
        let app = App::new(
            issuer.config(&settings),
            &plane.platform().await,
            Clock::fixed(NOW),
        )
        .await;
        Self { app, issuer, plane }
    }

    pub(crate) fn alice(&self) -> String {
        format!("Bearer {}", self.issuer.token(json!({})))
    }

    pub(crate) async fn begin(
        &self,
        method: &str,
        path: &str,
        headers: Headers<'_>,
        body: &str,
    ) -> Response {
        self.handle(event(method, path, headers, body)).await
    }

    async fn handle(&self, event: Event) -> Response {
        let mut context = Context::default();
        context.request_id = "r-1".to_owned();
        context.deadline = DEADLINE;
        let event = LambdaEvent::new(event, context);
        dispatch::handle(&self.app, event).await.unwrap()
    }

    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: Headers<'_>,
        body: &str,
    ) -> Got {
        let response = self.begin(method, path, headers, body).await;
        Got::read(response, path).await
    }

    /// With an event of the test's own.
    pub(crate) async fn ask_event(&self, event: Value) -> Got {
        let path = event["path"].as_str().unwrap().to_owned();
        let response = self.handle(serde_json::from_value(event).unwrap()).await;
        Got::read(response, &path).await
    }

    /// Waits for what is being given back.
    pub(crate) async fn settle(&self) {
        self.app.settle().await;
    }

    pub(crate) async fn invoke(&self, headers: Headers<'_>, body: &str) -> Got {
        let token = self.alice();
        let mut all = vec![("authorization", token.as_str())];
        all.extend(headers);
        self.ask("POST", INVOKE, &all, body).await
    }
}

impl Got {
    /// Reads an answer to its end, and checks what holds of every one.
    async fn read(response: Response, path: &str) -> Self {
        let prelude = response.metadata_prelude;
        let pieces: Vec<Bytes> = response.stream.map(|piece| piece.unwrap()).collect().await;
        let got = Self {
            status: prelude.status_code.as_u16(),
            headers: prelude.headers,
            body: String::from_utf8(pieces.concat()).unwrap(),
            is_rpc: (path.ends_with("/mcp") || path.ends_with("/a2a"))
                && !path.contains("/.well-known/"),
        };
        assert!(
            !got.body.contains(PLATFORM_TEXT) && !got.body.contains("arn:"),
            "{}",
            got.body
        );
        assert_eq!(got.header("x-request-id"), Some("gateway-1"));
        let content_type = got.header("content-type").unwrap_or_default();
        let is_stream = content_type.starts_with("text/event-stream");
        let kept = match (path, got.status) {
            (path, 200) if path.ends_with("/.well-known/jwks.json") => "public, max-age=300",
            _ if is_stream => "no-store, no-transform",
            _ => "no-store",
        };
        assert_eq!(got.header("x-accel-buffering"), is_stream.then_some("no"));
        assert_eq!(got.header("cache-control"), Some(kept));
        assert_eq!(got.header("x-content-type-options"), Some("nosniff"));
        got
    }
}

/// A problem, in JSON-RPC where the path's protocol is worded in it.
pub(crate) fn assert_problem(got: &Got, status: u16, code: &str) {
    if got.is_rpc {
        return assert_rpc_problem(got, status, code);
    }
    let Value::Object(mut body) = got.json() else {
        panic!("{}", got.body)
    };
    let limit = body.remove("max_bytes");
    assert_eq!(limit, (code == "too_large").then(|| json!(1000)));
    let mut names: Vec<&str> = body.keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected: &[&str] = if code == "not_found" {
        &["code", "detail", "request_id", "status", "title"]
    } else {
        &["code", "request_id", "status", "title"]
    };
    assert_eq!(names, expected);
    assert_eq!(
        (got.status, &body["status"], &body["code"]),
        (status, &json!(status), &json!(code)),
        "{}",
        got.body
    );
    assert_eq!(body["request_id"], "gateway-1");
    assert_eq!(got.header("content-type"), Some("application/problem+json"));
}

fn assert_rpc_problem(got: &Got, status: u16, code: &str) {
    let said = got.json();
    let problem = Problem::ALL.iter().find(|problem| problem.code() == code);
    let problem = problem.unwrap();
    let mut data = json!({"code": code, "request_id": "gateway-1", "status": status});
    if code == "too_large" {
        data["max_bytes"] = json!(1000);
    }
    if let Some(detail) = problem.detail() {
        data["detail"] = json!(detail);
    }
    let error = json!({"code": problem.rpc_code(), "message": problem.sentence(), "data": data});
    let expected = json!({"jsonrpc": "2.0", "id": said["id"], "error": error});
    assert_eq!((got.status, said), (status, expected));
    assert_eq!(got.header("content-type"), Some("application/json"));
}
