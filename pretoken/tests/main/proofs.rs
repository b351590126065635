//! Tests of bad proofs: the trigger fails, and there is no token, with or without claims.

use mint::encode;
use serde_json::{Value, json};

use crate::scene::{
    APP, KEY, MACHINE, POOL, REGION, STRANGE_KEY, SUBJECT, Scene, machine_event, not_proven, now,
    unreadable,
};

/// A bad proof, and the reason that operators are told.
type Bad = (&'static str, String, &'static str);

/// True tokens of other people, times and uses.
fn with_bad_claims(scene: &Scene) -> Vec<Bad> {
    let origin = &scene.cloud.origin;
    let other_pool = format!("{origin}/eu-central-1_Other0001");
    let other_region = format!("https://cognito-idp.us-east-1.amazonaws.com/{POOL}");
    let id_token = json!({
        "token_use": "id", "aud": APP, "client_id": null, "cognito:username": "ada", "username": null,
    });
    let machine = json!({
        "sub": MACHINE, "client_id": MACHINE, "username": null, "cognito:groups": null,
    });
    let rows = [
        ("expired", json!({"exp": now() - 1}), "expired"),
        ("without end", json!({"exp": null}), "expiry_missing"),
        ("another pool", json!({"iss": other_pool}), "issuer_unknown"),
        (
            "another region",
            json!({"iss": other_region}),
            "issuer_unknown",
        ),
        (
            "another issuer",
            json!({"iss": "https://a.example"}),
            "issuer_unknown",
        ),
        ("an id token", id_token, "token_use"),
        ("no token use", json!({"token_use": null}), "token_use"),
        ("a machine's", machine, "machine_token"),
        (
            "a machine's, named",
            json!({"sub": MACHINE, "client_id": MACHINE}),
            "machine_token",
        ),
        ("no username", json!({"username": null}), "machine_token"),
        ("no client", json!({"client_id": null}), "machine_token"),
        ("no subject", json!({"sub": null}), "subject"),
        (
            "a subject with quotes",
            json!({"sub": "a\"b"}),
            "user_id_form",
        ),
        (
            "too long",
            json!({"padding": "x".repeat(8192)}),
            "token_too_long",
        ),
    ];
    rows.map(|(what, changes, reason)| (what, scene.token(&changes), reason))
        .into()
}

/// Tokens with bad signatures.
fn with_bad_signatures(scene: &Scene) -> Vec<Bad> {
    let claims = scene.user_claims(&json!({}));
    let with = |header: Value| KEY.token_with("RS256", &header, &claims);
    let good = KEY.token("RS256", &claims);
    let parts: Vec<&str> = good.split('.').collect();
    let other = scene.user_claims(&json!({"sub": "mallory"})).to_string();
    let tampered = format!("{}.{}.{}", parts[0], encode(other.as_bytes()), parts[2]);
    let unsigned = format!("{}.{}.", parts[0], parts[1]);
    let none = json!({"alg": "none", "kid": KEY.id()});
    let symmetric = json!({"alg": "HS256", "kid": KEY.id()});
    vec![
        ("tampered claims", tampered, "signature"),
        ("no signature", unsigned, "signature"),
        (
            "a strange key",
            STRANGE_KEY.token("RS256", &claims),
            "signature",
        ),
        (
            "another key id",
            with(json!({"alg": "RS256", "kid": "other"})),
            "key_unknown",
        ),
        ("alg none", with(none), "algorithm_unknown"),
        ("alg HS256", with(symmetric), "algorithm_unknown"),
        (
            "alg PS256",
            KEY.token("PS256", &claims),
            "algorithm_refused",
        ),
    ]
}

/// Texts that are no tokens.
fn with_bad_form(scene: &Scene) -> Vec<Bad> {
    let good = scene.token(&json!({}));
    let (two_parts, _) = good.rsplit_once('.').unwrap();
    vec![
        ("two parts", two_parts.to_owned(), "token_parts"),
        (
            "with its scheme",
            format!("Bearer {good}"),
            "token_encoding",
        ),
        ("empty", String::new(), "no_bearer"),
        ("garbage", "garbage".to_owned(), "token_parts"),
        ("only a name", SUBJECT.to_owned(), "token_parts"),
        (
            "control characters",
            "a\u{0}.b\n.c".to_owned(),
            "token_encoding",
        ),
    ]
}

#[tokio::test]
async fn a_bad_proof_is_no_token() {
    let scene = Scene::new(&[]).await;
    let bad = [
        with_bad_claims(&scene),
        with_bad_signatures(&scene),
        with_bad_form(&scene),
    ];
    for (what, token, reason) in bad.concat() {
        assert_eq!(scene.prove(&token).await, Err(not_proven()), "{what}");
        let line = scene.decisions().pop().unwrap();
        assert_eq!(line["reason"], reason, "{what}");
        assert_eq!(line["outcome"], "refused", "{what}");
        assert_eq!(line["client"], MACHINE, "{what}");
    }
    let good = scene.prove(&scene.token(&json!({}))).await.unwrap();
    assert_eq!(good["user_id"], SUBJECT, "the scene itself is a good one");
}

/// The pool's only key may stay unnamed in a token; with two keys it may not.
#[tokio::test]
async fn a_token_without_key_id_is_no_proof_where_there_are_two_keys() {
    let scene = Scene::new(&[]).await;
    let second = mint::Key::rsa("second");
    let path = format!("/{POOL}/.well-known/jwks.json");
    let keys = mint::key_document(&[&KEY, &second]);
    scene
        .cloud
        .set_keys(crate::cloud::Keys::Documents([(path, keys)].into()));
    let token = KEY.token_with(
        "RS256",
        &json!({"alg": "RS256"}),
        &scene.user_claims(&json!({})),
    );
    assert_eq!(scene.prove(&token).await, Err(not_proven()));
    assert_eq!(scene.decisions()[0]["reason"], "key_id_missing");
}

/// A user's token is a proof in the hand of a named client, and of the users of a named client, alone.
#[tokio::test]
async fn only_named_clients_prove_and_only_users_of_named_clients_are_proven() {
    let other = "5p1exampleotherclient001";
    for (proving, users, client, token_client, outcome) in [
        (MACHINE, "", MACHINE, APP, Ok(())),
        (MACHINE, APP, MACHINE, APP, Ok(())),
        (MACHINE, "", MACHINE, other, Ok(())),
        ("first, 5p1exampleotherclient001", APP, other, APP, Ok(())),
        (MACHINE, "", other, APP, Err("proving_client")),
        (MACHINE, APP, other, APP, Err("proving_client")),
        (APP, APP, MACHINE, APP, Err("proving_client")),
        ("", "", MACHINE, APP, Err("proving_client")),
        (MACHINE, APP, MACHINE, other, Err("user_token_client")),
        (MACHINE, MACHINE, MACHINE, APP, Err("user_token_client")),
    ] {
        let settings = [("PROVING_CLIENTS", proving), ("USER_TOKEN_CLIENTS", users)];
        let scene = Scene::new(&settings).await;
        let token = scene.token(&json!({"client_id": token_client}));
        let mut event = machine_event(json!({"user_token": token}));
        event["callerContext"]["clientId"] = json!(client);
        let answered = scene.call(&event).await;
        let line = scene.decisions().pop().unwrap();
        let what = format!("{proving}, {users}: {client}, {token_client}");
        match outcome {
            Ok(()) => assert_eq!(line["subject"], SUBJECT, "{what}"),
            Err(reason) => {
                assert_eq!(answered, Err(not_proven()), "{what}");
                assert_eq!(line["reason"], reason, "{what}");
            }
        }
        // Without a proof, a client's own token has no user.
        event["request"]["clientMetadata"] = json!(null);
        assert_eq!(scene.call(&event).await, Ok(event), "{what}");
    }
}

#[tokio::test]
async fn a_named_user_without_a_proof_is_no_token() {
    let scene = Scene::new(&[]).await;
    for (metadata, reason) in [
        (json!({"verified_user_id": SUBJECT}), "no_proof"),
        (json!({"user_id": SUBJECT}), "no_proof"),
        (json!({"sub": SUBJECT}), "no_proof"),
        (json!({"department": "finance"}), "no_proof"),
        (json!({"role": "admin", "callId": "c-0001"}), "no_proof"),
        (json!({"user_token": null}), "metadata_form"),
        (json!({"user_token": 7}), "metadata_form"),
        (json!({"user_token": ["a"]}), "metadata_form"),
        (json!({"user_token": {"sub": SUBJECT}}), "metadata_form"),
        (json!([]), "metadata_form"),
        (json!("user_token"), "metadata_form"),
        (json!(7), "metadata_form"),
    ] {
        let result = scene.machine(metadata.clone()).await;
        assert_eq!(result, Err(not_proven()), "{metadata}");
        let line = scene.decisions().pop().unwrap();
        assert_eq!(line["reason"], reason, "{metadata}");
    }
}

/// Beside a proof, a claim to be another user changes nothing.
#[tokio::test]
async fn a_proof_counts_and_not_what_is_said_beside_it() {
    let scene = Scene::new(&[]).await;
    let metadata = json!({
        "user_token": scene.token(&json!({})),
        "verified_user_id": "mallory", "user_id": "mallory", "department": "finance", "role": "admin",
    });
    let expected = json!({"user_id": SUBJECT, "department": "guest", "role": "viewer"});
    assert_eq!(scene.machine(metadata).await, Ok(expected));
}

#[tokio::test]
async fn claims_of_the_users_token_are_not_copied() {
    let scene = Scene::new(&[]).await;
    let token = scene.token(
        &json!({"department": "finance", "role": "admin", "user_id": "mallory", "custom:x": "y"}),
    );
    let expected = json!({"user_id": SUBJECT, "department": "guest", "role": "viewer"});
    assert_eq!(scene.prove(&token).await, Ok(expected));
}

#[tokio::test]
async fn an_event_whose_pool_cannot_be_addressed_is_not_served() {
    let scene = Scene::new(&[]).await;
    for (region, pool) in [
        (json!(null), json!(POOL)),
        (json!(REGION), json!(null)),
        (json!("evil.example/"), json!(POOL)),
        (json!(REGION), json!("../x_y")),
    ] {
        let mut event = machine_event(json!({"user_token": scene.token(&json!({}))}));
        event["region"] = region;
        event["userPoolId"] = pool;
        assert_eq!(scene.call(&event).await, Err(unreadable()));
    }
    assert_eq!(scene.cloud.asked_keys(), Vec::<String>::new());
}

/// The log, and the texts that Cognito shows to people, say nothing that the client sent.
#[tokio::test]
async fn nothing_of_a_token_is_told() {
    let scene = Scene::new(&[("AWS_LAMBDA_LOG_LEVEL", "TRACE")]).await;
    let good = scene.token(&json!({}));
    let bad = scene.token(&json!({"exp": 1, "email": "ada@example.com"}));
    scene.prove(&good).await.unwrap();
    scene.prove(&bad).await.unwrap_err();
    scene
        .machine(json!({"verified_user_id": "ada@example.com"}))
        .await
        .unwrap_err();
    let log = scene.function.recent_logs().join("\n");
    assert_eq!(scene.decisions().len(), 3, "{log}");
    for token in [good, bad] {
        for part in token.split('.') {
            assert!(!log.contains(part), "{log}");
        }
    }
    assert!(!log.contains("ada@example.com"), "{log}");
}
