//! The four steps. Each looks at what there is, and does what is missing.

use std::fmt;

use shared::gate::UnixTime;
use shared::secrets::Stage;

use crate::error::RotationError;
use crate::event::Step;
use crate::kind::Kind;
use crate::vault::{Put, Stages, Vault};

/// How a step was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The version is the current one already: a step that came again, or late.
    Over,
    /// There was nothing left to do.
    AsWanted,
    Created,
    Tested,
    Finished,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Over => "the version is the current one already",
            Self::AsWanted => "there is nothing to do",
            Self::Created => "made the version to come",
            Self::Tested => "the version to come was tried, and is good",
            Self::Finished => "the version is the current one",
        })
    }
}

/// Does one step, whichever were done before it.
pub(crate) async fn perform(
    kind: &impl Kind,
    step: Step,
    vault: &Vault,
    rotation_token: Option<String>,
    now: UnixTime,
) -> Result<Outcome, RotationError> {
    let stages = vault.stages().await?;
    if !stages.is_rotated() {
        return Err(RotationError::NoRotation);
    }
    if stages.is_in(vault.version(), Stage::Current) {
        return Ok(Outcome::Over);
    }
    if !stages.is_in(vault.version(), Stage::Pending) {
        return Err(RotationError::NotPending);
    }
    match step {
        Step::Create => create(kind, vault, &stages, rotation_token, now).await,
        // setSecret does nothing: verifiers read the published keys, and Cognito generated the client secret itself.
        Step::Set => Ok(Outcome::AsWanted),
        Step::Test => test(kind, vault).await,
        Step::Finish => {
            // A version that never was good must not become the current one, whatever came before.
            test(kind, vault).await?;
            vault.promote(stages.version(Stage::Current)).await?;
            Ok(Outcome::Finished)
        }
    }
}

async fn create(
    kind: &impl Kind,
    vault: &Vault,
    stages: &Stages,
    rotation_token: Option<String>,
    now: UnixTime,
) -> Result<Outcome, RotationError> {
    match vault.pending().await? {
        Some(version) if kind.read(&version).is_some() => return Ok(Outcome::AsWanted),
        Some(_) => return Err(RotationError::Unusable),
        None => {}
    }
    let next = kind.make(vault, stages, now).await?;
    match vault.put(&next, rotation_token).await? {
        Put::Stored => Ok(Outcome::Created),
        // The same step, done at the same time: what it made is as good.
        Put::Taken => {
            let stored = vault.pending().await?.ok_or(RotationError::NothingYet)?;
            kind.withdraw(&next, &stored).await?;
            Ok(Outcome::AsWanted)
        }
    }
}

async fn test(kind: &impl Kind, vault: &Vault) -> Result<Outcome, RotationError> {
    let version = vault.pending().await?.ok_or(RotationError::NothingYet)?;
    let value = kind.read(&version).ok_or(RotationError::Unusable)?;
    kind.test(&value).await?;
    Ok(Outcome::Tested)
}
