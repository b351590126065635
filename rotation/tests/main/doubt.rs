//! Tests of doubt: whenever it cannot be told which secret or key is the current one, nothing is deleted or replaced.

use bytes::Bytes;
use http::StatusCode;
use local::secrets_manager::{CURRENT, Fault, PENDING, PREVIOUS};
use rotation::{RotationError, Step};
use serde_json::json;

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

/// Each current version, as a person or another program might have written it.
#[tokio::test]
async fn a_current_version_that_does_not_name_its_secret_lets_none_go() {
    let world = rotated().await;
    let secret = world.current().await;
    let id = world.member(CURRENT, "client_secret_id").await.unwrap();
    let twice =
        format!(r#"{{"client_secret": "a", "client_secret_id": "a", "client_secret_id": "{id}"}}"#);
    let bent = format!(r#"{{"client_secret": "{secret}", "client_secret_id": "{id}"}}"#);
    let (unread, unnamed) = (RotationError::NotStored, RotationError::Unidentified);
    let rows = [
        ("plain text", secret.clone(), &unread),
        ("quoted text", json!(secret).to_string(), &unread),
        ("empty", String::new(), &unread),
        ("a space", " ".to_owned(), &unread),
        ("null", "null".to_owned(), &unread),
        ("a list", json!([secret, id]).to_string(), &unread),
        ("an object in a list", format!("[{bent}]"), &unread),
        ("an empty object", "{}".to_owned(), &unread),
        ("cut off", bent.trim_end_matches('}').to_owned(), &unread),
        ("more behind it", format!("{bent} x"), &unread),
        ("a byte-order mark", format!("\u{feff}{bent}"), &unread),
        ("YAML", format!("client_secret: {secret}"), &unread),
        (
            "other names",
            json!({"clientSecretValue": secret, "userPoolClientId": "c"}).to_string(),
            &unread,
        ),
        (
            "other case",
            json!({"CLIENT_SECRET": secret, "CLIENT_SECRET_ID": id}).to_string(),
            &unread,
        ),
        (
            "nested",
            json!({"cognito": {"client_secret": secret, "client_secret_id": id}}).to_string(),
            &unread,
        ),
        (
            "no secret",
            json!({"client_secret_id": id}).to_string(),
            &unread,
        ),
        (
            "an empty secret",
            json!({"client_secret": "", "client_secret_id": id}).to_string(),
            &unread,
        ),
        (
            "a null secret",
            json!({"client_secret": null, "client_secret_id": id}).to_string(),
            &unread,
        ),
        (
            "a secret in a list",
            json!({"client_secret": [secret], "client_secret_id": id}).to_string(),
            &unread,
        ),
        (
            "an id that is a number",
            json!({"client_secret": secret, "client_secret_id": 1}).to_string(),
            &unread,
        ),
        ("an id twice", twice, &unread),
        (
            "no id",
            json!({"client_secret": secret}).to_string(),
            &unnamed,
        ),
        (
            "a null id",
            json!({"client_secret": secret, "client_secret_id": null}).to_string(),
            &unnamed,
        ),
        (
            "an empty id",
            json!({"client_secret": secret, "client_secret_id": ""}).to_string(),
            &unnamed,
        ),
        (
            "another id",
            json!({"client_secret": secret, "client_secret_id": "another--1"}).to_string(),
            &unnamed,
        ),
        (
            "an id with a space",
            json!({"client_secret": secret, "client_secret_id": format!("{id} ")}).to_string(),
            &unnamed,
        ),
    ];
    for (what, text, failure) in rows {
        world.write(&text);
        assert_nothing_done(&world, Err(failure.clone()), what).await;
    }
    // The same world, with what the fault asks for, goes on.
    world.write(&bent);
    world.scene.rotate().await;
    assert!(world.takes(&secret).await && world.takes(&world.current().await).await);
}

/// Each answer of the services that leaves open which version or secret it is.
#[tokio::test]
async fn an_answer_that_leaves_the_current_secret_open_lets_none_go() {
    let error = |name| Fault::Error(StatusCode::BAD_REQUEST, name);
    let body = |text: &str| Fault::Body(Bytes::copy_from_slice(text.as_bytes()));
    let not_whole = |operation| failed(operation, "the answer is not whole");
    let told = r#""SecretString": "{\"client_secret\": \"a\"}""#;
    let rows = [
        (
            "not to be seen",
            "GetSecretValue",
            error("ResourceNotFoundException"),
            Err(RotationError::Inconsistent),
        ),
        (
            "not to be decrypted",
            "GetSecretValue",
            error("DecryptionFailure"),
            failed("GetSecretValue", "DecryptionFailure"),
        ),
        (
            "not allowed",
            "GetSecretValue",
            error("AccessDeniedException"),
            failed("GetSecretValue", "AccessDeniedException"),
        ),
        (
            "to be deleted",
            "GetSecretValue",
            error("InvalidRequestException"),
            failed("GetSecretValue", "InvalidRequestException"),
        ),
        (
            "without its time",
            "GetSecretValue",
            body(&format!(r#"{{"VersionId": "v", {told}}}"#)),
            not_whole("GetSecretValue"),
        ),
        (
            "no stages",
            "DescribeSecret",
            body(r#"{"RotationEnabled": true}"#),
            Err(RotationError::NotPending),
        ),
    ];
    for (what, operation, fault, expected) in rows {
        let world = rotated().await;
        world.scene.store.set_fault_of(Some((operation, fault)));
        let (before, token) = (world.issuer.tools_secrets(), world.begin());
        assert_eq!(world.step(&token, Step::Create).await, expected, "{what}");
        assert_eq!(world.issuer.tools_secrets(), before, "{what}");
    }
    for (what, secrets) in [
        (
            "no times",
            r#"[{"ClientSecretId": "a--1"}, {"ClientSecretId": "a--2"}]"#,
        ),
        (
            "no ids",
            r#"[{"ClientSecretCreateDate": 1}, {"ClientSecretCreateDate": 2}]"#,
        ),
    ] {
        let world = rotated().await;
        let listed = body(&format!(r#"{{"ClientSecrets": {secrets}}}"#));
        let fault = Some(("ListUserPoolClientSecrets", listed));
        world.issuer.set_administration_fault(fault);
        assert_nothing_done(&world, not_whole("ListUserPoolClientSecrets"), what).await;
    }
    let world = rotated().await;
    let id = world.member(CURRENT, "client_secret_id").await.unwrap();
    let twice = [1, 2].map(|time| json!({"ClientSecretId": id, "ClientSecretCreateDate": time}));
    let listed = json!({"ClientSecrets": twice}).to_string();
    let fault = Some(("ListUserPoolClientSecrets", body(&listed)));
    world.issuer.set_administration_fault(fault);
    let doubt = Err(RotationError::Unidentified);
    assert_nothing_done(&world, doubt, "one id twice").await;
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

/// Another try stored its version first, and what it stored does not say which secret it holds.
#[tokio::test]
async fn what_was_added_is_taken_back_only_if_another_is_stored() {
    let world = World::new().await;
    let token = world.begin();
    let slow = Fault::Slow(std::time::Duration::from_millis(500));
    let store = &world.scene.store;
    store.set_fault_of(Some(("PutSecretValue", slow)));
    let other = async {
        while world.issuer.tools_secrets().len() < 2 {
            tokio::task::yield_now().await;
        }
        store.set_fault_of(None);
        let by_hand = json!({"client_secret": world.issuer.tools_secret()});
        world
            .scene
            .store_pending(&token, &by_hand.to_string())
            .await;
    };
    let (done, ()) = tokio::join!(world.step(&token, Step::Create), other);
    assert_eq!(done, Err(RotationError::Unusable));
    assert_eq!(world.issuer.tools_secrets().len(), 2);
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
