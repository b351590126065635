//! Lease for one turn of a conversation at a time, in a DynamoDB table, because the function runs in many independent
//! processes.
//!
//! An agent that is asked twice at once mixes up what was said. The second turn is refused rather than kept waiting: a
//! function that waits is paid for, and the caller knows better whether to wait, to ask something else or to give up.
//!
//! A lease is taken on the condition that there is none, or one that has run out, and given back by its owner alone. One
//! that is never given back, because its process died, runs out by itself.
//!
//! It stands for the agent's work, not for the answer: where the door gave up first, or the caller left, it is prolonged
//! by as long as an agent may work, and the process waits for the agent's end as long as it may run.

use std::error::Error;
use std::fmt::Debug;
use std::mem::take;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::builders::DeleteItemFluentBuilder;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use shared::clock::Clock;
use shared::log::service_failure;
use shared::session::SessionId;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tracing::{error, warn};

use super::leaving::Leaving;
use super::table::{
    EXPIRES, EXPIRY_MARGIN, LONGEST_WORK, TURNS_KEY, WRITE_TIMEOUT, is_condition, seconds, text,
};
use crate::answer::stream::{Finally, Hold};
use crate::caller::problem::Problem;

/// The pauses before a lease that another turn holds is asked for again. An answer's last event is read a moment before
/// its lease is given back, and its reader may ask on at once.
const PAUSES: [Duration; 2] = [Duration::from_millis(150), Duration::from_millis(350)];

/// Who holds the lease: the id of the request, which Lambda gives to no other.
const OWNER: &str = "owner";

/// The leases of turns that are being taken. A copy is of the same ones.
#[derive(Clone)]
pub struct Leases(Arc<Table>);

struct Table {
    client: Client,
    name: String,
    clock: Clock,
    /// Leases that are being given back, or kept, that no answer waits for.
    leaving: Leaving,
}

/// The right to take one turn. Dropping it gives it back too, without anyone waiting for it.
pub struct Lease {
    leases: Leases,
    session: String,
    owner: String,
    /// When it was taken, since 1970.
    taken: Duration,
    /// How long its process may wait for the agent's end.
    over: Instant,
    is_held: bool,
}

/// Why there is no lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseError {
    /// Another turn of the conversation is being taken.
    Busy,
    /// It cannot be told.
    Outage,
}

impl LeaseError {
    /// What the caller is told.
    pub const fn problem(self) -> Problem {
        match self {
            Self::Busy => Problem::ConversationBusy,
            Self::Outage => Problem::TurnsUnavailable,
        }
    }
}

impl Leases {
    pub fn new(table: String, client: Client, clock: Clock) -> Self {
        Self(Arc::new(Table {
            client,
            name: table,
            clock,
            leaving: Leaving::default(),
        }))
    }

    /// Takes the right to a turn that is over after `left`, for the request of this id.
    ///
    /// # Errors
    /// [`LeaseError`]
    pub async fn take(
        &self,
        session: &SessionId,
        request_id: &str,
        left: Duration,
    ) -> Result<Lease, LeaseError> {
        let now = Instant::now();
        let mut lease = Lease {
            leases: self.clone(),
            session: session.as_str().to_owned(),
            owner: request_id.to_owned(),
            taken: self.0.clock.moment().wall,
            over: now.checked_add(left).unwrap_or(now),
            is_held: true,
        };
        let mut pauses = PAUSES.into_iter();
        loop {
            match self.0.put(&lease, left).await {
                Err(LeaseError::Busy) => match pauses.next() {
                    Some(pause) => sleep(pause).await,
                    None => {
                        lease.is_held = false;
                        return Err(LeaseError::Busy);
                    }
                },
                // After an outage it is not known whether it is held, so it is given back.
                taken => return taken.map(|()| lease),
            }
        }
    }

    /// Gives back the turn of a session that has been ended, whichever process holds it: its agent is gone, and the
    /// process that asked it may be frozen, or wait for an answer that has no reader. Its own return of the lease then
    /// finds none.
    pub async fn end(&self, session: &SessionId) {
        let delete = self.0.deletion(session.as_str());
        settled(delete.send(), NOT_GIVEN_BACK).await;
    }

    /// Waits for what is being given back, and for agents that work on after their answer's end. Each has its own bound:
    /// the end of the turn's time, and two seconds for what is being given back.
    pub async fn settle(&self) {
        self.0.leaving.settle().await;
    }

    fn leaving(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.0.leaving.begin(work);
    }
}

impl Table {
    async fn put(&self, lease: &Lease, left: Duration) -> Result<(), LeaseError> {
        let now = self.clock.moment().wall;
        let expires = now.saturating_add(left).saturating_add(EXPIRY_MARGIN);
        let put = self
            .item(&lease.session, &lease.owner, expires)
            // The last one is for an attempt whose answer was lost: what it wrote is ours.
            .condition_expression(
                "attribute_not_exists(#key) OR #expires <= :now OR #owner = :owner",
            )
            .expression_attribute_names("#key", TURNS_KEY)
            .expression_attribute_names("#expires", EXPIRES)
            .expression_attribute_names("#owner", OWNER)
            .expression_attribute_values(":now", seconds(now))
            .expression_attribute_values(":owner", text(&lease.owner));
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) if is_condition(&error) => Err(LeaseError::Busy),
            Err(error) => {
                error!(
                    error = service_failure(error.code(), &error),
                    "cannot tell whether a conversation is busy"
                );
                Err(LeaseError::Outage)
            }
        }
    }

    /// Puts off when a lease runs out. One that is not its owner's any more, because its caller ended the conversation,
    /// stays as it is: nothing runs that it would stand for.
    async fn prolong(&self, session: &str, owner: &str, expires: Duration) {
        let put = self
            .item(session, owner, expires)
            .condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", OWNER)
            .expression_attribute_values(":owner", text(owner));
        settled(put.send(), NOT_PROLONGED).await;
    }

    async fn delete(&self, session: &str, owner: &str) {
        let delete = self
            .deletion(session)
            .condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", OWNER)
            .expression_attribute_values(":owner", text(owner));
        settled(delete.send(), NOT_GIVEN_BACK).await;
    }

    fn item(&self, session: &str, owner: &str, expires: Duration) -> PutItemFluentBuilder {
        let put = self.client.put_item().table_name(&self.name);
        put.item(TURNS_KEY, text(session))
            .item(OWNER, text(owner))
            .item(EXPIRES, seconds(expires))
    }

    fn deletion(&self, session: &str) -> DeleteItemFluentBuilder {
        let delete = self.client.delete_item();
        delete.table_name(&self.name).key(TURNS_KEY, text(session))
    }
}

const NOT_GIVEN_BACK: &str = "cannot give back a turn; its conversation is busy until it runs out";
const NOT_PROLONGED: &str = "cannot prolong a turn; another may begin while the agent works on";

/// Waits for a write, for a little while; that it failed is for the log.
pub(super) async fn settled<O, E, R>(
    written: impl Future<Output = Result<O, SdkError<E, R>>>,
    failed: &'static str,
) where
    E: ProvideErrorMetadata + Error + 'static,
    R: Debug,
{
    let error = match timeout(WRITE_TIMEOUT, written).await {
        Ok(Ok(_)) => return,
        // It ran out, was ended, or was never taken: it is not ours.
        Ok(Err(error)) if is_condition(&error) => return,
        Ok(Err(error)) => service_failure(error.code(), &error),
        Err(_) => "timeout".to_owned(),
    };
    warn!(error, "{failed}");
}

impl Lease {
    /// Gives it back, and waits for that.
    pub async fn release(mut self) {
        self.leases.0.delete(&self.session, &self.owner).await;
        self.is_held = false;
    }
}

impl Hold for Lease {
    fn release(self: Box<Self>) -> Finally {
        Box::pin((*self).release())
    }

    fn outlive(mut self: Box<Self>, rest: Finally) {
        self.is_held = false;
        let leases = self.leases.clone();
        leases.leaving(async move {
            let table = &self.leases.0;
            let expires = self.taken.saturating_add(LONGEST_WORK);
            table.prolong(&self.session, &self.owner, expires).await;
            if timeout_at(self.over, rest).await.is_ok() {
                table.delete(&self.session, &self.owner).await;
            }
        });
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if take(&mut self.is_held) {
            let leases = self.leases.clone();
            let (session, owner) = (take(&mut self.session), take(&mut self.owner));
            self.leases
                .leaving(async move { leases.0.delete(&session, &owner).await });
        }
    }
}
