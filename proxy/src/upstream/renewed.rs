//! Clients that are made anew after a rest, when it is not known which of their connections still live.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use shared::clock::Moment;

/// After this long a connection may have been closed without a frozen function hearing of it, and what is written to it
/// would be lost; a new one costs milliseconds.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// Clients by what they are for, as many as the settings name.
///
/// How long a client's own pool keeps a connection does not help: it goes by the steady clock, which may stand still while
/// the function is frozen. And a turn or a message that was lost on a dead connection is not sent again, as it may have
/// arrived.
pub(super) struct Renewed<C>(Mutex<BTreeMap<String, (C, Moment)>>);

impl<C> Default for Renewed<C> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<C: Clone> Renewed<C> {
    /// The client that is for this, which is about to be used: a new one if its connections may be gone.
    pub(super) fn client(&self, purpose: &str, now: Moment, make: impl FnOnce() -> C) -> C {
        // A panic elsewhere leaves clients that are as good as any.
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rested = held.remove(purpose);
        let client = match rested.filter(|(_, used)| now.since(*used) < IDLE_TIMEOUT) {
            Some((client, _)) => client,
            None => make(),
        };
        held.insert(purpose.to_owned(), (client.clone(), now));
        client
    }
}
