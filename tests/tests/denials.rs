//! Tests of denials: a caller is shut out of every process at once, and of the turn that is under way.

#![expect(
    clippy::too_many_lines,
    reason = "one denial is followed to every place where it counts"
)]

use std::time::Duration;

use futures_util::future::join_all;
use hyper::http::StatusCode;
use local::agentcore_runtime::{
    AgentUrl, DataPlane, DataPlaneSettings, Operation, Protocol, RuntimeSettings,
};
use local::dynamodb::{DynamoDb, Fault};
use local::lambda::REGION;
use mint::Key;
use serde_json::{Value, json};
use tests::{
    CLIENT, DEMO_ARN, FINANCE_ARN, ISSUER, Lambda, ProxyRequest, Reply, Settings, claims, counted,
    credentials, now, trusted,
};
use tokio::time::{Instant, timeout};

use crate::stubborn::Stubborn;
use crate::world::bob;

const TABLE: &str = "denials";
const PROCESSES: usize = 20;
/// What a denial may take to hold for turns that begin, and for turns under way.
const AT_ONCE: Duration = Duration::from_secs(5);
const SOON: Duration = Duration::from_secs(10);
/// Far above what any step takes; a test that reaches it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Proxies of one deployment, before an agent that speaks HTTP (`demo`) and one that speaks A2A (`finance`).
struct Deployment {
    key: Key,
    agent: Stubborn,
    plane: DataPlane,
    table: DynamoDb,
    proxies: Vec<Lambda>,
}

impl Deployment {
    async fn start(processes: usize) -> Self {
        let key = Key::p256("one");
        let agent = Stubborn::start().await;
        let plane = plane(&agent).await;
        let table = DynamoDb::start(credentials(), "people").await.unwrap();
        table.create_table(TABLE, "key");
        let agents = json!({
            "demo": {"runtime": DEMO_ARN, "allow": {"groups": ["staff"]}},
            "finance": {"runtime": FINANCE_ARN, "protocol": "a2a", "allow": {"groups": ["finance"]}},
        });
        let settings = Settings::new(&trusted(&[&key], &json!({})))
            .with("AGENTS", &agents.to_string())
            .with("DENIALS_TABLE", TABLE)
            .with("AWS_ENDPOINT_URL_DYNAMODB", table.url())
            .with_data_plane(&plane);
        let proxies = (0..processes).map(|_| Lambda::proxy(settings.clone()));
        let proxies = join_all(proxies).await;
        Self {
            key,
            agent,
            plane,
            table,
            proxies,
        }
    }

    fn turn(&self, claims: &Value, prompt: &str) -> ProxyRequest {
        ProxyRequest::turn("demo", &self.key.token("ES256", claims), prompt)
    }

    async fn ask(&self, claims: &Value) -> Reply {
        self.proxies[0].call(&self.turn(claims, "short")).await
    }

    fn deny(&self, key: &Value, until: u64) {
        self.table.write(TABLE, item(key, until));
    }

    async fn stop(self) {
        for proxy in self.proxies {
            proxy.stop().await;
        }
    }
}

async fn plane(agent: &Stubborn) -> DataPlane {
    let url = AgentUrl::parse(&agent.url).unwrap();
    let demo = RuntimeSettings::new(DEMO_ARN, url.clone());
    let mut finance = RuntimeSettings::new(FINANCE_ARN, url);
    finance.protocol = Protocol::A2a;
    let settings = DataPlaneSettings {
        region: REGION.to_owned(),
        credentials: credentials(),
        runtimes: vec![demo, finance],
    };
    DataPlane::start(settings).await.unwrap()
}

/// A denial as an operator writes it, without the product's own writer.
fn item(key: &Value, until: u64) -> Value {
    json!({
        "key": {"S": key.to_string()},
        "reason": {"S": "left the company"},
        "author": {"S": "ops"},
        "created": {"N": (now() - 10).to_string()},
        "until": {"N": until.to_string()},
    })
}

fn alice() -> Value {
    json!(["subject", ISSUER, claims()["sub"]])
}

#[tokio::test]
async fn a_denied_caller_is_out_of_twenty_processes_and_of_every_stream() {
    let door = Deployment::start(PROCESSES).await;
    let token = door.key.token("ES256", &claims());
    let mut plain = door.proxies[0].call(&door.turn(&claims(), "begin")).await;
    plain.next().await.unwrap();
    let message =
        json!({"jsonrpc": "2.0", "id": 7, "method": "message/stream", "params": {"begin": 1}});
    let a2a = ProxyRequest::new("POST", "/agents/finance/a2a")
        .header("Authorization", &format!("Bearer {token}"))
        .header("Content-Type", "application/json")
        .header("Accept", "text/event-stream")
        .body(&message.to_string());
    let mut spoken = door.proxies[1].call(&a2a).await;
    assert_eq!(spoken.status, 200);
    spoken.next().await.unwrap();

    let denied = Instant::now();
    door.deny(&alice(), now() + 600);
    let turn = door.turn(&claims(), "short");
    let refused = door.proxies[2..].iter().map(|proxy| async {
        let mut reply = proxy.call(&turn).await;
        reply.assert_problem(403, "denied").await;
    });
    let refused = join_all(refused).await;
    assert!(denied.elapsed() < AT_ONCE, "{:?}", denied.elapsed());
    assert_eq!(refused.len(), PROCESSES - 2);

    let said = timeout(PATIENCE, plain.text()).await.unwrap();
    assert!(denied.elapsed() < SOON, "{:?}", denied.elapsed());
    let data = json!({
        "code": "denied",
        "conversation_id": plain.headers["x-conversation-id"],
        "request_id": plain.headers["x-request-id"],
    });
    assert!(
        said.ends_with(&format!("event: gatehouse.error\ndata: {data}\n\n")),
        "{said}"
    );
    let said = timeout(PATIENCE, spoken.text()).await.unwrap();
    assert!(denied.elapsed() < SOON, "{:?}", denied.elapsed());
    let last = said.trim_end().rsplit("data: ").next().unwrap();
    let last: Value = serde_json::from_str(last).unwrap();
    assert_eq!(
        (&last["id"], &last["error"]["data"]["code"]),
        (&json!(7), &json!("denied"))
    );

    // What the agent worked at has been ended, too.
    let is_stopped = |calls: &[local::agentcore_runtime::Call]| {
        calls
            .iter()
            .filter(|call| call.operation == Operation::Stop)
            .count()
            == 2
    };
    let calls = timeout(PATIENCE, door.plane.until(is_stopped))
        .await
        .unwrap();
    let sessions = |operation: Operation| {
        let calls = calls.iter().filter(move |call| call.operation == operation);
        let mut sessions: Vec<&str> = calls.map(|call| call.session_id.as_str()).collect();
        sessions.sort_unstable();
        sessions
    };
    assert_eq!(sessions(Operation::Invoke), sessions(Operation::Stop));

    for proxy in &door.proxies[..2] {
        let mut reply = proxy.call(&turn).await;
        reply.assert_problem(403, "denied").await;
    }
    let whoami =
        ProxyRequest::new("GET", "/whoami").header("Authorization", &format!("Bearer {token}"));
    door.proxies[3]
        .call(&whoami)
        .await
        .assert_problem(403, "denied")
        .await;
    assert_eq!(door.agent.work().taken, 2, "none was let in");
    assert_eq!(door.ask(&bob()).await.status, 200, "another caller");

    door.table.clear(TABLE);
    let lifted = Instant::now();
    let asked = join_all(door.proxies.iter().map(|proxy| proxy.call(&turn))).await;
    for mut reply in asked {
        assert_eq!(reply.status, 200);
        reply.rest().await;
    }
    assert!(lifted.elapsed() < AT_ONCE, "{:?}", lifted.elapsed());
    counted("18 processes refuse a denied caller, and 2 end their streams");
    door.agent.finish();
    door.stop().await;
}

#[tokio::test]
async fn a_caller_who_waits_for_an_agent_is_shut_out_too() {
    let door = Deployment::start(1).await;
    let turn = door.turn(&claims(), "quiet");
    let asked = door.proxies[0].call(&turn);
    let denied = async {
        let has_begun = async {
            while door.agent.work().taken == 0 {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, has_begun).await.unwrap();
        door.deny(&alice(), now() + 600);
        Instant::now()
    };
    let (mut reply, denied) = tokio::join!(asked, denied);
    assert!(denied.elapsed() < SOON, "{:?}", denied.elapsed());
    reply.assert_problem(403, "denied").await;
    door.agent.finish();
    door.stop().await;
}

#[tokio::test]
async fn each_kind_of_denial_shuts_out_what_it_names() {
    let door = Deployment::start(1).await;
    let mut own = claims();
    own["origin_jti"] = json!("family-1");
    let token = door.key.token("ES256", &own);
    let turn = |conversation| {
        ProxyRequest::turn("demo", &token, "short").header("X-Conversation-Id", conversation)
    };
    let proxy = &door.proxies[0];
    assert_eq!(proxy.call(&turn("c1")).await.status, 200);
    let session = door.plane.calls()[0].session_id.clone();
    let line = proxy.until_logged("\"token_id\"").await;
    let line: Value = serde_json::from_str(&line).unwrap();
    let subject = &own["sub"];
    for (key, elsewhere) in [
        (json!(["subject", ISSUER, subject]), 403),
        (json!(["client", ISSUER, CLIENT]), 403),
        (json!(["token", line["token_id"]]), 403),
        (json!(["family", ISSUER, "family-1"]), 403),
        (json!(["agent", "demo"]), 403),
        (json!(["at-agent", "demo", ISSUER, subject]), 403),
        (json!(["session", session]), 200),
    ] {
        door.deny(&key, now() + 600);
        let mut reply = proxy.call(&turn("c1")).await;
        reply.assert_problem(403, "denied").await;
        let other = proxy.call(&turn("c2")).await;
        assert_eq!(other.status, elsewhere, "{key}");
        door.table.clear(TABLE);
        assert_eq!(proxy.call(&turn("c1")).await.status, 200, "{key} lifted");
    }
    let log = proxy.until_logged("there is a denial of the session").await;
    let log: Value = serde_json::from_str(&log).unwrap();
    assert_eq!(
        (&log["reason"], &log["author"]),
        (&json!("left the company"), &json!("ops"))
    );
    door.stop().await;
}

#[tokio::test]
async fn what_cannot_be_told_lets_none_in() {
    let door = Deployment::start(1).await;
    let unread = json!({"Responses": {TABLE: []}, "UnprocessedKeys": {TABLE: {"Keys": [
        {"key": {"S": alice().to_string()}}
    ]}}});
    let bad = StatusCode::BAD_REQUEST;
    for fault in [
        Fault::Down,
        Fault::Error(bad, "ThrottlingException"),
        Fault::Error(bad, "ResourceNotFoundException"),
        Fault::Error(bad, "AccessDeniedException"),
        Fault::Body("no JSON".into()),
        Fault::Body(unread.to_string().into()),
    ] {
        door.table.set_fault(Some(fault.clone()));
        let mut reply = door.ask(&claims()).await;
        assert_eq!(reply.headers["retry-after"], "10");
        reply.assert_problem(503, "denials_unavailable").await;
    }
    door.table.set_fault(None);
    let strange = |changes: Value| {
        let mut item = item(&alice(), now() + 600);
        for (name, value) in changes.as_object().unwrap() {
            item[name] = value.clone();
        }
        item
    };
    for changes in [
        json!({"until": {"S": "tomorrow"}}),
        json!({"until": {"N": "1792142078000"}}),
        json!({"reason": {"N": "1"}}),
        json!({"author": {"S": " "}}),
    ] {
        door.table.write(TABLE, strange(changes));
        let mut reply = door.ask(&claims()).await;
        reply.assert_problem(503, "denials_unavailable").await;
    }
    door.proxies[0]
        .until_logged("the item of a subject in the table of denials is none")
        .await;
    assert_eq!(door.agent.work().taken, 0, "none was let in");
    // What has ended, and what is about others, is nothing to this caller.
    door.deny(&alice(), now());
    for other in [json!(["subject", ISSUER, "another"]), json!("nonsense")] {
        door.table.write(
            TABLE,
            json!({"key": {"S": other.to_string()}, "until": {"S": "?"}}),
        );
    }
    assert_eq!(door.ask(&claims()).await.status, 200);
    door.stop().await;
}
