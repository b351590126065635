//! Tests of key server faults (attack classes E03 to E08, E10 to E12), and of faults on our side.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use http::StatusCode;
use serde_json::{Value, json};
use shared::cache::FETCH_TIMEOUT;
use shared::clock::Clock;
use shared::keys::SOFT_AGE;
use tokio::sync::Notify;

use crate::parts::{HandClock, SigningKey, document, issuer, made_up};
use crate::server::{KeyServer, Reply};
use crate::{Door, DoorError, OUTAGE, Refusal, UNKNOWN, alice, ask, door, publishing};

/// A key document of so many keys of which each is good.
fn many(keys: usize) -> String {
    let key = SigningKey::new("first").jwk();
    let keys: Vec<Value> = (0..keys)
        .map(|number| {
            let mut key = key.clone();
            key["kid"] = json!(format!("key-{number}"));
            key
        })
        .collect();
    json!({"keys": keys}).to_string()
}

fn bad_replies(elsewhere: &KeyServer) -> Vec<(&'static str, Reply)> {
    let good = document(&[&SigningKey::new("second")]);
    let long = format!("{}{good}", " ".repeat(64 * 1024));
    let foreign = json!({"keys": [{"kty": "oct", "k": "AAAA", "kid": "second"}]});
    let text = |text: &str| Reply::Document(text.to_owned());
    let status = |status, body: &str| Reply::Status(status, body.to_owned());
    vec![
        ("a web page", text("<!doctype html><p>maintenance</p>")),
        ("nothing", text("")),
        ("a list", text("[]")),
        ("no `keys`", text("{}")),
        ("`keys` is an object", text(r#"{"keys": {}}"#)),
        ("`keys` twice", text(r#"{"keys": [], "keys": []}"#)),
        ("cut", text(good.trim_end_matches('}'))),
        ("no keys", text(r#"{"keys": []}"#)),
        ("only unusable keys", Reply::Document(foreign.to_string())),
        ("too long", Reply::Document(long)),
        ("too many keys", Reply::Document(many(101))),
        ("without end", Reply::Endless),
        ("a redirect", Reply::Redirect(elsewhere.url("/keys"))),
        ("not found", status(StatusCode::NOT_FOUND, &good)),
        ("created", status(StatusCode::CREATED, &good)),
        ("broken", status(StatusCode::INTERNAL_SERVER_ERROR, &good)),
    ]
}

#[tokio::test]
async fn a_bad_document_never_replaces_a_good_one() {
    let elsewhere = publishing(&[&SigningKey::new("second")]).await;
    for (what, reply) in bad_replies(&elsewhere) {
        let key = SigningKey::new("first");
        let server = publishing(&[&key]).await;
        let (door, clock) = door(&server);
        assert_eq!(ask(&door, &key.header()).await, alice(), "{what}");
        server.reply("/keys", reply);
        clock.advance(SOFT_AGE);
        assert_eq!(ask(&door, &key.header()).await, alice(), "{what}");
        assert_eq!(server.count("/keys"), 2, "{what}: it was asked for");
        let stranger = ask(&door, &made_up("second")).await;
        assert_eq!(stranger, Err(OUTAGE), "{what}");
    }
    assert_eq!(elsewhere.count("/keys"), 0, "a redirect is not followed");
}

#[tokio::test]
async fn a_bad_document_lets_nobody_in() {
    let elsewhere = publishing(&[&SigningKey::new("second")]).await;
    for (what, reply) in bad_replies(&elsewhere) {
        let server = KeyServer::start().await;
        server.reply("/keys", reply);
        let (door, _) = door(&server);
        assert_eq!(ask(&door, &made_up("second")).await, Err(OUTAGE), "{what}");
    }
}

#[tokio::test]
async fn a_hundred_keys_are_read() {
    let server = KeyServer::start().await;
    server.reply("/keys", Reply::Document(many(100)));
    let (door, _) = door(&server);
    let signature = Err(DoorError::Refused(Refusal::Signature));
    assert_eq!(ask(&door, &made_up("key-99")).await, signature);
}

#[tokio::test]
async fn a_bad_key_spoils_only_itself() {
    let key = SigningKey::new("good");
    let server = KeyServer::start().await;
    let twin = |id| SigningKey::new(id).jwk();
    let keys = json!({"keys": [
        {"kty": "RSA", "kid": "no-modulus"}, 7, {"kid": "no-kind"}, {"kty": "AKP", "kid": "new-kind"},
        twin("twin"), twin("twin"), key.jwk(),
    ]});
    server.reply("/keys", Reply::Document(keys.to_string()));
    let (door, _) = door(&server);
    assert_eq!(ask(&door, &key.header()).await, alice());
    for id in ["no-modulus", "no-kind", "new-kind", "twin"] {
        assert_eq!(ask(&door, &made_up(id)).await, Err(UNKNOWN), "{id}");
    }
}

#[tokio::test]
async fn a_document_that_drips_is_given_up() {
    let key = SigningKey::new("first");
    let server = KeyServer::start().await;
    server.reply("/keys", Reply::Drip);
    let (door, clock) = door(&server);
    let start = Instant::now();
    assert_eq!(ask(&door, &key.header()).await, Err(OUTAGE));
    assert!(start.elapsed() < FETCH_TIMEOUT * 2, "{:?}", start.elapsed());
    server.reply("/keys", Reply::Document(document(&[&key])));
    clock.advance(Duration::from_secs(1));
    assert_eq!(ask(&door, &key.header()).await, alice());
}

#[tokio::test]
async fn a_slow_server_does_not_hold_the_start_up() {
    let key = SigningKey::new("first");
    let server = KeyServer::start().await;
    let never = Arc::new(Notify::new());
    server.reply("/keys", Reply::Held(never, String::new()));
    let (door, _) = door(&server);
    let start = Instant::now();
    door.warm(Duration::from_millis(50)).await;
    assert!(start.elapsed() < FETCH_TIMEOUT, "{:?}", start.elapsed());
    assert_eq!(server.count("/keys"), 1);
    server.reply("/keys", Reply::Document(document(&[&key])));
    let answer = ask(&door, &key.header()).await;
    assert_eq!(answer, alice(), "the first caller asks again, at once");
}

#[tokio::test]
async fn warm_keys_need_no_further_fetch() {
    let key = SigningKey::new("first");
    let server = publishing(&[&key]).await;
    let (door, _) = door(&server);
    door.warm(FETCH_TIMEOUT).await;
    assert_eq!(server.count("/keys"), 1);
    assert_eq!(ask(&door, &key.header()).await, alice());
    assert_eq!(server.count("/keys"), 1);
}

#[tokio::test]
async fn a_caller_who_goes_away_in_the_middle_blocks_nobody() {
    let key = SigningKey::new("first");
    let server = KeyServer::start().await;
    let never = Arc::new(Notify::new());
    server.reply("/keys", Reply::Held(never, String::new()));
    let (door, clock) = door(&server);
    let header = key.header();
    tokio::select! {
        answer = ask(&door, &header) => panic!("{answer:?}"),
        () = server.arrival() => {}
    }
    assert_eq!(ask(&door, &header).await, Err(OUTAGE));
    assert_eq!(server.count("/keys"), 1, "it counts as a failure");
    server.reply("/keys", Reply::Document(document(&[&key])));
    clock.advance(Duration::from_secs(1));
    assert_eq!(ask(&door, &header).await, alice());
}

#[tokio::test]
async fn a_panic_blocks_nobody() {
    let key = SigningKey::new("first");
    let server = publishing(&[&key]).await;
    let broken = Arc::new(AtomicBool::new(false));
    let (hand, is_broken) = (HandClock::new(), Arc::clone(&broken));
    let moments = hand.clock();
    let clock = Clock::from_fn(move || {
        assert!(!is_broken.load(Ordering::SeqCst), "the clock is broken");
        moments.moment()
    });
    let release = Arc::new(Notify::new());
    server.reply("/keys", Reply::Held(Arc::clone(&release), String::new()));
    let issuers = issuer(json!({"jwksUri": server.url("/keys")}));
    let door = Arc::new(Door::new(issuers, clock));
    let (own, header) = (Arc::clone(&door), key.header());
    let request = tokio::spawn(async move { ask(&own, &header).await });
    server.arrival().await;
    // The clock is next read when the fetch has failed, by the request that all others wait for.
    broken.store(true, Ordering::SeqCst);
    release.notify_one();
    assert!(request.await.unwrap_err().is_panic());
    broken.store(false, Ordering::SeqCst);
    server.reply("/keys", Reply::Document(document(&[&key])));
    assert_eq!(
        ask(&door, &key.header()).await,
        Err(OUTAGE),
        "it counts as a failure"
    );
    hand.advance(Duration::from_secs(1));
    assert_eq!(ask(&door, &key.header()).await, alice());
}
