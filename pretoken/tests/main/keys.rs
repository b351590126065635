//! Tests of the pool's keys: fetched on demand, and unavailable.

use std::time::Duration;

use serde_json::json;

use crate::cloud::{Keys, Table};
use crate::scene::{POOL, Scene, pool_keys, unavailable};

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
    let result = scene.prove(&scene.token(&json!({}))).await;
    assert_eq!(result, Err(unavailable()));
    assert_eq!(
        scene.machine(json!({})).await,
        Ok(json!(null)),
        "others are served"
    );
}

/// Each source in its own time, and together too late.
#[tokio::test]
async fn the_whole_takes_no_longer_than_cognito_waits() {
    let scene =
        Scene::with_table(&[("DIRECTORY_TABLE", "gatehouse-directory")], Table::Silent).await;
    let late = Keys::Late(Duration::from_secs(2), pool_keys());
    scene.cloud.set_keys(late);
    let result = scene.prove(&scene.token(&json!({}))).await;
    assert_eq!(result, Err(unavailable()));
    assert!(!scene.cloud.asked_items().is_empty(), "the keys came");
    let line = scene.decisions().pop().unwrap();
    assert_eq!(line["reason"], "deadline");
}
