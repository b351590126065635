//! The key store, the door and the layer, against a key server on loopback that counts and misbehaves.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod age;
mod discovery;
mod documents;
mod faults;
mod floods;
mod layer;
mod parts;
mod server;
mod start;
mod told;

use std::time::Duration;

use serde_json::{Value, json};
use shared::door::{Door, DoorError};
use shared::gate::Refusal;
use shared::keys::Outage;

use parts::{HandClock, SigningKey, document, issuer};
use server::{KeyServer, Reply};

const OUTAGE: DoorError = DoorError::Outage(Outage::Keys);
const UNKNOWN: DoorError = DoorError::Refused(Refusal::KeyUnknown);

/// A door whose one issuer publishes its keys at `/keys` of the server, and the clock of both.
fn door(server: &KeyServer) -> (Door, HandClock) {
    let clock = HandClock::new();
    let issuers = issuer(json!({"jwksUri": server.url("/keys")}));
    (Door::new(issuers, clock.clock()), clock)
}

/// What the door makes of a header: the subject that it believes, or why not.
async fn ask(door: &Door, header: &[u8]) -> Result<String, DoorError> {
    let identity = door.identify(header).await?;
    Ok(identity.subject.clone())
}

fn alice() -> Result<String, DoorError> {
    Ok("alice".to_owned())
}

/// A server that publishes these keys.
async fn publishing(keys: &[&SigningKey]) -> KeyServer {
    let server = KeyServer::start().await;
    server.reply("/keys", Reply::Document(document(keys)));
    server
}

#[tokio::test]
async fn a_good_token_comes_in_and_the_keys_are_kept() {
    let key = SigningKey::new("first");
    let server = publishing(&[&key]).await;
    let (door, _) = door(&server);
    for _ in 0..10 {
        assert_eq!(ask(&door, &key.header()).await, alice());
    }
    assert_eq!(server.count("/keys"), 1);
}

#[tokio::test]
async fn keys_in_the_settings_are_never_fetched() {
    let key = SigningKey::new("first");
    let inline: Value = serde_json::from_str(&document(&[&key])).unwrap();
    let door = Door::new(issuer(json!({"jwks": inline})), HandClock::new().clock());
    door.warm(Duration::ZERO).await;
    assert_eq!(ask(&door, &key.header()).await, alice());
    assert_eq!(ask(&door, &parts::made_up("other")).await, Err(UNKNOWN));
}

#[tokio::test]
async fn nothing_about_the_token_is_in_the_request() {
    let key = SigningKey::new("first");
    let server = publishing(&[&key]).await;
    let (door, _) = door(&server);
    assert_eq!(
        ask(&door, &parts::made_up("/etc/passwd?x=y")).await,
        Err(UNKNOWN)
    );
    let seen = server.last();
    assert_eq!(seen.path, "/keys");
    let names: Vec<&str> = seen.headers.keys().map(|name| name.as_str()).collect();
    assert_eq!(names, ["accept", "host"]);
    let accepted = "application/jwk-set+json, application/json";
    assert_eq!(seen.headers["accept"], accepted);
}
