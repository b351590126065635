//! Tests of slips: a method that a path does not take, a path that is nearly right, and what clients look for beside the
//! routes. Strangers learn nothing from the answers.

use bytes::Bytes;
use hyper::http::Request;
use local::stack::Stack;
use tests::{Answer, chain, send};

/// Method, path, status, and `Allow` if the status is 405. `NAME` stands for an agent.
const SLIPS: [(&str, &str, u16, &str); 40] = [
    // A method that the path does not take.
    ("GET", "/agents/NAME/invocations", 405, "POST, OPTIONS"),
    ("HEAD", "/agents/NAME/invocations", 405, "POST, OPTIONS"),
    ("PUT", "/agents/NAME/invocations", 405, "POST, OPTIONS"),
    ("DELETE", "/agents/NAME/invocations", 405, "POST, OPTIONS"),
    ("GET", "/agents/NAME/a2a", 405, "POST, OPTIONS"),
    ("PATCH", "/agents/NAME/a2a", 405, "POST, OPTIONS"),
    ("PUT", "/agents/NAME/mcp", 405, "DELETE, POST, OPTIONS"),
    ("GET", "/agents/NAME/websocket", 405, "POST, OPTIONS"),
    (
        "GET",
        "/agents/NAME/conversations/c1",
        405,
        "DELETE, OPTIONS",
    ),
    (
        "POST",
        "/agents/NAME/.well-known/agent-card.json",
        405,
        "GET, OPTIONS",
    ),
    (
        "POST",
        "/agents/NAME/a2a/.well-known/agent-card.json",
        405,
        "GET, OPTIONS",
    ),
    ("POST", "/whoami", 405, "GET, OPTIONS"),
    ("HEAD", "/healthz", 405, "GET, OPTIONS"),
    ("DELETE", "/.well-known/jwks.json", 405, "GET, OPTIONS"),
    (
        "POST",
        "/.well-known/oauth-authorization-server",
        405,
        "GET, OPTIONS",
    ),
    (
        "POST",
        "/.well-known/oauth-protected-resource",
        405,
        "GET, OPTIONS",
    ),
    (
        "POST",
        "/.well-known/oauth-protected-resource/agents/NAME/mcp",
        405,
        "GET, OPTIONS",
    ),
    // A path that is nearly right.
    ("GET", "/agents", 404, ""),
    ("GET", "/agents/", 404, ""),
    ("GET", "/agents/NAME", 404, ""),
    ("POST", "/agents/NAME", 404, ""),
    ("GET", "/agents/NAME/", 404, ""),
    ("POST", "/agents/NAME/invocations/", 404, ""),
    ("POST", "/agents/NAME/mcp/", 404, ""),
    ("GET", "/agents/NAME/mcp/", 404, ""),
    ("POST", "/agents/NAME/a2a/", 404, ""),
    ("GET", "/whoami/", 404, ""),
    ("POST", "/Agents/NAME/invocations", 404, ""),
    ("POST", "/agents/NAME/Invocations", 404, ""),
    ("POST", "/agents/NAME/MCP", 404, ""),
    // What clients look for beside the routes (MCP, "Authorization"; A2A, "Agent Card").
    ("GET", "/.well-known/agent-card.json", 404, ""),
    ("GET", "/agents/.well-known/agent-card.json", 404, ""),
    ("GET", "/agents/NAME/.well-known/agent.json", 404, ""),
    (
        "GET",
        "/agents/NAME/.well-known/oauth-protected-resource",
        404,
        "",
    ),
    (
        "GET",
        "/agents/NAME/mcp/.well-known/oauth-protected-resource",
        404,
        "",
    ),
    ("GET", "/.well-known/openid-configuration", 404, ""),
    (
        "GET",
        "/.well-known/oauth-authorization-server/agents/NAME/mcp",
        404,
        "",
    ),
    ("GET", "/authorize", 404, ""),
    ("POST", "/token", 404, ""),
    ("POST", "/register", 404, ""),
];

async fn ask(stack: &Stack, method: &str, path: &str, token: Option<&str>) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("{}{path}", stack.url()))
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = if method == "GET" || method == "HEAD" {
        ""
    } else {
        "{}"
    };
    send(request.body(Bytes::from(body)).unwrap())
        .await
        .whole()
        .await
}

/// What a caller can see of an answer, but for ids.
fn seen(answer: &Answer) -> (u16, String, String) {
    let mut body = answer.text().to_owned();
    if let Ok(mut document) = serde_json::from_str::<serde_json::Value>(&body) {
        document["request_id"] = "".into();
        body = document.to_string();
    }
    let headers = answer.headers.iter();
    let ids = ["date", "x-request-id"];
    let headers = headers
        .filter(|(name, _)| !name.as_str().starts_with("x-am") && !ids.contains(&name.as_str()));
    (
        answer.status.as_u16(),
        format!("{:?}", headers.collect::<Vec<_>>()),
        body,
    )
}

#[tokio::test]
async fn a_slip_is_answered_alike_whoever_asks_and_whatever_agents_there_are() {
    let stack = chain(Vec::new()).await;
    let token = stack.issuer().access_token("alice").unwrap();
    for (method, path, status, allow) in SLIPS {
        let mut answers = Vec::new();
        for agent in ["demo", "tools", "nosuch"] {
            for token in [None, Some(token.as_str()), Some("nonsense")] {
                let path = path.replace("NAME", agent);
                let answer = ask(&stack, method, &path, token).await;
                assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
                assert_eq!(answer.header("allow"), allow, "{method} {path}");
                assert_eq!(answer.header("access-control-allow-origin"), "*");
                answers.push(seen(&answer));
            }
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{method} {path}: {answers:?}");
        if method != "HEAD" {
            let (_, _, body) = &answers[0];
            let code = if status == 405 {
                "method_not_allowed"
            } else {
                "not_found"
            };
            assert!(body.contains(code), "{body}");
            // A pointer to where agents answer.
            assert_eq!(
                body.contains("/agents/NAME/invocations"),
                status == 404,
                "{body}"
            );
        }
    }
    assert_eq!(stack.data_plane().calls().len(), 0);
    stack.stop().await;
}

/// A client of MCP that has no token is told to get one, by the 401 of a path that every name has.
#[tokio::test]
async fn a_client_that_listens_first_is_asked_for_a_token() {
    let stack = chain(Vec::new()).await;
    for agent in ["tools", "nosuch"] {
        let path = format!("/agents/{agent}/mcp");
        let stranger = ask(&stack, "GET", &path, None).await;
        stranger.assert_problem(401, "unauthorized");
        assert!(stranger.header("www-authenticate").starts_with("Bearer "));
    }
    let token = stack.issuer().access_token("alice").unwrap();
    let caller = ask(&stack, "GET", "/agents/tools/mcp", Some(&token)).await;
    assert_eq!(caller.status, 405, "{}", caller.text());
    assert_eq!(caller.header("allow"), "DELETE, POST, OPTIONS");
    stack.stop().await;
}

#[tokio::test]
async fn another_type_than_json_is_refused_before_the_method_is() {
    let stack = chain(Vec::new()).await;
    let request = Request::builder()
        .method("PUT")
        .uri(format!("{}/agents/demo/invocations", stack.url()))
        .header("content-type", "text/plain")
        .body(Bytes::from("x"))
        .unwrap();
    let answer = send(request).await.whole().await;
    answer.assert_problem(415, "unsupported_media_type");
    stack.stop().await;
}
