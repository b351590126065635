//! Replay protection: each assertion is valid for one request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::answer::LayerError;
use super::proof::ProofError;
use crate::gate::UnixTime;

/// How many proofs are remembered at once: a thousand requests a second, for as long as a proof can be shown.
pub const MAX_SEEN: usize = 120_000;

/// Ids of proofs, and when each may be forgotten.
#[derive(Default)]
pub(super) struct Seen(Mutex<HashMap<String, UnixTime>>);

impl Seen {
    /// Remembers a proof, if it was not seen before. When no more can be remembered, every request is refused.
    pub(super) fn once(&self, id: &str, until: UnixTime, now: UnixTime) -> Result<(), LayerError> {
        // What may have been forgotten counts as seen: a request that began in time, and kept its body back until then,
        // could be the second one.
        if until <= now {
            return Err(ProofError::Replayed.into());
        }
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.contains_key(id) {
            return Err(ProofError::Replayed.into());
        }
        if seen.len() >= MAX_SEEN {
            seen.retain(|_, until| *until > now);
        }
        if seen.len() >= MAX_SEEN {
            return Err(LayerError::Crowded);
        }
        seen.insert(id.to_owned(), until);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_good_once_and_memory_is_bounded() {
        let seen = Seen::default();
        let (now, later) = (UnixTime(100), UnixTime(200));
        for number in 0..MAX_SEEN {
            assert_eq!(seen.once(&number.to_string(), later, now), Ok(()));
        }
        let replayed = Err(LayerError::Proof(ProofError::Replayed));
        assert_eq!(seen.once("7", later, now), replayed);
        assert_eq!(seen.once("new", later, now), Err(LayerError::Crowded));
        assert_eq!(seen.once("new", UnixTime(300), later), Ok(()));
        assert_eq!(seen.once("7", later, later), replayed, "it is forgotten");
        assert_eq!(seen.once("new", UnixTime(300), later), replayed);
    }
}
