//! Secrets of AWS Secrets Manager, and the cache in front of them.

mod cache;
mod reader;

use std::sync::Arc;

use aws_config::SdkConfig;

use crate::aws::arn::SecretArn;
use crate::clock::Clock;
use crate::secret::Secret;

pub use cache::{HARD_AGE, SOFT_AGE, SecretError};
pub use reader::{SecretReader, Stage, Version, unix_time};

pub(crate) use cache::SecretCache;

/// A secret, by its ARN, and how its text is read.
pub struct StoredSecret {
    read: fn(&str) -> Option<Secret>,
    reader: SecretReader,
    cache: SecretCache<Secret>,
}

impl StoredSecret {
    /// Prepares the client; nothing is fetched yet. `read` takes the secret out of the stored text.
    pub fn new(
        arn: SecretArn,
        read: fn(&str) -> Option<Secret>,
        platform: &SdkConfig,
        clock: Clock,
    ) -> Self {
        Self {
            read,
            reader: SecretReader::new(arn, platform),
            cache: SecretCache::new(clock),
        }
    }

    /// The current value.
    ///
    /// # Errors
    /// There is none that serves.
    pub async fn current(&self) -> Result<Arc<Secret>, SecretError> {
        let ask = async || self.ask().await;
        self.cache.get(self.reader.arn(), ask).await
    }

    /// The value after `refused`, which a service no longer accepts: a rotation that has not been noticed yet.
    ///
    /// # Errors It is unavailable, or it is the same.
    pub async fn after(&self, refused: &Arc<Secret>) -> Result<Arc<Secret>, SecretError> {
        self.cache.discard(refused);
        let current = self.current().await?;
        if current.reveal() == refused.reveal() {
            return Err(SecretError);
        }
        Ok(current)
    }

    async fn ask(&self) -> Result<Secret, String> {
        let version = self.reader.held(Stage::Current).await?;
        let text = version.and_then(|version| version.text);
        let text = text.ok_or_else(|| "there is no such secret".to_owned())?;
        (self.read)(text.reveal())
            .ok_or_else(|| "the stored text is not of the form that is asked for".to_owned())
    }
}
