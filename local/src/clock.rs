//! The emulators' one clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds since 1970; a clock set before that reads as 0.
pub(crate) fn now() -> u64 {
    since_epoch().as_secs()
}

/// The time since 1970; a clock set before that reads as 0.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the emulators ask the system"
)]
pub(crate) fn since_epoch() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}
