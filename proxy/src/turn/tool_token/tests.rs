//! Tests of tool tokens, against a token endpoint that counts and misbehaves.

mod world;

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::*;

use world::{Caller, Fails, LIFE, World, caller};

#[tokio::test]
async fn a_thousand_requests_of_two_users_never_mix() {
    let world = World::start().await;
    let callers = [caller("alice", 600).await, caller("bob", 600).await];
    let requests = (0..1000).map(|number| {
        let caller = &callers[number % 2];
        let world = &world;
        async move {
            let token = world.user(caller).await.unwrap();
            assert!(token.contains(caller.proof.reveal()), "{number}");
        }
    });
    join_all(requests).await;
    let machine = world.get(ToolToken::Machine, &callers[0]).await.unwrap();
    assert_eq!(machine, "for//3");
    assert_eq!(
        world.get(ToolToken::Machine, &callers[1]).await,
        Ok(machine)
    );
    assert_eq!(
        world.double.count(),
        3,
        "one request a user, and one for the machine"
    );
    assert_eq!(world.double.secret_fetches(), 1);
}

#[tokio::test]
async fn an_agent_that_asks_for_none_costs_nothing() {
    let world = World::start().await;
    let Caller { identity, proof } = &caller("alice", 600).await;
    let caller = ProvenCaller {
        identity,
        bearer: proof,
        door: None,
        request_id: "r-1",
    };
    assert!(
        world
            .tokens
            .get(ToolToken::None, caller)
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(
        (world.double.count(), world.double.secret_fetches()),
        (0, 0)
    );
}

#[tokio::test]
async fn a_token_is_renewed_at_three_quarters_of_its_life() {
    let world = World::start().await;
    let alice = caller("alice", 10_000).await;
    let first = world.user(&alice).await.unwrap();
    world.double.advance(LIFE * 3 / 4 - 1);
    assert_eq!(world.user(&alice).await, Ok(first.clone()));
    world.double.advance(1);
    // The endpoint is down: the token that is held still serves, and the endpoint is not asked by every request.
    world.double.fail([Fails::Status(503, "")]);
    for _ in 0..5 {
        assert_eq!(world.user(&alice).await, Ok(first.clone()));
    }
    assert_eq!(world.double.count(), 2);
    world.double.advance(1);
    let second = world.user(&alice).await.unwrap();
    assert_ne!(second, first);
    // Nothing serves beyond its life.
    world.double.advance(LIFE);
    world.double.fail([Fails::Status(503, "")]);
    assert_eq!(world.user(&alice).await, Err(ToolTokenError::Throttled));
    assert_eq!(world.double.count(), 4);
}

#[tokio::test]
async fn a_token_does_not_outlive_its_proof() {
    let world = World::start().await;
    let alice = caller("alice", 300).await;
    world.user(&alice).await.unwrap();
    world.double.advance(299);
    world.user(&alice).await.unwrap();
    world.double.advance(1);
    assert_eq!(world.user(&alice).await, Err(ToolTokenError::ProofExpired));
    assert_eq!(world.double.count(), 1);
    // A new proof is another owner, even of the same user.
    let again = caller("alice", 900).await;
    assert!(
        world
            .user(&again)
            .await
            .unwrap()
            .contains(again.proof.reveal())
    );
    assert_eq!(world.double.count(), 2);
}

#[tokio::test]
async fn requests_at_once_share_one_fetch_and_one_failure() {
    let world = World::start().await;
    let alice = caller("alice", 600).await;
    world.double.fail([Fails::Status(503, "")]);
    let failed = join_all((0..20).map(|_| world.user(&alice))).await;
    assert_eq!(failed[0], Err(ToolTokenError::Throttled));
    assert!(
        failed[1..]
            .iter()
            .all(|token| *token == Err(ToolTokenError::Resting))
    );
    assert_eq!(world.double.count(), 1);
    world.double.advance(1);
    let tokens = join_all((0..20).map(|_| world.user(&alice))).await;
    assert!(
        tokens
            .iter()
            .all(|token| token.is_ok() && *token == tokens[0])
    );
    assert_eq!(world.double.count(), 2);
}

#[tokio::test]
async fn whatever_the_endpoint_answers_is_no_token() {
    let world = World::start().await;
    let alice = caller("alice", 10_000).await;
    let table = [
        (Fails::Garbage, ToolTokenError::Answer),
        (Fails::Huge, ToolTokenError::Answer),
        (Fails::Long(MAX_TOKEN + 1), ToolTokenError::TooLong),
        (Fails::Redirects, ToolTokenError::Redirected),
        (Fails::Status(400, "invalid_grant"), ToolTokenError::Refused),
        (Fails::Status(500, "secret-detail"), ToolTokenError::Refused),
        (Fails::Status(503, ""), ToolTokenError::Throttled),
        (Fails::Status(429, ""), ToolTokenError::Throttled),
    ];
    for (fails, fault) in table {
        world.double.fail([fails]);
        let before = world.double.count();
        assert_eq!(world.user(&alice).await, Err(fault));
        assert_eq!(world.user(&alice).await, Err(ToolTokenError::Resting));
        assert_eq!(world.double.count(), before + 1);
        world.double.advance(32);
    }
    world.double.fail([Fails::Long(MAX_TOKEN)]);
    assert!(world.user(&alice).await.is_ok());
}

#[tokio::test]
async fn an_endpoint_that_never_answers_is_given_up() {
    let world = World::start().await;
    let (alice, bob) = (caller("alice", 600).await, caller("bob", 600).await);
    world.user(&bob).await.unwrap();
    world.double.fail([Fails::Never]);
    tokio::time::pause();
    let asked = Instant::now();
    assert_eq!(world.user(&alice).await, Err(ToolTokenError::Timeout));
    assert_eq!(asked.elapsed().as_secs(), FETCH_TIMEOUT.as_secs());
    tokio::time::resume();
    // It is down for all whose token is not held.
    assert_eq!(
        world.get(ToolToken::Machine, &bob).await,
        Err(ToolTokenError::Resting)
    );
    assert!(world.user(&bob).await.is_ok());
}

#[tokio::test]
async fn a_renewal_that_takes_too_long_keeps_nobody_from_a_token() {
    let world = World::start().await;
    let (alice, bob) = (caller("alice", 10_000).await, caller("bob", 10_000).await);
    let held = world.user(&alice).await.unwrap();
    world.double.advance(LIFE * 3 / 4);
    world.double.fail([Fails::Never]);
    tokio::time::pause();
    let asked = Instant::now();
    assert_eq!(world.user(&alice).await, Ok(held.clone()));
    assert_eq!(asked.elapsed().as_secs(), RENEWAL_TIMEOUT.as_secs());
    // Nor does she wait for another attempt with each of her requests.
    assert_eq!(world.user(&alice).await, Ok(held.clone()));
    assert_eq!(asked.elapsed().as_secs(), RENEWAL_TIMEOUT.as_secs());
    tokio::time::resume();
    assert_eq!(world.double.count(), 2);
    assert!(world.user(&bob).await.is_ok());
    assert!(world.get(ToolToken::Machine, &bob).await.is_ok());
    // The attempts are further and further apart, but not the one that is made when the token no longer serves.
    world.double.advance(1);
    world.double.fail([Fails::Never]);
    tokio::time::pause();
    assert_eq!(world.user(&alice).await, Ok(held.clone()));
    tokio::time::resume();
    world.double.advance(LIFE / 4 - 2);
    world.double.fail([Fails::Never]);
    tokio::time::pause();
    assert_eq!(world.user(&alice).await, Ok(held));
    tokio::time::resume();
    world.double.advance(1);
    assert!(world.user(&alice).await.is_ok());
}

#[tokio::test]
async fn a_refused_proof_keeps_nobody_else_from_their_token() {
    let world = World::start().await;
    let (mallory, bob) = (caller("mallory", 600).await, caller("bob", 600).await);
    world.double.fail([Fails::Status(400, "invalid_request")]);
    assert_eq!(world.user(&mallory).await, Err(ToolTokenError::Refused));
    assert!(world.user(&bob).await.is_ok());
    assert_eq!(world.user(&mallory).await, Err(ToolTokenError::Resting));
    assert_eq!(world.double.count(), 2);
}

#[tokio::test]
async fn a_rotated_secret_is_fetched_once_more() {
    let world = World::start().await;
    let (alice, bob) = (caller("alice", 600).await, caller("bob", 600).await);
    world.user(&alice).await.unwrap();
    "second".clone_into(&mut world.double.taken.lock().unwrap());
    world.double.store("second");
    assert!(world.user(&bob).await.is_ok());
    assert_eq!(
        (world.double.count(), world.double.secret_fetches()),
        (3, 2)
    );
}

#[tokio::test]
async fn a_client_that_is_refused_for_good_is_not_tried_again_and_again() {
    let world = World::start().await;
    let alice = caller("alice", 600).await;
    "other".clone_into(&mut world.double.taken.lock().unwrap());
    assert_eq!(world.user(&alice).await, Err(ToolTokenError::ClientRefused));
    assert_eq!(
        (world.double.count(), world.double.secret_fetches()),
        (1, 2)
    );
    for _ in 0..5 {
        assert_eq!(world.user(&alice).await, Err(ToolTokenError::Resting));
    }
    assert_eq!(
        (world.double.count(), world.double.secret_fetches()),
        (1, 2)
    );
}

#[tokio::test]
async fn an_outage_of_the_secret_is_bridged_for_an_hour() {
    let world = World::start().await;
    let at = |subject| caller(subject, 10_000);
    world.user(&at("a").await).await.unwrap();
    *world.double.stored.lock().unwrap() = None;
    world.double.advance(3599);
    assert!(world.user(&at("b").await).await.is_ok());
    world.double.advance(1);
    assert_eq!(
        world.user(&at("c").await).await,
        Err(ToolTokenError::SecretUnavailable)
    );
    world.double.store("first");
    world.double.advance(32);
    assert!(world.user(&at("d").await).await.is_ok());
}

#[tokio::test]
async fn a_secret_of_another_form_is_none() {
    for stored in [
        "",
        "hunter2",
        "[]",
        "{}",
        r#"{"client_secret": ""}"#,
        r#"{"client_secret": ["a"]}"#,
    ] {
        assert!(client_secret(stored).is_none(), "{stored}");
    }
    let secret = client_secret(r#"{"client_id": "c", "client_secret": "hunter2"}"#).unwrap();
    assert_eq!(secret.reveal(), "hunter2");
    let grant = Grant {
        token: secret,
        lifetime: Duration::ZERO,
    };
    let mut shown = format!("{grant:?} {:?}", shared::cache::Kept::<Secret>::default());
    for fault in ToolTokenError::ALL {
        shown.push_str(&format!("{fault:?} {fault}"));
    }
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn faults_have_distinct_codes() {
    let codes: BTreeMap<&str, ToolTokenError> = ToolTokenError::ALL
        .iter()
        .map(|fault| (fault.code(), *fault))
        .collect();
    assert_eq!(codes.len(), ToolTokenError::ALL.len());
}
