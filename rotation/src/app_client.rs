//! The secrets of one app client, at Cognito.

use std::time::Duration;

use aws_config::{Region, SdkConfig};
use aws_sdk_cognitoidentityprovider::Client;
use aws_sdk_cognitoidentityprovider::config::Builder;
use aws_sdk_cognitoidentityprovider::config::retry::RetryConfig;
use aws_sdk_cognitoidentityprovider::config::timeout::TimeoutConfig;
use aws_sdk_cognitoidentityprovider::error::ProvideErrorMetadata;
use shared::gate::UnixTime;
use shared::secret::Secret;
use shared::user_pool::UserPoolArn;

use crate::failure::{Failure, failed};

/// How long one call may take, all attempts together; as long as one of Secrets Manager's.
const CALL_WAIT: Duration = Duration::from_secs(3);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// One app client, and how it is asked about.
pub(crate) struct AppClient {
    pool_id: String,
    id: String,
    client: Client,
}

/// What is told of a secret that is there.
pub(crate) struct ListedSecret {
    pub(crate) id: String,
    pub(crate) created: UnixTime,
}

/// A secret that Cognito has just made, which is the only time that it shows it.
pub(crate) struct AddedSecret {
    pub(crate) id: String,
    pub(crate) value: Secret,
}

impl AppClient {
    /// Nothing is called yet.
    pub(crate) fn new(pool: &UserPoolArn, id: String, platform: &SdkConfig) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_timeout(CALL_WAIT)
            .build();
        let config = Builder::from(platform)
            .region(Region::new(pool.region().to_owned()))
            // One that was made and whose answer was lost would leave no room for another.
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            .build();
        Self {
            pool_id: pool.id().to_owned(),
            id,
            client: Client::from_conf(config),
        }
    }

    /// As it is named in tokens.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The secrets that are taken at the moment. There are two at most, and so no second page of them
    /// (`ListUserPoolClientSecrets`).
    pub(crate) async fn secrets(&self) -> Result<Vec<ListedSecret>, Failure> {
        let request = self.client.list_user_pool_client_secrets();
        let request = request.user_pool_id(&self.pool_id).client_id(&self.id);
        let listed = request.send().await;
        let listed = listed.map_err(failed("ListUserPoolClientSecrets"))?;
        let secrets = listed.client_secrets().iter().map(|secret| {
            let created = secret
                .client_secret_create_date()
                .map_or(0, |time| time.secs());
            Some(ListedSecret {
                id: secret.client_secret_id()?.to_owned(),
                created: UnixTime(u64::try_from(created).unwrap_or_default()),
            })
        });
        let secrets: Option<Vec<_>> = secrets.collect();
        secrets
            .filter(|_| listed.next_token().is_none())
            .ok_or_else(|| unreadable("ListUserPoolClientSecrets"))
    }

    /// Adds a secret that Cognito makes.
    pub(crate) async fn add(&self) -> Result<AddedSecret, Failure> {
        let request = self.client.add_user_pool_client_secret();
        let request = request.user_pool_id(&self.pool_id).client_id(&self.id);
        let added = request.send().await;
        let added = added.map_err(failed("AddUserPoolClientSecret"))?;
        let made = added.client_secret_descriptor.and_then(|made| {
            Some(AddedSecret {
                id: made.client_secret_id?,
                value: Secret::new(made.client_secret_value?),
            })
        });
        made.ok_or_else(|| unreadable("AddUserPoolClientSecret"))
    }

    /// Deletes a secret, or sees that it is gone.
    pub(crate) async fn delete(&self, secret: &str) -> Result<(), Failure> {
        let request = self.client.delete_user_pool_client_secret();
        let request = request.user_pool_id(&self.pool_id).client_id(&self.id);
        match request.client_secret_id(secret).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(()),
            Err(error) => Err(failed("DeleteUserPoolClientSecret")(error)),
        }
    }
}

fn unreadable(operation: &'static str) -> Failure {
    Failure::Call {
        operation,
        code: "the answer is not whole".to_owned(),
    }
}
