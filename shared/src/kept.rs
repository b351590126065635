//! Cache for one fetched value, refreshed before it is too old, by one request at a time.
//!
//! A Lambda function is frozen between requests, so there is no background: who needs the thing fetches it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Moment};

/// A place for one value. Each request that needs it goes through [`Kept::get`].
pub struct Kept<T> {
    /// Whoever fetches holds this. The value itself is never locked for long.
    flight: tokio::sync::Mutex<()>,
    held: Mutex<Option<Held<T>>>,
}

/// A value just fetched. Its age counts from before it was asked for.
pub struct Fresh<T> {
    pub value: T,
    /// The age at which it is renewed, if that can be done; it still serves.
    pub soft_age: Duration,
    /// The age at which it no longer serves.
    pub hard_age: Duration,
}

/// Why a fetch is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A value that serves is held: the fetch may be given up early.
    Renewal,
    /// There is none.
    Fetch,
}

struct Held<T> {
    value: Arc<T>,
    since: Moment,
    soft_age: Duration,
    hard_age: Duration,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self {
            flight: tokio::sync::Mutex::new(()),
            held: Mutex::new(None),
        }
    }
}

impl<T> Kept<T> {
    /// The value: held, or fetched. `fetch` is called at most once, and by one caller at a time; the others share what
    /// it gives. It has to bound its own time, and to rest after failures.
    ///
    /// # Errors
    /// What `fetch` says, if nothing that serves is held.
    pub async fn get<E>(
        &self,
        clock: &Clock,
        fetch: impl AsyncFnOnce(Need) -> Result<Fresh<T>, E>,
    ) -> Result<Arc<T>, E> {
        let _flight = match self.serves(clock.moment()) {
            (Some(value), false) => return Ok(value),
            (Some(value), true) => match self.flight.try_lock() {
                Ok(flight) => flight,
                Err(_) => return Ok(value),
            },
            (None, _) => self.flight.lock().await,
        };
        // Whoever had the flight before may have done our work, so the value is looked at again.
        let now = clock.moment();
        match self.serves(now) {
            (Some(value), false) => Ok(value),
            (Some(value), true) => {
                let renewed = fetch(Need::Renewal).await;
                Ok(renewed.map_or(value, |fresh| self.hold(fresh, now)))
            }
            (None, _) => Ok(self.hold(fetch(Need::Fetch).await?, now)),
        }
    }

    /// Refetches even though `seen` is still valid. On failure `seen` is kept. If another request already replaced
    /// `seen`, returns that.
    ///
    /// # Errors
    /// What `fetch` says.
    pub async fn renew<E>(
        &self,
        clock: &Clock,
        seen: &Arc<T>,
        fetch: impl AsyncFnOnce(Need) -> Result<Fresh<T>, E>,
    ) -> Result<Arc<T>, E> {
        let _flight = self.flight.lock().await;
        let now = clock.moment();
        match self.serves(now) {
            (Some(value), _) if !Arc::ptr_eq(&value, seen) => Ok(value),
            (Some(_) | None, _) => Ok(self.hold(fetch(Need::Fetch).await?, now)),
        }
    }

    /// Lets go of a value that turned out to be of no use, unless another is held by now.
    pub fn discard(&self, value: &Arc<T>) {
        let mut held = self.held();
        if held
            .as_ref()
            .is_some_and(|held| Arc::ptr_eq(&held.value, value))
        {
            *held = None;
        }
    }

    /// The value, if it serves, and whether it is time to renew it.
    fn serves(&self, now: Moment) -> (Option<Arc<T>>, bool) {
        let held = self.held();
        let age = |held: &Held<T>| now.since(held.since);
        match held.as_ref().filter(|held| age(held) < held.hard_age) {
            Some(held) => (Some(Arc::clone(&held.value)), age(held) >= held.soft_age),
            None => (None, false),
        }
    }

    fn hold(&self, fresh: Fresh<T>, since: Moment) -> Arc<T> {
        let Fresh {
            value,
            soft_age,
            hard_age,
        } = fresh;
        let value = Arc::new(value);
        *self.held() = Some(Held {
            value: Arc::clone(&value),
            since,
            soft_age,
            hard_age,
        });
        value
    }

    /// A panic elsewhere must not keep it from being read; each change is whole when its lock ends.
    fn held(&self) -> MutexGuard<'_, Option<Held<T>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is kept may be a secret.
impl<T> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept(..)")
    }
}
