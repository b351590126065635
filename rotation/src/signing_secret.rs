//! The secret that the door signs with: an ES256 private key a version.

use shared::gate::UnixTime;
use shared::secret::Secret;
use shared::secrets::{Stage, Version};
use shared::signing::SigningKey;

use crate::error::RotationError;
use crate::kind::Kind;
use crate::vault::{Stages, Vault};

/// What makes its rotation go unnoticed is not here but in how keys are used ([`shared::signing`]): a new key is published
/// as soon as it is pending, and signs nothing before it is [`shared::signing::SETTLING`] old. That is why the steps need
/// not wait for each other, and why the next rotation may not begin before that.
pub struct SigningSecret;

impl Kind for SigningSecret {
    type Value = Box<SigningKey>;

    fn read(&self, version: &Version) -> Option<Box<SigningKey>> {
        SigningKey::of(version).map(Box::new)
    }

    /// While the key before the current one still signs, another rotation would withdraw that one at its end, and with it
    /// what was signed a moment ago.
    async fn make(
        &self,
        vault: &Vault,
        _: &Stages,
        now: UnixTime,
    ) -> Result<Secret, RotationError> {
        if let Some(current) = self.held(vault, Stage::Current).await?
            && !current.is_settled(now)
            && self.held(vault, Stage::Previous).await?.is_some()
        {
            return Err(RotationError::TooEarly);
        }
        SigningKey::generate().map_err(|_| RotationError::Crypto)
    }

    /// Nothing to undo: keys are published only from a stored version.
    async fn withdraw(&self, _: &Secret) -> Result<(), RotationError> {
        Ok(())
    }

    async fn test(&self, key: &Box<SigningKey>) -> Result<(), RotationError> {
        if key.verifies_itself() {
            Ok(())
        } else {
            Err(RotationError::Crypto)
        }
    }
}

impl SigningSecret {
    async fn held(
        &self,
        vault: &Vault,
        stage: Stage,
    ) -> Result<Option<Box<SigningKey>>, RotationError> {
        let version = vault.held(stage).await?;
        Ok(version.and_then(|version| self.read(&version)))
    }
}
