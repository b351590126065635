//! Tests of key age (attack classes E13, E14).

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::StatusCode;
use shared::cache::FETCH_TIMEOUT;
use shared::keys::{HARD_AGE, SOFT_AGE};
use tokio::sync::Notify;

use crate::parts::{SigningKey, document};
use crate::server::Reply;
use crate::{OUTAGE, UNKNOWN, alice, ask, door, publishing};

const SECOND: Duration = Duration::from_secs(1);

fn failure() -> Reply {
    Reply::Status(StatusCode::SERVICE_UNAVAILABLE, String::new())
}

#[tokio::test]
async fn old_keys_are_renewed_in_passing() {
    let (old, new) = (SigningKey::new("old"), SigningKey::new("new"));
    let server = publishing(&[&old]).await;
    let (door, clock) = door(&server);
    assert_eq!(ask(&door, &old.header()).await, alice());
    server.reply("/keys", Reply::Document(document(&[&new])));
    clock.advance(SOFT_AGE - SECOND);
    assert_eq!(ask(&door, &old.header()).await, alice());
    assert_eq!(server.count("/keys"), 1);
    clock.advance(SECOND);
    assert_eq!(
        ask(&door, &old.header()).await,
        Err(UNKNOWN),
        "it was withdrawn"
    );
    assert_eq!(ask(&door, &new.header()).await, alice());
}

#[tokio::test]
async fn old_keys_serve_while_the_server_fails() {
    let key = SigningKey::new("first");
    let server = publishing(&[&key]).await;
    let (door, clock) = door(&server);
    assert_eq!(ask(&door, &key.header()).await, alice());
    server.reply("/keys", failure());
    clock.advance(SOFT_AGE);
    for _ in 0..100 {
        assert_eq!(ask(&door, &key.header()).await, alice());
    }
    assert_eq!(server.count("/keys"), 2);
    clock.advance(HARD_AGE - SOFT_AGE - SECOND);
    assert_eq!(ask(&door, &key.header()).await, alice());
    clock.advance(SECOND);
    assert_eq!(ask(&door, &key.header()).await, Err(OUTAGE));
    server.reply("/keys", Reply::Document(document(&[&key])));
    clock.advance(SECOND * 2);
    assert_eq!(ask(&door, &key.header()).await, alice());
}

#[tokio::test]
async fn a_renewal_holds_nobody_up_for_long() {
    let key = SigningKey::new("first");
    let server = publishing(&[&key]).await;
    let (door, clock) = door(&server);
    let header = key.header();
    assert_eq!(ask(&door, &header).await, alice());
    let never = Arc::new(Notify::new());
    server.reply("/keys", Reply::Held(never, String::new()));
    clock.advance(SOFT_AGE);
    server.arrival().await;
    let start = Instant::now();
    let (first, others) = tokio::join!(ask(&door, &header), async {
        server.arrival().await;
        let mut answers = Vec::new();
        for _ in 0..100 {
            answers.push(ask(&door, &header).await);
        }
        (answers, server.count("/keys"))
    });
    assert_eq!(first, alice(), "the held keys serve when the wait is over");
    assert!(start.elapsed() < FETCH_TIMEOUT, "{:?}", start.elapsed());
    let (answers, fetches) = others;
    assert!(answers.iter().all(|answer| *answer == alice()));
    assert_eq!(fetches, 2, "the others do not wait, and do not ask");
}

#[tokio::test]
async fn a_clock_set_back_does_not_keep_keys_for_ever() {
    let key = SigningKey::new("first");
    let server = publishing(&[&key]).await;
    let (door, clock) = door(&server);
    assert_eq!(ask(&door, &key.header()).await, alice());
    server.reply("/keys", failure());
    clock.advance(HARD_AGE);
    clock.set_back(HARD_AGE);
    assert_eq!(ask(&door, &key.header()).await, Err(OUTAGE));
}

#[tokio::test]
async fn keys_grow_old_while_the_function_is_frozen() {
    let key = SigningKey::new("first");
    let server = publishing(&[&key]).await;
    let (door, clock) = door(&server);
    assert_eq!(ask(&door, &key.header()).await, alice());
    server.reply("/keys", failure());
    clock.freeze(HARD_AGE);
    assert_eq!(ask(&door, &key.header()).await, Err(OUTAGE));
}
