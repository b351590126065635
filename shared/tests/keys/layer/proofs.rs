//! Tests of assertions: good ones, and everything else.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, Request};
use http_body_util::Full;
use mint::{Key, key_document};
use serde_json::{Value, json};
use shared::assertion::{Call, TYPE};
use shared::door::Door;
use shared::gate::AgentName;
use shared::headers::IDENTITY;
use shared::issuers::TrustedIssuers;

use super::scene::{BODY, SESSION, Scene, key};
use crate::parts::NOW;

/// A change of a good request, after which the proof no longer holds.
type Change = fn(&mut Request<Full<bytes::Bytes>>);

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

#[tokio::test]
async fn what_the_door_says_is_believed() {
    let scene = Scene::new().await;
    let proof = scene.proof(&scene.claims("1"));
    assert_eq!(
        scene.ask(scene.request(&proof)).await,
        (200, "alice".to_owned())
    );
    // Clocks may differ by half a minute, either way.
    for (id, iat) in [("2", NOW + 30), ("3", NOW - 89)] {
        let mut claims = scene.claims(id);
        claims["iat"] = json!(iat);
        claims["exp"] = json!(iat + 60);
        let proof = scene.proof(&claims);
        assert_eq!(scene.ask(scene.request(&proof)).await.0, 200, "{id}");
    }
}

/// The door's own words, from an identity that its gate believes.
#[tokio::test]
async fn the_claims_that_the_proxy_makes_are_these() {
    let scene = Scene::new().await;
    let issuer = Key::ed25519("i1");
    let settings = json!([{"discoveryUrl": "https://issuer.example/.well-known/openid-configuration",
        "allowedClients": ["c"], "algorithms": ["EdDSA"], "jwks": key_document(&[&issuer])}]);
    let issuers = TrustedIssuers::parse(&settings.to_string()).ok().unwrap();
    let door = Door::new(issuers, scene.clock.clock());
    let token = json!({"iss": "https://issuer.example", "sub": "bob", "client_id": "c", "iat": NOW, "exp": NOW + 600});
    let header = format!("Bearer {}", issuer.token("EdDSA", &token));
    let caller = door.identify(header.as_bytes()).await.unwrap();
    let call = Call {
        door: &scene.server.url(""),
        agent: &AgentName::parse("demo").unwrap(),
        caller: &caller,
        session: "session-1",
        method: "POST",
        path: "/invocations",
        body: BODY.as_bytes(),
        request_id: "r-1",
    };
    let (claims, omitted) = call.claims(scene.clock.clock().now()).unwrap();
    assert_eq!(omitted, <[&str; 0]>::default());
    let proof = scene.proof(&claims);
    assert_eq!(
        scene.ask(scene.request(&proof)).await,
        (200, "bob".to_owned())
    );
}

#[tokio::test]
async fn claims_that_are_not_for_this_request_are_403() {
    let scene = Scene::new().await;
    let table: &[(&str, &str, Value)] = &[
        ("another door", "iss", json!("https://other.example")),
        (
            "a door with a slash more",
            "iss",
            json!(scene.server.url("/")),
        ),
        ("another agent (host)", "aud", json!("finance")),
        ("several agents", "aud", json!(["demo"])),
        ("old", "exp", json!(NOW - 30)),
        ("old and issued then", "iat", json!("yesterday")),
        ("from the future", "iat", json!(NOW + 31)),
        ("for a day", "exp", json!(NOW + 86_400)),
        ("another method", "method", json!("GET")),
        ("another path", "path", json!("/mcp")),
        ("a path with a query", "path", json!("/invocations?a=1")),
        ("another session", "session", json!("session-2")),
        (
            "another body",
            "body_sha256",
            json!("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"),
        ),
        ("no body hash", "body_sha256", Value::Null),
        ("no subject", "sub", Value::Null),
        ("no issuer of the subject", "sub_issuer", Value::Null),
        ("no id", "jti", Value::Null),
        ("no end", "exp", Value::Null),
        ("groups that are no list", "groups", json!("staff")),
    ];
    for (index, (what, name, value)) in table.iter().enumerate() {
        let mut claims = scene.claims(&index.to_string());
        claims[*name] = value.clone();
        let (status, body) = scene.ask(scene.request(&scene.proof(&claims))).await;
        assert_eq!(status, 403, "{what}: {body}");
        let problem: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(problem["code"], "bad_proof", "{what}");
        assert!(!body.contains("alice"), "{body}");
    }
}

/// Other requests than the one that the proof is for.
const OTHERS: &[(&str, Change)] = &[
    ("another method", |request| {
        *request.method_mut() = Method::PUT
    }),
    ("another path", |request| {
        *request.uri_mut() = "/mcp".parse().unwrap()
    }),
    ("a query", |request| {
        *request.uri_mut() = "/invocations?a=1&b=2".parse().unwrap()
    }),
    ("the query in another order", |request| {
        *request.uri_mut() = "/invocations?b=2&a=1".parse().unwrap()
    }),
    ("an empty query", |request| {
        *request.uri_mut() = "/invocations?".parse().unwrap()
    }),
    ("an escaped path", |request| {
        *request.uri_mut() = "/%69nvocations".parse().unwrap()
    }),
    ("another body", |request| {
        *request.body_mut() = Full::from("{}")
    }),
    ("no body", |request| *request.body_mut() = Full::default()),
    ("another session", |request| {
        request
            .headers_mut()
            .insert(SESSION, "session-2".parse().unwrap());
    }),
    ("no proof", |request| {
        request.headers_mut().remove(IDENTITY);
    }),
    ("two proofs", |request| {
        let other = request.headers()[IDENTITY].clone();
        request.headers_mut().append(IDENTITY, other);
    }),
    ("a health path by another method", |request| {
        *request.uri_mut() = "/ping".parse().unwrap()
    }),
    ("a health path with a query", |request| {
        *request.method_mut() = Method::GET;
        *request.uri_mut() = "/ping?x".parse().unwrap();
    }),
    ("a path below the health path", |request| {
        *request.method_mut() = Method::GET;
        *request.uri_mut() = "/ping/../invocations".parse().unwrap();
    }),
    ("another document beside the card", |request| {
        *request.method_mut() = Method::GET;
        *request.uri_mut() = "/.well-known/agent-card.json.bak".parse().unwrap();
    }),
];

#[tokio::test]
async fn a_request_that_the_proof_is_not_for_is_403() {
    let scene = Scene::new().await;
    for (index, (what, change)) in OTHERS.iter().enumerate() {
        let proof = scene.proof(&scene.claims(&index.to_string()));
        let mut request = scene.request(&proof);
        change(&mut request);
        let (status, body) = scene.ask(request).await;
        assert_eq!(status, 403, "{what}: {body}");
        // What was turned away was not used up.
        assert_eq!(scene.ask(scene.request(&proof)).await.0, 200, "{what}");
    }
}

#[tokio::test]
async fn a_proof_is_good_once() {
    let scene = Scene::new().await;
    let proof = scene.proof(&scene.claims("1"));
    assert_eq!(scene.ask(scene.request(&proof)).await.0, 200);
    for _ in 0..3 {
        assert_eq!(scene.ask(scene.request(&proof)).await.0, 403, "replayed");
    }
    scene.clock.advance(std::time::Duration::from_secs(90));
    assert_eq!(scene.ask(scene.request(&proof)).await.0, 403, "old");
}

/// What is like a good proof, and is none.
fn forged(scene: &Scene, claims: &Value, good: &str) -> Vec<(&'static str, String)> {
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (head, payload) = message.split_once('.').unwrap();
    let with_head = |head: Value| format!("{}.{payload}.{signature}", encoded(&head));
    let mut other = claims.clone();
    other["sub"] = json!("mallory");
    vec![
        ("nothing", String::new()),
        ("a word", "proof".to_owned()),
        ("two parts", message.to_owned()),
        ("four parts", format!("{good}.{signature}")),
        ("no signature", format!("{message}.")),
        (
            "another's claims",
            format!("{head}.{}.{signature}", encoded(&other)),
        ),
        ("another's key", key("k1").sign(TYPE, claims).unwrap()),
        ("an unknown key", key("k2").sign(TYPE, claims).unwrap()),
        (
            "an access token's type",
            scene.key.sign("at+jwt", claims).unwrap(),
        ),
        (
            "a statement about a caller",
            scene.key.sign(shared::statement::TYPE, claims).unwrap(),
        ),
        (
            "the type of all tokens",
            scene.key.sign("JWT", claims).unwrap(),
        ),
        (
            "no algorithm",
            with_head(json!({"alg": "none", "kid": "k1", "typ": TYPE})),
        ),
        (
            "a shared secret",
            with_head(json!({"alg": "HS256", "kid": "k1", "typ": TYPE})),
        ),
        ("no key id", with_head(json!({"alg": "ES256", "typ": TYPE}))),
        ("no type", with_head(json!({"alg": "ES256", "kid": "k1"}))),
        (
            "something critical",
            with_head(json!({"alg": "ES256", "crit": ["b64"], "kid": "k1", "typ": TYPE})),
        ),
        (
            "a key of its own",
            with_head(json!({"alg": "ES256", "jwk": {}, "kid": "k1", "typ": TYPE})),
        ),
        ("padding", format!("{good}=")),
        ("too long", scene.proof(&json!({"sub": "a".repeat(4096)}))),
    ]
}

#[tokio::test]
async fn what_the_door_did_not_sign_is_403() {
    let scene = Scene::new().await;
    let claims = scene.claims("1");
    let good = scene.proof(&claims);
    for (what, proof) in forged(&scene, &claims, &good) {
        let (status, body) = scene.ask(scene.request(&proof)).await;
        assert_eq!(status, 403, "{what}: {body}");
    }
    for at in 0..good.len() {
        let mut changed = good.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(scene.ask(scene.request(&changed)).await.0, 403, "{changed}");
    }
    assert_eq!(scene.ask(scene.request(&good)).await.0, 200);
}

#[tokio::test]
async fn health_and_card_are_open_and_tell_of_nobody() {
    let scene = Scene::new().await;
    for path in ["/ping", "/.well-known/agent-card.json"] {
        let request = Request::get(path).header(IDENTITY, "forged");
        let request = request.body(Full::from("body")).unwrap();
        assert_eq!(
            scene.ask(request).await,
            (200, "nobody".to_owned()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_body_is_read_up_to_a_bound() {
    let scene = Scene::new().await;
    for (length, status) in [(1000, 200), (1001, 413)] {
        let body = "x".repeat(length);
        let mut claims = scene.claims(&length.to_string());
        claims["body_sha256"] = json!(shared::assertion::body_hash(body.as_bytes()));
        let mut request = scene.request(&scene.proof(&claims));
        *request.body_mut() = Full::from(body);
        assert_eq!(scene.ask(request).await.0, status, "{length}");
    }
}
