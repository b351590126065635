//! `RotatedSecret`: what differs between the two rotated secrets; the four steps are shared.

use shared::gate::UnixTime;
use shared::secret::Secret;
use shared::secrets::Version;

use crate::error::RotationError;
use crate::vault::{Stages, Vault};

/// A kind of secret: what its versions hold, how the next one is made, and how it is tried.
pub trait Kind {
    /// What a version holds that is good.
    type Value;

    /// Reads a version; none if what it holds is nothing of this kind.
    fn read(&self, version: &Version) -> Option<Self::Value>;

    /// Makes the text of the next version, once the current one has been so for long enough.
    fn make(
        &self,
        vault: &Vault,
        stages: &Stages,
        now: UnixTime,
    ) -> impl Future<Output = Result<Secret, RotationError>>;

    /// Takes back what was made, for another try has stored its own first.
    fn withdraw(
        &self,
        made: &Secret,
        stored: &Version,
    ) -> impl Future<Output = Result<(), RotationError>>;

    /// Whether the next version will do its service.
    fn test(&self, value: &Self::Value) -> impl Future<Output = Result<(), RotationError>>;
}
