//! The pool's keys: fetched when they are needed, and what happens while they cannot be had.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::cloud::Keys;
use crate::scene::{POOL, Scene, unavailable};

#[tokio::test]
async fn keys_are_fetched_once() {
    let scene = Scene::new(&[]).await;
    assert_eq!(
        scene.cloud.asked_keys(),
        Vec::<String>::new(),
        "the pool is not known yet"
    );
    for _ in 0..5 {
        scene.prove(&scene.token(&json!({}))).await.unwrap();
    }
    assert_eq!(
        scene.cloud.asked_keys(),
        [format!("/{POOL}/.well-known/jwks.json")]
    );
}

#[tokio::test]
async fn without_keys_there_is_no_token() {
    let scene = Scene::new(&[]).await;
    scene.cloud.set_keys(Keys::Down);
    for _ in 0..20 {
        let result = scene.prove(&scene.token(&json!({}))).await;
        assert_eq!(result, Err(unavailable()));
    }
    assert!(
        scene.cloud.asked_keys().len() <= 3,
        "{:?}",
        scene.cloud.asked_keys()
    );
    let line = scene.decisions().pop().unwrap();
    assert_eq!(
        (&line["outcome"], &line["level"]),
        (&json!("outage"), &json!("ERROR"))
    );
    assert_eq!(line["reason"], "keys_unavailable");
}

#[tokio::test]
async fn silent_keys_are_not_waited_for_longer_than_cognito_waits() {
    let scene = Scene::new(&[]).await;
    scene.cloud.set_keys(Keys::Silent);
    let start = Instant::now();
    let result = scene.prove(&scene.token(&json!({}))).await;
    assert_eq!(result, Err(unavailable()));
    assert!(
        start.elapsed() < Duration::from_millis(4500),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(
        scene.machine(json!({})).await,
        Ok(json!(null)),
        "others are served"
    );
}
