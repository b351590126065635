//! Staging labels of versions.

/// The stage of `GetSecretValue` when none is named.
pub const CURRENT: &str = "AWSCURRENT";
/// The stage of the version that was current before.
pub const PREVIOUS: &str = "AWSPREVIOUS";
/// The stage of a version that a rotation is about to make current.
pub const PENDING: &str = "AWSPENDING";
