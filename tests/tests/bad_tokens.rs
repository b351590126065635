//! Headers that nobody may come in with: one good token, one change a row.

use mint::Key;
use serde_json::{Value, json};
use tests::{alter, claims, now};

/// The longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 8192;

/// Values of `Authorization` that prove nobody, each with what is wrong with it.
pub(crate) fn headers(key: &Key) -> Vec<(&'static str, String)> {
    let good = key.token("ES256", &claims());
    let mut headers = schemes(&good);
    let bearers = bent(key, &good)
        .into_iter()
        .chain(with_headers(key, &good))
        .chain(with_claims(key));
    headers.extend(bearers.map(|(name, token)| (name, format!("Bearer {token}"))));
    headers
}

fn schemes(good: &str) -> Vec<(&'static str, String)> {
    vec![
        ("empty", String::new()),
        ("scheme alone", "Bearer".to_owned()),
        ("scheme and space", "Bearer ".to_owned()),
        ("no scheme", good.to_owned()),
        ("another scheme", format!("Basic {good}")),
        ("two tokens", format!("Bearer {good} {good}")),
        (
            "joined with a comma",
            format!("Bearer {good},Bearer {good}"),
        ),
        ("space at the end", format!("Bearer {good} ")),
        ("line break", format!("Bearer {good}\n")),
        ("nul", format!("Bearer {good}\0")),
    ]
}

fn bent(key: &Key, good: &str) -> Vec<(&'static str, String)> {
    let dots: Vec<usize> = good.match_indices('.').map(|(at, _)| at).collect();
    let [first, second] = dots[..] else {
        panic!("not a compact JWS")
    };
    let unsigned = &good[..=second];
    let another = Key::p256(key.id());
    vec![
        ("tampered header", alter(good, first - 2)),
        ("tampered payload", alter(good, second - 2)),
        ("tampered signature", alter(good, second + 5)),
        ("no signature", unsigned.to_owned()),
        ("two parts", good[..second].to_owned()),
        ("four parts", format!("{good}.")),
        ("five parts", format!("{good}.a.b")),
        ("padding", format!("{good}=")),
        ("signature cut", good[..good.len() - 4].to_owned()),
        ("not base64url", format!("{}+/+/", &good[..good.len() - 4])),
        (
            "another key of the same id",
            another.token("ES256", &claims()),
        ),
        ("only dots", "..".to_owned()),
        (
            "one byte too long",
            format!("{good}{}", "A".repeat(MAX_TOKEN + 1 - good.len())),
        ),
        ("a megabyte", "A".repeat(1_000_000)),
    ]
}

fn with_headers(key: &Key, good: &str) -> Vec<(&'static str, String)> {
    let id = key.id();
    let header = |header: Value| key.token_with("ES256", &header, &claims());
    let own_key = Key::p256("own");
    let unsigned = |algorithm: &str| {
        let header = json!({"alg": algorithm, "kid": id, "typ": "JWT"});
        let payload = good.split('.').nth(1).unwrap();
        format!("{}.{payload}", mint::encode(header.to_string().as_bytes()))
    };
    vec![
        ("alg none", format!("{}.", unsigned("none"))),
        ("alg None", format!("{}.", unsigned("None"))),
        (
            "alg none with a signature",
            header(json!({"alg": "none", "kid": id})),
        ),
        ("no alg", header(json!({"kid": id}))),
        (
            "alg not a text",
            header(json!({"alg": ["ES256"], "kid": id})),
        ),
        ("alg HS256", header(json!({"alg": "HS256", "kid": id}))),
        (
            "alg of another kind of key",
            header(json!({"alg": "RS256", "kid": id})),
        ),
        (
            "alg that is not the issuer's",
            header(json!({"alg": "ES384", "kid": id})),
        ),
        (
            "unknown kid",
            header(json!({"alg": "ES256", "kid": "unknown"})),
        ),
        ("kid not a text", header(json!({"alg": "ES256", "kid": 1}))),
        (
            "kid a path",
            header(json!({"alg": "ES256", "kid": "../../etc/passwd"})),
        ),
        (
            "kid of a megabyte",
            header(json!({"alg": "ES256", "kid": "k".repeat(5000)})),
        ),
        (
            "its own key",
            own_key.token_with(
                "ES256",
                &json!({"alg": "ES256", "kid": id, "jwk": own_key.jwk()}),
                &claims(),
            ),
        ),
        (
            "critical extension",
            header(json!({"alg": "ES256", "kid": id, "crit": ["exp"]})),
        ),
        (
            "unencoded payload",
            header(json!({"alg": "ES256", "kid": id, "b64": false})),
        ),
        (
            "a token in the token",
            header(json!({"alg": "ES256", "kid": id, "cty": "JWT"})),
        ),
        (
            "another type",
            header(json!({"alg": "ES256", "kid": id, "typ": "dpop+jwt"})),
        ),
        ("a header that is a list", key.jws("ES256", b"[]", b"{}")),
        ("a header that is not JSON", key.jws("ES256", b"{", b"{}")),
        (
            "a header with alg twice",
            key.jws(
                "ES256",
                format!(r#"{{"alg":"none","alg":"ES256","kid":"{id}"}}"#).as_bytes(),
                claims().to_string().as_bytes(),
            ),
        ),
    ]
}

fn with_claims(key: &Key) -> Vec<(&'static str, String)> {
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        key.token("ES256", &claims)
    };
    let without = |name: &str| {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name).unwrap();
        key.token("ES256", &claims)
    };
    let bytes = |payload: &str| {
        let header = json!({"alg": "ES256", "kid": key.id()}).to_string();
        key.jws("ES256", header.as_bytes(), payload.as_bytes())
    };
    let twice = claims()
        .to_string()
        .replacen('{', r#"{"sub":"somebody","#, 1);
    vec![
        ("expired", with("exp", json!(now() - 1))),
        ("expires now", with("exp", json!(now()))),
        ("never expires", without("exp")),
        (
            "expiry as text",
            with("exp", json!((now() + 60).to_string())),
        ),
        ("expiry of a year", with("exp", json!(now() + 31_536_000))),
        ("expiry beyond all numbers", with("exp", json!(1e300))),
        ("negative expiry", with("exp", json!(-1))),
        ("not yet valid", with("nbf", json!(now() + 600))),
        ("issued in the future", with("iat", json!(now() + 600))),
        ("wrong client", with("client_id", json!("another"))),
        ("no client", without("client_id")),
        ("client as list", with("client_id", json!(["console"]))),
        ("wrong use", with("token_use", json!("id"))),
        ("no use", without("token_use")),
        (
            "another issuer",
            with("iss", json!("https://evil.example.com")),
        ),
        (
            "issuer with a slash",
            with("iss", json!("https://issuer.example.com/")),
        ),
        (
            "issuer as list",
            with("iss", json!(["https://issuer.example.com"])),
        ),
        ("no issuer", without("iss")),
        ("no subject", without("sub")),
        ("empty subject", with("sub", json!(""))),
        ("subject with a line break", with("sub", json!("a\nb"))),
        ("subject not a text", with("sub", json!(7))),
        (
            "groups as text",
            with("cognito:groups", json!("staff finance")),
        ),
        ("groups of numbers", with("cognito:groups", json!([1]))),
        (
            "scope not a text",
            with("scope", json!({"gatehouse/invoke": true})),
        ),
        ("payload a list", bytes("[]")),
        ("payload not JSON", bytes("{\"sub\":")),
        (
            "payload with more behind it",
            bytes(&format!("{} {{}}", claims())),
        ),
        ("subject twice", bytes(&twice)),
        ("deep payload", bytes(&"[".repeat(3000))),
    ]
}
