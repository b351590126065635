//! One secret of AWS Secrets Manager, kept for a while and renewed in passing.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::retry::RetryConfig;
use aws_sdk_secretsmanager::config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::config::{Builder, Region};
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use tracing::{info, warn};

use crate::back_off::BackOff;
use crate::clock::Clock;
use crate::kept::{Fresh, Kept, Need};
use crate::log::Loggable;
use crate::secret::Secret;

/// An older value is renewed in passing: a rotation is noticed within it.
pub const SOFT_AGE: Duration = Duration::from_secs(5 * 60);

/// An older value is not used: how long an outage of Secrets Manager is bridged.
pub const HARD_AGE: Duration = Duration::from_secs(60 * 60);

/// How long a fetch may take, all attempts together; Secrets Manager answers in some ten milliseconds.
const FETCH_WAIT: Duration = Duration::from_secs(3);

/// How long a request waits for a newer value while one is held.
const RENEWAL_WAIT: Duration = Duration::from_millis(500);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// One call and one more.
const MAX_ATTEMPTS: u32 = 2;

/// `arn:{partition}:secretsmanager:{region}:{account}:secret:{name}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretArn {
    text: String,
    region: String,
}

/// A secret, by its ARN, and how its text is read.
pub struct StoredSecret {
    arn: SecretArn,
    read: fn(&str) -> Option<Secret>,
    client: Client,
    kept: Kept<Secret>,
    back_off: BackOff,
    clock: Clock,
}

/// The secret cannot be had, and none that serves is held. The log says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret cannot be had")]
pub struct Unavailable;

impl SecretArn {
    /// Reads the ARN of a secret.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split(':').collect();
        let [
            "arn",
            partition,
            "secretsmanager",
            region,
            account,
            "secret",
            name,
        ] = parts[..]
        else {
            return None;
        };
        let is_of = |text: &str, most: usize, others: &[u8]| {
            (1..=most).contains(&text.len())
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
        };
        let is_good = (partition == "aws" || partition.starts_with("aws-"))
            && is_of(partition, 32, b"-")
            && is_of(region, 32, b"-")
            && account.len() == 12
            && account.bytes().all(|byte| byte.is_ascii_digit())
            // A name has at most 512 characters of these, and the ARN seven more (CreateSecret, Name).
            && is_of(name, 519, b"/_+=.@-");
        is_good.then(|| Self {
            text: text.to_owned(),
            region: region.to_owned(),
        })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl StoredSecret {
    /// Prepares the client; nothing is fetched yet. `read` takes the secret out of the stored text.
    pub fn new(
        arn: SecretArn,
        read: fn(&str) -> Option<Secret>,
        platform: &SdkConfig,
        clock: Clock,
    ) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_timeout(FETCH_WAIT)
            .build();
        let config = Builder::from(platform)
            .region(Region::new(arn.region.clone()))
            .retry_config(RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS))
            .timeout_config(timeouts)
            .build();
        Self {
            arn,
            read,
            client: Client::from_conf(config),
            kept: Kept::default(),
            back_off: BackOff::default(),
            clock,
        }
    }

    /// The current value.
    ///
    /// # Errors
    /// There is none that serves.
    pub async fn current(&self) -> Result<Arc<Secret>, Unavailable> {
        let fetch = async |need| self.fetch(need).await;
        self.kept.get(&self.clock, fetch).await
    }

    /// The value after `refused`, which somebody no longer takes: a rotation that has not been noticed yet.
    ///
    /// # Errors
    /// It cannot be had, or it is the same.
    pub async fn after(&self, refused: &Arc<Secret>) -> Result<Arc<Secret>, Unavailable> {
        self.kept.discard(refused);
        let current = self.current().await?;
        if current.reveal() == refused.reveal() {
            return Err(Unavailable);
        }
        Ok(current)
    }

    async fn fetch(&self, need: Need) -> Result<Fresh<Secret>, Unavailable> {
        if self.back_off.rests(self.clock.moment()) {
            return Err(Unavailable);
        }
        let most = match need {
            Need::Renewal => RENEWAL_WAIT,
            Need::Fetch => FETCH_WAIT,
        };
        let fetched = tokio::time::timeout(most, self.ask()).await;
        let fetched = fetched.unwrap_or_else(|_| Err("it took too long".to_owned()));
        self.back_off.note(fetched.is_ok(), self.clock.moment());
        let arn = self.arn.as_str();
        match fetched {
            Ok(value) => {
                info!(arn, "fetched a secret");
                Ok(Fresh {
                    value,
                    soft_age: SOFT_AGE,
                    hard_age: HARD_AGE,
                })
            }
            Err(error) => {
                warn!(arn, error, "cannot fetch a secret");
                Err(Unavailable)
            }
        }
    }

    /// Gets the version `AWSCURRENT`. The error is for the log, and holds nothing of an answer but the error's name.
    async fn ask(&self) -> Result<Secret, String> {
        let request = self.client.get_secret_value().secret_id(self.arn.as_str());
        let output = request.send().await.map_err(|error| {
            error.code().map_or_else(
                || "Secrets Manager cannot be reached, or answers what is no answer".to_owned(),
                |code| format!("Secrets Manager answered {}", Loggable(code)),
            )
        })?;
        let text = output.secret_string.map(Secret::new);
        text.and_then(|text| (self.read)(text.reveal()))
            .ok_or_else(|| "the stored text is not of the form that is asked for".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_arn_of_a_secret_is_one() {
        for good in [
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:gatehouse/machine-AbCdEf",
            "arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:a",
        ] {
            assert_eq!(SecretArn::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "gatehouse/machine",
            "arn:aws:ssm:us-east-1:123456789012:secret:a",
            "arn:aws:secretsmanager:us-east-1:1234:secret:a",
            "arn:aws:secretsmanager::123456789012:secret:a",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:a:b",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:a b",
            "arn:other:secretsmanager:us-east-1:123456789012:secret:a",
            "arn:aws:secretsmanager:evil.test/:123456789012:secret:a",
        ] {
            assert_eq!(SecretArn::parse(bad), None, "{bad}");
        }
    }
}
