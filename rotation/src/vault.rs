//! The secret that is rotated, and the version to come.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use shared::aws::arn::SecretArn;
use shared::gate::UnixTime;
use shared::secret::Secret;
use shared::secrets::{SecretReader, Stage, Version, unix_time};

use crate::error::{RotationError, failed, unreadable};

/// The secret of one rotation.
pub struct Vault {
    /// The version to come.
    version: String,
    reader: SecretReader,
}

/// What Secrets Manager says of the secret's versions.
pub struct Stages {
    is_rotated: bool,
    last_rotated: UnixTime,
    by_version: HashMap<String, Vec<String>>,
}

/// How it went with a new value.
pub(crate) enum Put {
    Stored,
    /// The version holds another value already, which stays.
    Taken,
}

impl Vault {
    pub(crate) fn new(arn: SecretArn, version: String, platform: &SdkConfig) -> Self {
        Self {
            version,
            reader: SecretReader::new(arn, platform),
        }
    }

    pub(crate) fn arn(&self) -> &str {
        self.reader.arn().as_str()
    }

    /// The version to come.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    pub(crate) async fn stages(&self) -> Result<Stages, RotationError> {
        let request = self.reader.client().describe_secret().secret_id(self.arn());
        let described = request.send().await.map_err(failed("DescribeSecret"))?;
        Ok(Stages {
            is_rotated: described.rotation_enabled == Some(true),
            last_rotated: unix_time(described.last_rotated_date.as_ref()),
            by_version: described.version_ids_to_stages.unwrap_or_default(),
        })
    }

    /// The version to come; none while it is empty.
    pub(crate) async fn pending(&self) -> Result<Option<Version>, RotationError> {
        self.read(Some(&self.version), Stage::Pending).await
    }

    /// The version in a stage; none only if there is none by both of Secrets Manager's answers: one that cannot be seen at
    /// the moment ("eventual consistency"), or holds nothing, must not pass for one that never was.
    pub(crate) async fn version_in(
        &self,
        stage: Stage,
        stages: &Stages,
    ) -> Result<Option<Version>, RotationError> {
        let version = self.read(None, stage).await?;
        let id = version.as_ref().map(|version| version.id.as_str());
        if id != stages.version(stage) {
            return Err(RotationError::Inconsistent);
        }
        Ok(version)
    }

    /// Gives the version to come its value. Without a stage named, the value would become the current one at once.
    pub(crate) async fn put(
        &self,
        value: &Secret,
        rotation_token: Option<String>,
    ) -> Result<Put, RotationError> {
        let request = self
            .reader
            .client()
            .put_secret_value()
            .secret_id(self.arn())
            .client_request_token(&self.version)
            .secret_string(value.reveal())
            .version_stages(Stage::Pending.as_str())
            .set_rotation_token(rotation_token);
        match request.send().await {
            Ok(_) => Ok(Put::Stored),
            Err(error) if error.code() == Some("ResourceExistsException") => Ok(Put::Taken),
            Err(error) => Err(failed("PutSecretValue")(error)),
        }
    }

    /// Makes the version to come the current one, in place of the one that is.
    pub(crate) async fn promote(&self, current: Option<&str>) -> Result<(), RotationError> {
        let request = self
            .reader
            .client()
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

    async fn read(
        &self,
        version: Option<&str>,
        stage: Stage,
    ) -> Result<Option<Version>, RotationError> {
        let read = self.reader.version(version, stage).await;
        let read = read.map_err(failed("GetSecretValue"))?;
        // Without its time, a version that was just stored would look like an old one.
        if read
            .as_ref()
            .is_some_and(|read| read.created == UnixTime::default())
        {
            return Err(unreadable("GetSecretValue"));
        }
        Ok(read)
    }
}

impl Stages {
    /// Whether the secret is one that is rotated.
    pub(crate) const fn is_rotated(&self) -> bool {
        self.is_rotated
    }

    /// When its last rotation ended; the beginning of time if there was none.
    pub(crate) const fn last_rotated(&self) -> UnixTime {
        self.last_rotated
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
