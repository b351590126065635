//! Keys that the issuer's metadata leads to (attack class E17).

use serde_json::{Value, json};

use crate::parts::{HandClock, SigningKey, document, issuer, made_up};
use crate::server::{KeyServer, Reply};
use crate::{Door, OUTAGE, alice, ask, publishing};

const METADATA: &str = "/.well-known/openid-configuration";

/// A door whose issuer is the server itself, so that nothing but the metadata says where the keys are.
fn door(server: &KeyServer) -> Door {
    let issuers = issuer(json!({"discoveryUrl": server.url(METADATA)}));
    Door::new(issuers, HandClock::new().clock())
}

fn metadata(issuer: &str, keys: &str) -> Reply {
    let members =
        json!({"issuer": issuer, "jwks_uri": keys, "token_endpoint": "https://a.example"});
    Reply::Document(members.to_string())
}

#[tokio::test]
async fn the_keys_may_be_on_another_host() {
    let key = SigningKey::new("first");
    let elsewhere = publishing(&[&key]).await;
    let server = KeyServer::start().await;
    server.reply(
        METADATA,
        metadata(crate::parts::ISSUER, &elsewhere.url("/keys")),
    );
    let door = door(&server);
    assert_eq!(ask(&door, &key.header()).await, alice());
    assert_eq!((server.count(METADATA), elsewhere.count("/keys")), (1, 1));
}

#[tokio::test]
async fn the_keys_may_move() {
    let (old, new) = (SigningKey::new("old"), SigningKey::new("new"));
    let server = publishing(&[&old]).await;
    server.reply(
        METADATA,
        metadata(crate::parts::ISSUER, &server.url("/keys")),
    );
    let door = door(&server);
    assert_eq!(ask(&door, &old.header()).await, alice());
    server.reply("/moved", Reply::Document(document(&[&new])));
    server.reply(
        METADATA,
        metadata(crate::parts::ISSUER, &server.url("/moved")),
    );
    assert_eq!(ask(&door, &new.header()).await, alice());
}

#[tokio::test]
async fn metadata_that_lies_leads_nowhere() {
    let issuer = crate::parts::ISSUER;
    let server = publishing(&[&SigningKey::new("first")]).await;
    let keys = server.url("/keys");
    let repeated =
        format!(r#"{{"issuer": "{issuer}", "issuer": "{issuer}", "jwks_uri": "{keys}"}}"#);
    for (what, reply) in [
        ("another issuer", metadata("https://other.example", &keys)),
        (
            "the issuer with a slash",
            metadata(&format!("{issuer}/"), &keys),
        ),
        (
            "the issuer in capitals",
            metadata(&issuer.to_uppercase(), &keys),
        ),
        (
            "keys in the clear",
            metadata(issuer, "http://keys.example/keys"),
        ),
        ("keys in a file", metadata(issuer, "file:///etc/keys")),
        (
            "keys in itself",
            metadata(issuer, "data:application/json,{}"),
        ),
        ("a path", metadata(issuer, "/keys")),
        ("a user", metadata(issuer, &keys.replace("://", "://user@"))),
        (
            "no issuer",
            Reply::Document(json!({"jwks_uri": keys}).to_string()),
        ),
        (
            "no keys",
            Reply::Document(json!({"issuer": issuer}).to_string()),
        ),
        (
            "a list of keys",
            Reply::Document(json!({"issuer": issuer, "jwks_uri": [keys]}).to_string()),
        ),
        ("a member twice", Reply::Document(repeated)),
        ("not JSON", Reply::Document("<html>".to_owned())),
        ("null", Reply::Document(Value::Null.to_string())),
        ("a redirect", Reply::Redirect(server.url("/keys"))),
    ] {
        server.reply(METADATA, reply);
        let door = door(&server);
        assert_eq!(ask(&door, &made_up("first")).await, Err(OUTAGE), "{what}");
    }
    assert_eq!(server.count("/keys"), 0);
}
