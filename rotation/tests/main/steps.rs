//! Tests of each step: once, again, out of order, after a failure, and when it must not run.

use http::StatusCode;
use local::secrets_manager::{CURRENT, Fault, PENDING, PREVIOUS};
use rotation::{RotationError, SigningSecret, Step};
use serde_json::Value;
use shared::signing::SigningKey;

use crate::scene::Scene;

#[tokio::test]
async fn four_steps_make_the_next_key_the_current_one() {
    let scene = Scene::signing().await;
    let (before, _) = scene.look(CURRENT).await.unwrap();
    let token = scene.rotate().await;
    let (current, text) = scene.look(CURRENT).await.unwrap();
    assert_eq!(current, token);
    assert_eq!(scene.version(PREVIOUS).await, Some(before));
    let key: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        [&key["kty"], &key["crv"], &key["alg"]],
        ["EC", "P-256", "ES256"]
    );
}

#[tokio::test]
async fn the_key_of_session_ids_stays_when_signing_keys_are_replaced() {
    let text = SigningKey::generate().unwrap();
    let scene = Scene::new(text.reveal(), SigningSecret).await;
    let before: Value = serde_json::from_str(text.reveal()).unwrap();
    scene.rotate().await;
    let (_, text) = scene.look(CURRENT).await.unwrap();
    let after: Value = serde_json::from_str(&text).unwrap();
    assert!(after["session_key"].is_string());
    assert_eq!(before["session_key"], after["session_key"]);
    assert_ne!(before["d"], after["d"]);
}

#[tokio::test]
async fn each_step_may_be_repeated() {
    let scene = Scene::signing().await;
    let token = scene.store.begin_rotation(&scene.arn).unwrap();
    let mut made = None;
    for step in [Step::Create, Step::Set, Step::Test] {
        for _ in 0..3 {
            assert_eq!(scene.step(&token, step).await, Ok(()), "{step:?}");
            let pending = scene.look(PENDING).await;
            let first = made.get_or_insert_with(|| pending.clone());
            assert_eq!(*first, pending, "a repeated step changes nothing");
        }
    }
    for step in [
        Step::Finish,
        Step::Finish,
        Step::Create,
        Step::Test,
        Step::Set,
        Step::Finish,
    ] {
        assert_eq!(
            scene.step(&token, step).await,
            Ok(()),
            "{step:?} when it is over"
        );
        assert_eq!(scene.look(CURRENT).await, made.clone().unwrap());
    }
}

#[tokio::test]
async fn a_step_before_its_turn_says_so_and_changes_nothing() {
    let scene = Scene::signing().await;
    let before = scene.look(CURRENT).await;
    let token = scene.store.begin_rotation(&scene.arn).unwrap();
    for step in [Step::Finish, Step::Test] {
        assert_eq!(
            scene.step(&token, step).await,
            Err(RotationError::NothingYet),
            "{step:?}"
        );
        assert_eq!(scene.look(CURRENT).await, before);
    }
    assert_eq!(scene.step(&token, Step::Set).await, Ok(()));
    assert_eq!(scene.step(&token, Step::Create).await, Ok(()));
    // Nothing is lost by a step that is left out: what it is for is looked at again.
    assert_eq!(scene.step(&token, Step::Finish).await, Ok(()));
    assert_eq!(scene.version(CURRENT).await, Some(token));
}

#[tokio::test]
async fn a_version_that_is_not_pending_is_left_alone() {
    let scene = Scene::signing().await;
    let old = scene.rotate().await;
    scene.store.age(&scene.arn, 3600).unwrap();
    let new = scene.rotate().await;
    for step in Step::ALL {
        let stranger = "2d4c6b8a-1111-4222-8333-944455556666";
        assert_eq!(
            scene.step(stranger, step).await,
            Err(RotationError::NotPending),
            "{step:?}"
        );
        assert_eq!(
            scene.step(&old, step).await,
            Err(RotationError::NotPending),
            "{step:?} of the last rotation"
        );
    }
    assert_eq!(scene.version(CURRENT).await, Some(new));
    assert_eq!(scene.version(PREVIOUS).await, Some(old));
}

#[tokio::test]
async fn the_next_rotation_waits_until_the_current_key_signs() {
    let scene = Scene::signing().await;
    scene.rotate().await;
    // The version before the first key holds none, so the first key signs from the beginning.
    let second = scene.rotate().await;
    let token = scene.store.begin_rotation(&scene.arn).unwrap();
    scene.store.age(&scene.arn, 14 * 60).unwrap();
    assert_eq!(
        scene.step(&token, Step::Create).await,
        Err(RotationError::TooEarly)
    );
    assert_eq!(scene.look(PENDING).await, None);
    assert_eq!(scene.version(CURRENT).await, Some(second));
    scene.store.age(&scene.arn, 60).unwrap();
    for step in Step::ALL {
        assert_eq!(scene.step(&token, step).await, Ok(()), "{step:?}");
    }
    assert_eq!(scene.version(CURRENT).await, Some(token));
}

#[tokio::test]
async fn what_is_no_key_never_becomes_the_current_version() {
    let scene = Scene::signing().await;
    let before = scene.look(CURRENT).await;
    for text in ["", "{}", r#"{"kty": "EC", "crv": "P-256"}"#, "no key"] {
        let token = scene.store.put(&scene.arn, text, PENDING).unwrap();
        for step in [Step::Create, Step::Test, Step::Finish] {
            assert_eq!(
                scene.step(&token, step).await,
                Err(RotationError::Unusable),
                "{step:?} {text}"
            );
        }
    }
    assert_eq!(scene.look(CURRENT).await, before);
}

#[tokio::test]
async fn a_secret_without_a_rotation_is_left_alone() {
    let scene = Scene::signing().await;
    let other = scene.store.create("other", "x");
    let token = scene.store.begin_rotation(&other).unwrap();
    for step in Step::ALL {
        let event = crate::scene::event(&other, &token, step);
        assert_eq!(scene.handle(event).await, Err(RotationError::NoRotation));
    }
}

#[tokio::test]
async fn every_call_may_fail_and_the_steps_begin_again() {
    let scene = Scene::signing().await;
    let down = Fault::Error(StatusCode::BAD_REQUEST, "InternalServiceError");
    let token = scene.store.begin_rotation(&scene.arn).unwrap();
    for step in Step::ALL {
        let before = (scene.look(PENDING).await, scene.look(CURRENT).await);
        scene.store.set_fault(Some(down.clone()));
        let failure = RotationError::Call {
            operation: "DescribeSecret",
            code: "InternalServiceError".to_owned(),
        };
        assert_eq!(scene.step(&token, step).await, Err(failure), "{step:?}");
        scene.store.set_fault(None);
        let after = (scene.look(PENDING).await, scene.look(CURRENT).await);
        assert_eq!(before, after, "{step:?}");
        assert_eq!(scene.step(&token, step).await, Ok(()), "{step:?}");
    }
    assert_eq!(scene.version(CURRENT).await, Some(token));
}

#[tokio::test]
async fn two_of_the_same_step_at_once_make_one_key() {
    let scene = Scene::signing().await;
    let token = scene.store.begin_rotation(&scene.arn).unwrap();
    let create = || scene.step(&token, Step::Create);
    let (first, second, third) = tokio::join!(create(), create(), create());
    assert_eq!([first, second, third], [Ok(()), Ok(()), Ok(())]);
    let made = scene.look(PENDING).await.unwrap();
    assert_eq!(scene.step(&token, Step::Finish).await, Ok(()));
    assert_eq!(scene.look(CURRENT).await, Some(made));
}
