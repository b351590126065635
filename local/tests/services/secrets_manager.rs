//! Secrets Manager.

use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::retry::RetryConfig;
use aws_sdk_secretsmanager::config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Region};
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use bytes::Bytes;
use http::StatusCode;
use local::secrets_manager::{CURRENT, Fault, PENDING, PREVIOUS, SecretStore};

use crate::{credentials, sdk_credentials};

const RIGHT: &str = "right";

fn client(store: &SecretStore, secret: &str) -> Client {
    let timeouts = TimeoutConfig::builder().operation_timeout(Duration::from_millis(500));
    let config = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(sdk_credentials(secret))
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts.build())
        .endpoint_url(store.url())
        .build();
    Client::from_conf(config)
}

async fn store() -> SecretStore {
    SecretStore::start(credentials(RIGHT)).await.unwrap()
}

/// Value and stages of the version that this version id or this stage names.
async fn read(
    store: &SecretStore,
    id: &str,
    version: Option<&str>,
    stage: Option<&str>,
) -> Result<(String, Vec<String>), String> {
    let request = client(store, RIGHT).get_secret_value().secret_id(id);
    let request = request.set_version_id(version.map(str::to_owned));
    let answer = request.set_version_stage(stage.map(str::to_owned)).send();
    match answer.await {
        Ok(answer) => Ok((
            answer.secret_string().unwrap().to_owned(),
            answer.version_stages().to_vec(),
        )),
        Err(error) => Err(error.code().unwrap().to_owned()),
    }
}

fn found(value: &str, stage: &str) -> Result<(String, Vec<String>), String> {
    Ok((value.to_owned(), vec![stage.to_owned()]))
}

#[tokio::test]
async fn a_value_is_found_by_arn_name_version_and_stage() {
    let store = store().await;
    let arn = store.create("gatehouse/client", "one");
    assert!(
        arn.starts_with("arn:aws:secretsmanager:us-east-1:123456789012:secret:gatehouse/client-")
    );
    for id in [arn.as_str(), "gatehouse/client"] {
        assert_eq!(read(&store, id, None, None).await, found("one", CURRENT));
    }
    let pending = store.put(&arn, "two", PENDING).unwrap();
    assert_eq!(read(&store, &arn, None, None).await, found("one", CURRENT));
    assert_eq!(
        read(&store, &arn, None, Some(PENDING)).await,
        found("two", PENDING)
    );
    assert_eq!(
        read(&store, &arn, Some(&pending), None).await,
        found("two", PENDING)
    );
    let missing = Err("ResourceNotFoundException".to_owned());
    assert_eq!(
        read(&store, &arn, Some(&pending), Some(CURRENT)).await,
        missing
    );
    assert_eq!(read(&store, &arn, None, Some(PREVIOUS)).await, missing);
    assert_eq!(read(&store, "another", None, None).await, missing);
    assert_eq!(store.requests(), 8);
}

#[tokio::test]
async fn the_version_before_becomes_the_previous_one() {
    let store = store().await;
    let arn = store.create("client", "one");
    store.put(&arn, "two", CURRENT).unwrap();
    assert_eq!(read(&store, &arn, None, None).await, found("two", CURRENT));
    assert_eq!(
        read(&store, &arn, None, Some(PREVIOUS)).await,
        found("one", PREVIOUS)
    );
    let third = store.put(&arn, "three", PENDING).unwrap();
    store.move_stage(&arn, CURRENT, &third).unwrap();
    let (value, stages) = read(&store, &arn, None, None).await.unwrap();
    assert_eq!((value.as_str(), stages.len()), ("three", 2));
    assert_eq!(
        read(&store, &arn, None, Some(PREVIOUS)).await,
        found("two", PREVIOUS)
    );
    assert!(store.put("another", "x", CURRENT).is_err());
    assert!(store.move_stage(&arn, CURRENT, "another").is_err());
}

#[tokio::test]
async fn only_the_right_key_reads_and_every_fault_is_seen() {
    let store = store().await;
    let arn = store.create("client", "one");
    let ask = |secret| {
        client(&store, secret)
            .get_secret_value()
            .secret_id(&arn)
            .send()
    };
    let forged = ask("wrong").await.unwrap_err();
    assert_eq!(forged.code(), Some("InvalidSignatureException"));
    store.set_fault(Some(Fault::Error(
        StatusCode::INTERNAL_SERVER_ERROR,
        "InternalServiceError",
    )));
    let failed = ask(RIGHT).await.unwrap_err();
    assert_eq!(failed.code(), Some("InternalServiceError"));
    store.set_fault(Some(Fault::Down));
    assert!(matches!(
        ask(RIGHT).await,
        Err(SdkError::DispatchFailure(_))
    ));
    store.set_fault(Some(Fault::Slow(Duration::from_secs(60))));
    assert!(matches!(ask(RIGHT).await, Err(SdkError::TimeoutError(_))));
    store.set_fault(Some(Fault::Body(Bytes::from_static(b"{"))));
    assert!(ask(RIGHT).await.is_err());
    store.set_fault(None);
    assert!(ask(RIGHT).await.is_ok());
    assert_eq!(store.requests(), 6);
}

#[tokio::test]
async fn a_version_is_put_once() {
    let store = store().await;
    let arn = store.create("client", "one");
    let token = store.begin_rotation(&arn).unwrap();
    let missing = Err("ResourceNotFoundException".to_owned());
    let empty = read(&store, &arn, None, Some(PENDING)).await;
    assert_eq!(empty, missing);
    let client = client(&store, RIGHT);
    let put = |value: &'static str| {
        let put = client.put_secret_value().secret_id(&arn);
        let put = put.client_request_token(&token).secret_string(value);
        put.version_stages(PENDING).send()
    };
    for _ in 0..2 {
        put("two").await.unwrap();
    }
    let other = put("three").await.unwrap_err();
    assert_eq!(other.code(), Some("ResourceExistsException"));
    let pending = read(&store, &arn, None, Some(PENDING)).await;
    assert_eq!(pending, found("two", PENDING));
}

#[tokio::test]
async fn a_stage_is_moved_from_where_it_is() {
    let store = store().await;
    let arn = store.create("client", "one");
    let token = store.put(&arn, "two", PENDING).unwrap();
    let client = client(&store, RIGHT);
    let stages = async || {
        let described = client.describe_secret().secret_id(&arn).send().await;
        described.unwrap().version_ids_to_stages.unwrap()
    };
    let first = stages().await.into_iter().find(|(id, _)| *id != token);
    let first = first.unwrap().0;
    let moved = |from: &str| {
        let update = client.update_secret_version_stage().secret_id(&arn);
        let update = update.version_stage(CURRENT).move_to_version_id(&token);
        update.remove_from_version_id(from).send()
    };
    let wrong = moved("another").await.unwrap_err();
    assert_eq!(wrong.code(), Some("InvalidParameterException"));
    moved(&first).await.unwrap();
    let stages = stages().await;
    assert_eq!(stages[&token], [PENDING, CURRENT]);
    assert_eq!(stages[&first], [PREVIOUS]);
}

#[tokio::test]
async fn what_has_no_function_is_not_rotated_and_there_is_no_other_operation() {
    let store = store().await;
    let arn = store.create("client", "one");
    let client = client(&store, RIGHT);
    let rotated = client.rotate_secret().secret_id(&arn).send().await;
    assert_eq!(rotated.unwrap_err().code(), Some("InvalidRequestException"));
    assert!(store.rotate(&arn).await.is_err());
    let deleted = client.delete_secret().secret_id(&arn).send().await;
    assert_eq!(
        deleted.unwrap_err().code(),
        Some("UnknownOperationException")
    );
}
