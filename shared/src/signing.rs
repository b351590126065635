//! The keys this door signs with: ES256 private keys in one secret of AWS Secrets Manager, a version each.
//!
//! ```text
//! AWSPENDING   published                           the next key, so that every verifier has it in time
//! AWSCURRENT   published, signs once it is settled
//! AWSPREVIOUS  published, signs until then
//! ```
//!
//! A new key is published before anything is signed with it, and signs nothing for [`SETTLING`], even as `AWSCURRENT`.
//! So neither this door's instances, each of which notices a rotation in its own time, nor those who verify have to
//! agree on a moment.

mod ring;

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;

use crate::aws::arn::SecretArn;
use crate::clock::Clock;
use crate::gate::UnixTime;
use crate::secrets::{SecretCache, SecretError, SecretReader, Stage};

pub use crate::crypto::seal::SealKey;
pub use crate::crypto::signing::CryptoError;
pub use ring::{KeyRing, SETTLING, SigningKey};

/// The keys, fetched and kept as other secrets are ([`crate::secrets::SOFT_AGE`], [`crate::secrets::HARD_AGE`]).
pub struct SigningKeys {
    reader: SecretReader,
    cache: SecretCache<KeyRing>,
}

impl SigningKeys {
    /// Prepares the client; nothing is fetched yet.
    pub fn new(arn: SecretArn, platform: &SdkConfig, clock: Clock) -> Self {
        Self {
            reader: SecretReader::new(arn, platform),
            cache: SecretCache::new(clock),
        }
    }

    /// Fetches the keys, for at most `budget`. The log says if they are unavailable; the first request tries again.
    pub async fn warm(&self, budget: Duration) {
        let ask = async || self.ask().await;
        self.cache.warm(budget, self.reader.arn(), ask).await;
    }

    /// All keys at one time. While some that serve are held, no caller waits longer than for a short renewal.
    ///
    /// # Errors
    /// There are none that serve.
    pub async fn ring(&self) -> Result<Arc<KeyRing>, SecretError> {
        let ask = async || self.ask().await;
        self.cache.get(self.reader.arn(), ask).await
    }

    /// The time by which a ring is asked for its signer.
    pub fn now(&self) -> UnixTime {
        self.cache.clock().now()
    }

    /// The version to come is read first: a rotation that ends in between is then seen in two stages, never in none.
    async fn ask(&self) -> Result<KeyRing, String> {
        let pending = self.reader.held(Stage::Pending).await?;
        let current = self.reader.held(Stage::Current).await?;
        let previous = self.reader.held(Stage::Previous).await?;
        let current = current.ok_or_else(|| "there is no such secret".to_owned())?;
        KeyRing::new(pending, current, previous)
            .ok_or_else(|| "the current version holds no ES256 private key".to_owned())
    }
}
