//! The versions of one secret, by stage.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::retry::RetryConfig;
use aws_sdk_secretsmanager::config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::config::{Builder, Region};
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;

use super::SecretArn;
use crate::cache::FETCH_TIMEOUT;
use crate::gate::UnixTime;
use crate::log::Loggable;
use crate::secret::Secret;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// One call and one more.
const MAX_ATTEMPTS: u32 = 2;

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
pub(crate) struct Vault {
    arn: SecretArn,
    client: Client,
}

/// One version of a secret. What it holds never changes.
pub(crate) struct Version {
    pub(crate) id: String,
    pub(crate) created: UnixTime,
    pub(crate) text: Secret,
}

/// A client for the secret's region that neither hangs nor goes on trying.
pub fn client(arn: &SecretArn, platform: &SdkConfig) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_timeout(FETCH_TIMEOUT)
        .build();
    let config = Builder::from(platform)
        .region(Region::new(arn.region().to_owned()))
        .retry_config(RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS))
        .timeout_config(timeouts)
        .build();
    Client::from_conf(config)
}

impl Vault {
    /// Prepares the client; nothing is fetched yet.
    pub(crate) fn new(arn: SecretArn, platform: &SdkConfig) -> Self {
        let client = client(&arn, platform);
        Self { arn, client }
    }

    pub(crate) const fn arn(&self) -> &SecretArn {
        &self.arn
    }

    /// The version in a stage; none if the stage is on no version that holds text.
    ///
    /// # Errors
    /// For the log: nothing of an answer is in it but the name of its error.
    pub(crate) async fn get(&self, stage: Stage) -> Result<Option<Version>, String> {
        let request = self.client.get_secret_value();
        let request = request.secret_id(self.arn.as_str());
        match request.version_stage(stage.as_str()).send().await {
            Ok(output) => Ok(Version::of(output)),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(error.code().map_or_else(
                || "Secrets Manager cannot be reached, or answers what is no answer".to_owned(),
                |code| format!("Secrets Manager answered {}", Loggable(code)),
            )),
        }
    }
}

impl Version {
    /// A time that is not given counts as long ago.
    fn of(output: GetSecretValueOutput) -> Option<Self> {
        let created = output.created_date.map_or(0, |time| time.secs());
        Some(Self {
            id: output.version_id.unwrap_or_default(),
            created: UnixTime(u64::try_from(created).unwrap_or_default()),
            text: Secret::new(output.secret_string?),
        })
    }
}
