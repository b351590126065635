//! The ways in which a request gets no answer of an agent's.

use super::count::CountError;
use crate::access::Refused;
use crate::caller::limit::Reached;
use crate::caller::problem::Problem;
use crate::upstream::{Rest, RpcError};

/// Why a request is declined, for the caller. What is for the log has been noted.
pub(crate) enum Declined {
    /// The caller is not let in.
    Refused(Refused),
    Problem(Problem),
    /// The path does not take the method; the methods that it takes, beside `OPTIONS`.
    WrongMethod(&'static str),
    Unanswered(Unanswered),
}

/// Why there is no reply of the agent's.
pub(crate) struct Unanswered {
    pub(crate) problem: Problem,
    /// What the platform answered with, if it did.
    pub(crate) upstream_status: Option<u16>,
    /// What is said in place of the problem, to a caller who speaks the agent's protocol.
    pub(crate) rpc: Option<Box<RpcError>>,
    /// What is left of a call that was given up.
    pub(crate) rest: Option<Rest>,
    /// The limit that the caller has reached, if that is why.
    pub(crate) limit: Option<Reached>,
}

impl Declined {
    pub(crate) const fn problem(&self) -> Problem {
        match self {
            Self::Refused(refused) => refused.problem,
            Self::Problem(problem) => *problem,
            Self::WrongMethod(_) => Problem::WrongMethod,
            Self::Unanswered(unanswered) => unanswered.problem,
        }
    }
}

impl Declined {
    /// What is left of a call, for the lease of its turn.
    pub(crate) const fn take_rest(&mut self) -> Option<Rest> {
        match self {
            Self::Unanswered(unanswered) => unanswered.rest.take(),
            Self::Refused(_) | Self::Problem(_) | Self::WrongMethod(_) => None,
        }
    }
}

impl Declined {
    /// The limit that the caller has reached, if that is why.
    pub(crate) const fn limit(&self) -> Option<Reached> {
        match self {
            Self::Unanswered(unanswered) => unanswered.limit,
            Self::Refused(_) | Self::Problem(_) | Self::WrongMethod(_) => None,
        }
    }
}

impl From<CountError> for Unanswered {
    fn from(error: CountError) -> Self {
        Self {
            limit: match error {
                CountError::Reached(reached) => Some(reached),
                CountError::Outage => None,
            },
            ..Self::from(error.problem())
        }
    }
}

impl From<Refused> for Declined {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<Problem> for Declined {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Unanswered> for Declined {
    fn from(unanswered: Unanswered) -> Self {
        Self::Unanswered(unanswered)
    }
}

impl From<Problem> for Unanswered {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            upstream_status: None,
            rpc: None,
            rest: None,
            limit: None,
        }
    }
}
