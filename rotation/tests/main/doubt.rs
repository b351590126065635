//! Tests of doubt: whenever it cannot be told which secret or key is the current one, nothing is deleted or replaced.

use bytes::Bytes;
use http::StatusCode;
use local::secrets_manager::{CURRENT, Fault, PENDING, PREVIOUS};
use rotation::{RotationError, Step};
use serde_json::{Value, json};

use crate::machine_world::{World, failed};
use crate::scene::Scene;

/// A client with two secrets, both older than any cached copy, and a current version that holds one of them.
async fn rotated() -> World {
    let world = World::new().await;
    world.scene.rotate().await;
    world.wait(crate::machine_world::HOUR);
    world
}

/// Asks for another secret: none may be deleted or added, and no version stored.
async fn assert_nothing_done(world: &World, expected: Result<(), RotationError>, what: &str) {
    let (before, current) = (
        world.issuer.tools_secrets(),
        world.scene.look(CURRENT).await,
    );
    assert_eq!(before.len(), 2, "{what}");
    let token = world.begin();
    assert_eq!(world.step(&token, Step::Create).await, expected, "{what}");
    assert_eq!(world.issuer.tools_secrets(), before, "{what}");
    let refused = world.step(&token, Step::Finish).await;
    assert!(refused.is_err(), "{what}");
    world.scene.store.set_fault_of(None);
    world.issuer.set_administration_fault(None);
    assert_eq!(world.scene.look(PENDING).await, None, "{what}");
    assert_eq!(world.scene.look(CURRENT).await, current, "{what}");
}

/// Current versions, as a person or another program might have written them, of which none can be read.
fn unreadable(secret: &str, id: &str) -> Vec<(&'static str, String)> {
    let both = json!({"client_secret": secret, "client_secret_id": id});
    let with = |name: &str, value: Value| {
        let mut stored = both.clone();
        stored[name] = value;
        stored.to_string()
    };
    let good = both.to_string();
    let twice = good.replacen('{', r#"{"client_secret_id": "a", "#, 1);
    vec![
        ("plain text", secret.to_owned()),
        ("quoted text", json!(secret).to_string()),
        ("empty", String::new()),
        ("a space", " ".to_owned()),
        ("null", "null".to_owned()),
        ("a list", json!([secret, id]).to_string()),
        ("an object in a list", format!("[{good}]")),
        ("an empty object", "{}".to_owned()),
        ("cut off", good.trim_end_matches('}').to_owned()),
        ("more behind it", format!("{good} x")),
        ("a byte-order mark", format!("\u{feff}{good}")),
        ("YAML", format!("client_secret: {secret}")),
        (
            "other names",
            json!({"clientSecretValue": secret}).to_string(),
        ),
        ("other case", good.to_uppercase()),
        ("nested", json!({"cognito": both}).to_string()),
        ("no secret", json!({"client_secret_id": id}).to_string()),
        ("an empty secret", with("client_secret", json!(""))),
        ("a null secret", with("client_secret", Value::Null)),
        ("a list of secrets", with("client_secret", json!([secret]))),
        ("an id in a list", with("client_secret_id", json!([id]))),
        ("a number as id", with("client_secret_id", json!(1))),
        ("an id twice", twice),
    ]
}

/// Those that can be read, and do not say which of the client's secrets they hold.
fn unnamed(secret: &str, id: &str) -> Vec<(&'static str, String)> {
    let with = |id: Value| json!({"client_secret": secret, "client_secret_id": id}).to_string();
    vec![
        ("no id", json!({"client_secret": secret}).to_string()),
        ("a null id", with(Value::Null)),
        ("an empty id", with(json!(""))),
        ("another id", with(json!("another--1"))),
        ("an id with a space", with(json!(format!("{id} ")))),
    ]
}

#[tokio::test]
async fn a_current_version_that_does_not_name_its_secret_lets_none_go() {
    let world = rotated().await;
    let (_, good) = world.scene.look(CURRENT).await.unwrap();
    let secret = world.current().await;
    let id = world.member(CURRENT, "client_secret_id").await.unwrap();
    for (texts, failure) in [
        (unreadable(&secret, &id), RotationError::NotStored),
        (unnamed(&secret, &id), RotationError::Unidentified),
    ] {
        for (what, text) in texts {
            world.write(&text);
            assert_nothing_done(&world, Err(failure.clone()), what).await;
        }
    }
    // The same world, with what the fault asks for, goes on.
    world.write(&good);
    world.scene.rotate().await;
    assert!(world.takes(&secret).await && world.takes(&world.current().await).await);
}

fn body(text: &str) -> Fault {
    Fault::Body(Bytes::copy_from_slice(text.as_bytes()))
}

/// Each answer of Secrets Manager's that leaves open which version is the current one.
#[tokio::test]
async fn an_answer_that_leaves_the_current_version_open_lets_no_secret_go() {
    let error = |name| Fault::Error(StatusCode::BAD_REQUEST, name);
    let timeless = r#"{"VersionId": "v", "SecretString": "{\"client_secret\": \"a\"}"}"#;
    let read = |code| failed("GetSecretValue", code);
    let inconsistent = Err(RotationError::Inconsistent);
    #[rustfmt::skip]
    let rows = [
        ("not seen", "GetSecretValue", error("ResourceNotFoundException"), inconsistent),
        ("not decrypted", "GetSecretValue", error("DecryptionFailure"), read("DecryptionFailure")),
        ("not allowed", "GetSecretValue", error("AccessDeniedException"), read("AccessDeniedException")),
        ("to be deleted", "GetSecretValue", error("InvalidRequestException"), read("InvalidRequestException")),
        ("without its time", "GetSecretValue", body(timeless), read("the answer is not whole")),
        ("no stages", "DescribeSecret", body(r#"{"RotationEnabled": true}"#), Err(RotationError::NotPending)),
    ];
    for (what, operation, fault, expected) in rows {
        let world = rotated().await;
        world.scene.store.set_fault_of(Some((operation, fault)));
        let (before, token) = (world.issuer.tools_secrets(), world.begin());
        assert_eq!(world.step(&token, Step::Create).await, expected, "{what}");
        assert_eq!(world.issuer.tools_secrets(), before, "{what}");
    }
}

/// Each answer of Cognito's that leaves open which secret is the current one, or how old another is.
#[tokio::test]
async fn an_answer_that_leaves_the_current_secret_open_lets_none_go() {
    let not_whole = || failed("ListUserPoolClientSecrets", "the answer is not whole");
    let of = |id: &str, time: u64| json!({"ClientSecretId": id, "ClientSecretCreateDate": time});
    let world = rotated().await;
    let id = world.member(CURRENT, "client_secret_id").await.unwrap();
    for (what, secrets, expected) in [
        (
            "no times",
            json!([{"ClientSecretId": id}, {"ClientSecretId": "a--2"}]),
            not_whole(),
        ),
        (
            "no ids",
            json!([{"ClientSecretCreateDate": 1}, {"ClientSecretCreateDate": 2}]),
            not_whole(),
        ),
        (
            "one id twice",
            json!([of(&id, 1), of(&id, 2)]),
            Err(RotationError::Unidentified),
        ),
        (
            "three secrets",
            json!([of(&id, 1), of("a--2", 2), of("a--3", 3)]),
            Err(RotationError::Unidentified),
        ),
    ] {
        let listed = body(&json!({"ClientSecrets": secrets}).to_string());
        let fault = Some(("ListUserPoolClientSecrets", listed));
        world.issuer.set_administration_fault(fault);
        assert_nothing_done(&world, expected, what).await;
    }
}

/// Secrets Manager names another version in each of its two answers.
#[tokio::test]
async fn stages_that_move_meanwhile_let_no_secret_go() {
    let world = rotated().await;
    let token = world.begin();
    for stages in [
        json!({&token: ["AWSPENDING"]}),
        json!({&token: ["AWSPENDING"], "another": ["AWSCURRENT"]}),
    ] {
        let described = json!({"RotationEnabled": true, "VersionIdsToStages": stages});
        let body = Fault::Body(Bytes::from(described.to_string()));
        let store = &world.scene.store;
        store.set_fault_of(Some(("DescribeSecret", body)));
        let (before, step) = (
            world.issuer.tools_secrets(),
            world.step(&token, Step::Create).await,
        );
        assert_eq!(step, Err(RotationError::Inconsistent), "{described}");
        assert_eq!(world.issuer.tools_secrets(), before);
    }
}

/// A secret without any version: what the client's two secrets are for is known elsewhere, if at all.
#[tokio::test]
async fn a_secret_without_a_current_version_lets_none_go() {
    let mut world = rotated().await;
    let before = world.issuer.tools_secrets();
    let store = &world.scene.store;
    let arn = store.create_empty("empty");
    store.enable_rotation(&arn).unwrap();
    world.scene.arn = arn;
    let refused = world.step(&world.begin(), Step::Create).await;
    assert_eq!(refused, Err(RotationError::NotStored));
    assert_eq!(world.issuer.tools_secrets(), before);
    // With room for another secret nothing has to go, and the first version is made.
    world.delete_older().await;
    let token = world.begin();
    world.scene.finish(&token).await;
    assert_eq!(world.scene.version(CURRENT).await, Some(token));
}

/// Another try stored its version first: what this one added may go if that version names another secret, and stays if it
/// names this one, or does not say which secret it holds.
#[tokio::test]
async fn what_was_added_is_taken_back_only_if_another_is_stored() {
    for (named, expected, left) in [
        (Some(0), Ok(()), vec![0]),
        (Some(1), Ok(()), vec![0, 1]),
        (None, Err(RotationError::Unusable), vec![0, 1]),
    ] {
        let world = World::new().await;
        let token = world.begin();
        let slow = Fault::Slow(std::time::Duration::from_millis(500));
        let store = &world.scene.store;
        store.set_fault_of(Some(("PutSecretValue", slow)));
        let other = async {
            while world.issuer.tools_secrets().len() < 2 {
                tokio::task::yield_now().await;
            }
            let ids = world.secret_ids().await;
            let secret = world.issuer.tools_secret();
            let by_hand = match named {
                Some(place) => {
                    let id: &String = &ids[place];
                    json!({"client_secret": secret, "client_secret_id": id})
                }
                None => json!({"client_secret": secret}),
            };
            let filled = store.fill_pending(&world.scene.arn, &token, &by_hand.to_string());
            assert!(filled.unwrap());
            ids
        };
        let (done, ids) = tokio::join!(world.step(&token, Step::Create), other);
        assert_eq!(done, expected, "{named:?}");
        let left: Vec<_> = left.into_iter().map(|place: usize| &ids[place]).collect();
        let held = world.secret_ids().await;
        assert_eq!(held.iter().collect::<Vec<_>>(), left, "{named:?}");
    }
}

/// The key that still signs must stay published, whatever a person wrote over its successor.
#[tokio::test]
async fn a_current_version_without_a_key_does_not_cost_the_key_before() {
    for text in [
        "",
        "hunter2",
        "{}",
        "null",
        r#"{"kty": "EC", "crv": "P-256"}"#,
    ] {
        let scene = Scene::signing().await;
        let key = scene.rotate().await;
        let store = &scene.store;
        store.put(&scene.arn, text, CURRENT).unwrap();
        store.age(&scene.arn, 3600).unwrap();
        let token = store.begin_rotation(&scene.arn).unwrap();
        let refused = scene.step(&token, Step::Create).await;
        assert_eq!(refused, Err(RotationError::NoCurrentKey), "{text}");
        assert!(scene.step(&token, Step::Finish).await.is_err(), "{text}");
        assert_eq!(scene.version(PREVIOUS).await.as_ref(), Some(&key), "{text}");
        // As the fault says: the key goes back to where it was, and the rotation goes on.
        store.move_stage(&scene.arn, CURRENT, &key).unwrap();
        scene.finish(&token).await;
        assert_eq!(scene.version(PREVIOUS).await, Some(key), "{text}");
    }
}

#[tokio::test]
async fn a_signing_key_that_cannot_be_seen_is_not_replaced() {
    let scene = Scene::signing().await;
    scene.rotate().await;
    scene.store.age(&scene.arn, 3600).unwrap();
    let key = scene.rotate().await;
    scene.store.age(&scene.arn, 3600).unwrap();
    let token = scene.store.begin_rotation(&scene.arn).unwrap();
    for (stages, what) in [
        (
            json!({&token: ["AWSPENDING"], &key: ["AWSCURRENT"]}),
            "no previous one",
        ),
        (
            json!({&token: ["AWSPENDING"], "another": ["AWSCURRENT"]}),
            "another current one",
        ),
    ] {
        let described = json!({"RotationEnabled": true, "VersionIdsToStages": stages});
        let body = Fault::Body(Bytes::from(described.to_string()));
        scene.store.set_fault_of(Some(("DescribeSecret", body)));
        let refused = scene.step(&token, Step::Create).await;
        assert_eq!(refused, Err(RotationError::Inconsistent), "{what}");
    }
    scene.store.set_fault_of(None);
    assert_eq!(scene.version(CURRENT).await, Some(key));
    assert_eq!(scene.look(PENDING).await, None);
}
