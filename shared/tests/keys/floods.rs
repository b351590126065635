//! Many requests, few fetches (attack classes E01, E02, E07, E16).

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use http::StatusCode;
use shared::cache::MAX_BACK_OFF;
use shared::door::DoorError;
use shared::gate::Refusal;
use shared::keys::{MAX_SEARCHES, SEARCH_REFILL};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::parts::{HandClock, SigningKey, document, issuer, made_up, unnamed};
use crate::server::Reply;
use crate::{Door, OUTAGE, UNKNOWN, alice, ask, door, publishing};

#[tokio::test]
async fn a_thousand_cold_requests_share_one_fetch() {
    let key = SigningKey::new("first");
    let server = publishing(&[]).await;
    let release = Arc::new(Notify::new());
    server.reply(
        "/keys",
        Reply::Held(Arc::clone(&release), document(&[&key])),
    );
    let (door, _) = door(&server);
    let header = key.header();
    let requests = join_all((0..1000).map(|_| ask(&door, &header)));
    let (answers, ()) = tokio::join!(requests, async {
        server.arrival().await;
        release.notify_one();
    });
    assert!(answers.iter().all(|answer| *answer == alice()));
    assert_eq!(server.count("/keys"), 1);
}

#[tokio::test]
async fn a_thousand_made_up_key_ids_cost_a_handful_of_fetches() {
    let key = SigningKey::new("first");
    let server = publishing(&[&key]).await;
    let (door, _) = door(&server);
    assert_eq!(ask(&door, &key.header()).await, alice());
    let most = 1 + usize::try_from(MAX_SEARCHES).unwrap();
    let ids = (0..500).map(|number| made_up(&format!("made-up-{number}")));
    for header in ids {
        assert_eq!(ask(&door, &header).await, Err(UNKNOWN));
    }
    let headers: Vec<_> = (500..1000)
        .map(|n| made_up(&format!("made-up-{n}")))
        .collect();
    for answer in join_all(headers.iter().map(|header| ask(&door, header))).await {
        assert_eq!(answer, Err(UNKNOWN));
    }
    assert_eq!(server.count("/keys"), most);
    assert_eq!(ask(&door, &key.header()).await, alice());
}

/// No document could bring the key that it does not name.
#[tokio::test]
async fn a_token_that_names_no_key_costs_no_fetch() {
    let (one, other) = (SigningKey::new("one"), SigningKey::new("other"));
    let server = publishing(&[&one, &other]).await;
    let (door, _) = door(&server);
    assert_eq!(ask(&door, &one.header()).await, alice());
    let refused = DoorError::Refused(Refusal::KeyIdMissing);
    assert_eq!(ask(&door, &unnamed()).await, Err(refused));
    assert_eq!(server.count("/keys"), 1);
}

#[tokio::test]
async fn a_made_up_key_id_does_not_delay_a_rotation() {
    let (old, new) = (SigningKey::new("old"), SigningKey::new("new"));
    let server = publishing(&[&old]).await;
    let (door, _) = door(&server);
    assert_eq!(ask(&door, &old.header()).await, alice());
    assert_eq!(ask(&door, &made_up("made-up")).await, Err(UNKNOWN));
    server.reply("/keys", Reply::Document(document(&[&old, &new])));
    assert_eq!(ask(&door, &new.header()).await, alice());
    assert_eq!(ask(&door, &old.header()).await, alice());
    assert_eq!(server.count("/keys"), 3);
}

#[tokio::test]
async fn a_flood_delays_a_rotation_by_one_refill_at_most() {
    let (old, new) = (SigningKey::new("old"), SigningKey::new("new"));
    let server = publishing(&[&old]).await;
    let (door, clock) = door(&server);
    for number in 0..100 {
        let answer = ask(&door, &made_up(&format!("made-up-{number}"))).await;
        assert_eq!(answer, Err(UNKNOWN));
    }
    server.reply("/keys", Reply::Document(document(&[&new])));
    assert_eq!(ask(&door, &new.header()).await, Err(UNKNOWN));
    clock.advance(SEARCH_REFILL);
    assert_eq!(ask(&door, &new.header()).await, alice());
}

#[tokio::test]
async fn an_idle_bucket_holds_no_more_than_its_burst() {
    let server = publishing(&[&SigningKey::new("first")]).await;
    let (door, clock) = door(&server);
    let _ = ask(&door, &made_up("a")).await;
    let before = server.count("/keys");
    clock.advance(SEARCH_REFILL * 30);
    for number in 0..20 {
        let _ = ask(&door, &made_up(&format!("b{number}"))).await;
    }
    let burst = usize::try_from(MAX_SEARCHES).unwrap();
    assert_eq!(server.count("/keys") - before, burst);
}

#[tokio::test]
async fn a_server_that_fails_is_asked_less_and_less() {
    let key = SigningKey::new("first");
    let server = publishing(&[]).await;
    let failure = Reply::Status(StatusCode::INTERNAL_SERVER_ERROR, String::new());
    server.reply("/keys", failure);
    let (door, clock) = door(&server);
    for _ in 0..200 {
        assert_eq!(ask(&door, &key.header()).await, Err(OUTAGE));
    }
    assert_eq!(server.count("/keys"), 1, "no time has passed");
    for _ in 0..200 {
        clock.advance(Duration::from_millis(500));
        assert_eq!(ask(&door, &key.header()).await, Err(OUTAGE));
    }
    // After 1, 3, 7, 15, 31, 63 and 95 of 100 seconds.
    assert_eq!(server.count("/keys"), 8);
    server.reply("/keys", Reply::Document(document(&[&key])));
    clock.advance(MAX_BACK_OFF);
    assert_eq!(ask(&door, &key.header()).await, alice());
}

#[tokio::test]
async fn a_server_that_is_not_there_lets_nobody_in() {
    let key = SigningKey::new("first");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    drop(listener);
    let issuers = issuer(serde_json::json!({"jwksUri": url}));
    let door = Door::new(issuers, HandClock::new().clock());
    door.warm(Duration::from_secs(1)).await;
    for number in 0..200 {
        assert_eq!(ask(&door, &key.header()).await, Err(OUTAGE));
        let answer = ask(&door, &made_up(&format!("made-up-{number}"))).await;
        assert_eq!(answer, Err(OUTAGE));
    }
}

#[tokio::test]
async fn an_unknown_key_id_while_the_server_fails_is_an_outage() {
    let (old, new) = (SigningKey::new("old"), SigningKey::new("new"));
    let server = publishing(&[&old]).await;
    let (door, clock) = door(&server);
    assert_eq!(ask(&door, &old.header()).await, alice());
    server.reply("/keys", Reply::Document("{\"keys\": []}".to_owned()));
    for _ in 0..100 {
        assert_eq!(ask(&door, &new.header()).await, Err(OUTAGE));
        assert_eq!(ask(&door, &old.header()).await, alice(), "its key is held");
    }
    assert_eq!(server.count("/keys"), 2);
    server.reply("/keys", Reply::Document(document(&[&new])));
    clock.advance(Duration::from_secs(1));
    assert_eq!(ask(&door, &new.header()).await, alice());
}
