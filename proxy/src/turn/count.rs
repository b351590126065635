//! Counts of the turns that one caller takes with one agent, in the table of turns: the limits hold whatever the number of
//! processes, because DynamoDB compares and counts in one write.
//!
//! One item counts a caller's turns with an agent. It has an attribute for each minute and each day, named after it, and a
//! set with a member for each turn under way. So one write asks for all limits at once, and needs to know nothing before:
//! what is not there counts as zero.
//!
//! A turn that never reached the agent is given back. One whose process died is in the set until the time of its function
//! would have been over; then the next turn that meets a full set removes it.

mod item;
mod window;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use shared::agents::TurnLimits;
use shared::clock::Clock;
use shared::session::CountId;
use tokio::time::{Instant, timeout_at};
use tracing::error;

use super::leaving::Leaving;
use super::table::{EXPIRY_MARGIN, LONGEST_WORK};
use crate::answer::stream::{Finally, Hold};
use crate::caller::limit::Reached;
use crate::caller::problem::Problem;

use item::{Attempt, Entry, Item, Table, dead, holder, reached};
use window::Window;

/// Attempts at one turn. The second one comes after members of dead processes were removed; more are for other processes
/// that are quicker.
const MAX_ATTEMPTS: usize = 3;

/// Old windows that an item may have before they are removed, which is a write of its own.
const MAX_OLD: usize = 8;

/// The counts of turns. A copy is of the same ones.
#[derive(Clone)]
pub struct Counts(Arc<State>);

struct State {
    table: Table,
    clock: Clock,
    leaving: Leaving,
}

/// One turn that was counted. Dropping it gives back what it holds.
pub struct Counted {
    counts: Counts,
    /// None once it was given back.
    entry: Option<Entry>,
    /// How long its process may wait for the agent's end.
    over: Instant,
    has_begun: bool,
}

/// Why a turn is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountError {
    Reached(Reached),
    /// It cannot be told.
    Outage,
}

impl Counts {
    pub fn new(table: String, client: Client, clock: Clock) -> Self {
        Self(Arc::new(State {
            table: Table {
                client,
                name: table,
            },
            clock,
            leaving: Leaving::default(),
        }))
    }

    /// Counts a turn of this owner that is over after `left`. No two turns have the same.
    ///
    /// # Errors
    /// [`CountError`]
    pub async fn take(
        &self,
        id: &CountId,
        limits: TurnLimits,
        owner: &str,
        left: Duration,
    ) -> Result<Counted, CountError> {
        let Self(state) = self;
        let (now, started) = (state.clock.moment().wall, Instant::now());
        let windows = Window::all(limits, now);
        let runs_out = now.saturating_add(left).saturating_add(EXPIRY_MARGIN);
        let entry = Entry {
            id: id.as_str().to_owned(),
            windows: windows.iter().map(Window::attribute).collect(),
            holder: limits.at_once.map(|_| holder(runs_out, owner)),
            owner: owner.to_owned(),
            taken: now,
        };
        for _ in 0..MAX_ATTEMPTS {
            match state.table.add(&entry, &windows, limits.at_once).await {
                Ok(Attempt::Counted(item)) => {
                    self.tidy_up(&entry, &item, now);
                    return Ok(Counted {
                        counts: self.clone(),
                        entry: Some(entry),
                        over: started.checked_add(left).unwrap_or(started),
                        has_begun: false,
                    });
                }
                Ok(Attempt::Refused(item)) => {
                    if let Some(reached) = reached(&item, &windows, limits.at_once, now) {
                        return Err(CountError::Reached(reached));
                    }
                    let dead = dead(&item, now);
                    state.table.remove(&entry, &[], dead).await;
                }
                Err(()) => {
                    self.give_up(entry);
                    return Err(CountError::Outage);
                }
            }
        }
        error!("cannot tell how many turns a caller takes");
        Err(CountError::Outage)
    }

    /// Waits for what is being given back, and for agents that work on after their answer's end.
    pub async fn settle(&self) {
        self.0.leaving.settle().await;
    }

    /// It is not known whether this turn was counted. Its place in the set is given back; in its windows it stays, so that
    /// these are never one turn short.
    fn give_up(&self, mut entry: Entry) {
        entry.windows.clear();
        self.leave(entry);
    }

    /// Gives back a turn, without anyone waiting for it.
    fn leave(&self, entry: Entry) {
        let counts = self.clone();
        let leaving = &self.0.leaving;
        leaving.begin(async move { counts.0.table.subtract(&entry).await });
    }

    /// Removes what has been left behind in an item, without anyone waiting for it.
    fn tidy_up(&self, entry: &Entry, item: &Item, now: Duration) {
        let old = Window::old(item.keys(), now);
        let dead = dead(item, now);
        if old.len() <= MAX_OLD && dead.is_empty() {
            return;
        }
        let (counts, entry) = (self.clone(), entry.clone());
        let leaving = &self.0.leaving;
        leaving.begin(async move { counts.0.table.remove(&entry, &old, dead).await });
    }
}

impl CountError {
    /// What the caller is told.
    pub const fn problem(self) -> Problem {
        match self {
            Self::Reached(_) => Problem::TurnLimit,
            Self::Outage => Problem::TurnsUnavailable,
        }
    }
}

impl Counted {
    /// Notes whether the agent is asked: then the turn counts, whatever becomes of it.
    pub const fn begin(&mut self, has_begun: bool) {
        self.has_begun = has_begun;
    }

    /// Gives back what it holds, and if the agent was not asked, what was counted.
    pub async fn release(mut self) {
        if let Some(entry) = self.leave() {
            self.counts.0.table.subtract(&entry).await;
        }
    }

    /// What there is to be given back, taken out.
    fn leave(&mut self) -> Option<Entry> {
        let mut entry = self.entry.take()?;
        if self.has_begun {
            entry.windows.clear();
        }
        Some(entry)
    }
}

impl Hold for Counted {
    fn release(self: Box<Self>) -> Finally {
        Box::pin((*self).release())
    }

    fn outlive(mut self: Box<Self>, rest: Finally) {
        let Some(mut entry) = self.leave().filter(|entry| entry.holder.is_some()) else {
            return;
        };
        let (counts, over) = (self.counts.clone(), self.over);
        let leaving = &self.counts.0.leaving;
        leaving.begin(async move {
            let table = &counts.0.table;
            let later = holder(entry.taken.saturating_add(LONGEST_WORK), &entry.owner);
            table.prolong(&entry, &later).await;
            entry.holder = Some(later);
            if timeout_at(over, rest).await.is_ok() {
                table.subtract(&entry).await;
            }
        });
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(entry) = self.leave() {
            self.counts.leave(entry);
        }
    }
}
