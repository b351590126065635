//! The settings of the function.

use std::time::Duration;

use shared::settings::{Fault, Reader, Source};

/// The first pause between two looks at a gateway that is changing, in milliseconds; 2000 by default. Pauses double, up
/// to eight times this one.
pub(crate) const POLL_MILLISECONDS: &str = "POLL_MILLISECONDS";

/// A gateway takes some seconds to change, and its control plane takes 5 calls a second ("Quotas for Amazon Bedrock
/// AgentCore").
const DEFAULT_POLL_MILLISECONDS: u64 = 2000;
const MAX_POLL_MILLISECONDS: u64 = 60_000;

pub(crate) struct Config {
    pub(crate) first_pause: Duration,
}

impl Config {
    /// Reads every setting.
    ///
    /// # Errors
    /// Every fault of every setting.
    pub(crate) fn read(source: &Source<'_>) -> Result<Self, Vec<Fault>> {
        let mut settings = Reader::new(source);
        let first_pause = settings.number(
            POLL_MILLISECONDS,
            DEFAULT_POLL_MILLISECONDS,
            1..=MAX_POLL_MILLISECONDS,
        );
        settings.finish(Some(Self {
            first_pause: Duration::from_millis(first_pause),
        }))
    }
}
