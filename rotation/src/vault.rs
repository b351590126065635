//! The secret that is rotated, and the version to come.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use shared::gate::UnixTime;
use shared::log::Loggable;
use shared::secret::Secret;
use shared::secrets::{self, SecretArn, Stage};
use shared::signing::SigningKey;

use crate::failure::Failure;

/// The secret of one rotation.
pub(crate) struct Vault {
    arn: SecretArn,
    /// The version to come.
    version: String,
    client: Client,
}

/// What Secrets Manager says of the secret's versions.
pub(crate) struct Stages {
    is_rotated: bool,
    by_version: HashMap<String, Vec<String>>,
}

/// What a version holds.
pub(crate) enum Held {
    Key(Box<SigningKey>),
    /// It is no key, so nothing was ever signed with it.
    Other,
}

impl Vault {
    pub(crate) fn new(arn: SecretArn, version: String, platform: &SdkConfig) -> Self {
        let client = secrets::client(&arn, platform);
        Self {
            arn,
            version,
            client,
        }
    }

    pub(crate) fn arn(&self) -> &str {
        self.arn.as_str()
    }

    /// The version to come.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    pub(crate) async fn stages(&self) -> Result<Stages, Failure> {
        let request = self.client.describe_secret().secret_id(self.arn());
        let described = request.send().await.map_err(failed("DescribeSecret"))?;
        Ok(Stages {
            is_rotated: described.rotation_enabled == Some(true),
            by_version: described.version_ids_to_stages.unwrap_or_default(),
        })
    }

    /// What the version to come holds; none while it is empty.
    pub(crate) async fn pending(&self) -> Result<Option<Held>, Failure> {
        self.get(Some(&self.version), Stage::Pending).await
    }

    /// What the version in a stage holds; none if there is none.
    pub(crate) async fn held(&self, stage: Stage) -> Result<Option<Held>, Failure> {
        self.get(None, stage).await
    }

    /// Gives the version to come its value. Without a stage named, the value would become the current one at once.
    pub(crate) async fn put(
        &self,
        value: &Secret,
        rotation_token: Option<String>,
    ) -> Result<(), Failure> {
        let request = self
            .client
            .put_secret_value()
            .secret_id(self.arn())
            .client_request_token(&self.version)
            .secret_string(value.reveal())
            .version_stages(Stage::Pending.as_str())
            .set_rotation_token(rotation_token);
        match request.send().await {
            Ok(_) => Ok(()),
            // The same step, done at the same time: its key is as good.
            Err(error) if error.code() == Some("ResourceExistsException") => Ok(()),
            Err(error) => Err(failed("PutSecretValue")(error)),
        }
    }

    /// Makes the version to come the current one, in place of the one that is.
    pub(crate) async fn promote(&self, current: Option<&str>) -> Result<(), Failure> {
        let request = self
            .client
            .update_secret_version_stage()
            .secret_id(self.arn())
            .version_stage(Stage::Current.as_str())
            .move_to_version_id(&self.version)
            .set_remove_from_version_id(current.map(str::to_owned));
        let moved = request.send().await;
        moved
            .map(|_| ())
            .map_err(failed("UpdateSecretVersionStage"))
    }

    async fn get(&self, version: Option<&str>, stage: Stage) -> Result<Option<Held>, Failure> {
        let request = self
            .client
            .get_secret_value()
            .secret_id(self.arn())
            .set_version_id(version.map(str::to_owned))
            .version_stage(stage.as_str());
        let output = match request.send().await {
            Ok(output) => output,
            Err(error) if error.code() == Some("ResourceNotFoundException") => return Ok(None),
            Err(error) => return Err(failed("GetSecretValue")(error)),
        };
        let created = output.created_date.map_or(0, |time| time.secs());
        let created = UnixTime(u64::try_from(created).unwrap_or_default());
        let id = output.version_id.unwrap_or_default();
        let key = |text| SigningKey::parse(&id, created, &Secret::new(text)).map(Box::new);
        match (output.secret_string, output.secret_binary) {
            (Some(text), _) => Ok(Some(key(text).map_or(Held::Other, Held::Key))),
            (None, Some(_)) => Ok(Some(Held::Other)),
            (None, None) => Ok(None),
        }
    }
}

impl Stages {
    /// Whether the secret is one that is rotated.
    pub(crate) const fn is_rotated(&self) -> bool {
        self.is_rotated
    }

    pub(crate) fn is_in(&self, version: &str, stage: Stage) -> bool {
        let stages = self.by_version.get(version);
        stages.is_some_and(|stages| stages.iter().any(|own| own == stage.as_str()))
    }

    /// The version in a stage.
    pub(crate) fn version(&self, stage: Stage) -> Option<&str> {
        let mut versions = self.by_version.keys();
        let found = versions.find(|version| self.is_in(version, stage));
        found.map(String::as_str)
    }
}

/// Nothing of an answer is told on but the name of its error.
fn failed<E: ProvideErrorMetadata, R>(
    operation: &'static str,
) -> impl FnOnce(SdkError<E, R>) -> Failure {
    move |error| Failure::Call {
        operation,
        code: error.code().map_or_else(
            || "Secrets Manager cannot be reached".to_owned(),
            |code| Loggable(code).to_string(),
        ),
    }
}
