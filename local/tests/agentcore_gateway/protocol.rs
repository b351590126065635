//! MCP as a client sees it.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{World, said};

const PROVEN: &str = r#"{"user_id": "u", "department": "finance", "role": "admin"}"#;

async fn world() -> (World, String) {
    let world = World::start().await;
    let token = world.token(&serde_json::from_str(PROVEN).unwrap());
    (world, token)
}

#[tokio::test]
async fn a_client_says_hello_in_a_version_that_both_know() {
    let (world, token) = world().await;
    for (asked, given) in [
        (json!("2025-06-18"), "2025-06-18"),
        (json!("2025-03-26"), "2025-03-26"),
        (json!("2024-11-05"), "2025-11-25"),
        (Value::Null, "2025-11-25"),
    ] {
        let hello = json!({"protocolVersion": asked, "capabilities": {}});
        let answer = world.ask(&token, "initialize", &hello).await;
        assert_eq!(answer["result"]["protocolVersion"], given, "{asked}");
        assert!(answer["result"]["capabilities"]["tools"].is_object());
    }
    let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let answer = world.post(&token, &ready).await;
    assert_eq!(
        (answer.status, answer.body.len()),
        (StatusCode::ACCEPTED, 0)
    );
    let pong = world.ask(&token, "ping", &Value::Null).await;
    assert_eq!(pong["result"], json!({}));
}

#[tokio::test]
async fn tools_are_described_as_in_their_file() {
    let (world, token) = world().await;
    let answer = world.ask(&token, "tools/list", &json!({})).await;
    let tools = answer["result"]["tools"].as_array().unwrap();
    let refund = tools.iter().find(|tool| tool["name"] == "billing___refund");
    let text = std::fs::read_to_string(crate::world::checkout().join("tools.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let expected = &file["billing"][0];
    let refund = refund.unwrap();
    for member in ["description", "inputSchema"] {
        assert_eq!(refund[member], expected[member], "{member}");
    }
}

#[tokio::test]
async fn what_is_no_good_request_gets_its_code() {
    let (world, token) = world().await;
    for (message, code) in [
        (
            json!({"jsonrpc": "2.0", "id": 1, "method": "resources/list"}),
            -32601,
        ),
        (
            json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call"}),
            -32602,
        ),
        (
            json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "billing"}}),
            -32602,
        ),
        (
            json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {"name": "notices___read", "arguments": [1]}}),
            -32602,
        ),
    ] {
        let answer = world.post(&token, &message).await;
        let error = &answer.json()["error"];
        assert_eq!(
            (answer.status, &error["code"]),
            (StatusCode::OK, &json!(code)),
            "{message}"
        );
    }
    assert_eq!(world.gateway.calls(), []);
}

#[tokio::test]
async fn what_is_no_request_at_all_is_a_bad_one() {
    let (world, token) = world().await;
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    for (body, code) in [
        ("{", -32700),
        ("[]", -32600),
        (r#"{"id": 1, "method": "ping"}"#, -32600),
        (
            r#"{"jsonrpc": "2.0", "id": null, "method": "ping"}"#,
            -32600,
        ),
        (r#"{"jsonrpc": "2.0", "id": [1], "method": "ping"}"#, -32600),
    ] {
        let answer = world.send(Method::POST, "/mcp", &headers, body).await;
        let error = &answer.json()["error"];
        assert_eq!(
            (answer.status, &error["code"]),
            (StatusCode::BAD_REQUEST, &json!(code)),
            "{body}"
        );
    }
    let unknown = [
        ("authorization", bearer.as_str()),
        ("mcp-protocol-version", "1999-01-01"),
    ];
    let ping = r#"{"jsonrpc": "2.0", "id": 1, "method": "ping"}"#;
    let answer = world.send(Method::POST, "/mcp", &unknown, ping).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let huge = format!("\"{}\"", "x".repeat(6_000_000));
    let answer = world.send(Method::POST, "/mcp", &headers, &huge).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn there_are_no_streams_and_no_sessions_and_metadata_for_all() {
    let (world, token) = world().await;
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    for method in [Method::GET, Method::DELETE] {
        let answer = world.send(method, "/mcp", &headers, "").await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.headers["allow"], "POST");
    }
    let path = "/.well-known/oauth-protected-resource";
    let document = world.send(Method::GET, path, &[], "").await.json();
    let expected = json!({
        "resource": world.gateway.url(),
        "authorization_servers": [world.issuer.url()],
        "bearer_methods_supported": ["header"],
    });
    assert_eq!(document, expected);
}

#[tokio::test]
async fn tools_do_what_they_say() {
    let (world, token) = world().await;
    let call = async |tool, input: Value| said(&world.call(&token, tool, &input).await);
    let (refunded, _) = call("billing___refund", json!({"order": "B-2", "amount": 500})).await;
    assert_eq!(refunded, "Refunded 500 for order B-2.");
    let [refund] = &world.gateway.refunds()[..] else {
        panic!("one refund")
    };
    let parts = (refund.order.as_str(), refund.amount, refund.user.as_deref());
    assert_eq!(parts, ("B-2", 500, Some("u")));
    let (found, _) = call("search___find", json!({"query": "INVOICES nonsense"})).await;
    assert!(
        found.starts_with("Found: Invoices of the third quarter"),
        "{found}"
    );
    let nothing = call("search___find", json!({"query": "nonsense"})).await;
    assert_eq!(nothing, ("Nothing was found.".to_owned(), false));
    let (notice, _) = call("notices___read", json!({"topic": "Canteen"})).await;
    assert_eq!(notice, "Soup at noon, as on every day.");
    let none = call("notices___read", json!({"topic": "nonsense"})).await;
    assert_eq!(none, ("There is no notice on that.".to_owned(), false));
    let missing = call("notices___read", json!({})).await;
    assert_eq!(
        missing,
        ("the argument `topic` is missing".to_owned(), true)
    );
    let mistyped = call("search___find", json!({"query": 1})).await;
    assert_eq!(
        mistyped,
        ("the argument `query` is not of its type".to_owned(), true)
    );
}
