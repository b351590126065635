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

    /// The key in `AWSPREVIOUS` loses its stage at the end of this rotation, and with it what it signed is no longer
    /// verified. So it may not be one that still signs: one whose successor is young, or that has no successor.
    async fn make(
        &self,
        vault: &Vault,
        stages: &Stages,
        now: UnixTime,
    ) -> Result<Secret, RotationError> {
        let current = self.key_in(Stage::Current, vault, stages).await?;
        if self.key_in(Stage::Previous, vault, stages).await?.is_some() {
            let current = current.as_ref().ok_or(RotationError::NoCurrentKey)?;
            if !current.is_settled(now) {
                return Err(RotationError::TooEarly);
            }
        }
        // Session ids stay, so that a rotation moves no caller out of a running conversation.
        let made = current.map_or_else(SigningKey::generate, |current| current.successor());
        made.map_err(|_| RotationError::Crypto)
    }

    /// Nothing to undo: keys are published only from a stored version.
    async fn withdraw(&self, _: &Secret, _: &Version) -> Result<(), RotationError> {
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
    /// The key of the version in a stage; none if there is no such version, or it holds no key.
    async fn key_in(
        &self,
        stage: Stage,
        vault: &Vault,
        stages: &Stages,
    ) -> Result<Option<Box<SigningKey>>, RotationError> {
        let version = vault.version_in(stage, stages).await?;
        Ok(version.and_then(|version| self.read(&version)))
    }
}
