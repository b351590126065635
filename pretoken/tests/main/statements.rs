//! Tests of statements: users of other issuers, proven by the door's word, and every way in which that word may be bad.

use mint::{Key, encode};
use serde_json::{Value, json};

use crate::cloud::{Keys, Table};
use crate::scene::{MACHINE, POOL, Scene, machine_event, not_proven, now, unavailable};
use crate::stating::{
    DOOR, ENTRA, JWKS, OTHER_CLIENT, STRANGE, TOKEN_ID, TYPE, claims, documents, header, plain,
    reason, show, statement, stating,
};

#[tokio::test]
async fn a_stated_caller_is_in_the_token() {
    let scene = plain().await;
    let expected = json!({
        "user_id": format!("{ENTRA}#alice"), "department": "guest", "role": "viewer",
    });
    let good = statement(&scene, &json!({}));
    assert_eq!(show(&scene, &good).await, Ok(expected.clone()));
    let line = scene.decisions().pop().unwrap();
    assert_eq!(line["issuer"], ENTRA);
    assert_eq!(line["subject"], "alice");
    assert_eq!(line["token_id"], TOKEN_ID);
    // Shown again within its life, it is the same user, whatever is said beside it.
    let again = json!({
        "user_statement": good, "verified_user_id": "mallory", "department": "finance", "role": "admin",
    });
    assert_eq!(scene.machine(again).await, Ok(expected));
    // A pool's user is one as before.
    let own = scene.prove(&scene.token(&json!({}))).await.unwrap();
    assert_eq!(own["user_id"], crate::scene::SUBJECT);
}

/// Every claim that has a rule, broken.
#[tokio::test]
async fn a_statement_that_is_not_for_this_or_not_for_now_proves_no_user() {
    let scene = plain().await;
    let now = now();
    let origin = scene.cloud.origin.clone();
    let own_pool = format!("{origin}/{POOL}");
    for (what, changes, expected) in [
        (
            "another door",
            json!({"iss": "https://other.example"}),
            "statement_door",
        ),
        (
            "the door's host alone",
            json!({"iss": origin}),
            "statement_door",
        ),
        (
            "another pool",
            json!({"aud": "eu-central-1_Other0001"}),
            "statement_audience",
        ),
        ("an agent", json!({"aud": "demo"}), "statement_audience"),
        (
            "a list of pools",
            json!({"aud": [POOL]}),
            "statement_claims",
        ),
        (
            "another client",
            json!({"machine_client": OTHER_CLIENT}),
            "statement_client",
        ),
        (
            "no client",
            json!({"machine_client": null}),
            "statement_claims",
        ),
        (
            "from the future",
            json!({"iat": now + 60, "exp": now + 90}),
            "statement_early",
        ),
        (
            "expired",
            json!({"iat": now - 61, "exp": now - 1}),
            "statement_expired",
        ),
        (
            "expires now",
            json!({"iat": now - 60, "exp": now}),
            "statement_expired",
        ),
        (
            "long",
            json!({"iat": now, "exp": now + 120}),
            "statement_lifetime",
        ),
        ("without end", json!({"exp": null}), "statement_claims"),
        (
            "without beginning",
            json!({"iat": null}),
            "statement_claims",
        ),
        (
            "an issuer that is no longer trusted",
            json!({"sub_issuer": "https://partner.example"}),
            "statement_issuer",
        ),
        (
            "another name of an issuer",
            json!({"sub_issuer": "https://sts.windows.net/11111111-2222-3333-4444-555555555555/"}),
            "statement_issuer",
        ),
        (
            "another tenant",
            json!({"sub_issuer": "https://login.microsoftonline.com/99999999-2222-3333-4444-555555555555/v2.0"}),
            "statement_issuer",
        ),
        (
            "the pool's own user",
            json!({"sub_issuer": own_pool}),
            "statement_issuer",
        ),
        ("no issuer", json!({"sub_issuer": null}), "statement_claims"),
        ("no subject", json!({"sub": null}), "statement_claims"),
        ("an empty subject", json!({"sub": ""}), "user_id_form"),
        (
            "a subject with quotes",
            json!({"sub": "a\"b"}),
            "user_id_form",
        ),
        (
            "a long subject",
            json!({"sub": "x".repeat(512)}),
            "user_id_form",
        ),
        ("a program", json!({"sub": "app-1"}), "machine_token"),
        (
            "groups in one text",
            json!({"groups": "buyers"}),
            "statement_claims",
        ),
        (
            "groups that are numbers",
            json!({"groups": [1]}),
            "statement_claims",
        ),
        (
            "too long",
            json!({"padding": "x".repeat(8192)}),
            "statement_form",
        ),
    ] {
        assert_eq!(
            reason(&scene, &statement(&scene, &changes)).await,
            expected,
            "{what}"
        );
    }
    assert!(show(&scene, &statement(&scene, &json!({}))).await.is_ok());
    // A clock that is a little ahead, and the last second.
    for changes in [
        json!({"iat": now + 20, "exp": now + 80}),
        json!({"iat": now - 30, "exp": now + 30}),
    ] {
        assert!(
            show(&scene, &statement(&scene, &changes)).await.is_ok(),
            "{changes}"
        );
    }
}

/// Another key, another type, another algorithm, another form.
#[tokio::test]
async fn a_statement_that_the_door_did_not_sign_proves_no_user() {
    let scene = plain().await;
    let claims = claims(&scene, &json!({}));
    let with = |changes: Value| DOOR.token_with("ES256", &header(&changes), &claims);
    let good = statement(&scene, &json!({}));
    let parts: Vec<&str> = good.split('.').collect();
    let unsigned = |head: Value| format!("{}.{}.", encode(head.to_string().as_bytes()), parts[1]);
    let other = self::claims(&scene, &json!({"sub": "mallory"})).to_string();
    let twice = claims.to_string().replacen('{', r#"{"sub":"mallory","#, 1);
    let head = header(&json!({})).to_string();
    let rsa = Key::rsa("door-1");
    for (what, text, expected) in [
        (
            "another key",
            STRANGE.token_with("ES256", &header(&json!({})), &claims),
            "statement_signature",
        ),
        (
            "an unknown key",
            with(json!({"kid": "door-2"})),
            "statement_signature",
        ),
        (
            "tampered claims",
            format!("{}.{}.{}", parts[0], encode(other.as_bytes()), parts[2]),
            "statement_signature",
        ),
        (
            "no signature",
            format!("{}.{}.", parts[0], parts[1]),
            "statement_signature",
        ),
        (
            "alg none",
            unsigned(header(&json!({"alg": "none"}))),
            "statement_type",
        ),
        (
            "alg none, signed",
            with(json!({"alg": "none"})),
            "statement_type",
        ),
        ("alg HS256", with(json!({"alg": "HS256"})), "statement_type"),
        (
            "alg RS256",
            rsa.token_with("RS256", &header(&json!({"alg": "RS256"})), &claims),
            "statement_type",
        ),
        ("no alg", with(json!({"alg": null})), "statement_type"),
        (
            "an assertion",
            with(json!({"typ": "gatehouse-identity+jwt"})),
            "statement_type",
        ),
        (
            "an access token",
            with(json!({"typ": "at+jwt"})),
            "statement_type",
        ),
        ("a JWT", with(json!({"typ": "JWT"})), "statement_type"),
        ("no type", with(json!({"typ": null})), "statement_type"),
        (
            "a type in another case",
            with(json!({"typ": TYPE.to_uppercase()})),
            "statement_type",
        ),
        ("no key id", with(json!({"kid": null})), "statement_form"),
        (
            "a key id that is no text",
            with(json!({"kid": 1})),
            "statement_form",
        ),
        ("crit", with(json!({"crit": ["exp"]})), "statement_form"),
        (
            "a key of its own",
            with(json!({"jwk": DOOR.jwk()})),
            "statement_form",
        ),
        (
            "a claim twice",
            DOOR.jws("ES256", head.as_bytes(), twice.as_bytes()),
            "statement_claims",
        ),
        (
            "claims that are a list",
            DOOR.jws("ES256", head.as_bytes(), b"[]"),
            "statement_claims",
        ),
        (
            "two parts",
            format!("{}.{}", parts[0], parts[1]),
            "statement_form",
        ),
        ("empty", String::new(), "statement_form"),
        ("a name", "alice".to_owned(), "statement_form"),
        ("a user's token", scene.token(&json!({})), "statement_type"),
    ] {
        assert_eq!(reason(&scene, &text).await, expected, "{what}");
    }
    // Nor is a statement a user's token.
    assert_eq!(scene.prove(&good).await, Err(not_proven()));
    assert_eq!(scene.decisions().pop().unwrap()["reason"], "issuer_unknown");
    assert!(show(&scene, &good).await.is_ok());
}

/// The client and the pool are those of Cognito's event, and never what a statement says.
#[tokio::test]
async fn a_statement_serves_one_client_of_one_pool() {
    let scene = plain().await;
    let good = statement(&scene, &json!({}));
    let event = |client: &str, pool: &str| {
        let mut event = machine_event(json!({"user_statement": good}));
        event["callerContext"]["clientId"] = json!(client);
        event["userPoolId"] = json!(pool);
        event
    };
    for (client, pool, expected) in [
        (OTHER_CLIENT, POOL, "statement_client"),
        ("9q9exampleunnamedclient1", POOL, "proving_client"),
        (MACHINE, "eu-central-1_Other0001", "statement_audience"),
        (MACHINE, "../x_y", "pool_form"),
    ] {
        assert!(scene.call(&event(client, pool)).await.is_err());
        let line = scene.decisions().pop().unwrap();
        assert_eq!(line["reason"], expected, "{client} {pool}");
    }
    assert!(scene.call(&event(MACHINE, POOL)).await.is_ok());
}

#[tokio::test]
async fn a_statement_counts_only_where_a_door_is_named() {
    let bare = Scene::new(&[]).await;
    let asserted = [
        ("IDENTITY_PROOF", "asserted"),
        ("ASSERTING_CLIENTS", MACHINE),
    ];
    let asserted = Scene::new(&asserted).await;
    for (scene, expected) in [(&bare, "no_statements"), (&asserted, "no_proof")] {
        assert_eq!(reason(scene, &statement(scene, &json!({}))).await, expected);
        assert_eq!(scene.cloud.asked_keys(), Vec::<String>::new());
    }
    let scene = plain().await;
    for (metadata, expected) in [
        (json!({"user_statement": null}), "metadata_form"),
        (json!({"user_statement": 7}), "metadata_form"),
        (
            json!({"user_statement": statement(&scene, &json!({})), "user_token": scene.token(&json!({}))}),
            "metadata_form",
        ),
    ] {
        assert_eq!(scene.machine(metadata).await, Err(not_proven()));
        assert_eq!(scene.decisions().pop().unwrap()["reason"], expected);
    }
}

#[tokio::test]
async fn the_doors_keys_are_fetched_once_and_followed() {
    let scene = plain().await;
    for _ in 0..5 {
        show(&scene, &statement(&scene, &json!({}))).await.unwrap();
    }
    assert_eq!(scene.cloud.asked_keys(), [JWKS]);
    let next = Key::p256("door-2");
    scene
        .cloud
        .set_keys(Keys::Documents(documents(&[&next, &DOOR])));
    let head = header(&json!({"kid": next.id()}));
    let newer = next.token_with("ES256", &head, &claims(&scene, &json!({})));
    assert!(show(&scene, &newer).await.is_ok());
    assert_eq!(scene.cloud.asked_keys(), [JWKS, JWKS]);
    // Ids that are made up do not make it ask again and again.
    for number in 0..20 {
        let head = header(&json!({"kid": format!("made-up-{number}")}));
        let made_up = STRANGE.token_with("ES256", &head, &claims(&scene, &json!({})));
        assert_eq!(reason(&scene, &made_up).await, "statement_signature");
    }
    assert!(
        scene.cloud.asked_keys().len() <= 4,
        "{:?}",
        scene.cloud.asked_keys()
    );
}

#[tokio::test]
async fn without_the_doors_keys_there_is_no_token() {
    let scene = plain().await;
    scene.cloud.set_keys(Keys::Down);
    for _ in 0..20 {
        let outcome = show(&scene, &statement(&scene, &json!({}))).await;
        assert_eq!(outcome, Err(unavailable()));
    }
    assert!(
        scene.cloud.asked_keys().len() <= 3,
        "{:?}",
        scene.cloud.asked_keys()
    );
    let line = scene.decisions().pop().unwrap();
    assert_eq!(line["reason"], "door_keys_unavailable");
    assert_eq!(line["outcome"], "outage");
    scene.cloud.set_keys(Keys::Silent);
    let silent = plain().await;
    silent.cloud.set_keys(Keys::Silent);
    let outcome = show(&silent, &statement(&silent, &json!({}))).await;
    assert_eq!(outcome, Err(unavailable()));
}

/// The log says nothing that a statement has beside issuer, subject and token id.
#[tokio::test]
async fn nothing_of_a_statement_is_told() {
    let scene = stating(&[("AWS_LAMBDA_LOG_LEVEL", "TRACE")], Table::Text("")).await;
    let good = statement(&scene, &json!({}));
    let bad = statement(&scene, &json!({"exp": 1, "groups": ["secret-group"]}));
    show(&scene, &good).await.unwrap();
    show(&scene, &bad).await.unwrap_err();
    let log = scene.function.recent_logs().join("\n");
    for part in good.split('.').chain(bad.split('.')) {
        assert!(!log.contains(part), "{log}");
    }
    assert!(!log.contains("secret-group"), "{log}");
}
