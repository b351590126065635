//! Lease for one turn of a conversation at a time, in a DynamoDB table, because the function runs in many independent
//! processes.
//!
//! An agent that is asked twice at once mixes up what was said. The second turn is refused rather than kept waiting: a
//! function that waits is paid for, and the caller knows better whether to wait, to ask something else or to give up.
//!
//! A lease is taken on the condition that there is none, or one that has run out, and given back by its owner alone. One
//! that is never given back, because its process died, runs out by itself.

use std::mem::take;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::builders::DeleteItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use shared::aws::clients;
use shared::clock::Clock;
use shared::log::service_failure;
use shared::session::SessionId;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tracing::{error, warn};

use crate::caller::problem::Problem;

/// How long a lease outlives the time its answer must be over by: the answer's last event gets out, and two processes'
/// clocks, which Lambda keeps within a second, may disagree.
const EXPIRY_MARGIN: Duration = Duration::from_secs(10);

/// The pauses before a lease that another turn holds is asked for again. An answer's last event is read a moment before
/// its lease is given back, and its reader may ask on at once.
const PAUSES: [Duration; 2] = [Duration::from_millis(150), Duration::from_millis(350)];

/// The longest that the end of an answer waits for its lease to be given back. The function has a little more time than
/// its answers, and is not cut off meanwhile.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(2);

/// The table's key: a session id, and so of one caller, one agent and one conversation.
const KEY: &str = "session";
/// Who holds the lease: the id of the request, which Lambda gives to no other.
const OWNER: &str = "owner";
/// When it runs out, in seconds since 1970; best also the table's time to live.
const EXPIRES: &str = "expires";

/// The leases of turns that are being taken. A copy is of the same ones.
#[derive(Clone)]
pub struct Leases(Arc<Table>);

struct Table {
    client: Client,
    name: String,
    clock: Clock,
    /// How many leases are being given back that no answer waits for.
    leaving: watch::Sender<usize>,
}

/// The right to take one turn. Dropping it gives it back too, without anyone waiting for it.
pub struct Lease {
    leases: Leases,
    session: String,
    owner: String,
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
    /// Prepares the client, in the function's own region; nothing is connected yet.
    pub fn new(table: String, platform: &SdkConfig, clock: Clock) -> Self {
        Self(Arc::new(Table {
            client: Client::new(&clients::for_table(platform)),
            name: table,
            clock,
            leaving: watch::Sender::new(0),
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
        let mut lease = Lease {
            leases: self.clone(),
            session: session.as_str().to_owned(),
            owner: request_id.to_owned(),
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
    pub async fn end(&self, session: &SessionId, request_id: &str) {
        let delete = self.0.deletion(session.as_str());
        self.0.send(delete, request_id).await;
    }

    /// Waits for what is being given back, for a little while.
    pub async fn settle(&self) {
        let mut leaving = self.0.leaving.subscribe();
        let settled = leaving.wait_for(|count| *count == 0);
        // What is not given back by then runs out.
        let _ended = timeout(RELEASE_TIMEOUT, settled).await;
    }
}

impl Table {
    async fn put(&self, lease: &Lease, left: Duration) -> Result<(), LeaseError> {
        let now = self.clock.moment().wall;
        let expires = now.saturating_add(left).saturating_add(EXPIRY_MARGIN);
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .item(KEY, text(&lease.session))
            .item(OWNER, text(&lease.owner))
            .item(EXPIRES, seconds(expires))
            // The last one is for an attempt whose answer was lost: what it wrote is ours.
            .condition_expression(
                "attribute_not_exists(#key) OR #expires <= :now OR #owner = :owner",
            )
            .expression_attribute_names("#key", KEY)
            .expression_attribute_names("#expires", EXPIRES)
            .expression_attribute_names("#owner", OWNER)
            .expression_attribute_values(":now", seconds(now))
            .expression_attribute_values(":owner", text(&lease.owner));
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) if is_held_by_another(&error) => Err(LeaseError::Busy),
            Err(error) => {
                error!(
                    request_id = lease.owner,
                    error = service_failure(error.code(), &error),
                    "cannot tell whether a conversation is busy"
                );
                Err(LeaseError::Outage)
            }
        }
    }

    async fn delete(&self, session: &str, owner: &str) {
        let delete = self
            .deletion(session)
            .condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", OWNER)
            .expression_attribute_values(":owner", text(owner));
        self.send(delete, owner).await;
    }

    fn deletion(&self, session: &str) -> DeleteItemFluentBuilder {
        let delete = self.client.delete_item();
        delete.table_name(&self.name).key(KEY, text(session))
    }

    async fn send(&self, delete: DeleteItemFluentBuilder, request_id: &str) {
        let error = match timeout(RELEASE_TIMEOUT, delete.send()).await {
            Ok(Ok(_)) => return,
            // It ran out, or was never taken: it is not ours to give back.
            Ok(Err(error)) if is_held_by_another(&error) => return,
            Ok(Err(error)) => service_failure(error.code(), &error),
            Err(_) => "timeout".to_owned(),
        };
        warn!(
            request_id,
            error, "cannot give back a turn; its conversation is busy until it runs out"
        );
    }
}

impl Lease {
    /// Gives it back, and waits for that.
    pub async fn release(mut self) {
        self.leases.0.delete(&self.session, &self.owner).await;
        self.is_held = false;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        if take(&mut self.is_held) {
            let leases = self.leases.clone();
            let (session, owner) = (take(&mut self.session), take(&mut self.owner));
            leases
                .0
                .leaving
                .send_modify(|count| *count = count.saturating_add(1));
            runtime.spawn(async move {
                leases.0.delete(&session, &owner).await;
                leases
                    .0
                    .leaving
                    .send_modify(|count| *count = count.saturating_sub(1));
            });
        }
    }
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn seconds(since_1970: Duration) -> AttributeValue {
    AttributeValue::N(since_1970.as_secs().to_string())
}

/// Whether DynamoDB refused for the condition, which says that the lease is another turn's, or is gone.
fn is_held_by_another<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.code() == Some("ConditionalCheckFailedException")
}
