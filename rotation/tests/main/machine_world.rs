//! A machine client with its pool, and the secret that its own is kept in.

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
        let secret = MachineSecret::new(client, &platform(issuer.domain()).await);
        let scene = Scene::new("no secret yet", secret).await;
        let world = Self { issuer, scene };
        world.wait(HOUR);
        world
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
