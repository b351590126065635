//! The counts of a caller's turns, at our emulator of DynamoDB and at moto, an independent one.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use local::dynamodb::{DynamoDb, Fault};
use proxy::answer::stream::{Finally, Hold};
use proxy::caller::limit::{Limit, Reached};
use proxy::turn::count::{CountError, Counted, Counts};
use proxy::turn::table;
use python::{PythonServer, counted};
use serde_json::{Value, json};
use shared::agents::TurnLimits;
use shared::clock::{Clock, Moment};
use shared::session::CountId;
use tokio::sync::oneshot;

use crate::agentcore::platform;
use crate::caller::Issuer;
use crate::turns::{TABLE, create_table, table as turns_table};

const MINUTE: Duration = Duration::from_secs(60);
/// The beginning of a minute, twenty minutes before the end of a day.
const START: u64 = 19_999 * 86_400 - 20 * 60;

const fn limits(at_once: Option<u64>, per_minute: Option<u64>, per_day: Option<u64>) -> TurnLimits {
    TurnLimits {
        at_once,
        per_minute,
        per_day,
    }
}

/// The counts as two processes keep them, by a clock that is set by hand.
struct Scene {
    counts: Counts,
    other_process: Counts,
    clock: Arc<AtomicU64>,
    id: CountId,
}

impl Scene {
    async fn at(url: &str) -> Self {
        let clock = Arc::new(AtomicU64::new(START));
        let read = Arc::clone(&clock);
        let time = Clock::from_fn(move || Moment {
            wall: Duration::from_secs(read.load(Ordering::SeqCst)),
            steady: Duration::ZERO,
        });
        let client = table::client(&platform(url).await);
        let counts = || Counts::new(TABLE.to_owned(), client.clone(), time.clone());
        let permit = Issuer::new().permit().await;
        Self {
            counts: counts(),
            other_process: counts(),
            clock,
            id: CountId::derive(permit.identity(), permit.agent()),
        }
    }

    fn later(&self, seconds: u64) {
        self.clock.store(START + seconds, Ordering::SeqCst);
    }

    async fn take(&self, limits: TurnLimits, request_id: &str) -> Result<Counted, CountError> {
        let counts = if request_id.ends_with('o') {
            &self.other_process
        } else {
            &self.counts
        };
        counts.take(&self.id, limits, request_id, MINUTE).await
    }

    /// A turn that reached its agent.
    async fn begun(&self, limits: TurnLimits, request_id: &str) -> Counted {
        let mut counted = self.take(limits, request_id).await.unwrap();
        counted.begin(true);
        counted
    }

    async fn reached(&self, limits: TurnLimits) -> Option<(Limit, u64, u64)> {
        match self.take(limits, "r-reached").await.err()? {
            CountError::Reached(Reached {
                limit,
                resets,
                pause,
            }) => Some((limit, resets - START, pause)),
            CountError::Outage => panic!("it can be told"),
        }
    }

    async fn settle(&self) {
        self.counts.settle().await;
        self.other_process.settle().await;
    }

    /// Every rule of a count.
    async fn check(&self) {
        self.check_windows().await;
        self.check_at_once().await;
        self.check_kept().await;
        self.check_order().await;
    }

    async fn check_windows(&self) {
        let of_minute = limits(None, Some(2), None);
        self.later(5);
        self.begun(of_minute, "r-1").await.release().await;
        // It never reached its agent, whether it is given back or dropped.
        self.take(of_minute, "r-2o").await.unwrap().release().await;
        drop(self.take(of_minute, "r-3").await.unwrap());
        self.settle().await;
        self.begun(of_minute, "r-4o").await.release().await;
        assert_eq!(
            self.reached(of_minute).await,
            Some((Limit::PerMinute, 60, 55))
        );
        self.later(59);
        assert_eq!(
            self.reached(of_minute).await,
            Some((Limit::PerMinute, 60, 1))
        );
        self.later(60);
        self.begun(of_minute, "r-5").await.release().await;
        // A clock that is set back counts on in the minute of before.
        self.later(58);
        assert_eq!(
            self.reached(of_minute).await,
            Some((Limit::PerMinute, 60, 2))
        );
        let of_day = limits(None, None, Some(1));
        self.begun(of_day, "r-6").await.release().await;
        let until_midnight = (Limit::PerDay, 1200, 1200 - 58);
        assert_eq!(self.reached(of_day).await, Some(until_midnight));
        self.later(1200);
        self.begun(of_day, "r-7").await.release().await;
    }

    async fn check_at_once(&self) {
        self.later(3000);
        let two = limits(Some(2), None, None);
        let one = self.begun(two, "r-1").await;
        let other = self.begun(two, "r-2o").await;
        // It ends by itself ten seconds after its minute.
        assert_eq!(self.reached(two).await, Some((Limit::AtOnce, 3070, 2)));
        one.release().await;
        let next = self.begun(two, "r-3").await;
        assert_eq!(self.reached(two).await, Some((Limit::AtOnce, 3070, 2)));
        drop((other, next));
        self.settle().await;
        // Two processes die. Their turns run out, and the next turn takes their place.
        for id in ["r-4", "r-5o"] {
            std::mem::forget(self.begun(two, id).await);
        }
        self.later(3069);
        assert_eq!(self.reached(two).await, Some((Limit::AtOnce, 3070, 2)));
        self.later(3070);
        let one = self.begun(two, "r-6").await;
        let other = self.begun(two, "r-7o").await;
        assert_eq!(self.reached(two).await, Some((Limit::AtOnce, 3140, 2)));
        one.release().await;
        other.release().await;
    }

    /// An agent that works on counts, for an hour at most.
    async fn check_kept(&self) {
        self.later(4000);
        let one = limits(Some(1), None, None);
        let wait = Duration::from_millis(20);
        let short = |id| self.counts.take(&self.id, one, id, wait);
        let mut counted = short("r-1").await.unwrap();
        counted.begin(true);
        let never: Finally = Box::pin(pending());
        outlive(counted, never);
        self.settle().await;
        self.later(4000 + 3599);
        assert_eq!(self.reached(one).await, Some((Limit::AtOnce, 7600, 2)));
        self.later(7600);
        self.begun(one, "r-2o").await.release().await;
        let (ended, end) = oneshot::channel::<()>();
        let counted = self.begun(one, "r-3").await;
        outlive(counted, Box::pin(async move { drop(end.await) }));
        assert!(self.reached(one).await.is_some());
        drop(ended);
        self.settle().await;
        self.begun(one, "r-4o").await.release().await;
    }

    /// Of several limits, the one is told that lasts longest.
    async fn check_order(&self) {
        self.later(9000);
        let all = limits(Some(1), Some(1), Some(1));
        // The day has its turn already.
        assert!(matches!(self.reached(all).await, Some((Limit::PerDay, ..))));
        let counted = self.begun(limits(Some(1), Some(1), None), "r-1").await;
        let two = limits(Some(1), Some(1), Some(100));
        assert!(matches!(
            self.reached(two).await,
            Some((Limit::PerMinute, ..))
        ));
        let at_once = limits(Some(1), Some(100), Some(100));
        assert!(matches!(
            self.reached(at_once).await,
            Some((Limit::AtOnce, ..))
        ));
        counted.release().await;
    }
}

fn outlive(counted: Counted, rest: Finally) {
    let hold: Box<dyn Hold> = Box::new(counted);
    hold.outlive(rest);
}

/// The one item of a table.
fn item(table: &DynamoDb) -> Value {
    let items = table.items(TABLE);
    assert_eq!(items.len(), 1, "{items:?}");
    items[0].clone()
}

#[tokio::test]
async fn turns_are_counted_across_processes() {
    let table = turns_table().await;
    Scene::at(table.url()).await.check().await;
    let item = item(&table);
    assert!(item.get("holders").is_none(), "{item}");
    assert_eq!(
        item["expires"]["N"],
        json!((START + 9000 + 172_800).to_string())
    );
}

#[tokio::test]
async fn the_counts_may_be_at_moto() {
    let Some(moto) = PythonServer::moto("the counts") else {
        return;
    };
    create_table(&moto.url, TABLE, "session").await;
    Scene::at(&moto.url).await.check().await;
    counted("the rules of a count kept at moto");
}

#[tokio::test]
async fn two_hundred_attempts_are_held_to_the_limits() {
    let table = turns_table().await;
    let scene = &Scene::at(table.url()).await;
    let both = limits(Some(3), Some(10), None);
    for expected in [3, 3, 3, 1, 0] {
        let attempts = (0..200).map(|place| format!("r-{place}o"));
        let attempts = attempts.map(|id| async move { scene.take(both, &id).await });
        // As many as there are processes at once.
        let taken = stream::iter(attempts).buffer_unordered(20);
        let taken: Vec<_> = taken.collect().await;
        let is_told =
            |taken: &Result<_, CountError>| taken.as_ref().err() != Some(&CountError::Outage);
        assert!(taken.iter().all(is_told));
        let taken: Vec<_> = taken.into_iter().flatten().collect();
        assert_eq!(taken.len(), expected);
        for mut counted in taken {
            counted.begin(true);
            counted.release().await;
        }
    }
}

#[tokio::test]
async fn an_item_does_not_grow() {
    let table = turns_table().await;
    let scene = Scene::at(table.url()).await;
    let of_minute = limits(None, Some(2), None);
    for minute in 0..40 {
        scene.later(minute * 60);
        scene.begun(of_minute, "r-1").await.release().await;
        scene.settle().await;
    }
    let count = item(&table).as_object().unwrap().len();
    // Its key and end, the windows that are left alone, and those that are not yet worth a write.
    assert!(count <= 2 + 3 + 9, "{count}");
}

#[tokio::test]
async fn what_cannot_be_told_is_an_outage() {
    let table = turns_table().await;
    let scene = Scene::at(table.url()).await;
    let all = limits(Some(1), Some(1), Some(1));
    let throttled = Fault::Error(http::StatusCode::BAD_REQUEST, "ThrottlingException");
    for fault in [Fault::Down, throttled] {
        table.set_fault(Some(fault));
        let refused = scene.take(all, "r-1").await.err();
        assert_eq!(refused, Some(CountError::Outage));
        scene.settle().await;
    }
    table.set_fault(None);
    // A foreign item under the name lets none in.
    let foreign =
        json!({"session": {"S": scene.id.as_str()}, "holders": {"S": "?"}, "d19998": {"S": "?"}});
    table.write(TABLE, foreign);
    let refused = scene.take(all, "r-2").await.err();
    assert_eq!(refused, Some(CountError::Outage));
    scene.settle().await;
    table.clear(TABLE);
    scene.take(all, "r-3").await.unwrap().release().await;
}
