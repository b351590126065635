//! Tests of denials: a user or a client that is shut out gets no claims.

use local::dynamodb::{DynamoDb, Fault};
use local::sigv4::Credentials;
use serde_json::{Value, json};

use crate::scene::{
    APP, MACHINE, SUBJECT, Scene, machine_event, not_proven, now, person_event, unavailable,
};

const TABLE: &str = "gatehouse-denials";

/// The table, as the function's role opens it.
async fn table() -> DynamoDb {
    let credentials = Credentials {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: "only-for-this-test".to_owned(),
        session_token: Some("only-for-this-test".to_owned()),
    };
    let table = DynamoDb::start(credentials, "people").await.unwrap();
    table.create_table(TABLE, "key");
    table
}

async fn scene(table: &DynamoDb, more: &[(&str, &str)]) -> Scene {
    let own = [
        ("AWS_ENDPOINT_URL_DYNAMODB", table.url()),
        ("DENIALS_TABLE", TABLE),
    ];
    Scene::new(&[&own, more].concat()).await
}

fn item(key: &Value, until: u64) -> Value {
    json!({
        "key": {"S": key.to_string()},
        "reason": {"S": "left the company"},
        "author": {"S": "ops"},
        "created": {"N": (now() - 10).to_string()},
        "until": {"N": until.to_string()},
    })
}

fn last_reason(scene: &Scene) -> Value {
    scene.decisions().last().unwrap()["reason"].clone()
}

#[tokio::test]
async fn a_denied_user_or_client_gets_no_claims() {
    let table = table().await;
    let scene = scene(&table, &[]).await;
    let issuer = scene.issuer();
    let token = scene.token(&json!({}));
    assert!(scene.prove(&token).await.is_ok());
    let token_id = scene.decisions().last().unwrap()["token_id"].clone();
    for key in [
        json!(["subject", issuer, SUBJECT]),
        json!(["client", issuer, APP]),
        json!(["client", issuer, MACHINE]),
        json!(["family", issuer, "0b3f3f0a-1111-4222-8333-944455556666"]),
        json!(["token", token_id]),
    ] {
        table.write(TABLE, item(&key, now() + 600));
        assert_eq!(scene.prove(&token).await, Err(not_proven()), "{key}");
        table.clear(TABLE);
        assert!(scene.prove(&token).await.is_ok(), "{key} lifted");
    }
    // A machine that acts for itself.
    let machine = json!(["client", issuer, MACHINE]);
    table.write(TABLE, item(&machine, now() + 600));
    assert_eq!(scene.machine(json!({})).await, Err(not_proven()));
    table.write(TABLE, item(&machine, now()));
    assert!(
        scene.call(&machine_event(json!({}))).await.is_ok(),
        "it is over"
    );
}

#[tokio::test]
async fn a_denied_user_does_not_get_claims_by_signing_in_either() {
    let table = table().await;
    let scene = scene(&table, &[("ENRICH_USER_TOKENS", "true")]).await;
    let event = person_event("2", "HostedAuth");
    assert!(scene.call(&event).await.is_ok());
    let issuer = scene.issuer();
    table.write(
        TABLE,
        item(&json!(["subject", issuer, SUBJECT]), now() + 600),
    );
    assert_eq!(scene.call(&event).await, Err(not_proven()));
}

#[tokio::test]
async fn denials_that_cannot_be_read_give_no_token() {
    let table = table().await;
    let scene = scene(&table, &[]).await;
    let token = scene.token(&json!({}));
    table.set_fault(Some(Fault::Down));
    assert_eq!(scene.prove(&token).await, Err(unavailable()));
    table.set_fault(None);
    let mut strange = item(&json!(["subject", scene.issuer(), SUBJECT]), now() + 600);
    strange["author"] = json!({"N": "1"});
    table.write(TABLE, strange);
    assert_eq!(scene.prove(&token).await, Err(unavailable()));
    table.clear(TABLE);
    assert!(scene.prove(&token).await.is_ok());
    assert_eq!(last_reason(&scene), Value::Null);
}
