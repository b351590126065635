//! Tests of the machine client's secret: one is always valid, and the wrong one is never deleted.

use std::time::Duration;

use bytes::Bytes;
use local::secrets_manager::{CURRENT, Fault, PENDING, PREVIOUS};
use rotation::{RotationError, Step};
use serde_json::json;
use shared::settings::Address;
use shared::token_endpoint::GrantError;

use crate::machine_world::{DOWN, HOUR, World, failed};

#[tokio::test]
async fn the_secret_before_is_taken_until_the_next_rotation() {
    let world = World::new().await;
    let first = world.issuer.tools_secret();
    world.scene.rotate().await;
    let second = world.current().await;
    assert_eq!(
        world.issuer.tools_secrets(),
        [first.clone(), second.clone()]
    );
    assert_eq!(
        world.member(CURRENT, "client_id").await.as_deref(),
        Some(world.issuer.tools_client())
    );
    world.wait(HOUR);
    world.scene.rotate().await;
    let third = world.current().await;
    assert_eq!(world.issuer.tools_secrets(), [second.clone(), third]);
    assert!(!world.takes(&first).await && world.takes(&second).await);
    world.wait(HOUR);
    world.scene.rotate().await;
    assert!(!world.takes(&second).await && world.takes(&world.current().await).await);
}

#[tokio::test]
async fn each_step_may_be_repeated_and_adds_one_secret_in_all() {
    let world = World::new().await;
    let token = world.begin();
    for step in [Step::Create, Step::Set, Step::Test] {
        for _ in 0..3 {
            assert_eq!(world.step(&token, step).await, Ok(()), "{step:?}");
            assert_eq!(world.issuer.tools_secrets().len(), 2);
            let pending = world.member(PENDING, "client_secret").await;
            assert_eq!(pending, Some(world.issuer.tools_secret()));
        }
    }
    let made = world.scene.look(PENDING).await;
    for step in [Step::Finish, Step::Finish, Step::Create, Step::Test] {
        assert_eq!(world.step(&token, step).await, Ok(()), "{step:?}");
        assert_eq!(world.scene.look(CURRENT).await, made);
    }
    assert_eq!(world.issuer.tools_secrets().len(), 2);
}

#[tokio::test]
async fn a_step_before_its_turn_changes_nothing() {
    let world = World::new().await;
    let (token, before) = (world.begin(), world.issuer.tools_secrets());
    for step in [Step::Test, Step::Finish] {
        assert_eq!(
            world.step(&token, step).await,
            Err(RotationError::NothingYet)
        );
    }
    assert_eq!(world.step(&token, Step::Set).await, Ok(()));
    assert_eq!(world.issuer.tools_secrets(), before);
    assert_eq!(world.step(&token, Step::Create).await, Ok(()));
    assert_eq!(world.step(&token, Step::Finish).await, Ok(()));
    assert_eq!(world.scene.version(CURRENT).await, Some(token));
}

#[tokio::test]
async fn no_secret_goes_that_an_instance_may_still_hold() {
    let world = World::new().await;
    world.scene.rotate().await;
    world.wait(HOUR - 1);
    let (token, before) = (world.begin(), world.issuer.tools_secrets());
    let early = world.step(&token, Step::Create).await;
    assert_eq!(early, Err(RotationError::TooEarly));
    assert_eq!(world.issuer.tools_secrets(), before);
    world.wait(1);
    world.scene.finish(&token).await;
    // A version that came late into use counts from then on, however long ago it was made.
    world.wait(HOUR);
    let token = world.begin();
    assert_eq!(world.step(&token, Step::Create).await, Ok(()));
    world.wait(HOUR);
    assert_eq!(world.step(&token, Step::Finish).await, Ok(()));
    let early = world.step(&world.begin(), Step::Create).await;
    assert_eq!(early, Err(RotationError::TooEarly));
}

/// The secret was written by hand; as long as there is room, no secret is deleted.
#[tokio::test]
async fn a_secret_without_an_id_is_rotated_while_it_is_the_only_one() {
    let world = World::new().await;
    let by_hand = world.issuer.tools_secret();
    let stored = json!({"client_secret": by_hand}).to_string();
    let (store, arn) = (&world.scene.store, &world.scene.arn);
    store.put(arn, &stored, CURRENT).unwrap();
    world.scene.rotate().await;
    assert!(world.takes(&by_hand).await && world.takes(&world.current().await).await);
    world.wait(HOUR);
    world.scene.rotate().await;
    assert!(!world.takes(&by_hand).await);
}

/// A try that broke between the client's new secret and its place.
#[tokio::test]
async fn an_orphan_is_cleared_away_once_no_rotation_can_be_storing_it() {
    let world = World::new().await;
    let first = world.issuer.tools_secret();
    for is_first in [true, false] {
        let current = world.scene.look(CURRENT).await;
        let token = world.begin();
        let store = &world.scene.store;
        store.set_fault_of(Some(("PutSecretValue", DOWN)));
        let broken = world.step(&token, Step::Create).await;
        assert_eq!(broken, failed("PutSecretValue", "InternalErrorException"));
        store.set_fault_of(None);
        let orphan = world.issuer.tools_secret();
        assert_eq!(world.scene.look(CURRENT).await, current);
        if is_first {
            // Nothing says which of the two is in use, so it is for a person to tell.
            world.wait(HOUR);
            let stuck = world.step(&token, Step::Create).await;
            assert_eq!(stuck, Err(RotationError::NotStored));
            assert!(world.takes(&first).await && world.takes(&orphan).await);
            world.delete_older().await;
            assert_eq!(world.step(&token, Step::Create).await, Ok(()));
        } else {
            // The secret's age is measured by the real clock, which goes on meanwhile.
            world.wait(40);
            let busy = world.step(&token, Step::Create).await;
            assert_eq!(busy, Err(RotationError::Busy));
            assert!(world.takes(&orphan).await);
            world.wait(20);
            assert_eq!(world.step(&token, Step::Create).await, Ok(()));
            assert!(!world.takes(&orphan).await);
        }
        world.scene.finish(&token).await;
        assert!(world.takes(&world.current().await).await);
        world.wait(HOUR);
    }
}

/// The operations of one rotation, by the step that needs them and the service that has them.
const CALLS: [(Step, &str, &str); 10] = [
    (Step::Create, "secretsmanager", "DescribeSecret"),
    (Step::Create, "secretsmanager", "GetSecretValue"),
    (Step::Create, "cognito", "ListUserPoolClientSecrets"),
    (Step::Create, "cognito", "DeleteUserPoolClientSecret"),
    (Step::Create, "cognito", "AddUserPoolClientSecret"),
    (Step::Set, "secretsmanager", "DescribeSecret"),
    (Step::Test, "secretsmanager", "GetSecretValue"),
    (Step::Finish, "secretsmanager", "DescribeSecret"),
    (Step::Finish, "secretsmanager", "GetSecretValue"),
    (Step::Finish, "secretsmanager", "UpdateSecretVersionStage"),
];

#[tokio::test]
async fn every_call_may_fail_and_the_steps_begin_again() {
    let world = World::new().await;
    world.scene.rotate().await;
    world.wait(HOUR);
    let (token, before) = (world.begin(), world.scene.look(CURRENT).await);
    let current = world.current().await;
    for (place, (step, service, operation)) in CALLS.into_iter().enumerate() {
        let fault = |fault| match service {
            "cognito" => world.issuer.set_administration_fault(fault),
            _ => world.scene.store.set_fault_of(fault),
        };
        fault(Some((operation, DOWN)));
        let failure = world.step(&token, step).await;
        let expected = failed(operation, "InternalErrorException");
        assert_eq!(failure, expected, "{step:?}");
        fault(None);
        assert_eq!(world.scene.look(CURRENT).await, before, "{operation}");
        assert!(world.takes(&current).await, "{operation}");
        let is_last = CALLS.get(place + 1).is_none_or(|next| next.0 != step);
        if is_last {
            assert_eq!(world.step(&token, step).await, Ok(()), "{step:?}");
        }
    }
    assert_eq!(world.scene.version(CURRENT).await, Some(token));
    assert_eq!(world.member(PREVIOUS, "client_secret").await, Some(current));
}

#[tokio::test]
async fn an_answer_that_is_not_whole_is_none() {
    let world = World::new().await;
    let (token, before) = (world.begin(), world.issuer.tools_secrets());
    for (operation, answer) in [
        ("ListUserPoolClientSecrets", r#"{"ClientSecrets": [{}]}"#),
        (
            "ListUserPoolClientSecrets",
            r#"{"ClientSecrets": [], "NextToken": "more"}"#,
        ),
        ("AddUserPoolClientSecret", "{}"),
        (
            "AddUserPoolClientSecret",
            r#"{"ClientSecretDescriptor": {"ClientSecretId": "a--1"}}"#,
        ),
    ] {
        let body = Fault::Body(Bytes::from_static(answer.as_bytes()));
        world
            .issuer
            .set_administration_fault(Some((operation, body)));
        let failure = world.step(&token, Step::Create).await;
        let expected = failed(operation, "the answer is not whole");
        assert_eq!(failure, expected, "{answer}");
        assert_eq!(world.scene.look(PENDING).await, None);
    }
    assert_eq!(world.issuer.tools_secrets(), before);
}

#[tokio::test]
async fn of_many_at_once_one_adds_a_secret() {
    let world = World::new().await;
    world.scene.rotate().await;
    world.wait(HOUR);
    let token = world.begin();
    let current = world.current().await;
    let create = || world.step(&token, Step::Create);
    let done = tokio::join!(create(), create(), create());
    let done = [done.0, done.1, done.2];
    let full = failed("AddUserPoolClientSecret", "LimitExceededException");
    let is_known =
        |one: &Result<_, _>| *one == Ok(()) || *one == Err(RotationError::Busy) || *one == full;
    assert!(
        done.contains(&Ok(())) && done.iter().all(is_known),
        "{done:?}"
    );
    let pending = world.member(PENDING, "client_secret").await.unwrap();
    assert_eq!(world.issuer.tools_secrets(), [current, pending]);
    world.scene.finish(&token).await;
    assert_eq!(world.scene.version(CURRENT).await, Some(token));
}

/// The first has added a secret and not stored it yet, which is possible only before the first rotation: the second cannot
/// tell which one is in use, and leaves both.
#[tokio::test]
async fn a_second_try_beside_the_first_adds_and_deletes_nothing() {
    let world = World::new().await;
    let token = world.begin();
    let slow = Fault::Slow(Duration::from_millis(500));
    world
        .scene
        .store
        .set_fault_of(Some(("PutSecretValue", slow)));
    let second = async {
        while world.issuer.tools_secrets().len() < 2 {
            tokio::task::yield_now().await;
        }
        world.step(&token, Step::Create).await
    };
    let done = tokio::join!(world.step(&token, Step::Create), second);
    assert_eq!(done, (Ok(()), Err(RotationError::NotStored)));
    let pending = world.member(PENDING, "client_secret").await.unwrap();
    let secrets = world.issuer.tools_secrets();
    assert_eq!(secrets.len(), 2);
    assert!(secrets.contains(&pending));
}

#[tokio::test]
async fn what_the_endpoint_does_not_take_never_becomes_the_current_version() {
    let world = World::new().await;
    world.scene.rotate().await;
    let before = world.scene.look(CURRENT).await;
    for (text, failure) in [
        ("", RotationError::Unusable),
        ("hunter2", RotationError::Unusable),
        ("[]", RotationError::Unusable),
        (r#"{"client_secret": ""}"#, RotationError::Unusable),
        (r#"{"client_secret": ["a"]}"#, RotationError::Unusable),
        (
            r#"{"client_secret": "a"}"#,
            RotationError::NoToken(GrantError::ClientRefused),
        ),
    ] {
        let store = &world.scene.store;
        let token = store.put(&world.scene.arn, text, PENDING).unwrap();
        for step in [Step::Test, Step::Finish] {
            let refused = world.step(&token, step).await;
            assert_eq!(refused, Err(failure.clone()), "{text}");
        }
    }
    assert_eq!(world.scene.look(CURRENT).await, before);
}

#[tokio::test]
async fn without_its_token_endpoint_no_secret_becomes_the_current_one() {
    let nowhere = |_: &_| Address::parse("http://127.0.0.1:1/oauth2/token").unwrap();
    let world = World::with_endpoint(nowhere).await;
    let (token, before) = (world.begin(), world.scene.look(CURRENT).await);
    assert_eq!(world.step(&token, Step::Create).await, Ok(()));
    for step in [Step::Test, Step::Finish] {
        let refused = world.step(&token, step).await;
        assert_eq!(
            refused,
            Err(RotationError::NoToken(GrantError::Unreachable))
        );
    }
    assert_eq!(world.scene.look(CURRENT).await, before);
}
