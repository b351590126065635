//! Control of a call: denials, limits and the lease of the conversation, asked for together.
//!
//! The three questions go to DynamoDB at the same time, so a turn waits for one of them. A transaction would ask them in one
//! request, and cost twice as much for each write and five times as much for each denial that is not there. What one
//! question gave is given back if another refuses.

use futures_util::FutureExt;
use futures_util::future::{OptionFuture, join, join3};
use shared::agents::Speaks;
use shared::denial::{keys_of_call, keys_of_caller};
use shared::denials::{Denials, Shut};
use shared::gate::Identity;
use shared::session::{CountId, SessionId};

use super::count::Counts;
use super::declined::Unanswered;
use super::lease::{LeaseError, Leases};
use super::leaving::Leaving;
use super::request::Request;
use super::watch::{Guard, Watch};
use crate::access::Admitted;
use crate::answer::stream::Finally;
use crate::caller::problem::Problem;

/// What is asked before a turn, and while it is under way. Each is there if its table is.
pub(crate) struct Control {
    pub(crate) denials: Option<Denials>,
    pub(crate) counts: Option<Counts>,
    pub(crate) leases: Option<Leases>,
    /// Sessions that are being ended, because their callers were shut out.
    pub(crate) leaving: Leaving,
}

impl Control {
    /// Lets a turn begin, and notes in the request what it holds. `speaks` is there if the agent takes one turn of a
    /// conversation at a time, should it be one that cannot take more.
    pub(super) async fn enter(
        &self,
        admitted: &Admitted<'_>,
        session: &SessionId,
        speaks: Option<Speaks>,
        request: &mut Request,
    ) -> Result<(), Unanswered> {
        let (permit, left) = (&admitted.permit, request.left());
        // No caller chooses this id, so no two turns have the same.
        let holder = request.record.invocation_id();
        let request_id = request.record.request_id();
        let keys = keys_of_call(permit.identity(), permit.agent(), session);
        let denials = self.denials.as_ref();
        let asked: OptionFuture<_> = denials.map(|denials| denials.ask(&keys, request_id)).into();
        let count = CountId::derive(permit.identity(), permit.agent());
        let counts = self.counts.as_ref().zip(admitted.agent.limits);
        let counted: OptionFuture<_> = counts
            .map(|(counts, limits)| counts.take(&count, limits, holder, left))
            .into();
        let leases = self.leases.as_ref().filter(|_| is_exclusive(speaks));
        let leased: OptionFuture<_> = leases
            .map(|leases| leases.take(session, holder, left))
            .into();
        let (asked, counted, leased) = join3(asked, counted, leased).boxed().await;
        let (counted, leased) = (counted.transpose(), leased.transpose());
        // What was given is kept in the request, whose end gives it back.
        let (counted, over_limit) = apart(counted);
        let (leased, busy) = apart(leased);
        request.held.counted = counted;
        request.held.lease = leased;
        asked.unwrap_or(Ok(())).map_err(problem)?;
        if let Some(error) = over_limit {
            return Err(error.into());
        }
        busy.map_or(Ok(()), |error| Err(LeaseError::problem(error).into()))
    }

    /// Lets a call be made that is no turn.
    pub(crate) async fn ask(
        &self,
        admitted: &Admitted<'_>,
        session: &SessionId,
        request: &Request,
    ) -> Result<(), Problem> {
        let Some(denials) = &self.denials else {
            return Ok(());
        };
        let permit = &admitted.permit;
        let keys = keys_of_call(permit.identity(), permit.agent(), session);
        let asked = denials.ask(&keys, request.record.request_id()).await;
        asked.map_err(problem)
    }

    /// Lets a caller be answered who calls no agent.
    pub(crate) async fn ask_caller(
        &self,
        caller: &Identity,
        request: &Request,
    ) -> Result<(), Problem> {
        let Some(denials) = &self.denials else {
            return Ok(());
        };
        let keys = keys_of_caller(caller);
        let asked = denials.ask(&keys, request.record.request_id()).await;
        asked.map_err(problem)
    }

    /// Watches over a turn that begins; `stop` ends what the agent works at.
    pub(super) fn watch(
        &self,
        admitted: &Admitted<'_>,
        session: &SessionId,
        stop: Option<Finally>,
        request: &Request,
    ) -> Option<Watch> {
        let permit = &admitted.permit;
        let guard = Guard {
            denials: self.denials.clone()?,
            keys: keys_of_call(permit.identity(), permit.agent(), session),
            request_id: request.record.request_id().to_owned(),
            stop,
        };
        Some(guard.watch(self.leaving.clone()))
    }

    /// Waits for what is still being given back and ended after an answer is over.
    pub(crate) async fn settle(&self) {
        let counts: OptionFuture<_> = self.counts.as_ref().map(Counts::settle).into();
        let leases: OptionFuture<_> = self.leases.as_ref().map(Leases::settle).into();
        join(join(counts, leases), self.leaving.settle()).await;
    }
}

/// MCP and A2A clients send concurrent requests in one session, so only `http` agents take a lease.
const fn is_exclusive(speaks: Option<Speaks>) -> bool {
    match speaks {
        Some(Speaks::Http { websocket: _ }) => true,
        Some(Speaks::A2a | Speaks::Mcp) | None => false,
    }
}

/// What a caller is told who is shut out: neither whom the denial is about, nor why, nor until when.
const fn problem(shut: Shut) -> Problem {
    match shut {
        Shut::Denied => Problem::Denied,
        Shut::Outage => Problem::DenialsUnavailable,
    }
}

/// What was given, and why nothing was.
fn apart<T, E>(given: Result<Option<T>, E>) -> (Option<T>, Option<E>) {
    match given {
        Ok(given) => (given, None),
        Err(error) => (None, Some(error)),
    }
}
