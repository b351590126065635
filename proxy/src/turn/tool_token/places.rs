//! The places of tool tokens: one for each owner, so many at most.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use shared::cache::{BackOff, Kept};
use shared::gate::{Identity, UnixTime};
use shared::secret::Secret;

/// More proofs than one instance of a function meets within a token's life, at 4 KiB each.
const MAX_PLACES: usize = 1000;

/// Whose a tool token is.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    /// Everybody's: it carries no user.
    Machine,
    /// One user's, for one proof. The digest stands for all that the proof says: its client, scopes, groups and expiry.
    User {
        issuer: String,
        subject: String,
        proof_digest: String,
    },
}

/// An owner's place.
#[derive(Default)]
pub(super) struct Place {
    pub(super) kept: Kept<Secret>,
    pub(super) back_off: BackOff,
    /// After renewals that took too long, which says nothing of how long a token that is needed would take.
    pub(super) renewals: BackOff,
}

/// The places, by owner. One whose proof has expired is cleared away with the next that is made.
#[derive(Default)]
pub(super) struct Places(Mutex<HashMap<Owner, (UnixTime, Arc<Place>)>>);

impl Owner {
    pub(super) fn user(identity: &Identity) -> Self {
        Self::User {
            issuer: identity.issuer.clone(),
            subject: identity.subject.clone(),
            proof_digest: identity.token_id.clone(),
        }
    }
}

impl Places {
    /// The owner's place, made if there is none. It is of no use once the proof has expired.
    pub(super) fn of(&self, owner: Owner, proof_expires: UnixTime, now: UnixTime) -> Arc<Place> {
        let expires = match owner {
            Owner::Machine => UnixTime(u64::MAX),
            Owner::User { .. } => proof_expires,
        };
        // A panic elsewhere must not keep everybody from their tokens; each change is whole when the lock ends.
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, place)) = places.get(&owner) {
            return Arc::clone(place);
        }
        if places.len() >= MAX_PLACES {
            places.retain(|_, (expires, _)| *expires > now);
        }
        if places.len() >= MAX_PLACES {
            let first = places.iter().min_by_key(|(_, (expires, _))| expires.0);
            if let Some(owner) = first.map(|(owner, _)| owner.clone()) {
                places.remove(&owner);
            }
        }
        let place = Arc::new(Place::default());
        places.insert(owner, (expires, Arc::clone(&place)));
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> Owner {
        Owner::User {
            issuer: "https://issuer.example".to_owned(),
            subject: name.to_owned(),
            proof_digest: "d".to_owned(),
        }
    }

    fn count(places: &Places) -> usize {
        places.0.lock().unwrap().len()
    }

    #[test]
    fn each_owner_has_one_place() {
        let places = Places::default();
        let of = |owner| places.of(owner, UnixTime(10), UnixTime(0));
        let alice = of(user("alice"));
        assert!(Arc::ptr_eq(&alice, &of(user("alice"))));
        assert!(!Arc::ptr_eq(&alice, &of(user("bob"))));
        assert!(!Arc::ptr_eq(&alice, &of(Owner::Machine)));
        let other_proof = Owner::User {
            issuer: "https://issuer.example".to_owned(),
            subject: "alice".to_owned(),
            proof_digest: "e".to_owned(),
        };
        assert!(!Arc::ptr_eq(&alice, &of(other_proof)));
    }

    #[test]
    fn places_are_bounded_and_the_first_to_expire_gives_way() {
        let places = Places::default();
        let machine = places.of(Owner::Machine, UnixTime(0), UnixTime(0));
        let last = places.of(user("last"), UnixTime(9999), UnixTime(0));
        for number in 0..2 * MAX_PLACES {
            let expires = UnixTime(100 + u64::try_from(number).unwrap());
            places.of(user(&number.to_string()), expires, UnixTime(0));
            assert!(count(&places) <= MAX_PLACES);
        }
        assert!(Arc::ptr_eq(
            &machine,
            &places.of(Owner::Machine, UnixTime(0), UnixTime(0))
        ));
        assert!(Arc::ptr_eq(
            &last,
            &places.of(user("last"), UnixTime(9999), UnixTime(0))
        ));
        places.of(user("new"), UnixTime(9999), UnixTime(9000));
        assert_eq!(count(&places), 3, "what has expired is cleared away");
    }
}
