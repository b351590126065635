//! The question for denials, at our emulator of DynamoDB and at moto, an independent one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use local::dynamodb::{DynamoDb, Fault};
use proxy::config::{DENIALS_TABLE, PUBLIC_URL, SIGNING_SECRET_ARN};
use proxy::turn::table;
use python::{PythonServer, counted};
use serde_json::json;
use shared::clock::{Clock, Moment};
use shared::denial::{Denial, Key, Whom};
use shared::denials::{Denials, Shut};
use shared::gate::UnixTime;

use crate::agentcore::{DataPlane, Script, credentials, platform};
use crate::caller::{ARN, NOW};
use crate::door::{Door, assert_problem};
use crate::mcp::signing_key;
use crate::turns::create_table;

const TABLE: &str = "gatehouse-denials";
const HOUR: u64 = 3600;

/// Denials by a clock that is set by hand, and a writer of its own.
struct Scene {
    denials: Denials,
    writer: Client,
    clock: Arc<AtomicU64>,
}

fn keys() -> Vec<Key> {
    let subject = Whom::Subject {
        issuer: "https://issuer.example.com",
        subject: "alice \"a\" \u{e9}",
    };
    vec![
        subject.key(),
        Whom::Agent("demo").key(),
        Whom::Token("t").key(),
    ]
}

impl Scene {
    async fn at(url: &str) -> Self {
        let clock = Arc::new(AtomicU64::new(NOW.0));
        let read = Arc::clone(&clock);
        let time = Clock::from_fn(move || Moment {
            wall: Duration::from_secs(read.load(Ordering::SeqCst)),
            steady: Duration::ZERO,
        });
        let client = table::client(&platform(url).await);
        Self {
            denials: Denials::new(TABLE.to_owned(), client.clone(), time),
            writer: client,
            clock,
        }
    }

    async fn ask(&self) -> Result<(), Shut> {
        self.denials.ask(&keys(), "r-1").await
    }

    /// Writes a denial under the condition of [`Denial::put`]; whether it was written.
    async fn deny(&self, key: &Key, until: u64) -> bool {
        let denial = Denial::new("left", "ops", NOW, UnixTime(until)).unwrap();
        let input = denial.put(TABLE, key);
        let text =
            |value: &serde_json::Value| AttributeValue::S(value["S"].as_str().unwrap().to_owned());
        let number =
            |value: &serde_json::Value| AttributeValue::N(value["N"].as_str().unwrap().to_owned());
        let item = &input["Item"];
        let put = self
            .writer
            .put_item()
            .table_name(TABLE)
            .item("key", text(&item["key"]))
            .item("reason", text(&item["reason"]))
            .item("author", text(&item["author"]))
            .item("created", number(&item["created"]))
            .item("until", number(&item["until"]))
            .condition_expression(input["ConditionExpression"].as_str().unwrap())
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":until", number(&item["until"]));
        put.send().await.is_ok()
    }

    async fn lift(&self, key: &Key) {
        let delete = self.writer.delete_item().table_name(TABLE);
        let delete = delete.key("key", AttributeValue::S(key.as_str().to_owned()));
        delete.send().await.unwrap();
    }

    /// Every rule of a denial.
    async fn check(&self) {
        assert_eq!(self.ask().await, Ok(()));
        for key in keys() {
            assert!(self.deny(&key, NOW.0 + HOUR).await);
            assert_eq!(self.ask().await, Err(Shut::Denied), "{key:?}");
            self.lift(&key).await;
            assert_eq!(self.ask().await, Ok(()), "{key:?} lifted");
        }
        // Another's.
        assert!(self.deny(&Whom::Agent("other").key(), NOW.0 + HOUR).await);
        assert_eq!(self.ask().await, Ok(()));
        // Of two that overlap, the later end wins, in whichever order they were written.
        let key = Whom::Agent("demo").key();
        assert!(self.deny(&key, NOW.0 + HOUR).await);
        assert!(!self.deny(&key, NOW.0 + HOUR - 1).await);
        assert!(self.deny(&key, NOW.0 + 2 * HOUR).await);
        for (seconds, expected) in [
            (HOUR, Err(Shut::Denied)),
            (2 * HOUR - 1, Err(Shut::Denied)),
            // It is over, although its item is still there.
            (2 * HOUR, Ok(())),
            // A clock that is set back keeps it so much longer.
            (HOUR, Err(Shut::Denied)),
        ] {
            self.clock.store(NOW.0 + seconds, Ordering::SeqCst);
            assert_eq!(self.ask().await, expected, "{seconds}");
        }
        self.check_malformed(&key).await;
    }

    /// An item that is no denial lets none in, unless it is over; nor does it hide one that holds.
    async fn check_malformed(&self, key: &Key) {
        let put = || {
            let put = self.writer.put_item().table_name(TABLE);
            put.item("key", AttributeValue::S(key.as_str().to_owned()))
        };
        put().send().await.unwrap();
        assert_eq!(self.ask().await, Err(Shut::Outage));
        let until = |seconds: u64| AttributeValue::N((NOW.0 + seconds).to_string());
        put().item("until", until(3 * HOUR)).send().await.unwrap();
        assert_eq!(self.ask().await, Err(Shut::Outage));
        let other = Whom::Token("t").key();
        assert!(self.deny(&other, NOW.0 + 9 * HOUR).await);
        assert_eq!(self.ask().await, Err(Shut::Denied));
        self.lift(&other).await;
        put().item("until", until(1)).send().await.unwrap();
        assert_eq!(self.ask().await, Ok(()));
    }
}

async fn table() -> DynamoDb {
    let table = DynamoDb::start(credentials(), "directory").await.unwrap();
    table.create_table(TABLE, "key");
    table
}

#[tokio::test]
async fn a_denial_holds_until_its_end() {
    let table = table().await;
    Scene::at(table.url()).await.check().await;
}

#[tokio::test]
async fn the_table_of_denials_may_be_at_moto() {
    let Some(moto) = PythonServer::moto("the denials") else {
        return;
    };
    create_table(&moto.url, TABLE, "key").await;
    Scene::at(&moto.url).await.check().await;
    counted("the rules of a denial kept at moto");
}

#[tokio::test]
async fn what_cannot_be_told_is_an_outage() {
    let table = table().await;
    let scene = Scene::at(table.url()).await;
    let throttled = Fault::Error(http::StatusCode::BAD_REQUEST, "ThrottlingException");
    for fault in [
        Fault::Down,
        throttled,
        Fault::Body(Bytes::from_static(b"[]")),
    ] {
        table.set_fault(Some(fault));
        assert_eq!(scene.ask().await, Err(Shut::Outage));
    }
    // Keys that DynamoDB left out are asked for once more, and then it cannot be told.
    let key = json!({"key": {"S": keys()[0].as_str()}});
    let unread = json!({"Responses": {}, "UnprocessedKeys": {TABLE: {"Keys": [key]}}});
    let before = table.requests();
    table.set_fault(Some(Fault::Body(unread.to_string().into())));
    assert_eq!(scene.ask().await, Err(Shut::Outage));
    assert_eq!(table.requests() - before, 2);
    table.set_fault(None);
    assert_eq!(scene.ask().await, Ok(()));
    let missing = Denials::new(
        "another".to_owned(),
        scene.writer.clone(),
        Clock::fixed(NOW),
    );
    assert_eq!(missing.ask(&keys(), "r-1").await, Err(Shut::Outage));
}

/// A denial of the agent that is asked for, as the table answers, whatever its key.
fn denied() -> Script {
    let key = Whom::Agent("demo").key();
    let denial = Denial::new("left", "ops", UnixTime(NOW.0 - 1), UnixTime(NOW.0 + HOUR)).unwrap();
    let answer = json!({"Responses": {TABLE: [denial.item(&key)]}, "UnprocessedKeys": {}});
    Script::Json(answer.to_string().leak())
}

/// Every route for callers, before an agent of each protocol; the door can seal sessions, and make tool tokens.
#[tokio::test]
async fn a_denied_caller_costs_one_question_on_every_route() {
    let allow = json!({"groups": ["staff"]});
    let routes = [
        ("POST", "/agents/plain/invocations"),
        ("POST", "/agents/plain/websocket"),
        ("DELETE", "/agents/plain/conversations/c1"),
        ("POST", "/agents/spoken/a2a"),
        ("GET", "/agents/spoken/.well-known/agent-card.json"),
        ("POST", "/agents/tools/mcp"),
        ("POST", "/agents/gate/mcp"),
        ("GET", "/whoami"),
    ];
    let scripts = routes.map(|_| denied());
    let plane = DataPlane::start(signing_key().into_iter().chain(scripts)).await;
    let url = |path: &str| format!("{}{path}", plane.url);
    let (endpoint, gateway) = (url("/oauth2/token"), url("/mcp"));
    let of_runtime = |protocol: &str, websocket: bool| {
        json!({
            "runtime": ARN, "protocol": protocol, "toolToken": "user", "allow": allow,
            "websocket": websocket,
        })
    };
    let agents = json!({
        "plain": of_runtime("http", true),
        "spoken": of_runtime("a2a", false),
        "tools": of_runtime("mcp", false),
        "gate": {"gateway": gateway, "toolToken": "user", "allow": allow},
    });
    let agents = agents.to_string();
    let mut settings = crate::tool_token::settings(&agents, &endpoint);
    settings.extend([
        (DENIALS_TABLE, TABLE),
        (SIGNING_SECRET_ARN, crate::mcp::SECRET),
        (PUBLIC_URL, "https://door.example"),
    ]);
    let door = Door::over(plane, &settings).await;
    door.plane.calls();
    let token = door.alice();
    let headers = [
        ("authorization", token.as_str()),
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
    ];
    for (method, path) in routes {
        let body = r#"{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}"#;
        let got = door.ask(method, path, &headers, body).await;
        assert_problem(&got, 403, "denied");
        let asked: Vec<String> = door
            .plane
            .calls()
            .iter()
            .map(|call| call.headers["x-amz-target"].to_str().unwrap().to_owned())
            .collect();
        assert_eq!(asked, ["DynamoDB_20120810.BatchGetItem"], "{path}");
    }
}
