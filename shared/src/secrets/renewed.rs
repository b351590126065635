//! Cache for a value derived from a Secrets Manager secret (refresh at 5 min, expire at 1 h).

use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};

use super::SecretArn;
use crate::back_off::BackOff;
use crate::clock::Clock;
use crate::kept::{Fresh, Kept, Need};

/// An older value is renewed in passing: a rotation is noticed within it.
pub const SOFT_AGE: Duration = Duration::from_secs(5 * 60);

/// An older value is not used: how long an outage of Secrets Manager is bridged.
pub const HARD_AGE: Duration = Duration::from_secs(60 * 60);

/// How long a fetch may take, all attempts together; Secrets Manager answers in some ten milliseconds.
pub(super) const FETCH_WAIT: Duration = Duration::from_secs(3);

/// How long a request waits for a newer value while one is held.
const RENEWAL_WAIT: Duration = Duration::from_millis(500);

/// The secret cannot be had, and none that serves is held. The log says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret cannot be had")]
pub struct Unavailable;

/// A value that comes from one secret.
pub(crate) struct Renewed<T> {
    kept: Kept<T>,
    back_off: BackOff,
    clock: Clock,
}

impl<T> Renewed<T> {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            kept: Kept::default(),
            back_off: BackOff::default(),
            clock,
        }
    }

    /// The value: held, or what `ask` fetches. Its error is for the log, and so holds nothing that is secret.
    pub(crate) async fn get(
        &self,
        arn: &SecretArn,
        ask: impl AsyncFnOnce() -> Result<T, String>,
    ) -> Result<Arc<T>, Unavailable> {
        let fetch = async |need| self.fetch(need, arn, ask).await;
        self.kept.get(&self.clock, fetch).await
    }

    /// Lets go of a value that turned out to be of no use.
    pub(crate) fn discard(&self, value: &Arc<T>) {
        self.kept.discard(value);
    }

    pub(crate) const fn clock(&self) -> &Clock {
        &self.clock
    }

    async fn fetch(
        &self,
        need: Need,
        arn: &SecretArn,
        ask: impl AsyncFnOnce() -> Result<T, String>,
    ) -> Result<Fresh<T>, Unavailable> {
        if self.back_off.rests(self.clock.moment()) {
            return Err(Unavailable);
        }
        let most = match need {
            Need::Renewal => RENEWAL_WAIT,
            Need::Fetch => FETCH_WAIT,
        };
        let fetched = tokio::time::timeout(most, ask()).await;
        let fetched = fetched.unwrap_or_else(|_| Err("it took too long".to_owned()));
        self.back_off.note(fetched.is_ok(), self.clock.moment());
        let arn = arn.as_str();
        match fetched {
            Ok(value) => {
                info!(arn, "fetched a secret");
                Ok(Fresh {
                    value,
                    soft_age: SOFT_AGE,
                    hard_age: HARD_AGE,
                })
            }
            Err(error) => {
                warn!(arn, error, "cannot fetch a secret");
                Err(Unavailable)
            }
        }
    }
}
