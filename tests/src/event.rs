//! Events of API Gateway, in the shapes that it documents.

use bytes::Bytes;
use serde_json::{Map, Value, json};

/// The API and stage that every event comes from.
pub const STAGE: &str = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/live";

/// Every kind of event that asks an authorizer, each with this `Authorization` value in all its places, for a route
/// such as `POST/agents/demo/invocations`; the WebSocket's is for `$connect`.
///
/// # Panics
/// If a file under `events` is not JSON.
pub fn authorizer_events(authorization: &str, route: &str) -> Vec<(&'static str, Value)> {
    let kinds = [
        ("REST TOKEN", include_str!("../events/rest-token.json")),
        ("REST REQUEST", include_str!("../events/rest-request.json")),
        (
            "REST REQUEST, sparse",
            include_str!("../events/rest-request-sparse.json"),
        ),
        ("HTTP 1.0", include_str!("../events/http-1.json")),
        ("HTTP 2.0", include_str!("../events/http-2.json")),
        (
            "WebSocket $connect",
            include_str!("../events/websocket-connect.json"),
        ),
    ];
    let authorization = json!(authorization).to_string();
    let fill = |text: &str| {
        text.replace("\"AUTHORIZATION\"", &authorization)
            .replace("ROUTE", route)
    };
    let read = |(kind, text)| (kind, serde_json::from_str(&fill(text)).unwrap());
    kinds.map(read).into()
}

/// A request as API Gateway hands it to the proxy.
#[derive(Clone)]
pub struct ProxyRequest {
    method: String,
    path: String,
    /// In the client's spelling and order
    headers: Vec<(String, String)>,
    body: String,
    body_is_base64: bool,
}

impl ProxyRequest {
    /// A request without headers and body.
    pub fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: String::new(),
            body_is_base64: false,
        }
    }

    /// One turn of an agent that takes its answer as events.
    pub fn turn(agent: &str, token: &str, prompt: &str) -> Self {
        Self::new("POST", &format!("/agents/{agent}/invocations"))
            .header("Authorization", &format!("Bearer {token}"))
            .header("Content-Type", "application/json")
            .header("Accept", "text/event-stream")
            .body(&json!({ "prompt": prompt }).to_string())
    }

    /// Adds a header, beside others of its name.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Takes away the headers of this spelling.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(spelling, _)| spelling != name);
        self
    }

    #[must_use]
    pub fn body(mut self, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self
    }

    /// A body as API Gateway passes on what is not text.
    #[must_use]
    pub fn base64_body(mut self, body: &str) -> Self {
        self.body_is_base64 = true;
        self.body(body)
    }

    /// The event's JSON text.
    pub fn event(&self) -> Bytes {
        let mut single = Map::new();
        let mut multi = Map::new();
        for (name, value) in &self.headers {
            single.insert(name.clone(), json!(value));
            let values = multi.entry(name).or_insert_with(|| json!([]));
            values.as_array_mut().unwrap().push(json!(value));
        }
        let event = json!({
            "resource": self.path,
            "path": self.path,
            "httpMethod": self.method,
            "headers": single,
            "multiValueHeaders": multi,
            "queryStringParameters": null,
            "multiValueQueryStringParameters": null,
            "pathParameters": null,
            "stageVariables": null,
            "requestContext": {
                "resourcePath": self.path,
                "httpMethod": self.method,
                "path": format!("/live{}", self.path),
                "accountId": "123456789012",
                "protocol": "HTTP/1.1",
                "stage": "live",
                "requestId": "0f3c9f58-6a0e-4a4b-9f6e-1d2c3b4a5968",
                "identity": {"sourceIp": "203.0.113.7", "userAgent": "curl/8.9.1"},
                "domainName": "api.example.com",
                "apiId": "a1b2c3d4e5",
                "authorizer": {"principalId": "whoever", "sub": "whoever", "integrationLatency": 41},
            },
            "body": self.body,
            "isBase64Encoded": self.body_is_base64,
        });
        Bytes::from(event.to_string())
    }
}
