//! Bad `Authorization` headers: one good token, one change per row.

use mint::Key;
use serde_json::{Value, json};
use tests::{CLIENT, ISSUER, alter, claims, now};

/// The longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 8192;

/// Values of `Authorization` that prove no caller, each with what is wrong with it.
pub(crate) fn headers(key: &Key) -> Vec<(&'static str, String)> {
    let good = key.token("ES256", &claims());
    let mut headers = schemes(&good);
    let tokens = [
        bent(key, &good),
        algorithms(key, &good),
        header_members(key),
        times(key),
        belonging(key),
        forms(key),
    ];
    let bearers = tokens.into_iter().flatten();
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

fn algorithms(key: &Key, good: &str) -> Vec<(&'static str, String)> {
    let id = key.id();
    let payload = good.split('.').nth(1).unwrap();
    let unsigned = |algorithm: &str| {
        let header = json!({"alg": algorithm, "kid": id, "typ": "JWT"});
        format!("{}.{payload}.", mint::encode(header.to_string().as_bytes()))
    };
    let signed = |algorithm: Value| with_header(key, &json!({"alg": algorithm, "kid": id}));
    vec![
        ("alg none", unsigned("none")),
        ("alg None", unsigned("None")),
        ("alg NONE", unsigned("NONE")),
        ("alg none with a signature", signed(json!("none"))),
        ("no alg", with_header(key, &json!({"kid": id}))),
        ("alg not a text", signed(json!(["ES256"]))),
        ("alg HS256", signed(json!("HS256"))),
        ("alg of another kind of key", signed(json!("RS256"))),
        ("alg that is not the issuer's", signed(json!("ES384"))),
    ]
}

fn header_members(key: &Key) -> Vec<(&'static str, String)> {
    let id = key.id();
    let own_key = Key::p256("own");
    let own_header = json!({"alg": "ES256", "kid": id, "jwk": own_key.jwk()});
    let twice = format!(r#"{{"alg":"none","alg":"ES256","kid":"{id}"}}"#);
    let key_id = |id: Value| with_header(key, &json!({"alg": "ES256", "kid": id}));
    let with = |name: &str, value: Value| {
        with_header(key, &json!({"alg": "ES256", "kid": id, name: value}))
    };
    vec![
        ("unknown kid", key_id(json!("unknown"))),
        ("kid not a text", key_id(json!(1))),
        ("kid a path", key_id(json!("../../etc/passwd"))),
        ("long kid", key_id(json!("k".repeat(5000)))),
        ("its own key", with_header(&own_key, &own_header)),
        ("critical extension", with("crit", json!(["exp"]))),
        ("unencoded payload", with("b64", json!(false))),
        ("a token in the token", with("cty", json!("JWT"))),
        ("another type", with("typ", json!("dpop+jwt"))),
        ("a header that is a list", key.jws("ES256", b"[]", b"{}")),
        ("a header that is not JSON", key.jws("ES256", b"{", b"{}")),
        (
            "a header with alg twice",
            key.jws("ES256", twice.as_bytes(), claims().to_string().as_bytes()),
        ),
    ]
}

fn times(key: &Key) -> Vec<(&'static str, String)> {
    let expiry = |value: Value| with_claim(key, "exp", value);
    vec![
        ("expired", expiry(json!(now() - 1))),
        ("expires now", expiry(json!(now()))),
        ("never expires", without_claim(key, "exp")),
        ("expiry as text", expiry(json!((now() + 60).to_string()))),
        ("expiry of a year", expiry(json!(now() + 31_536_000))),
        ("expiry beyond all numbers", expiry(json!(1e300))),
        ("negative expiry", expiry(json!(-1))),
        ("not yet valid", with_claim(key, "nbf", json!(now() + 600))),
        (
            "issued in the future",
            with_claim(key, "iat", json!(now() + 600)),
        ),
    ]
}

fn belonging(key: &Key) -> Vec<(&'static str, String)> {
    let issuer = |value: Value| with_claim(key, "iss", value);
    vec![
        (
            "wrong client",
            with_claim(key, "client_id", json!("another")),
        ),
        ("no client", without_claim(key, "client_id")),
        (
            "client as list",
            with_claim(key, "client_id", json!([CLIENT])),
        ),
        ("wrong use", with_claim(key, "token_use", json!("id"))),
        ("no use", without_claim(key, "token_use")),
        ("another issuer", issuer(json!("https://evil.example.com"))),
        ("issuer with a slash", issuer(json!(format!("{ISSUER}/")))),
        ("issuer as list", issuer(json!([ISSUER]))),
        ("no issuer", without_claim(key, "iss")),
    ]
}

fn forms(key: &Key) -> Vec<(&'static str, String)> {
    let subject = |value: Value| with_claim(key, "sub", value);
    let twice = claims()
        .to_string()
        .replacen('{', r#"{"sub":"somebody","#, 1);
    vec![
        ("no subject", without_claim(key, "sub")),
        ("empty subject", subject(json!(""))),
        ("subject with a line break", subject(json!("a\nb"))),
        ("subject not a text", subject(json!(7))),
        ("subject twice", with_payload(key, &twice)),
        (
            "subject with an invisible character",
            subject(json!("a\u{200b}b")),
        ),
        ("payload a list", with_payload(key, "[]")),
        ("payload not JSON", with_payload(key, "{\"sub\":")),
        (
            "more behind the payload",
            with_payload(key, &format!("{} {{}}", claims())),
        ),
        ("deep payload", with_payload(key, &"[".repeat(3000))),
    ]
}

fn with_header(key: &Key, header: &Value) -> String {
    key.token_with("ES256", header, &claims())
}

fn with_claim(key: &Key, name: &str, value: Value) -> String {
    let mut claims = claims();
    claims[name] = value;
    key.token("ES256", &claims)
}

fn without_claim(key: &Key, name: &str) -> String {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name).unwrap();
    key.token("ES256", &claims)
}

fn with_payload(key: &Key, payload: &str) -> String {
    let header = json!({"alg": "ES256", "kid": key.id()}).to_string();
    key.jws("ES256", header.as_bytes(), payload.as_bytes())
}
