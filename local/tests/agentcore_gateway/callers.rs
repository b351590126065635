//! Tests of inbound tokens: which callers are accepted.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, StatusCode};
use local::cognito::Document;
use serde_json::{Value, json};

use crate::world::{World, now};

const PING: &str = r#"{"jsonrpc": "2.0", "id": 1, "method": "ping"}"#;

async fn status(world: &World, token: &str) -> StatusCode {
    let ping = serde_json::from_str(PING).unwrap();
    world.post(token, &ping).await.status
}

/// Tokens that are none, or are not what their issuer signed.
fn bent(world: &World) -> Vec<String> {
    let good = world.token(&json!({}));
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (head, _) = message.split_once('.').unwrap();
    let forged = world.claims(&json!({"user_id": "u"})).to_string();
    let forged = URL_SAFE_NO_PAD.encode(forged);
    let headed = |name: &str, value: Value| {
        let mut header = world.issuer.access_header();
        header[name] = value;
        let claims = world.claims(&json!({}));
        world.issuer.sign(&header, &claims).unwrap()
    };
    vec![
        String::new(),
        "a.b.c".to_owned(),
        message.to_owned(),
        format!("{message}."),
        format!("{head}.{forged}.{signature}"),
        format!("{good}.x"),
        "x".repeat(20_000),
        headed("alg", json!("none")),
        headed("alg", json!("HS256")),
        headed("kid", json!("another")),
        headed("kid", Value::Null),
        headed("crit", json!(["exp"])),
    ]
}

/// Tokens that their issuer signed, and that are not for this gateway or not for now.
fn misplaced(world: &World) -> Vec<String> {
    let issuer = &world.issuer;
    let claims = [
        json!({"exp": now()}),
        json!({"exp": null}),
        json!({"exp": "4102444800"}),
        json!({"nbf": now().saturating_add(60)}),
        json!({"nbf": "0"}),
        json!({"iss": format!("{}/", issuer.url())}),
        json!({"client_id": issuer.console_client()}),
        json!({"client_id": [issuer.tools_client()]}),
        json!({"client_id": null, "aud": issuer.tools_client()}),
        json!({"sub": ""}),
        json!({"sub": 7}),
    ];
    let mut tokens: Vec<String> = claims.iter().map(|more| world.token(more)).collect();
    tokens.push(issuer.access_token("alice").unwrap());
    tokens.push(issuer.machine_token(None).unwrap());
    tokens
}

#[tokio::test]
async fn a_bad_token_is_refused_and_told_where_good_ones_come_from() {
    let world = World::start().await;
    let good = world.token(&json!({}));
    assert_eq!(status(&world, &good).await, StatusCode::OK);
    let origin = world.gateway.url().replace("/mcp", "");
    let expected = format!(
        "Bearer error=\"invalid_token\", resource_metadata=\"{origin}/.well-known/oauth-protected-resource\""
    );
    let bad = [bent(&world), misplaced(&world)].concat();
    for token in &bad {
        let ping = serde_json::from_str(PING).unwrap();
        let answer = world.post(token, &ping).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{token}");
        assert_eq!(answer.headers["www-authenticate"], expected);
    }
    assert_eq!(world.gateway.refused(), u64::try_from(bad.len()).unwrap());
}

#[tokio::test]
async fn a_request_without_one_plain_bearer_is_refused() {
    let world = World::start().await;
    let token = world.token(&json!({}));
    let (bearer, basic) = (format!("Bearer {token}"), format!("Basic {token}"));
    for headers in [
        vec![],
        vec![("authorization", basic.as_str())],
        vec![("authorization", token.as_str())],
        vec![
            ("authorization", bearer.as_str()),
            ("authorization", bearer.as_str()),
        ],
    ] {
        let answer = world.send(Method::POST, "/mcp", &headers, PING).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{headers:?}");
        let challenge = answer.headers["www-authenticate"].to_str().unwrap();
        assert_eq!(
            challenge.contains("error="),
            !headers.is_empty(),
            "{challenge}"
        );
    }
}

#[tokio::test]
async fn a_rotated_key_is_found_and_a_known_one_not_asked_for_again() {
    let world = World::start().await;
    for _ in 0..3 {
        assert_eq!(
            status(&world, &world.token(&json!({}))).await,
            StatusCode::OK
        );
    }
    assert_eq!(world.issuer.fetches(Document::Keys), 1);
    let old = world.token(&json!({}));
    world.issuer.rotate_keys().await.unwrap();
    assert_eq!(
        status(&world, &world.token(&json!({}))).await,
        StatusCode::OK
    );
    assert_eq!(status(&world, &old).await, StatusCode::OK);
    assert_eq!(world.issuer.fetches(Document::Keys), 2);
}
