//! The cache of a value that is made of one secret.

use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};

use crate::aws::arn::SecretArn;
use crate::cache::{Ages, Cache};
use crate::clock::Clock;

/// An older value is renewed: a rotation is noticed within it.
pub const SOFT_AGE: Duration = Duration::from_secs(5 * 60);

/// An older value is not used: how long an outage of Secrets Manager is bridged.
pub const HARD_AGE: Duration = Duration::from_secs(60 * 60);

/// The secret is unavailable, and no usable value is cached. The log says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret cannot be had")]
pub struct SecretError;

/// A value that comes from one secret.
pub(crate) struct SecretCache<T>(Cache<T>);

impl<T> SecretCache<T> {
    pub(crate) fn new(clock: Clock) -> Self {
        let ages = Ages {
            soft: SOFT_AGE,
            hard: HARD_AGE,
        };
        Self(Cache::new(ages, clock))
    }

    /// The value: held, or what `ask` fetches. Its error is for the log, and so holds nothing that is secret.
    ///
    /// # Errors
    /// There is none that serves.
    pub(crate) async fn get(
        &self,
        arn: &SecretArn,
        ask: impl AsyncFnOnce() -> Result<T, String>,
    ) -> Result<Arc<T>, SecretError> {
        let fetch = async |timeout| fetch(arn, timeout, ask).await;
        self.0.get(fetch).await.ok_or(SecretError)
    }

    /// Fetches the value before the first request, for at most `budget`.
    pub(crate) async fn warm(
        &self,
        budget: Duration,
        arn: &SecretArn,
        ask: impl AsyncFnOnce() -> Result<T, String>,
    ) {
        let fetch = async |timeout| fetch(arn, timeout, ask).await;
        self.0.warm(budget, fetch).await;
    }

    /// Lets go of a value that turned out to be of no use.
    pub(crate) fn discard(&self, value: &Arc<T>) {
        self.0.discard(value);
    }

    pub(crate) const fn clock(&self) -> &Clock {
        self.0.clock()
    }
}

async fn fetch<T>(
    arn: &SecretArn,
    timeout: Duration,
    ask: impl AsyncFnOnce() -> Result<T, String>,
) -> Option<T> {
    // In a box of its own, for the SDK's futures are deep and large, and few requests fetch.
    let fetched = tokio::time::timeout(timeout, Box::pin(ask())).await;
    let fetched = fetched.unwrap_or_else(|_| Err("it took too long".to_owned()));
    let arn = arn.as_str();
    match fetched {
        Ok(value) => {
            info!(arn, "fetched a secret");
            Some(value)
        }
        Err(error) => {
            warn!(arn, error, "cannot fetch a secret");
            None
        }
    }
}
