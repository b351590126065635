//! Tests of the limits of callers' turns: held by many processes together, and given back by those that die.

use std::process::Command;
use std::time::Duration;

use futures_util::future::join_all;
use local::dynamodb::DynamoDb;
use mint::Key;
use serde_json::{Value, json};
use tests::{
    DEMO_ARN, Lambda, ProxyRequest, Reply, Settings, claims, counted, credentials, now, trusted,
};
use tokio::time::{Instant, sleep};

use crate::stubborn::Stubborn;
use crate::world::bob;

const TABLE: &str = "turns";
const PROCESSES: usize = 20;
const ATTEMPTS: usize = 200;
/// A function's time here, and what of it a killed process's turn holds: up to its end, and ten seconds.
const LIFE: Duration = Duration::from_secs(9);
const GIVEN_BACK: Duration = Duration::from_secs(9 + 10);

/// Proxies of one deployment whose agent is limited.
struct Deployment {
    key: Key,
    agent: Stubborn,
    table: DynamoDb,
    proxies: Vec<Lambda>,
    _plane: local::agentcore_runtime::DataPlane,
}

impl Deployment {
    async fn start(processes: usize, limits: Value, life: Duration) -> Self {
        let key = Key::p256("one");
        let agent = Stubborn::start().await;
        let plane = tests::data_plane_at(&agent.url).await;
        let table = DynamoDb::start(credentials(), "people").await.unwrap();
        table.create_table(TABLE, "session");
        let agents = json!({
            "demo": {"runtime": DEMO_ARN, "allow": {"groups": ["staff"]}, "limits": limits},
        });
        let settings = Settings::new(&trusted(&[&key], &json!({})))
            .with("AGENTS", &agents.to_string())
            .with("TURNS_TABLE", TABLE)
            .with("AWS_ENDPOINT_URL_DYNAMODB", table.url())
            .with_data_plane(&plane)
            .with_timeout(life);
        let proxies = (0..processes).map(|_| Lambda::proxy(settings.clone()));
        let proxies = join_all(proxies).await;
        Self {
            key,
            agent,
            table,
            proxies,
            _plane: plane,
        }
    }

    fn turn(&self, claims: &Value, prompt: &str) -> ProxyRequest {
        ProxyRequest::turn("demo", &self.key.token("ES256", claims), prompt)
    }

    async fn stop(self) {
        self.agent.finish();
        for proxy in self.proxies {
            proxy.stop().await;
        }
    }
}

/// Checks that a turn was refused, and by which limit.
async fn limit(reply: &mut Reply) -> String {
    let text = reply.text().await;
    assert_eq!(reply.status, 429, "{text}");
    let said: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(said["code"], "turn_limit");
    assert_eq!(reply.headers["content-type"], "application/problem+json");
    let pause: u64 = reply.headers["retry-after"].parse().unwrap();
    assert!(pause >= 1, "{pause}");
    assert!(said["resets"].as_u64().unwrap() >= now(), "{said}");
    let names: Vec<&String> = said.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        ["code", "limit", "request_id", "resets", "status", "title"]
    );
    said["limit"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn twenty_processes_let_in_no_more_than_the_limits() {
    let limits = json!({"turnsAtOnce": 3, "turnsPerMinute": 10});
    let door = Deployment::start(PROCESSES, limits, Duration::from_secs(60)).await;
    let turn = door.turn(&claims(), "brief");
    let first = now() / 60;
    // A process of Lambda has one event at a time, so of all attempts as many are under way at once as there are processes.
    let each = ATTEMPTS / PROCESSES;
    let attempts = door.proxies.iter().map(|proxy| async {
        let mut let_in = 0;
        for _ in 0..each {
            let mut reply = proxy.call(&turn).await;
            if reply.status == 200 {
                reply.rest().await;
                let_in += 1;
            } else {
                limit(&mut reply).await;
            }
        }
        let_in
    });
    let let_in: u32 = join_all(attempts).await.into_iter().sum();
    let work = door.agent.work();
    assert_eq!(work.taken, let_in);
    assert!(let_in >= 3, "{work:?}");
    assert!(work.most <= 3, "{work:?}");
    // One at a time, up to the limit of this minute.
    let reached = loop {
        let mut reply = door.proxies[0].call(&turn).await;
        if reply.status != 200 {
            break limit(&mut reply).await;
        }
        reply.rest().await;
    };
    assert_eq!(reached, "turnsPerMinute");
    let minutes = u32::try_from(now() / 60 - first + 1).unwrap();
    let taken = door.agent.work().taken;
    assert!(
        (10..=10 * minutes).contains(&taken),
        "{taken} in {minutes} minutes"
    );
    // Another caller has limits of their own.
    assert_eq!(
        door.proxies[0]
            .call(&door.turn(&bob(), "short"))
            .await
            .status,
        200
    );
    counted("200 attempts at 20 processes, no more than the limits let in");
    door.stop().await;
}

#[tokio::test]
async fn processes_that_are_killed_leak_no_turn() {
    let door = Deployment::start(4, json!({"turnsAtOnce": 3}), LIFE).await;
    let turn = door.turn(&claims(), "begin");
    for proxy in &door.proxies[..3] {
        let mut reply = proxy.call(&turn).await;
        reply.next().await.unwrap();
        let pid = proxy.pid().to_string();
        let killed = Command::new("kill").args(["-9", &pid]).status().unwrap();
        assert!(killed.success());
    }
    let killed = Instant::now();
    let turn = door.turn(&claims(), "short");
    let mut refused = 0_u32;
    loop {
        let mut reply = door.proxies[3].call(&turn).await;
        if reply.status == 200 {
            reply.rest().await;
            break;
        }
        assert_eq!(limit(&mut reply).await, "turnsAtOnce");
        refused += 1;
        assert!(killed.elapsed() < GIVEN_BACK, "{:?}", killed.elapsed());
        sleep(Duration::from_millis(200)).await;
    }
    assert!(refused > 0, "it was full at first");
    // The others are back soon after: they began a moment later, and what is over goes when the next turn is counted.
    loop {
        let mut reply = door.proxies[3].call(&turn).await;
        assert_eq!(reply.status, 200);
        reply.rest().await;
        let items = door.table.items(TABLE);
        if items.iter().all(|item| item.get("holders").is_none()) {
            break;
        }
        assert!(killed.elapsed() < GIVEN_BACK, "{items:?}");
        sleep(Duration::from_millis(200)).await;
    }
    door.stop().await;
}

#[tokio::test]
async fn a_turn_that_never_reached_the_agent_does_not_count() {
    let limits = json!({"turnsPerDay": 2, "turnsAtOnce": 2});
    let door = Deployment::start(2, limits, Duration::from_secs(60)).await;
    let turn = |prompt| {
        door.turn(&claims(), prompt)
            .header("X-Conversation-Id", "c1")
    };
    let mut running = door.proxies[0].call(&turn("begin")).await;
    running.next().await.unwrap();
    for _ in 0..4 {
        let mut busy = door.proxies[1].call(&turn("short")).await;
        busy.assert_problem(409, "conversation_busy").await;
    }
    door.agent.finish();
    running.rest().await;
    let mut second = door.proxies[1].call(&turn("short")).await;
    assert_eq!(second.status, 200);
    second.rest().await;
    let mut third = door.proxies[1].call(&turn("short")).await;
    assert_eq!(limit(&mut third).await, "turnsPerDay");
    door.stop().await;
}

#[tokio::test]
async fn without_the_table_no_turn_of_a_limited_agent_is_taken() {
    let door = Deployment::start(1, json!({"turnsPerMinute": 5}), Duration::from_secs(60)).await;
    let fault = local::dynamodb::Fault::Down;
    door.table.set_fault_of("UpdateItem", fault);
    let mut reply = door.proxies[0].call(&door.turn(&claims(), "short")).await;
    reply.assert_problem(503, "turns_unavailable").await;
    assert_eq!(door.agent.work().taken, 0);
    door.table.set_fault(None);
    let reply = door.proxies[0].call(&door.turn(&claims(), "short")).await;
    assert_eq!(reply.status, 200);
    door.stop().await;
}
