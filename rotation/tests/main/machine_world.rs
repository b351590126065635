//! A machine client with its pool, and the secret that its own is kept in.

use aws_sdk_cognitoidentityprovider::Client;
use http::StatusCode;
use local::cognito::{Issuer, IssuerSettings, TOOLS_SCOPE};
use local::secrets_manager::{CURRENT, Fault};
use rotation::{MachineClient, MachineSecret, RotationError, Step};
use serde_json::Value;
use shared::aws::arn::UserPoolArn;
use shared::secret::Secret;
use shared::settings::Address;
use shared::token_endpoint::{GrantError, TokenEndpoint};

use crate::scene::{Scene, credentials, platform};

pub(crate) const HOUR: u64 = 3600;
/// What the services say when they cannot.
pub(crate) const DOWN: Fault = Fault::Error(StatusCode::BAD_REQUEST, "InternalErrorException");

pub(crate) struct World {
    pub(crate) issuer: Issuer,
    administrator: Client,
    pub(crate) scene: Scene<MachineSecret>,
}

fn endpoint(issuer: &Issuer) -> Address {
    Address::parse(&format!("{}/oauth2/token", issuer.domain())).unwrap()
}

/// What a failed call is told as.
pub(crate) fn failed(operation: &'static str, code: &str) -> Result<(), RotationError> {
    Err(RotationError::Call {
        operation,
        code: code.to_owned(),
    })
}

impl World {
    /// A client with one unknown secret, and a Secrets Manager secret that does not contain it.
    pub(crate) async fn new() -> Self {
        Self::with_endpoint(endpoint).await
    }

    /// The same, with the token endpoint somewhere else.
    pub(crate) async fn with_endpoint(endpoint: impl FnOnce(&Issuer) -> Address) -> Self {
        let issuer = Issuer::start(IssuerSettings {
            administrator: Some(credentials()),
            ..IssuerSettings::default()
        });
        let issuer = issuer.await.unwrap();
        let client = MachineClient {
            pool: UserPoolArn::parse(&issuer.pool_arn()).unwrap(),
            id: issuer.tools_client().to_owned(),
            endpoint: endpoint(&issuer),
            scopes: TOOLS_SCOPE.to_owned(),
        };
        let platform = platform(issuer.domain()).await;
        let secret = MachineSecret::new(client, &platform);
        let world = Self {
            scene: Scene::new("no secret yet", secret).await,
            administrator: Client::new(&platform),
            issuer,
        };
        world.wait(HOUR);
        world
    }

    /// Writes the current version by hand, an hour ago.
    pub(crate) fn write(&self, text: &str) {
        self.scene
            .store
            .put(&self.scene.arn, text, CURRENT)
            .unwrap();
        self.wait(HOUR);
    }

    /// Deletes one of the client's two secrets at Cognito, as a person does whom a fault told to.
    pub(crate) async fn delete_older(&self) {
        let pool = UserPoolArn::parse(&self.issuer.pool_arn()).unwrap();
        let older = self.secret_ids().await.remove(0);
        let delete = self.administrator.delete_user_pool_client_secret();
        let delete = delete.user_pool_id(pool.id());
        let delete = delete.client_id(self.issuer.tools_client());
        delete.client_secret_id(older).send().await.unwrap();
    }

    /// The ids of the client's secrets at Cognito, oldest first.
    pub(crate) async fn secret_ids(&self) -> Vec<String> {
        let pool = UserPoolArn::parse(&self.issuer.pool_arn()).unwrap();
        let listed = self.administrator.list_user_pool_client_secrets();
        let listed = listed.user_pool_id(pool.id());
        let listed = listed.client_id(self.issuer.tools_client());
        let listed = listed.send().await.unwrap();
        let ids = listed.client_secrets().iter();
        ids.map(|secret| secret.client_secret_id().unwrap().to_owned())
            .collect()
    }

    /// As if so much time had passed.
    pub(crate) fn wait(&self, seconds: u64) {
        self.scene.store.age(&self.scene.arn, seconds).unwrap();
        self.issuer.age_tools_secrets(seconds);
    }

    pub(crate) async fn step(&self, token: &str, step: Step) -> Result<(), RotationError> {
        self.scene.step(token, step).await
    }

    pub(crate) fn begin(&self) -> String {
        self.scene.store.begin_rotation(&self.scene.arn).unwrap()
    }

    /// The member of the version in a stage.
    pub(crate) async fn member(&self, stage: &str, name: &str) -> Option<String> {
        let (_, text) = self.scene.look(stage).await?;
        let stored: Value = serde_json::from_str(&text).ok()?;
        stored[name].as_str().map(str::to_owned)
    }

    /// The secret of the current version.
    pub(crate) async fn current(&self) -> String {
        self.member(CURRENT, "client_secret").await.unwrap()
    }

    /// Whether the token endpoint takes the client with this secret, as the proxy asks for a token.
    pub(crate) async fn takes(&self, secret: &str) -> bool {
        let id = self.issuer.tools_client().to_owned();
        let endpoint = TokenEndpoint::new(endpoint(&self.issuer), id, TOOLS_SCOPE.to_owned());
        match endpoint.ask(&Secret::new(secret.to_owned()), None).await {
            Ok(_) => true,
            Err(GrantError::ClientRefused) => false,
            Err(other) => panic!("{other}"),
        }
    }
}
