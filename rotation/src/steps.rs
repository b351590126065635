//! The four steps. Each looks at what there is, and changes at most one thing.

use std::fmt;

use shared::gate::UnixTime;
use shared::secrets::Stage;
use shared::signing::SigningKey;

use crate::event::Step;
use crate::failure::Failure;
use crate::vault::{Held, Vault};

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
            Self::Over => "the new key is the current one already",
            Self::AsWanted => "there is nothing to do",
            Self::Created => "made a new key",
            Self::Tested => "the new key signs, and is verified",
            Self::Finished => "the new key is the current one",
        })
    }
}

/// Does one step, whichever were done before it.
pub(crate) async fn perform(
    step: Step,
    vault: &Vault,
    rotation_token: Option<String>,
    now: UnixTime,
) -> Result<Outcome, Failure> {
    let stages = vault.stages().await?;
    if !stages.is_rotated() {
        return Err(Failure::NoRotation);
    }
    if stages.is_in(vault.version(), Stage::Current) {
        return Ok(Outcome::Over);
    }
    if !stages.is_in(vault.version(), Stage::Pending) {
        return Err(Failure::NotPending);
    }
    match step {
        Step::Create => create(vault, rotation_token, now).await,
        // No other service has to be told: who verifies reads the published keys.
        Step::Set => Ok(Outcome::AsWanted),
        Step::Test => test(vault).await,
        Step::Finish => {
            // A version that never was a good key must not become the current one, whatever came before.
            test(vault).await?;
            vault.promote(stages.version(Stage::Current)).await?;
            Ok(Outcome::Finished)
        }
    }
}

async fn create(
    vault: &Vault,
    rotation_token: Option<String>,
    now: UnixTime,
) -> Result<Outcome, Failure> {
    match vault.pending().await? {
        Some(Held::Key(_)) => return Ok(Outcome::AsWanted),
        Some(Held::Other) => return Err(Failure::NotAKey),
        None => {}
    }
    if !may_begin(vault, now).await? {
        return Err(Failure::TooEarly);
    }
    let key = SigningKey::generate().map_err(|_| Failure::Crypto)?;
    vault.put(&key, rotation_token).await?;
    Ok(Outcome::Created)
}

/// Whether the current key is the one that signs. While the one before it still does, another rotation would withdraw
/// that one at its end, and with it what was signed a moment ago.
async fn may_begin(vault: &Vault, now: UnixTime) -> Result<bool, Failure> {
    match vault.held(Stage::Current).await? {
        Some(Held::Key(current)) if !current.is_settled(now) => {
            let previous = vault.held(Stage::Previous).await?;
            Ok(!matches!(previous, Some(Held::Key(_))))
        }
        Some(Held::Key(_) | Held::Other) | None => Ok(true),
    }
}

async fn test(vault: &Vault) -> Result<Outcome, Failure> {
    match vault.pending().await? {
        Some(Held::Key(key)) if key.verifies_itself() => Ok(Outcome::Tested),
        Some(Held::Key(_)) => Err(Failure::Crypto),
        Some(Held::Other) => Err(Failure::NotAKey),
        None => Err(Failure::NoKeyYet),
    }
}
