//! The cache of a value that another service has: fetched by one request at a time, renewed before it is too old, and
//! asked for less and less while that fails.
//!
//! A Lambda function is frozen between requests, so there is no background: all is done while a request, or the start of
//! the function, waits for it. What a request may have to wait for:
//!
//! - nothing, while the value is held and younger than its soft age;
//! - at most [`RENEWAL_TIMEOUT`], once in a while, when it is older: the held value serves if the renewal fails;
//! - a whole fetch, at most [`FETCH_TIMEOUT`], when none is held that is younger than its hard age, or when the one that is
//!   held lacks what the request needs.

mod back_off;
mod kept;
mod token_bucket;

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;

pub use back_off::{BackOff, MAX_BACK_OFF, MIN_BACK_OFF};
pub use kept::{Fresh, Kept, Need};
pub use token_bucket::TokenBucket;

/// The time of one fetch, from the look-up of the name to the last byte, all attempts together: API Gateway gives an
/// authorizer 10 s in all. Issuers and Secrets Manager answer within some hundred milliseconds.
pub const FETCH_TIMEOUT: Duration = Duration::from_secs(3);

/// The time that a request waits for a newer value while one is held that serves.
pub const RENEWAL_TIMEOUT: Duration = Duration::from_millis(500);

/// The ages of a value. Its age counts from before it was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Ages {
    /// An older value is renewed, and serves if that fails.
    pub soft: Duration,
    /// An older value does not serve.
    pub hard: Duration,
}

/// A cache of one value.
pub struct Cache<T> {
    kept: Kept<T>,
    back_off: BackOff,
    ages: Ages,
    clock: Clock,
}

/// Why nothing was fetched.
enum CacheError {
    /// It was tried and failed, just now or too recently for another attempt.
    Failed,
    /// As many searches as are allowed have been made.
    SearchLimit,
}

impl<T> Cache<T> {
    pub fn new(ages: Ages, clock: Clock) -> Self {
        Self {
            kept: Kept::default(),
            back_off: BackOff::default(),
            ages,
            clock,
        }
    }

    /// The value: held, or what `fetch` gives within the time that it is told. None if there is none that serves;
    /// `fetch` has then logged why, now or a short time ago.
    pub async fn get(&self, fetch: impl AsyncFnOnce(Duration) -> Option<T>) -> Option<Arc<T>> {
        let fetch = async |need| self.fetch(need, fetch).await;
        self.kept.get(&self.clock, fetch).await.ok()
    }

    /// The value, as [`Cache::get`] has it, and fetched again if the cached one does not suit. A token bucket bounds
    /// such searches, because a stranger may ask for what does not exist: when it is empty, the cached value has to do.
    /// None if there is no usable value, or the search fails.
    pub async fn find(
        &self,
        suits: impl Fn(&T) -> bool,
        searches: &TokenBucket,
        fetch: impl AsyncFnOnce(Duration) -> Option<T>,
    ) -> Option<Arc<T>> {
        let fetch = async |need| {
            // After a failure, the back-off alone bounds the attempts: the bucket is left to searches that may help.
            let is_bounded = need == Need::Search && !self.back_off.has_failed();
            if is_bounded && !searches.draw(self.clock.moment()) {
                return Err(CacheError::SearchLimit);
            }
            self.fetch(need, fetch).await
        };
        match self.kept.get_suiting(&self.clock, suits, fetch).await {
            Ok(value) => Some(value),
            Err(CacheError::SearchLimit) => self.held(),
            Err(CacheError::Failed) => None,
        }
    }

    /// Fetches the value before the first request, for at most `budget`. A failure does not count for the back-off: the
    /// first request, which may have more time, tries again.
    pub async fn warm(&self, budget: Duration, fetch: impl AsyncFnOnce(Duration) -> Option<T>) {
        let fetch = async |_| self.fetched(fetch(budget.min(FETCH_TIMEOUT)).await);
        let _not_yet = self.kept.get(&self.clock, fetch).await;
    }

    /// The value that is held, if it serves.
    pub fn held(&self) -> Option<Arc<T>> {
        self.kept.held(self.clock.moment())
    }

    /// Lets go of a value that turned out to be of no use, unless another is held by now.
    pub fn discard(&self, value: &Arc<T>) {
        self.kept.discard(value);
    }

    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    async fn fetch(
        &self,
        need: Need,
        fetch: impl AsyncFnOnce(Duration) -> Option<T>,
    ) -> Result<Fresh<T>, CacheError> {
        let now = self.clock.moment();
        if self.back_off.rests(now) {
            return Err(CacheError::Failed);
        }
        let timeout = match need {
            Need::Renewal => RENEWAL_TIMEOUT,
            Need::Fetch | Need::Search => FETCH_TIMEOUT,
        };
        // It counts from the beginning: a caller who goes away in the middle leaves no way to fetch without end.
        self.back_off.note(false, now);
        let fetched = self.fetched(fetch(timeout).await);
        if fetched.is_err() {
            self.back_off.restart(self.clock.moment());
        }
        fetched
    }

    fn fetched(&self, value: Option<T>) -> Result<Fresh<T>, CacheError> {
        let value = value.ok_or(CacheError::Failed)?;
        self.back_off.note(true, self.clock.moment());
        Ok(Fresh {
            value,
            soft_age: self.ages.soft,
            hard_age: self.ages.hard,
        })
    }
}
