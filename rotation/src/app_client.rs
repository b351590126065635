//! The secrets of one app client, at Cognito.

use aws_config::SdkConfig;
use aws_sdk_cognitoidentityprovider::Client;
use aws_sdk_cognitoidentityprovider::error::ProvideErrorMetadata;
use shared::aws::arn::UserPoolArn;
use shared::aws::clients;
use shared::gate::UnixTime;
use shared::secret::Secret;
use shared::secrets::unix_time;

use crate::error::{RotationError, failed, unreadable};

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
        // A secret that was made and whose answer was lost would leave no room for another.
        let config = clients::once_in_region(pool.region(), platform);
        Self {
            pool_id: pool.id().to_owned(),
            id,
            client: Client::new(&config),
        }
    }

    /// As it is named in tokens.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The secrets that are taken at the moment. There are two at most, and so no second page of them
    /// (`ListUserPoolClientSecrets`).
    pub(crate) async fn secrets(&self) -> Result<Vec<ListedSecret>, RotationError> {
        let request = self.client.list_user_pool_client_secrets();
        let request = request.user_pool_id(&self.pool_id).client_id(&self.id);
        let listed = request.send().await;
        let listed = listed.map_err(failed("ListUserPoolClientSecrets"))?;
        let secrets = listed.client_secrets().iter().map(|secret| {
            Some(ListedSecret {
                id: secret.client_secret_id()?.to_owned(),
                // Without its time, a secret that was just added would look like an old one.
                created: unix_time(Some(secret.client_secret_create_date()?)),
            })
        });
        let secrets: Option<Vec<_>> = secrets.collect();
        secrets
            .filter(|_| listed.next_token().is_none())
            .ok_or_else(|| unreadable("ListUserPoolClientSecrets"))
    }

    /// Adds a secret that Cognito makes.
    pub(crate) async fn add(&self) -> Result<AddedSecret, RotationError> {
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
    pub(crate) async fn delete(&self, secret: &str) -> Result<(), RotationError> {
        let request = self.client.delete_user_pool_client_secret();
        let request = request.user_pool_id(&self.pool_id).client_id(&self.id);
        match request.client_secret_id(secret).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(()),
            Err(error) => Err(failed("DeleteUserPoolClientSecret")(error)),
        }
    }
}
