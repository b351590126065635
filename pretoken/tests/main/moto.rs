//! The table at moto, an independent emulator of DynamoDB.

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ScalarAttributeType,
};
use aws_sdk_dynamodb::{Client, Config};
use python::{PythonServer, counted};
use serde_json::json;

use crate::scene::{SUBJECT, Scene, unavailable};

const TABLE: &str = "gatehouse-directory";

fn client(url: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
        .endpoint_url(url);
    Client::from_conf(config.build())
}

async fn create(client: &Client) {
    let key = KeySchemaElement::builder()
        .attribute_name("sub")
        .key_type(KeyType::Hash)
        .build();
    let attribute = AttributeDefinition::builder()
        .attribute_name("sub")
        .attribute_type(ScalarAttributeType::S)
        .build();
    let table = client
        .create_table()
        .table_name(TABLE)
        .key_schema(key.unwrap())
        .attribute_definitions(attribute.unwrap())
        .billing_mode(BillingMode::PayPerRequest);
    table.send().await.unwrap();
}

/// Writes the person's entry again.
async fn put(client: &Client, attributes: &[(&str, &str)]) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = client
        .put_item()
        .table_name(TABLE)
        .item("sub", text(SUBJECT));
    let put = attributes
        .iter()
        .fold(put, |put, (name, value)| put.item(*name, text(value)));
    put.send().await.unwrap();
}

#[tokio::test]
async fn the_table_may_be_at_moto() {
    let Some(moto) = PythonServer::moto("the directory") else {
        return;
    };
    let settings = [
        ("AWS_ENDPOINT_URL_DYNAMODB", moto.url.as_str()),
        ("DIRECTORY_TABLE", TABLE),
    ];
    let scene = Scene::new(&settings).await;
    let token = scene.token(&json!({}));
    let profile = |department: &str, role: &str| {
        Ok(json!({"user_id": SUBJECT, "department": department, "role": role}))
    };
    assert_eq!(
        scene.prove(&token).await,
        Err(unavailable()),
        "there is no table"
    );
    let client = client(&moto.url);
    create(&client).await;
    assert_eq!(scene.prove(&token).await, profile("guest", "viewer"));
    put(
        &client,
        &[("department", "finance"), ("role", "admin"), ("more", "x")],
    )
    .await;
    assert_eq!(scene.prove(&token).await, profile("finance", "admin"));
    put(&client, &[("department", "sales"), ("role", "agent")]).await;
    assert_eq!(
        scene.prove(&token).await,
        profile("sales", "agent"),
        "moved at once"
    );
    put(&client, &[("department", "sales")]).await;
    assert_eq!(
        scene.prove(&token).await,
        Err(unavailable()),
        "half an entry"
    );
    put(&client, &[]).await;
    assert_eq!(
        scene.prove(&token).await,
        Err(unavailable()),
        "an empty entry"
    );
    counted("6 answers of a directory's table at moto");
}
