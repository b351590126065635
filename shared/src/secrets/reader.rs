//! The versions of one secret, read from AWS Secrets Manager by stage.

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::{
    GetSecretValueError, GetSecretValueOutput,
};
use aws_sdk_secretsmanager::primitives::DateTime;

use crate::aws::arn::SecretArn;
use crate::aws::clients;
use crate::gate::UnixTime;
use crate::log::Loggable;
use crate::secret::Secret;

/// A staging label ("What's in a secret", AWS Secrets Manager User Guide): each is on one version at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The version in use.
    Current,
    /// The version that a rotation is about to bring into use.
    Pending,
    /// The version that was in use before.
    Previous,
}

impl Stage {
    /// As the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Current => "AWSCURRENT",
            Self::Pending => "AWSPENDING",
            Self::Previous => "AWSPREVIOUS",
        }
    }
}

/// One secret, and the client that reads it.
pub struct SecretReader {
    arn: SecretArn,
    client: Client,
}

/// One version of a secret that holds something. What it holds never changes.
pub struct Version {
    pub id: String,
    pub created: UnixTime,
    /// None if it holds bytes.
    pub text: Option<Secret>,
}

impl SecretReader {
    /// Prepares the client, for the secret's own region; nothing is fetched yet.
    pub fn new(arn: SecretArn, platform: &SdkConfig) -> Self {
        let config = clients::in_region(arn.region(), platform);
        Self {
            arn,
            client: Client::new(&config),
        }
    }

    pub const fn arn(&self) -> &SecretArn {
        &self.arn
    }

    /// The client, for other calls about the secret.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// The version in a stage, and of this id if one is given; none if there is none, or an empty one.
    ///
    /// # Errors
    /// The call failed.
    pub async fn version(
        &self,
        id: Option<&str>,
        stage: Stage,
    ) -> Result<Option<Version>, SdkError<GetSecretValueError>> {
        let request = self
            .client
            .get_secret_value()
            .secret_id(self.arn.as_str())
            .set_version_id(id.map(str::to_owned))
            .version_stage(stage.as_str());
        match request.send().await {
            Ok(output) => Ok(Version::of(output)),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The version in a stage; none if the stage is on no version that holds text.
    ///
    /// # Errors
    /// For the log: nothing of an answer is in it but the name of its error.
    pub(crate) async fn held(&self, stage: Stage) -> Result<Option<Version>, String> {
        match self.version(None, stage).await {
            Ok(version) => Ok(version.filter(|version| version.text.is_some())),
            Err(error) => Err(error.code().map_or_else(
                || "Secrets Manager cannot be reached, or answers what is no answer".to_owned(),
                |code| format!("Secrets Manager answered {}", Loggable(code)),
            )),
        }
    }
}

impl Version {
    fn of(output: GetSecretValueOutput) -> Option<Self> {
        if output.secret_string.is_none() && output.secret_binary.is_none() {
            return None;
        }
        Some(Self {
            id: output.version_id.unwrap_or_default(),
            created: unix_time(output.created_date.as_ref()),
            text: output.secret_string.map(Secret::new),
        })
    }
}

/// A time as an answer of AWS has it. One that is not given counts as long ago.
pub fn unix_time(given: Option<&DateTime>) -> UnixTime {
    let seconds = given.map_or(0, DateTime::secs);
    UnixTime(u64::try_from(seconds).unwrap_or_default())
}
