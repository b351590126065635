//! The start, with many issuers of which some do not answer.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use shared::door::Door;
use shared::keys::MAX_WARMING;
use tokio::sync::Notify;

use crate::parts::{HandClock, SigningKey, document, issuers};
use crate::server::{KeyServer, Reply};
use crate::{alice, ask};

/// Time for answers of this machine, and not for those that never come.
const BUDGET: Duration = Duration::from_secs(1);

fn name(place: usize) -> String {
    format!("https://issuer-{place}.example")
}

/// So many issuers, each of which publishes its keys at `/PLACE`.
fn many(server: &KeyServer, count: usize) -> Door {
    let entry = |place: usize| -> Value {
        json!({"issuer": name(place), "jwksUri": server.url(&format!("/{place}"))})
    };
    let issuers = issuers((0..count).map(entry).collect());
    Door::new(issuers, HandClock::new().clock())
}

#[tokio::test]
async fn dead_issuers_hold_up_no_other() {
    let key = SigningKey::new("first");
    let server = KeyServer::start().await;
    let never = Arc::new(Notify::new());
    let is_dead = |place: usize| place < 10 || place.is_multiple_of(3);
    for place in 0..30 {
        let reply = if is_dead(place) {
            Reply::Held(Arc::clone(&never), String::new())
        } else {
            Reply::Document(document(&[&key]))
        };
        server.reply(&format!("/{place}"), reply);
    }
    let door = many(&server, 30);
    let start = tokio::time::Instant::now();
    door.warm(BUDGET).await;
    let took = start.elapsed();
    assert!(took >= BUDGET && took < BUDGET * 5, "{took:?}");
    for place in (0..30).filter(|place| !is_dead(*place)) {
        assert_eq!(ask(&door, &key.header_of(&name(place))).await, alice());
    }
    // Each was asked once, at the start.
    for place in 0..30 {
        assert_eq!(server.count(&format!("/{place}")), 1, "{place}");
    }
}

#[tokio::test]
async fn so_many_are_asked_at_once_and_no_more() {
    let key = SigningKey::new("first");
    let server = KeyServer::start().await;
    let never = Arc::new(Notify::new());
    let count = MAX_WARMING * 3;
    for place in 0..count {
        let reply = Reply::Held(Arc::clone(&never), String::new());
        server.reply(&format!("/{place}"), reply);
    }
    let door = many(&server, count);
    door.warm(BUDGET).await;
    let asked = |place: usize| server.count(&format!("/{place}"));
    assert_eq!((0..count).map(asked).sum::<usize>(), MAX_WARMING);
    // Who could not be asked is asked for the first caller.
    let last = format!("/{}", count - 1);
    server.reply(&last, Reply::Document(document(&[&key])));
    let found = ask(&door, &key.header_of(&name(count - 1))).await;
    assert_eq!(found, alice());
}
