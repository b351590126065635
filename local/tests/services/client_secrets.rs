//! The secrets of Cognito's app clients. moto does not know these operations, so what they do is written down here from
//! the "Amazon Cognito User Pools API Reference".

use aws_sdk_cognitoidentityprovider::Client;
use aws_sdk_cognitoidentityprovider::config::retry::RetryConfig;
use aws_sdk_cognitoidentityprovider::config::{BehaviorVersion, Region};
use aws_sdk_cognitoidentityprovider::error::{ProvideErrorMetadata, SdkError};
use http::StatusCode;
use local::cognito::{Issuer, IssuerSettings};
use local::secrets_manager::Fault;

use crate::{credentials, sdk_credentials};

const RIGHT: &str = "right";
const POOL: &str = "us-east-1_LOCALPOOL";

fn client(issuer: &Issuer, secret: &str) -> Client {
    let config = aws_sdk_cognitoidentityprovider::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(sdk_credentials(secret))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(issuer.domain())
        .build();
    Client::from_conf(config)
}

async fn issuer() -> Issuer {
    let settings = IssuerSettings {
        administrator: Some(credentials(RIGHT)),
        ..IssuerSettings::default()
    };
    Issuer::start(settings).await.unwrap()
}

fn code<T, E: ProvideErrorMetadata, R>(answer: Result<T, SdkError<E, R>>) -> Option<String> {
    let error = answer.err()?;
    error.code().map(str::to_owned)
}

#[tokio::test]
async fn a_client_has_two_secrets_at_most_and_one_at_least() {
    let issuer = issuer().await;
    assert!(issuer.pool_arn().ends_with(POOL));
    let (tools, client) = (issuer.tools_client(), client(&issuer, RIGHT));
    let list = || {
        let list = client.list_user_pool_client_secrets();
        list.user_pool_id(POOL).client_id(tools).send()
    };
    let add = || {
        let add = client.add_user_pool_client_secret();
        add.user_pool_id(POOL).client_id(tools).send()
    };
    let delete = |id: &str| {
        let delete = client.delete_user_pool_client_secret();
        let delete = delete.user_pool_id(POOL).client_id(tools);
        delete.client_secret_id(id).send()
    };
    let [first] = list()
        .await
        .unwrap()
        .client_secrets
        .unwrap()
        .try_into()
        .unwrap();
    let first_id = first.client_secret_id().unwrap();
    assert!(first_id.starts_with(&format!("{tools}--")), "{first_id}");
    assert_eq!(first.client_secret_value(), None, "it is never shown again");
    let last = code(delete(first_id).await);
    assert_eq!(last.as_deref(), Some("InvalidParameterException"));
    let added = add().await.unwrap().client_secret_descriptor.unwrap();
    assert_eq!(
        added.client_secret_value(),
        Some(issuer.tools_secret().as_str())
    );
    assert!(added.client_secret_create_date() >= first.client_secret_create_date());
    assert_eq!(code(add().await).as_deref(), Some("LimitExceededException"));
    assert_eq!(list().await.unwrap().client_secrets().len(), 2);
    delete(first_id).await.unwrap();
    assert_eq!(issuer.tools_secrets(), [issuer.tools_secret()]);
    let gone = code(delete(first_id).await);
    assert_eq!(gone.as_deref(), Some("ResourceNotFoundException"));
}

#[tokio::test]
async fn only_an_administrator_is_answered_and_only_about_its_clients() {
    let issuer = issuer().await;
    let list = |secret: &str, pool: &str, id: &str| {
        let list = client(&issuer, secret).list_user_pool_client_secrets();
        list.user_pool_id(pool).client_id(id).send()
    };
    let tools = issuer.tools_client();
    for (secret, pool, id, expected) in [
        ("wrong", POOL, tools, "InvalidSignatureException"),
        (
            RIGHT,
            "us-east-1_Another",
            tools,
            "ResourceNotFoundException",
        ),
        (RIGHT, POOL, "another", "ResourceNotFoundException"),
        (
            RIGHT,
            POOL,
            issuer.console_client(),
            "ResourceNotFoundException",
        ),
    ] {
        let refused = code(list(secret, pool, id).await);
        assert_eq!(refused.as_deref(), Some(expected), "{pool} {id}");
    }
    let other = client(&issuer, RIGHT).list_users().user_pool_id(POOL);
    let unknown = code(other.send().await);
    assert_eq!(unknown.as_deref(), Some("UnknownOperationException"));
    let nobody = Issuer::start(IssuerSettings::default()).await.unwrap();
    let list = client(&nobody, RIGHT).list_user_pool_client_secrets();
    let nobody = code(list.user_pool_id(POOL).client_id(tools).send().await);
    assert_eq!(nobody.as_deref(), Some("UnknownOperationException"));
}

#[tokio::test]
async fn one_operation_fails_and_the_others_do_not() {
    let issuer = issuer().await;
    let (tools, client) = (issuer.tools_client(), client(&issuer, RIGHT));
    let list = || {
        let list = client.list_user_pool_client_secrets();
        list.user_pool_id(POOL).client_id(tools).send()
    };
    let down = Fault::Error(StatusCode::BAD_REQUEST, "InternalErrorException");
    issuer.set_administration_fault(Some(("AddUserPoolClientSecret", down.clone())));
    assert!(list().await.is_ok());
    issuer.set_administration_fault(Some(("ListUserPoolClientSecrets", down)));
    assert_eq!(
        code(list().await).as_deref(),
        Some("InternalErrorException")
    );
    issuer.set_administration_fault(None);
    assert!(list().await.is_ok());
}
