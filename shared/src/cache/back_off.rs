//! The back-off after a failure: a service that is down is not asked by every request.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Moment;

/// The back-off after a first failure; each further one in a row doubles it.
pub const MIN_BACK_OFF: Duration = Duration::from_secs(1);

/// The longest back-off: a service that comes back is noticed within it.
pub const MAX_BACK_OFF: Duration = Duration::from_secs(32);

/// Failures in a row, and the last of them.
#[derive(Debug, Default)]
pub struct BackOff(Mutex<Option<Failures>>);

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Moment,
}

impl BackOff {
    /// Whether it is too early for another attempt.
    pub fn rests(&self, now: Moment) -> bool {
        let Some(Failures { count, last }) = *self.failures() else {
            return false;
        };
        let doublings = count.saturating_sub(1);
        let rest = MIN_BACK_OFF.saturating_mul(2_u32.saturating_pow(doublings));
        now.since(last) < rest.min(MAX_BACK_OFF)
    }

    /// Whether the last attempt failed, however long ago.
    pub fn has_failed(&self) -> bool {
        self.failures().is_some()
    }

    /// Notes how an attempt has ended by now. An attempt that may be abandoned in the middle is noted as a failure when it
    /// begins.
    pub fn note(&self, is_success: bool, now: Moment) {
        let mut failures = self.failures();
        let before = failures.map_or(0, |failures| failures.count);
        *failures = (!is_success).then(|| Failures {
            count: before.saturating_add(1),
            last: now,
        });
    }

    /// Counts the back-off from now: what was noted as a failure when it began has failed only by now.
    pub fn restart(&self, now: Moment) {
        if let Some(failures) = self.failures().as_mut() {
            failures.last = now;
        }
    }

    /// A panic elsewhere must not keep it from being read; each change is whole when its lock ends.
    fn failures(&self) -> MutexGuard<'_, Option<Failures>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment {
            wall: Duration::from_secs(seconds),
            steady: Duration::ZERO,
        }
    }

    #[test]
    fn each_failure_in_a_row_doubles_the_rest() {
        let back_off = BackOff::default();
        assert!(!back_off.rests(at(0)));
        for (failed, rest) in [
            (0, 1),
            (100, 2),
            (200, 4),
            (300, 8),
            (400, 16),
            (500, 32),
            (600, 32),
        ] {
            back_off.note(false, at(failed));
            assert!(back_off.rests(at(failed + rest - 1)), "{failed}");
            assert!(!back_off.rests(at(failed + rest)), "{failed}");
        }
        back_off.note(true, at(700));
        assert!(!back_off.rests(at(700)));
        back_off.note(false, at(800));
        assert!(!back_off.rests(at(801)), "a success begins anew");
        assert!(back_off.has_failed(), "until the next success");
        back_off.restart(at(810));
        assert!(back_off.rests(at(810)) && !back_off.rests(at(811)));
    }
}
