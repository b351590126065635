//! The door's keys: rotated, out of reach, and gone.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use shared::assertion::TYPE;
use shared::layer::{HARD_AGE, SOFT_AGE};

use super::scene::{JWKS, Scene, document, key};
use crate::parts::NOW;
use crate::server::Reply;

const SECOND: Duration = Duration::from_secs(1);

fn down() -> Reply {
    Reply::Status(StatusCode::SERVICE_UNAVAILABLE, String::new())
}

impl Scene {
    /// The status of a good request so long after the start.
    async fn later(&self, seconds: u64) -> u16 {
        let mut claims = self.claims(&format!("at {seconds}"));
        claims["iat"] = json!(NOW + seconds);
        claims["exp"] = json!(NOW + seconds + 60);
        let proof = self.proof(&claims);
        self.ask(self.request(&proof)).await.0
    }
}

#[tokio::test]
async fn without_keys_it_is_503_and_never_403_or_200() {
    let scene = Scene::new().await;
    scene.server.reply(JWKS, down());
    assert_eq!(scene.status("1").await, 503);
    for broken in [
        "",
        "{}",
        "[]",
        r#"{"keys": []}"#,
        r#"{"keys": [{"kid": "k1"}]}"#,
    ] {
        scene.server.reply(JWKS, Reply::Document(broken.to_owned()));
        scene.clock.advance(40 * SECOND);
        assert_eq!(scene.later(0).await, 503, "{broken}");
    }
    let asked = scene.server.count(JWKS);
    for _ in 0..100 {
        assert_eq!(scene.status("1").await, 503);
    }
    assert_eq!(scene.server.count(JWKS), asked, "it rests");
}

#[tokio::test]
async fn keys_are_kept_and_outlive_an_outage_of_the_door() {
    let scene = Scene::new().await;
    scene.layer.warm(10 * SECOND).await;
    assert_eq!(scene.server.count(JWKS), 1);
    for id in 0..100 {
        assert_eq!(scene.status(&id.to_string()).await, 200);
    }
    assert_eq!(scene.server.count(JWKS), 1);
    scene.server.reply(JWKS, down());
    let mut seconds = 0;
    while seconds + SOFT_AGE.as_secs() < HARD_AGE.as_secs() {
        scene.clock.advance(SOFT_AGE);
        seconds += SOFT_AGE.as_secs();
        assert_eq!(scene.later(seconds).await, 200, "after {seconds} seconds");
    }
    scene.clock.advance(SOFT_AGE);
    seconds += SOFT_AGE.as_secs();
    assert_eq!(scene.later(seconds).await, 503, "too old");
    scene.server.reply(JWKS, document(&[&scene.key]));
    scene.clock.advance(40 * SECOND);
    assert_eq!(scene.later(seconds + 40).await, 200, "it comes back");
}

#[tokio::test]
async fn a_new_key_is_found_and_made_up_ones_do_not_hammer_the_door() {
    let mut scene = Scene::new().await;
    assert_eq!(scene.status("1").await, 200);
    for id in 0..100 {
        let proof = key(&format!("made-up-{id}"))
            .sign(TYPE, &scene.claims("x"))
            .unwrap();
        assert_eq!(scene.ask(scene.request(&proof)).await.0, 403);
    }
    assert_eq!(scene.server.count(JWKS), 2, "one search");
    let next = key("k2");
    scene.server.reply(JWKS, document(&[&scene.key, &next]));
    scene.key = next;
    assert_eq!(scene.status("2").await, 403, "a search has just been made");
    scene.clock.advance(10 * SECOND);
    assert_eq!(scene.later(10).await, 200);
    assert_eq!(scene.server.count(JWKS), 3);
}

#[tokio::test]
async fn a_search_that_fails_leaves_the_keys_that_are_held() {
    let scene = Scene::new().await;
    assert_eq!(scene.status("1").await, 200);
    scene.server.reply(JWKS, down());
    let proof = key("made-up").sign(TYPE, &scene.claims("x")).unwrap();
    assert_eq!(scene.ask(scene.request(&proof)).await.0, 403);
    assert_eq!(scene.status("2").await, 200);
}
