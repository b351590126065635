//! The hold of a turn while the agent works at it: the lease of its conversation, and its place among its caller's turns.

use futures_util::FutureExt;
use futures_util::future::join;

use super::count::Counted;
use super::lease::Lease;
use crate::answer::stream::{Finally, Hold};

/// Each is there if turns are taken so.
#[derive(Default)]
pub(crate) struct Held {
    pub(crate) lease: Option<Lease>,
    pub(crate) counted: Option<Counted>,
}

/// Both of them.
struct Both(Box<Lease>, Box<Counted>);

impl Held {
    /// Notes whether the agent is asked.
    pub(crate) const fn note_asked(&mut self, is_asked: bool) {
        if let Some(counted) = &mut self.counted {
            counted.begin(is_asked);
        }
    }

    /// As what an answer holds.
    pub(crate) fn hold(self) -> Option<Box<dyn Hold>> {
        let Self { lease, counted } = self;
        match (lease, counted) {
            (Some(lease), Some(counted)) => {
                Some(Box::new(Both(Box::new(lease), Box::new(counted))))
            }
            (Some(lease), None) => Some(Box::new(lease)),
            (None, Some(counted)) => Some(Box::new(counted)),
            (None, None) => None,
        }
    }
}

impl Hold for Both {
    fn release(self: Box<Self>) -> Finally {
        let Self(lease, counted) = *self;
        Box::pin(join(Hold::release(lease), Hold::release(counted)).map(drop))
    }

    fn outlive(self: Box<Self>, rest: Finally) {
        let Self(lease, counted) = *self;
        let rest = rest.shared();
        lease.outlive(Box::pin(rest.clone()));
        counted.outlive(Box::pin(rest));
    }
}
