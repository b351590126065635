//! Cache entry for one issuer's keys: age limits, back-off after failed fetches, and a token bucket for unknown key
//! ids.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Moment;
use crate::gate::KeySet;

/// Older keys are renewed in passing. Envoy's `jwt_authn` renews at the same age by default.
pub const SOFT_AGE: Duration = Duration::from_secs(10 * 60);

/// Older keys are not used: a key that the issuer withdrew is believed no longer than this. API Gateway's own JWT
/// authorizers may hold keys for the same time.
pub const HARD_AGE: Duration = Duration::from_secs(2 * 60 * 60);

/// Token bucket: burst of fetches for unknown key ids. More than one, so a forged id cannot consume the fetch a real
/// rotation needs.
pub const UNKNOWN_BURST: u32 = 3;

/// The time after which one more may: the wait of common verifiers between two fetches for unknown keys.
pub const REFILL: Duration = Duration::from_secs(10);

/// The rest after a first failed fetch; each further failure doubles it.
pub const BACK_OFF_FIRST: Duration = Duration::from_secs(1);

/// The longest rest: an issuer that comes back is noticed within it.
pub const BACK_OFF_MOST: Duration = Duration::from_secs(32);

/// The keys of one issuer.
pub(super) struct Slot {
    /// Whoever fetches holds this: one fetch at a time. The keys themselves are never locked for long.
    pub(super) flight: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

/// What a token needs before the gate can judge it.
pub(super) enum Need {
    /// These keys will do.
    Nothing(Arc<KeySet>),
    /// These keys will do, and it is time to renew them.
    Renewal(Arc<KeySet>),
    /// These keys are new enough and lack the key: a rotation, or a made-up key id.
    UnknownKey(Arc<KeySet>),
    /// There is nothing to judge by.
    Fetch,
    /// There is nothing to judge by, and a fetch has failed just now.
    Patience,
}

struct State {
    held: Option<Held>,
    failures: u32,
    last_failure: Moment,
    draws: u32,
    last_refill: Moment,
}

struct Held {
    keys: Arc<KeySet>,
    since: Moment,
}

impl Slot {
    pub(super) fn new(now: Moment) -> Self {
        Self {
            flight: tokio::sync::Mutex::new(()),
            state: Mutex::new(State {
                held: None,
                failures: 0,
                last_failure: now,
                draws: UNKNOWN_BURST,
                last_refill: now,
            }),
        }
    }

    /// A panic elsewhere must not close the door for good; each change below is whole when its lock ends.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn need(&self, key_id: Option<&str>, now: Moment) -> Need {
        self.state().need(key_id, now)
    }

    /// Takes one of the fetches that unknown key ids are allowed.
    pub(super) fn draw(&self, now: Moment) -> bool {
        self.state().draw(now)
    }

    /// Notes that a fetch has begun. It is a failure until [`Slot::hold`].
    pub(super) fn begin(&self, now: Moment) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        state.last_failure = now;
    }

    /// Notes that the fetch that was begun last has failed by now.
    pub(super) fn fail(&self, now: Moment) {
        self.state().last_failure = now;
    }

    /// Puts new keys in the place of the old ones. They are as old as the question for them.
    pub(super) fn hold(&self, keys: KeySet, since: Moment) -> Arc<KeySet> {
        let keys = Arc::new(keys);
        let mut state = self.state();
        state.failures = 0;
        state.held = Some(Held {
            keys: Arc::clone(&keys),
            since,
        });
        keys
    }
}

impl State {
    fn need(&self, key_id: Option<&str>, now: Moment) -> Need {
        let held = self
            .held
            .as_ref()
            .filter(|held| now.since(held.since) < HARD_AGE);
        let resting = self.rests(now);
        let Some(Held { keys, since }) = held else {
            return if resting { Need::Patience } else { Need::Fetch };
        };
        let keys = Arc::clone(keys);
        let is_old = now.since(*since) >= SOFT_AGE;
        // A token without a key id names no key that a fetch could bring.
        let is_known = key_id.is_none() || keys.has(key_id);
        match (is_known, resting) {
            (true, false) if is_old => Need::Renewal(keys),
            (true, _) => Need::Nothing(keys),
            (false, true) => Need::Patience,
            (false, false) if is_old || self.failures > 0 => Need::Fetch,
            (false, false) => Need::UnknownKey(keys),
        }
    }

    fn rests(&self, now: Moment) -> bool {
        let Some(doublings) = self.failures.checked_sub(1) else {
            return false;
        };
        let rest = BACK_OFF_FIRST.saturating_mul(2_u32.saturating_pow(doublings));
        now.since(self.last_failure) < rest.min(BACK_OFF_MOST)
    }

    fn draw(&mut self, now: Moment) -> bool {
        let passed = now.since(self.last_refill).as_secs();
        let refills = passed.checked_div(REFILL.as_secs()).unwrap_or(0);
        if refills > 0 {
            let refills = u32::try_from(refills).unwrap_or(u32::MAX);
            self.draws = self.draws.saturating_add(refills).min(UNKNOWN_BURST);
            self.last_refill = now;
        }
        match self.draws.checked_sub(1) {
            Some(left) => {
                self.draws = left;
                true
            }
            None => false,
        }
    }
}
