//! Cached secrets of AWS Secrets Manager, refreshed opportunistically.

mod arn;
mod renewed;
mod vault;

use std::sync::Arc;

use aws_config::SdkConfig;

use crate::clock::Clock;
use crate::secret::Secret;

pub use arn::SecretArn;
pub use renewed::{HARD_AGE, SOFT_AGE, Unavailable};
pub use vault::{Stage, client};

pub(crate) use renewed::Renewed;
pub(crate) use vault::{Vault, Version};

/// A secret, by its ARN, and how its text is read.
pub struct StoredSecret {
    read: fn(&str) -> Option<Secret>,
    vault: Vault,
    renewed: Renewed<Secret>,
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
            vault: Vault::new(arn, platform),
            renewed: Renewed::new(clock),
        }
    }

    /// The current value.
    ///
    /// # Errors
    /// There is none that serves.
    pub async fn current(&self) -> Result<Arc<Secret>, Unavailable> {
        let ask = async || self.ask().await;
        self.renewed.get(self.vault.arn(), ask).await
    }

    /// The value after `refused`, which somebody no longer takes: a rotation that has not been noticed yet.
    ///
    /// # Errors
    /// It cannot be had, or it is the same.
    pub async fn after(&self, refused: &Arc<Secret>) -> Result<Arc<Secret>, Unavailable> {
        self.renewed.discard(refused);
        let current = self.current().await?;
        if current.reveal() == refused.reveal() {
            return Err(Unavailable);
        }
        Ok(current)
    }

    async fn ask(&self) -> Result<Secret, String> {
        let version = self.vault.get(Stage::Current).await?;
        let version = version.ok_or_else(|| "there is no such secret".to_owned())?;
        (self.read)(version.text.reveal())
            .ok_or_else(|| "the stored text is not of the form that is asked for".to_owned())
    }
}
