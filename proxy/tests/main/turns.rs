//! The lease that lets one turn of a conversation run at a time, at our emulator of DynamoDB and at moto, an
//! independent one.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use local::dynamodb::{DynamoDb, Fault};
use proxy::answer::stream::{Finally, Hold};
use proxy::turn::lease::{Lease, LeaseError, Leases};
use proxy::turn::table;
use python::{PythonServer, counted};
use shared::clock::{Clock, Moment};
use shared::session::{Conversation, SessionId};
use tokio::sync::oneshot;

use crate::agentcore::{credentials, platform};
use crate::caller::{Issuer, NOW};

pub(crate) const TABLE: &str = "gatehouse-turns";
const MINUTE: Duration = Duration::from_secs(60);

/// The double, as the credentials of [`platform`] open it.
pub(crate) async fn table() -> DynamoDb {
    let directory = DynamoDb::start(credentials(), "directory").await.unwrap();
    directory.create_table(TABLE, "session");
    directory
}

pub(crate) async fn create_table(url: &str, name: &str, key: &str) {
    let schema = KeySchemaElement::builder()
        .attribute_name(key)
        .key_type(KeyType::Hash)
        .build();
    let attribute = AttributeDefinition::builder()
        .attribute_name(key)
        .attribute_type(ScalarAttributeType::S)
        .build();
    let client = Client::new(&platform(url).await);
    let table = client
        .create_table()
        .table_name(name)
        .key_schema(schema.unwrap())
        .attribute_definitions(attribute.unwrap())
        .billing_mode(BillingMode::PayPerRequest);
    table.send().await.unwrap();
}

/// Turns of one caller's conversations, as two processes take them, by a clock that is set by hand.
struct Scene {
    turns: Leases,
    other_process: Leases,
    later: Arc<AtomicU64>,
    issuer: Issuer,
}

fn outlive(lease: Lease, rest: Finally) {
    let hold: Box<dyn Hold> = Box::new(lease);
    hold.outlive(rest);
}

impl Scene {
    async fn at(url: &str) -> Self {
        let later = Arc::new(AtomicU64::new(0));
        let read = Arc::clone(&later);
        let clock = Clock::from_fn(move || Moment {
            wall: Duration::from_secs(NOW.0.saturating_add(read.load(Ordering::SeqCst))),
            steady: Duration::ZERO,
        });
        let platform = platform(url).await;
        let turns = || Leases::new(TABLE.to_owned(), table::client(&platform), clock.clone());
        Self {
            turns: turns(),
            other_process: turns(),
            later,
            issuer: Issuer::new(),
        }
    }

    async fn session(&self, conversation: &str) -> SessionId {
        let permit = self.issuer.permit().await;
        let conversation = Conversation::parse(conversation).unwrap();
        SessionId::derive(permit.identity(), permit.agent(), &conversation, None)
    }

    /// Every rule of a lease.
    async fn check(&self) {
        let (one, two) = (self.session("c1").await, self.session("c2").await);
        let Self {
            turns,
            other_process,
            ..
        } = self;
        let lease = turns.take(&one, "r-1", MINUTE).await.unwrap();
        let busy = other_process.take(&one, "r-2", MINUTE).await.err();
        assert_eq!(busy, Some(LeaseError::Busy));
        let other = other_process.take(&two, "r-3", MINUTE).await.unwrap();
        // The attempt before had been heard, and its answer was lost.
        let again = turns.take(&one, "r-1", MINUTE).await.unwrap();
        std::mem::forget(again);
        lease.release().await;
        let next = other_process.take(&one, "r-4", MINUTE).await.unwrap();

        // It runs out, ten seconds after the end of its turn, and is then another's: no longer its first owner's to give back.
        self.later.fetch_add(69, Ordering::SeqCst);
        let busy = turns.take(&one, "r-5", MINUTE).await.err();
        assert_eq!(busy, Some(LeaseError::Busy));
        self.later.fetch_add(1, Ordering::SeqCst);
        let lease = turns.take(&one, "r-6", MINUTE).await.unwrap();
        next.release().await;
        let busy = other_process.take(&one, "r-7", MINUTE).await.err();
        assert_eq!(busy, Some(LeaseError::Busy));

        // Dropped, it is given back as well.
        drop((lease, other));
        turns.settle().await;
        other_process.settle().await;
        for session in [one, two] {
            let lease = turns.take(&session, "r-8", MINUTE).await.unwrap();
            lease.release().await;
        }
        self.check_kept().await;
    }

    /// Every rule of a lease whose agent works on.
    async fn check_kept(&self) {
        let session = self.session("c1").await;
        let Self {
            turns,
            other_process,
            ..
        } = self;
        let free = async |id| other_process.take(&session, id, MINUTE).await;
        // Its process waits for so long, and its agent works for longer: it is kept for an hour from its beginning.
        let wait = Duration::from_millis(20);
        let never = || -> Finally { Box::pin(pending()) };
        outlive(turns.take(&session, "r-9", wait).await.unwrap(), never());
        turns.settle().await;
        self.later.fetch_add(3599, Ordering::SeqCst);
        assert_eq!(free("r-10").await.err(), Some(LeaseError::Busy));
        self.later.fetch_add(1, Ordering::SeqCst);
        free("r-11").await.unwrap().release().await;
        // Or until the agent ends.
        let (ended, end) = oneshot::channel::<()>();
        let rest: Finally = Box::pin(async move { drop(end.await) });
        outlive(turns.take(&session, "r-12", MINUTE).await.unwrap(), rest);
        assert_eq!(free("r-13").await.err(), Some(LeaseError::Busy));
        drop(ended);
        turns.settle().await;
        free("r-14").await.unwrap().release().await;
        // Or until its caller ends the conversation, and then it is not brought back.
        let lease = turns.take(&session, "r-15", wait).await.unwrap();
        other_process.end(&session).await;
        outlive(lease, never());
        turns.settle().await;
        free("r-17").await.unwrap().release().await;
    }
}

#[tokio::test]
async fn one_turn_of_a_conversation_is_taken_at_a_time() {
    let table = table().await;
    Scene::at(table.url()).await.check().await;
    assert_eq!(table.items(TABLE), Vec::<serde_json::Value>::new());
}

#[tokio::test]
async fn the_table_of_turns_may_be_at_moto() {
    let Some(moto) = PythonServer::moto("the turns") else {
        return;
    };
    create_table(&moto.url, TABLE, "session").await;
    Scene::at(&moto.url).await.check().await;
    counted("the rules of a turn's lease kept at moto");
}

#[tokio::test]
async fn whoever_waits_a_moment_comes_after_a_turn_that_ends() {
    let table = table().await;
    let scene = Scene::at(table.url()).await;
    let session = scene.session("c1").await;
    let lease = scene.turns.take(&session, "r-1", MINUTE).await.unwrap();
    let (next, ()) = tokio::join!(
        scene.other_process.take(&session, "r-2", MINUTE),
        lease.release()
    );
    next.unwrap().release().await;
}

#[tokio::test]
async fn what_cannot_be_told_is_an_outage() {
    let table = table().await;
    let scene = Scene::at(table.url()).await;
    let session = scene.session("c1").await;
    let throttled = Fault::Error(http::StatusCode::BAD_REQUEST, "ThrottlingException");
    for fault in [Fault::Down, throttled] {
        table.set_fault(Some(fault));
        let refused = scene.turns.take(&session, "r-1", MINUTE).await.err();
        assert_eq!(refused, Some(LeaseError::Outage));
        scene.turns.settle().await;
    }
    table.set_fault(None);
    let missing = Leases::new(
        "another".to_owned(),
        table::client(&platform(table.url()).await),
        Clock::fixed(NOW),
    );
    let refused = missing.take(&session, "r-1", MINUTE).await.err();
    assert_eq!(refused, Some(LeaseError::Outage));
    // What was perhaps taken meanwhile has been given back.
    let lease = scene.turns.take(&session, "r-2", MINUTE).await.unwrap();
    lease.release().await;
}
