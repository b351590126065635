//! A token bucket: how often something may be done, with a burst.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Moment;

/// A bounded number of tokens, refilled one at a time; each token pays for one action.
#[derive(Debug)]
pub struct TokenBucket {
    capacity: u32,
    refill: Duration,
    spent: Mutex<Option<Spent>>,
}

/// What a bucket that is not full lacks.
#[derive(Clone, Copy, Debug)]
struct Spent {
    tokens: u32,
    /// When the last token came back, or else when the first one went.
    last_refill: Moment,
}

impl TokenBucket {
    /// A full bucket; `refill` is the time in which one token comes back, in whole seconds.
    pub const fn new(capacity: u32, refill: Duration) -> Self {
        Self {
            capacity,
            refill,
            spent: Mutex::new(None),
        }
    }

    /// Takes a token, if there is one.
    pub fn draw(&self, now: Moment) -> bool {
        // A panic elsewhere must not keep it from being read; each change is whole when its lock ends.
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let Spent {
            mut tokens,
            mut last_refill,
        } = spent.unwrap_or(Spent {
            tokens: 0,
            last_refill: now,
        });
        let passed = now.since(last_refill).as_secs();
        let refills = passed.checked_div(self.refill.as_secs()).unwrap_or(0);
        if refills > 0 {
            tokens = tokens.saturating_sub(u32::try_from(refills).unwrap_or(u32::MAX));
            last_refill = now;
        }
        let may = tokens < self.capacity;
        *spent = Some(Spent {
            tokens: tokens.saturating_add(u32::from(may)),
            last_refill,
        });
        may
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
    fn a_burst_is_followed_by_one_a_refill() {
        let bucket = TokenBucket::new(3, Duration::from_secs(10));
        for (now, may) in [
            (5, true),
            (6, true),
            (7, true),
            (7, false),
            (14, false),
            (15, true),
            (15, false),
            (24, false),
            (25, true),
            (1000, true),
            (1000, true),
            (1000, true),
            (1000, false),
            (1009, false),
            (1010, true),
        ] {
            assert_eq!(bucket.draw(at(now)), may, "{now}");
        }
    }
}
