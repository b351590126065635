//! The place of one cached value, which is fetched by one request at a time.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Moment};

/// A place for one value. Each request that needs it goes through [`Kept::get`] or [`Kept::get_suiting`].
pub struct Kept<T> {
    /// Held by the request that fetches. The value itself is never locked for long.
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
    /// A value that serves is held, and is old: the fetch may be given up early.
    Renewal,
    /// A value is held that is not old, and it does not suit.
    Search,
    /// There is none that would do.
    Fetch,
}

/// What a request finds in the place.
enum Found<T> {
    /// This value will do.
    Value(Arc<T>),
    /// This value will do, and it is time to renew it.
    Old(Arc<T>),
    Nothing(Need),
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
    /// it gives. It has to bound its own time, and to back off after failures.
    ///
    /// # Errors
    /// What `fetch` says, if nothing that serves is held.
    pub async fn get<E>(
        &self,
        clock: &Clock,
        fetch: impl AsyncFnOnce(Need) -> Result<Fresh<T>, E>,
    ) -> Result<Arc<T>, E> {
        self.get_suiting(clock, |_| true, fetch).await
    }

    /// The value, as [`Kept::get`] has it, and fetched again if the cached one does not suit. A value that was just
    /// fetched has to do, whether it suits or not.
    ///
    /// # Errors
    /// What `fetch` says, if nothing that serves and suits is held.
    pub async fn get_suiting<E>(
        &self,
        clock: &Clock,
        suits: impl Fn(&T) -> bool,
        fetch: impl AsyncFnOnce(Need) -> Result<Fresh<T>, E>,
    ) -> Result<Arc<T>, E> {
        let _flight = match self.find(clock.moment(), &suits) {
            Found::Value(value) => return Ok(value),
            Found::Old(value) => match self.flight.try_lock() {
                Ok(flight) => flight,
                Err(_) => return Ok(value),
            },
            Found::Nothing(_) => self.flight.lock().await,
        };
        // The request that fetched before may have done our work, so the value is looked at again.
        let now = clock.moment();
        match self.find(now, &suits) {
            Found::Value(value) => Ok(value),
            Found::Old(value) => {
                let renewed = fetch(Need::Renewal).await;
                Ok(renewed.map_or(value, |fresh| self.hold(fresh, now)))
            }
            Found::Nothing(need) => Ok(self.hold(fetch(need).await?, now)),
        }
    }

    /// The value that is held, if it serves.
    pub fn held(&self, now: Moment) -> Option<Arc<T>> {
        self.serving(now).map(|(value, _)| value)
    }

    /// Lets go of a value that turned out to be of no use, unless another is held by now.
    pub fn discard(&self, value: &Arc<T>) {
        let mut held = self.lock();
        if held
            .as_ref()
            .is_some_and(|held| Arc::ptr_eq(&held.value, value))
        {
            *held = None;
        }
    }

    fn find(&self, now: Moment, suits: impl Fn(&T) -> bool) -> Found<T> {
        match self.serving(now) {
            Some((value, false)) if suits(&value) => Found::Value(value),
            Some((value, true)) if suits(&value) => Found::Old(value),
            Some((_, false)) => Found::Nothing(Need::Search),
            Some((_, true)) | None => Found::Nothing(Need::Fetch),
        }
    }

    /// The value, if it serves, and whether it is time to renew it.
    fn serving(&self, now: Moment) -> Option<(Arc<T>, bool)> {
        let held = self.lock();
        let held = held.as_ref()?;
        let age = now.since(held.since);
        (age < held.hard_age).then(|| (Arc::clone(&held.value), age >= held.soft_age))
    }

    fn hold(&self, fresh: Fresh<T>, since: Moment) -> Arc<T> {
        let Fresh {
            value,
            soft_age,
            hard_age,
        } = fresh;
        let value = Arc::new(value);
        *self.lock() = Some(Held {
            value: Arc::clone(&value),
            since,
            soft_age,
            hard_age,
        });
        value
    }

    /// A panic elsewhere must not keep it from being read; each change is whole when its lock ends.
    fn lock(&self) -> MutexGuard<'_, Option<Held<T>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is kept may be a secret.
impl<T> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept(..)")
    }
}
