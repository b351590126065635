//! A secret with a rotation, and the function that is called for it.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_sdk_secretsmanager::Client;
use lambda_runtime::{Context, LambdaEvent};
use local::secrets::SecretStore;
use rotation::handler::Rotation;
use rotation::{Failure, Step};
use serde_json::{Value, json};
use shared::clock::Clock;

const KEY: &str = "ASIAIOSFODNN7EXAMPLE";

pub(crate) struct Scene {
    pub(crate) store: SecretStore,
    pub(crate) arn: String,
    rotation: Rotation,
    client: Client,
}

/// What the SDK is told of a Secrets Manager at this address.
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

pub(crate) async fn call(rotation: &Rotation, event: Value) -> Result<(), Failure> {
    rotation
        .handle(LambdaEvent::new(event, Context::default()))
        .await
}

impl Scene {
    /// A secret that was made a day ago and holds no key yet.
    pub(crate) async fn new() -> Self {
        let credentials = local::agentcore::Credentials {
            access_key_id: KEY.to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: None,
        };
        let store = SecretStore::start(credentials).await.unwrap();
        let arn = store.create("signing", "no key yet");
        store.age(&arn, 86_400).unwrap();
        store.enable_rotation(&arn).unwrap();
        let platform = platform(store.url()).await;
        Self {
            rotation: Rotation::new(&platform, Clock::system()),
            client: Client::new(&platform),
            store,
            arn,
        }
    }

    pub(crate) async fn handle(&self, event: Value) -> Result<(), Failure> {
        call(&self.rotation, event).await
    }

    pub(crate) async fn step(&self, token: &str, step: Step) -> Result<(), Failure> {
        call(&self.rotation, event(&self.arn, token, step)).await
    }

    /// A whole rotation, each step of which must be done.
    pub(crate) async fn rotate(&self) -> String {
        let token = self.store.begin_rotation(&self.arn).unwrap();
        for step in Step::ALL {
            assert_eq!(self.step(&token, step).await, Ok(()), "{step:?}");
        }
        token
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
