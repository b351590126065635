//! The time that a turn waits for DynamoDB: without tables, with the lease, and with lease, denials and limits, in one run.

use std::time::{Duration, Instant};

use local::agent::Agent;
use local::dynamodb::{DynamoDb, Fault};
use mint::Key;
use serde_json::json;
use tests::{DEMO_ARN, Lambda, ProxyRequest, Settings, claims, credentials, data_plane, trusted};

use crate::measure::{median, millis};

/// The latency of the emulated table: AWS promises single-digit milliseconds of DynamoDB.
pub const LATENCY: Duration = Duration::from_millis(4);

/// Medians until the first piece of an answer, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Turns {
    pub bare: f64,
    pub leased: f64,
    pub controlled: f64,
    /// The median of the differences between the last two.
    pub added: f64,
}

async fn slow_tables() -> DynamoDb {
    let table = DynamoDb::start(credentials(), "people").await.unwrap();
    table.create_table("turns", "session");
    table.create_table("denials", "key");
    table.set_fault(Some(Fault::Slow(LATENCY)));
    table
}

/// Takes so many turns of each kind, one of each after the other.
pub async fn turns(rounds: usize) -> Turns {
    let key = Key::rsa("one");
    let agent = Agent::start().await.unwrap();
    let plane = data_plane(&agent).await;
    let table = slow_tables().await;
    let settings = Settings::new(&trusted(&[&key], &json!({})))
        .with("AWS_ENDPOINT_URL_DYNAMODB", table.url())
        .with_data_plane(&plane);
    let leased = settings.clone().with("TURNS_TABLE", "turns");
    let agents = json!({"demo": {
        "runtime": DEMO_ARN, "allow": {"groups": ["staff"]},
        "limits": {"turnsAtOnce": 100, "turnsPerMinute": 10_000, "turnsPerDay": 10_000_000},
    }});
    let controlled = leased
        .clone()
        .with("DENIALS_TABLE", "denials")
        .with("AGENTS", &agents.to_string());
    let proxies = [settings, leased, controlled].map(Lambda::proxy);
    let [bare, leased, controlled] = proxies;
    let proxies = [bare.await, leased.await, controlled.await];
    // One piece and a short end: the next round must not wait for the agent's pauses.
    let turn = ProxyRequest::turn("demo", &key.token("RS256", &claims()), "fail midway");
    let mut seen = [Vec::new(), Vec::new(), Vec::new()];
    let mut added = Vec::new();
    // Connections are made in the first rounds.
    for round in 0..rounds + 5 {
        let mut times = [0.0; 3];
        for (proxy, time) in proxies.iter().zip(&mut times) {
            let started = Instant::now();
            let mut reply = proxy.call(&turn).await;
            reply.next().await.unwrap();
            *time = millis(started.elapsed());
            reply.rest().await;
            assert_eq!(reply.status, 200);
        }
        if round >= 5 {
            added.push(times[2] - times[1]);
            let rows = seen.iter_mut().zip(times);
            rows.for_each(|(seen, time)| seen.push(time));
        }
    }
    for proxy in proxies {
        proxy.stop().await;
    }
    let [bare, leased, controlled] = seen.map(median);
    Turns {
        bare,
        leased,
        controlled,
        added: median(added),
    }
}
