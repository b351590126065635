//! The table at moto, a DynamoDB that others wrote.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ScalarAttributeType,
};
use aws_sdk_dynamodb::{Client, Config};
use serde_json::json;

use crate::scene::{SUBJECT, Scene, unavailable};

const TABLE: &str = "gatehouse-directory";

/// moto. Dropping it ends it.
struct Moto {
    process: Child,
    url: String,
}

impl Moto {
    /// Nothing where there is no Python with moto.
    fn start() -> Option<Self> {
        let python = python();
        if !python.is_file() {
            println!(
                "skipped: the directory at moto, because `{}` is not there (`make unit` installs it)",
                python.display()
            );
            return None;
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/main/moto_server.py");
        let mut process = Command::new(python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port =
            lines.find_map(|line| Some(line.unwrap().strip_prefix("listening on ")?.to_owned()));
        let url = format!("http://127.0.0.1:{}", port.unwrap());
        Some(Self { process, url })
    }

    fn client(&self) -> Client {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
            .endpoint_url(&self.url);
        Client::from_conf(config.build())
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.process.kill();
        let _status = self.process.wait();
    }
}

/// The Python that `make` has installed moto for.
#[expect(
    clippy::disallowed_methods,
    reason = "asks about the test run, not about a function"
)]
fn python() -> PathBuf {
    std::env::var_os("MOTO_PYTHON").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/moto/bin/python"),
        PathBuf::from,
    )
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

/// Writes the person's entry anew.
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
    let Some(moto) = Moto::start() else {
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
    let client = moto.client();
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
    println!("counted: 6 answers of a directory's table at moto");
}
