//! Tests of CORS, as a page of an allowed origin sees it: preflight, call, answer.

use bytes::Bytes;
use hyper::http::{Method, Request};
use local::stack::Stack;
use tests::{Answer, chain_settings, send};

const ORIGIN: &str = "https://console.example.com";

/// Every route that a page may call: method, path, a status that its own answer has without an agent behind it.
const ROUTES: [(&str, &str, u16); 13] = [
    ("POST", "/agents/demo/invocations", 200),
    ("DELETE", "/agents/demo/conversations/mine", 204),
    ("POST", "/agents/demo/websocket", 200),
    ("POST", "/agents/tools/mcp", 200),
    ("GET", "/agents/tools/mcp", 405),
    ("DELETE", "/agents/tools/mcp", 400),
    ("POST", "/agents/demo/a2a", 404),
    ("GET", "/agents/demo/.well-known/agent-card.json", 404),
    ("GET", "/whoami", 200),
    ("GET", "/healthz", 200),
    ("GET", "/.well-known/jwks.json", 200),
    ("GET", "/.well-known/oauth-authorization-server", 404),
    (
        "GET",
        "/.well-known/oauth-protected-resource/agents/tools/mcp",
        200,
    ),
];

/// What clients of each protocol send, and what their libraries add.
const SENT: [&str; 9] = [
    "a2a-version",
    "authorization",
    "cache-control",
    "content-type",
    "last-event-id",
    "mcp-protocol-version",
    "mcp-session-id",
    "user-agent",
    "x-conversation-id",
];

async fn fetch(stack: &Stack, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(format!("{}{path}", stack.url()))
        .header("origin", ORIGIN);
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    let body = match method {
        "POST" => r#"{"id": 1, "jsonrpc": "2.0", "method": "ping", "prompt": "hello"}"#,
        _ => "",
    };
    send(request.body(Bytes::from(body)).unwrap())
        .await
        .whole()
        .await
}

fn lists(answer: &Answer, header: &str, wanted: &str) -> bool {
    let mut entries = answer.header(header).split(',').map(str::trim);
    entries.any(|entry| entry.eq_ignore_ascii_case(wanted))
}

#[tokio::test]
async fn every_route_can_be_called_from_a_page() {
    let mut settings = chain_settings();
    settings.variables = [("ALLOWED_ORIGINS".to_owned(), ORIGIN.to_owned())].into();
    let stack = Stack::start(settings).await.unwrap();
    let token = stack.issuer().access_token("alice").unwrap();
    let bearer = format!("Bearer {token}");
    for (method, path, status) in ROUTES {
        let asked = [
            ("access-control-request-method", method),
            (
                "access-control-request-headers",
                "authorization,content-type",
            ),
        ];
        let preflight = fetch(&stack, Method::OPTIONS.as_str(), path, &asked).await;
        assert_eq!(
            preflight.status,
            204,
            "{method} {path}: {}",
            preflight.text()
        );
        assert_eq!(preflight.header("access-control-allow-origin"), ORIGIN);
        // GET needs no permission (Fetch standard, CORS-safelisted methods).
        let may = method == "GET" || lists(&preflight, "access-control-allow-methods", method);
        assert!(may, "{method} {path}");
        for name in SENT {
            assert!(
                lists(&preflight, "access-control-allow-headers", name),
                "{path}: {name}"
            );
        }
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("accept", "application/json, text/event-stream"),
        ];
        let answer = fetch(&stack, method, path, &headers).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        assert_eq!(
            answer.header("access-control-allow-origin"),
            ORIGIN,
            "{method} {path}"
        );
        for name in ["x-conversation-id", "mcp-session-id", "x-request-id"] {
            assert!(
                lists(&answer, "access-control-expose-headers", name),
                "{path}: {name}"
            );
        }
    }
    stack.stop().await;
}
