//! Tests of limits: too much, too long, malformed.

use bytes::Bytes;
use hyper::http::{HeaderValue, Request};
use mint::Key;
use serde_json::json;
use tests::{Answer, ProxyRequest, Stack, agents, claims, counted, send, trusted};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::bad_tokens;
use crate::world::World;

/// What Lambda takes as an event at most, and so the most that a body can be.
const SIX_MEGABYTES: usize = 6 * 1024 * 1024;

/// A stack that trusts this key alone. Its agents ask for no token of their own, which only the local issuer could
/// make.
fn trusting(key: &Key) -> Stack {
    let trusted = trusted(&[key], &json!({})).to_string();
    let agents = agents().to_string();
    Stack::start(&[("TRUSTED_ISSUERS", &trusted), ("AGENTS", &agents)])
}

async fn turn(stack: &Stack, authorization: &HeaderValue, body: Bytes) -> Answer {
    let request = Request::post(format!("{}/agents/finance/invocations", stack.url))
        .header("authorization", authorization)
        .header("content-type", "application/json")
        .body(body)
        .unwrap();
    send(request).await.whole().await
}

#[tokio::test]
async fn no_bad_token_passes_the_whole_chain() {
    let key = Key::p256("one");
    let stack = trusting(&key);
    let body = Bytes::from_static(b"{\"prompt\":\"hello\"}");
    let mut count = 0;
    for (name, header) in bad_tokens::headers(&key) {
        // Some of them no client can send, and HTTP drops space at the end.
        let Ok(value) = HeaderValue::from_str(&header) else {
            continue;
        };
        if header.ends_with(' ') {
            continue;
        }
        let answer = turn(&stack, &value, body.clone()).await;
        if header.len() > 10_000 {
            assert!(answer.status.is_client_error(), "{name}: {}", answer.status);
        } else {
            assert_eq!(answer.status, 401, "{name}: {}", answer.text());
            assert_eq!(
                answer.header("www-authenticate"),
                "Bearer realm=\"gatehouse\"",
                "{name}"
            );
        }
        count += 1;
    }
    let good = HeaderValue::from_str(&format!("Bearer {}", key.token("ES256", &claims()))).unwrap();
    assert_eq!(turn(&stack, &good, body).await.status, 200);
    assert!(!stack.errors().contains("panicked"));
    counted(&format!("{count} bad tokens refused by the whole chain"));
}

#[tokio::test]
async fn the_proxy_refuses_bad_tokens_on_its_own() {
    let world = World::start().await;
    let rows = bad_tokens::headers(&world.key);
    for (name, header) in &rows {
        let request = world
            .turn("hello")
            .without("Authorization")
            .header("Authorization", header);
        for request in [
            request,
            ProxyRequest::new("GET", "/whoami").header("authorization", header),
        ] {
            let mut reply = world.proxy.call(&request).await;
            let challenge = reply
                .headers
                .get("www-authenticate")
                .cloned()
                .unwrap_or_default();
            assert!(
                challenge.starts_with("Bearer realm=\"gatehouse\""),
                "{name}: {challenge}"
            );
            reply.assert_problem(401, "unauthorized").await;
        }
    }
    let two = world
        .turn("hello")
        .header("authorization", "Bearer another");
    world
        .proxy
        .call(&two)
        .await
        .assert_problem(401, "unauthorized")
        .await;
    assert_eq!(
        world.plane.calls().len(),
        0,
        "AgentCore heard nothing of it"
    );
    counted(&format!("{} bad tokens refused by the proxy", rows.len()));
    world.stop().await;
}

#[tokio::test]
async fn bodies_have_a_limit() {
    const LIMIT: usize = 1000;
    let world = World::with(|settings| settings.with("MAX_BODY_BYTES", &LIMIT.to_string())).await;
    let body = |length: usize| format!("{{\"prompt\":\"{}\"}}", "x".repeat(length - 13));
    for (length, is_taken) in [(LIMIT, true), (LIMIT + 1, false), (LIMIT * 100, false)] {
        let mut reply = world.proxy.call(&world.turn("").body(&body(length))).await;
        if is_taken {
            assert_eq!(reply.status, 200, "{length}");
            reply.rest().await;
            assert_eq!(world.last_call().body_length, LIMIT);
        } else {
            reply.assert_problem(413, "too_large").await;
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn a_body_larger_than_lambda_takes_is_413() {
    let key = Key::p256("one");
    let stack = trusting(&key);
    let good = HeaderValue::from_str(&format!("Bearer {}", key.token("ES256", &claims()))).unwrap();
    let large = Bytes::from(vec![b'x'; SIX_MEGABYTES + 1_000_000]);
    let answer = turn(&stack, &good, large).await;
    answer.assert_problem(413, "too_large");
}

/// What is announced as larger than API Gateway takes is refused unread.
#[tokio::test]
async fn a_body_larger_than_api_gateway_takes_is_413() {
    let stack = Stack::shared();
    let address = stack.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head =
        "POST /agents/demo/invocations HTTP/1.1\r\nHost: door\r\nContent-Length: 11000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    while !answer.contains("too_large") {
        let mut buffer = [0; 4096];
        let length = stream.read(&mut buffer).await.unwrap();
        assert_ne!(length, 0, "{answer}");
        answer.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
    }
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_body_passes_unchanged() {
    let world = World::start().await;
    let text = " {\"prompt\" : \"hello\", \"é\": \"\\u0000 \\ud83d\\ude00 😀\"}\n";
    world
        .proxy
        .call(&world.turn("").body(text))
        .await
        .rest()
        .await;
    assert_eq!(world.last_call().body, text.as_bytes());
    // API Gateway encodes what it does not take for text.
    let request = world.turn("").base64_body("eyJwcm9tcHQiOiJoZWxsbyJ9");
    world.proxy.call(&request).await.rest().await;
    assert_eq!(world.last_call().body, &b"{\"prompt\":\"hello\"}"[..]);
    let request = world.turn("").base64_body("not base64!");
    world
        .proxy
        .call(&request)
        .await
        .assert_problem(400, "bad_body")
        .await;
    world.stop().await;
}

#[tokio::test]
async fn other_media_and_other_methods_are_refused_by_name() {
    let world = World::start().await;
    let typed = |content_type: &str| {
        world
            .turn("hello")
            .without("Content-Type")
            .header("Content-Type", content_type)
    };
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/jsonx",
    ] {
        let mut reply = world.proxy.call(&typed(content_type)).await;
        reply.assert_problem(415, "unsupported_media_type").await;
    }
    let request = world
        .turn("hello")
        .without("Accept")
        .header("Accept", "image/png");
    world
        .proxy
        .call(&request)
        .await
        .assert_problem(406, "not_acceptable")
        .await;
    for (method, path, allow) in [
        ("GET", "/agents/demo/invocations", "POST"),
        ("DELETE", "/whoami", "GET"),
        ("POST", "/healthz", "GET"),
    ] {
        let mut reply = world.proxy.call(&ProxyRequest::new(method, path)).await;
        assert!(
            reply.headers["allow"].contains(allow),
            "{:?}",
            reply.headers
        );
        reply.assert_problem(405, "method_not_allowed").await;
    }
    assert_eq!(world.plane.calls().len(), 0);
    world.stop().await;
}

/// Names of agents come from strangers, too.
#[tokio::test]
async fn no_path_leads_anywhere_but_to_a_named_agent() {
    let world = World::start().await;
    let token = world.token(&claims());
    for name in [
        "unknown",
        "Demo",
        "demo ",
        "%64emo",
        "demo%00",
        "..",
        "",
        "-",
        "demo.json",
        "dem\u{43e}",
        &"x".repeat(64),
    ] {
        let mut reply = world
            .proxy
            .call(&ProxyRequest::turn(name, &token, "hello"))
            .await;
        let code = if name == "unknown" {
            "unknown_agent"
        } else {
            "not_found"
        };
        reply.assert_problem(404, code).await;
    }
    assert_eq!(world.plane.calls().len(), 0);
    // Callers without a token do not learn whether such an agent exists.
    let mut stranger = world
        .proxy
        .call(&ProxyRequest::turn("unknown", "nonsense", "hello"))
        .await;
    stranger.assert_problem(401, "unauthorized").await;
    world.stop().await;
}
