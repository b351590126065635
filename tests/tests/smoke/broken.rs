//! Doors that are broken in one thing each, which the emulated chain cannot be made to do.

use serde_json::{Value, json};

use super::door::{Canned, CannedDoor, Change, TOKEN};
use super::{failed, smoke, text};

/// What is wrong with a door, the steps that see it, and what they say.
type Broken = (
    &'static str,
    fn(&mut Canned),
    &'static [&'static str],
    &'static str,
);

const STREAM: &[&str] = &["no token, event stream"];
const TAMPERED: &[&str] = &["tampered token"];
const KEYS: &[&str] = &["keys"];
const SETTINGS: &[&str] = &["settings"];
const NO_TOKEN: &str = "GET /whoami as nobody";
const NO_TOKEN_STREAM: &str = "GET /whoami as nobody, streaming";
const NO_TOKEN_TURN: &str = "POST /agents/no-such-agent/invocations as nobody";
const WHOAMI: &str = "GET /whoami as alice";
const ROTATE: &str = "run `aws secretsmanager rotate-secret --secret-id ARN`";

/// What API Gateway answers where a template gives no answer of its own for this `Accept`.
fn default_body(canned: &mut Canned) {
    canned.body = json!({"message": "Unauthorized"});
    canned.set("content-type", Some("application/json"));
}

const REFUSALS: [Broken; 14] = [
    (
        NO_TOKEN,
        |got| got.status = 200,
        &["no token", "no token, event stream"],
        "got 200",
    ),
    (
        "GET /whoami as a stranger",
        |got| got.status = 403,
        TAMPERED,
        "got 403 unauthorized",
    ),
    (
        NO_TOKEN_STREAM,
        |got| got.status = 200,
        STREAM,
        "for GET /whoami: 200",
    ),
    (
        NO_TOKEN_STREAM,
        default_body,
        STREAM,
        "for GET /whoami: 401 that is not the door's own: `Content-Type` is application/json; the body is API Gateway's default",
    ),
    (
        NO_TOKEN_TURN,
        default_body,
        STREAM,
        "for POST to an agent: 401 that is not the door's own",
    ),
    (
        NO_TOKEN_TURN,
        |got| got.body = Value::Null,
        STREAM,
        "the body is empty",
    ),
    (
        NO_TOKEN_TURN,
        |got| got.body = json!("<html>private"),
        STREAM,
        "the body is no JSON",
    ),
    (
        NO_TOKEN_TURN,
        |got| got.body["code"] = json!("private"),
        STREAM,
        "the body is another",
    ),
    (
        NO_TOKEN_TURN,
        |got| got.body["request_id"] = Value::Null,
        STREAM,
        "the body is another",
    ),
    (
        NO_TOKEN_TURN,
        |got| got.set("content-type", Some("text/private")),
        STREAM,
        "`Content-Type` is another",
    ),
    (
        NO_TOKEN_TURN,
        |got| got.set("content-type", None),
        STREAM,
        "`Content-Type` is missing",
    ),
    (
        NO_TOKEN_TURN,
        |got| got.set("www-authenticate", Some("Bearer realm=\"private\"")),
        STREAM,
        "`WWW-Authenticate` is another",
    ),
    (
        NO_TOKEN_TURN,
        |got| got.set("www-authenticate", None),
        STREAM,
        "`WWW-Authenticate` is missing",
    ),
    (
        NO_TOKEN_TURN,
        |got| {
            got.set("www-authenticate", None);
            got.set(
                "x-amzn-remapped-www-authenticate",
                Some("Bearer realm=\"private\""),
            );
        },
        STREAM,
        "`WWW-Authenticate` is renamed, so a function answered",
    ),
];

const KEYS_AND_SETTINGS: [Broken; 12] = [
    (
        "GET /.well-known/jwks.json",
        |got| got.body = json!({"keys": []}),
        KEYS,
        ROTATE,
    ),
    (
        "GET /.well-known/jwks.json",
        |got| {
            got.status = 503;
            got.body = json!({"code": "signing_unavailable"});
        },
        KEYS,
        ROTATE,
    ),
    (
        "GET /.well-known/jwks.json",
        |got| got.status = 500,
        KEYS,
        "404 where the door signs nothing; got 500",
    ),
    (
        "GET /healthz",
        |got| got.body["settings"] = json!("fedcba9876543210"),
        SETTINGS,
        "/healthz and /whoami have different settings: the deployment did not reach all functions",
    ),
    (
        "GET /healthz",
        |got| got.body["settings"] = Value::Null,
        SETTINGS,
        "no digest from /healthz",
    ),
    (
        "GET /healthz",
        |got| got.body["settings"] = json!("private"),
        SETTINGS,
        "no digest from /healthz",
    ),
    (
        WHOAMI,
        |got| got.body["settings"]["proxy"] = json!("PRIVATE-PRIVATE-"),
        SETTINGS,
        "no digest of the proxy from /whoami",
    ),
    (
        WHOAMI,
        |got| got.body["settings"] = Value::Null,
        SETTINGS,
        "no digest of the proxy from /whoami",
    ),
    (
        WHOAMI,
        |got| got.body["settings"]["authorizer"] = json!("fedcba9876543210"),
        SETTINGS,
        "the authorizer has other settings: API Gateway keeps its answers for up to 300 s, try again after that",
    ),
    (
        WHOAMI,
        |got| got.body["settings"]["authorizer"] = Value::Null,
        SETTINGS,
        "the authorizer has other settings",
    ),
    (
        WHOAMI,
        |got| got.body["settings"]["authorizer"] = json!("private"),
        SETTINGS,
        "the authorizer has other settings",
    ),
    (
        "GET /.well-known/oauth-protected-resource",
        |got| got.body = json!({"authorization_servers": []}),
        &["metadata"],
        "got 200",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_thing_that_breaks_is_seen_and_named() {
    let good = CannedDoor::open(Change {
        at: "nothing",
        by: |_| (),
    })
    .await;
    let output = smoke(&[("URL", &good.url), ("TOKEN", TOKEN)]);
    assert!(failed(&output).is_empty(), "{output:?}");
    for (at, by, steps, said) in REFUSALS.into_iter().chain(KEYS_AND_SETTINGS) {
        let door = CannedDoor::open(Change { at, by }).await;
        let output = smoke(&[("URL", &door.url), ("TOKEN", TOKEN)]);
        let text = text(&output);
        assert_eq!(failed(&output), steps, "{at}: {text}");
        assert!(text.contains(said), "{said}: {text}");
        // What the door sent is not shown.
        assert!(!text.to_lowercase().contains("private"), "{text}");
    }
    let settings = [
        ("URL", good.url.as_str()),
        ("TOKEN", TOKEN),
        ("AGENTS", "{}"),
        ("TRUSTED_ISSUERS", "[]"),
    ];
    let output = smoke(&settings);
    assert_eq!(failed(&output), SETTINGS);
    let text = text(&output);
    let said = "the door runs other settings than these files: deploy again";
    assert!(text.contains(said), "{text}");
}
