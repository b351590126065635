//! A secret with a rotation, and the function that is called for it.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_sdk_secretsmanager::Client;
use lambda_runtime::{Context, LambdaEvent};
use local::secrets_manager::SecretStore;
use rotation::handler::Rotation;
use rotation::{Kind, RotationError, SigningSecret, Step};
use serde_json::{Value, json};
use shared::clock::Clock;

const KEY: &str = "ASIAIOSFODNN7EXAMPLE";

pub(crate) struct Scene<K> {
    pub(crate) store: SecretStore,
    pub(crate) arn: String,
    rotation: Rotation<K>,
    client: Client,
}

/// Whom the emulators serve.
pub(crate) fn credentials() -> local::sigv4::Credentials {
    local::sigv4::Credentials {
        access_key_id: KEY.to_owned(),
        secret_access_key: "secret".to_owned(),
        session_token: None,
    }
}

/// What the SDK is told of a service at this address.
pub(crate) async fn platform(url: &str) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .credentials_provider(Credentials::new(KEY, "secret", None, None, "test"))
        .region(Region::from_static("us-east-1"))
        .endpoint_url(url)
        .load()
        .await
}

pub(crate) fn event(arn: &str, token: &str, step: Step) -> Value {
    json!({"ClientRequestToken": token, "RotationToken": null, "SecretId": arn, "Step": step.as_str()})
}

pub(crate) async fn call(
    rotation: &Rotation<impl Kind>,
    event: Value,
) -> Result<(), RotationError> {
    rotation
        .handle(LambdaEvent::new(event, Context::default()))
        .await
}

impl Scene<SigningSecret> {
    /// A secret that was made a day ago and holds no key yet.
    pub(crate) async fn signing() -> Self {
        Self::new("no key yet", SigningSecret).await
    }
}

impl<K: Kind> Scene<K> {
    /// A secret that was made a day ago with this text.
    pub(crate) async fn new(text: &str, kind: K) -> Self {
        let store = SecretStore::start(credentials()).await.unwrap();
        let arn = store.create("rotated", text);
        store.age(&arn, 86_400).unwrap();
        store.enable_rotation(&arn).unwrap();
        let platform = platform(store.url()).await;
        Self {
            rotation: Rotation::new(kind, &platform, Clock::system()),
            client: Client::new(&platform),
            store,
            arn,
        }
    }

    pub(crate) async fn handle(&self, event: Value) -> Result<(), RotationError> {
        call(&self.rotation, event).await
    }

    pub(crate) async fn step(&self, token: &str, step: Step) -> Result<(), RotationError> {
        call(&self.rotation, event(&self.arn, token, step)).await
    }

    /// A whole rotation, each step of which must be done.
    pub(crate) async fn rotate(&self) -> String {
        let token = self.store.begin_rotation(&self.arn).unwrap();
        self.finish(&token).await;
        token
    }

    /// The steps of a rotation that was begun.
    pub(crate) async fn finish(&self, token: &str) {
        for step in Step::ALL {
            assert_eq!(self.step(token, step).await, Ok(()), "{step:?}");
        }
    }

    /// The version in a stage and its text; none if there is none.
    pub(crate) async fn look(&self, stage: &str) -> Option<(String, String)> {
        let request = self.client.get_secret_value().secret_id(&self.arn);
        let found = request.version_stage(stage).send().await.ok()?;
        Some((found.version_id.unwrap(), found.secret_string.unwrap()))
    }

    /// The version in a stage.
    pub(crate) async fn version(&self, stage: &str) -> Option<String> {
        self.look(stage).await.map(|(version, _)| version)
    }
}
