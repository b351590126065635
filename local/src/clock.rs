//! The doubles' one clock.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970; a clock set before that reads as 0.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the doubles ask the system"
)]
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
