//! Tests of the users of other issuers: their ids, and where their department and role come from.

use serde_json::json;

use crate::cloud::Table;
use crate::scene::{MACHINE, Scene, not_proven};
use crate::stating::{ENTRA, OKTA, plain, reason, show, statement, stating};

/// One name at three places: of two issuers and of the pool.
#[tokio::test]
async fn users_of_one_name_are_kept_apart_by_their_issuers() {
    let name = crate::scene::SUBJECT;
    let item = |department: &str| json!({"department": {"S": department}, "role": {"S": "r"}});
    let rows = [
        (name.to_owned(), item("of the pool")),
        (format!("{ENTRA}#{name}"), item("of entra")),
    ];
    let listed = json!({
        format!("{OKTA}#{name}"): {"department": "of okta", "role": "r"},
        name: {"department": "wrong", "role": "r"},
    })
    .to_string();
    let settings = [
        ("DIRECTORY_TABLE", "gatehouse-directory"),
        ("DIRECTORY", listed.as_str()),
    ];
    let scene = stating(&settings, Table::Items(rows.into())).await;
    let by_statement = async |issuer: &str| {
        let changes = json!({"sub": name, "sub_issuer": issuer});
        show(&scene, &statement(&scene, &changes)).await.unwrap()
    };
    let own = scene.prove(&scene.token(&json!({}))).await.unwrap();
    for (found, user_id, department) in [
        (own, name.to_owned(), "of the pool"),
        (
            by_statement(ENTRA).await,
            format!("{ENTRA}#{name}"),
            "of entra",
        ),
        (
            by_statement(OKTA).await,
            format!("{OKTA}#{name}"),
            "of okta",
        ),
    ] {
        let expected = json!({"user_id": user_id, "department": department, "role": "r"});
        assert_eq!(found, expected);
    }
    let asked = scene.cloud.asked_items();
    let keys = asked
        .iter()
        .map(|seen| seen.body["Key"]["sub"]["S"].clone());
    assert_eq!(
        keys.collect::<Vec<_>>(),
        [
            json!(name),
            json!(format!("{ENTRA}#{name}")),
            json!(format!("{OKTA}#{name}"))
        ]
    );
}

/// No subject of the pool, and no asserted one, reads as a user of another issuer.
#[tokio::test]
async fn no_user_of_the_pool_has_the_id_of_another_issuers_user() {
    let scene = plain().await;
    let forged = format!("{OKTA}#alice");
    let token = scene.token(&json!({"sub": forged}));
    assert_eq!(scene.prove(&token).await, Err(not_proven()));
    assert_eq!(scene.decisions().pop().unwrap()["reason"], "user_id_form");
    let settings = [
        ("IDENTITY_PROOF", "asserted"),
        ("ASSERTING_CLIENTS", MACHINE),
    ];
    let asserted = Scene::new(&settings).await;
    let named = asserted.machine(json!({"verified_user_id": forged})).await;
    assert_eq!(named, Err(not_proven()));
    assert_eq!(
        asserted.decisions().pop().unwrap()["reason"],
        "user_id_form"
    );
    // The first `#` ends the issuer, which has none: a subject may have one.
    let odd = statement(&scene, &json!({"sub": "a#b"}));
    let odd = show(&scene, &odd).await.unwrap();
    assert_eq!(odd["user_id"], format!("{ENTRA}#a#b"));
}

const GROUPS: &str = r#"[
    {"group": "buyers", "department": "the pools", "role": "r"},
    {"group": "finance", "issuer": "https://dev-1.okta.com/oauth2/default", "department": "okta finance", "role": "r"},
    {"group": "buyers", "issuer": "https://dev-1.okta.com/oauth2/default", "department": "okta buyers", "role": "r"}
]"#;

/// An issuer says of its own callers what it likes, so a group of one is not the group of another.
#[tokio::test]
async fn a_group_is_that_of_the_issuer_which_the_map_names() {
    let listed =
        json!({format!("{OKTA}#listed"): {"department": "listed", "role": "r"}}).to_string();
    let settings = [("GROUP_MAP", GROUPS), ("DIRECTORY", listed.as_str())];
    let scene = stating(&settings, Table::Text("nobody asks for it")).await;
    for (changes, department) in [
        (json!({"sub_issuer": OKTA}), "okta buyers"),
        (
            json!({"sub_issuer": OKTA, "groups": ["buyers", "finance"]}),
            "okta finance",
        ),
        (json!({"sub_issuer": OKTA, "groups": ["x"]}), "guest"),
        (json!({"sub_issuer": OKTA, "groups": []}), "guest"),
        (json!({"sub_issuer": ENTRA}), "guest"),
        // Unknown groups matter where they are asked for.
        (json!({"sub_issuer": ENTRA, "groups": null}), "guest"),
        (
            json!({"sub_issuer": OKTA, "sub": "listed", "groups": null}),
            "listed",
        ),
    ] {
        let found = show(&scene, &statement(&scene, &changes)).await.unwrap();
        assert_eq!(found["department"], department, "{changes}");
    }
    let unknown = json!({"sub_issuer": OKTA, "groups": null});
    assert_eq!(
        reason(&scene, &statement(&scene, &unknown)).await,
        "groups_unknown"
    );
    let own = scene.prove(&scene.token(&json!({}))).await.unwrap();
    assert_eq!(own["department"], "the pools");
}
