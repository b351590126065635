//! The signing keys, against a Secrets Manager on loopback that counts and misbehaves.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod rotation;
mod vault;

use std::time::{Duration, Instant};

use serde_json::Value;
use shared::secrets::{HARD_AGE, SOFT_AGE, SecretError};
use shared::signing::{SETTLING, SigningKeys};

use vault::{Mood, Vault};

const SECOND: Duration = Duration::from_secs(1);

/// Who signs, and the ids of the published keys.
async fn look(keys: &SigningKeys) -> Result<(String, Vec<String>), SecretError> {
    let ring = keys.ring().await?;
    let published = ring.published();
    let ids = published["keys"].as_array().unwrap().iter();
    let ids = ids.map(|key: &Value| key["kid"].as_str().unwrap().to_owned());
    Ok((ring.signer(keys.now()).id().to_owned(), ids.collect()))
}

fn seen(signer: &str, published: &[&str]) -> Result<(String, Vec<String>), SecretError> {
    let published = published.iter().map(ToString::to_string).collect();
    Ok((signer.to_owned(), published))
}

#[tokio::test]
async fn a_rotation_is_noticed_and_the_new_key_is_published_before_it_signs() {
    let vault = Vault::start().await;
    vault.put("AWSCURRENT", "a");
    let keys = vault.keys().await;
    assert_eq!(look(&keys).await, seen("a", &["a"]));
    vault.put("AWSPENDING", "b");
    assert_eq!(look(&keys).await, seen("a", &["a"]), "kept");
    vault.advance(SOFT_AGE);
    assert_eq!(look(&keys).await, seen("a", &["b", "a"]), "renewed");
    vault.finish();
    vault.advance(SOFT_AGE);
    assert_eq!(look(&keys).await, seen("a", &["b", "a"]), "not settled");
    vault.advance(SETTLING);
    assert_eq!(look(&keys).await, seen("b", &["b", "a"]));
}

#[tokio::test]
async fn stages_are_read_in_the_order_in_which_none_is_missed() {
    let vault = Vault::start().await;
    vault.put("AWSCURRENT", "a");
    let keys = vault.keys().await;
    keys.warm(10 * SECOND).await;
    assert_eq!(vault.asked(), ["AWSPENDING", "AWSCURRENT", "AWSPREVIOUS"]);
    for _ in 0..100 {
        look(&keys).await.unwrap();
    }
    assert_eq!(vault.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn an_outage_is_bridged_for_as_long_as_keys_may_be_old() {
    let vault = Vault::start().await;
    vault.put("AWSCURRENT", "a");
    let keys = vault.keys().await;
    assert!(look(&keys).await.is_ok());
    vault.set_mood(Mood::Down);
    let step = SOFT_AGE / 2;
    let mut age = step;
    vault.advance(step);
    while age < HARD_AGE {
        assert_eq!(look(&keys).await, seen("a", &["a"]), "after {age:?}");
        assert_eq!(look(&keys).await, seen("a", &["a"]), "and rests");
        vault.advance(step);
        age += step;
    }
    assert_eq!(look(&keys).await, Err(SecretError));
    vault.set_mood(Mood::Well);
    vault.advance(Duration::from_secs(32));
    assert_eq!(look(&keys).await, seen("a", &["a"]), "it comes back");
}

#[tokio::test]
async fn a_service_that_is_silent_delays_one_request_for_a_moment() {
    let vault = Vault::start().await;
    vault.put("AWSCURRENT", "a");
    let keys = vault.keys().await;
    assert!(look(&keys).await.is_ok());
    vault.set_mood(Mood::Silent);
    vault.advance(SOFT_AGE);
    let begun = Instant::now();
    assert_eq!(look(&keys).await, seen("a", &["a"]));
    assert!(begun.elapsed() < 2 * SECOND, "{:?}", begun.elapsed());
    let begun = Instant::now();
    for _ in 0..100 {
        assert_eq!(look(&keys).await, seen("a", &["a"]));
    }
    assert!(begun.elapsed() < SECOND, "the others go on at once");
}

#[tokio::test]
async fn a_function_starts_without_its_keys_and_gets_them_later() {
    let vault = Vault::start().await;
    let keys = vault.keys().await;
    keys.warm(10 * SECOND).await;
    assert_eq!(look(&keys).await, Err(SecretError), "there is no secret");
    vault.put_text("AWSCURRENT", "initial", "whatever it was made with");
    vault.advance(SECOND);
    assert_eq!(look(&keys).await, Err(SecretError), "it holds no key");
    vault.put("AWSPENDING", "a");
    vault.finish();
    vault.advance(2 * SECOND);
    assert_eq!(look(&keys).await, seen("a", &["a"]));
}
