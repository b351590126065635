//! An issuer, a gateway, and requests to it.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use local::agentcore_gateway::{ToolGateway, ToolGatewaySettings};
use local::cognito::{Issuer, IssuerSettings};
use serde_json::{Value, json};

pub(crate) struct World {
    pub(crate) issuer: Issuer,
    pub(crate) gateway: ToolGateway,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

pub(crate) fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy")
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(checkout()).await
    }

    /// With the tools and policies of another folder.
    pub(crate) async fn with(policy: PathBuf) -> Self {
        let issuer = Issuer::start(IssuerSettings::default()).await.unwrap();
        let settings = ToolGatewaySettings {
            discovery_url: issuer.discovery_url(),
            allowed_clients: vec![issuer.tools_client().to_owned()],
            policy,
        };
        let gateway = ToolGateway::start(settings).await.unwrap();
        Self { issuer, gateway }
    }

    /// The claims of a tool token, and those that say whose it is.
    pub(crate) fn claims(&self, more: &Value) -> Value {
        let now = now();
        let mut claims = json!({
            "sub": self.issuer.tools_client(),
            "token_use": "access",
            "scope": "gatehouse/tools",
            "iss": self.issuer.url(),
            "iat": now,
            "exp": now.saturating_add(60),
            "client_id": self.issuer.tools_client(),
        });
        let members = claims.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        claims
    }

    pub(crate) fn token(&self, more: &Value) -> String {
        let header = self.issuer.access_header();
        self.issuer.sign(&header, &self.claims(more)).unwrap()
    }

    /// One message with this token: the whole answer.
    pub(crate) async fn post(&self, token: &str, message: &Value) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let body = message.to_string();
        self.send(Method::POST, "/mcp", &headers, &body).await
    }

    /// A request's answer: `result` or `error`.
    pub(crate) async fn ask(&self, token: &str, method: &str, parameters: &Value) -> Value {
        let message = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": parameters});
        let answer = self.post(token, &message).await;
        assert_eq!(answer.status, StatusCode::OK, "{message}");
        let answer = answer.json();
        assert_eq!(
            (&answer["jsonrpc"], &answer["id"]),
            (&json!("2.0"), &json!(7))
        );
        answer
    }

    pub(crate) async fn call(&self, token: &str, tool: &str, input: &Value) -> Value {
        let parameters = json!({"name": tool, "arguments": input});
        self.ask(token, "tools/call", &parameters).await
    }

    /// The names of the tools that are shown.
    pub(crate) async fn list(&self, token: &str) -> Vec<String> {
        let answer = self.ask(token, "tools/list", &json!({})).await;
        let tools = answer["result"]["tools"].as_array().unwrap().clone();
        let names = tools.iter().map(|tool| tool["name"].as_str().unwrap());
        names.map(str::to_owned).collect()
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let origin = self.gateway.url();
        let origin = origin.strip_suffix("/mcp").unwrap();
        let request = Request::builder()
            .method(method)
            .uri(format!("{origin}{path}"))
            .header("content-type", "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        send(request.body(Full::from(body.to_owned())).unwrap()).await
    }
}

pub(crate) async fn send(request: Request<Full<Bytes>>) -> Answer {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let (head, body) = client.request(request).await.unwrap().into_parts();
    Answer {
        status: head.status,
        headers: head.headers,
        body: body.collect().await.unwrap().to_bytes(),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tokens are made for the system's time"
)]
pub(crate) fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap().as_secs()
}

/// The text of a result, and whether it is an error.
pub(crate) fn said(answer: &Value) -> (String, bool) {
    let result = &answer["result"];
    let [content] = &result["content"].as_array().unwrap()[..] else {
        panic!("one piece of content: {answer}")
    };
    assert_eq!(content["type"], "text");
    let text = content["text"].as_str().unwrap().to_owned();
    (text, result["isError"].as_bool().unwrap())
}
