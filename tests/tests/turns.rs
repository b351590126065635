//! Tests of the lease: one turn of a conversation at a time, across processes of the function.

use std::time::Duration;

use local::dynamodb::{DynamoDb, Fault};
use serde_json::json;
use tests::{Lambda, Settings, claims, credentials, trusted};
use tokio::time::timeout;

use crate::world::World;

const TABLE: &str = "turns";
const PATIENCE: Duration = Duration::from_secs(30);

async fn table() -> DynamoDb {
    let directory = DynamoDb::start(credentials(), "people").await.unwrap();
    directory.create_table(TABLE, "session");
    directory
}

fn with_turns(settings: Settings, table: &DynamoDb) -> Settings {
    settings
        .with("TURNS_TABLE", TABLE)
        .with("AWS_ENDPOINT_URL_DYNAMODB", table.url())
}

#[tokio::test]
async fn two_processes_take_one_turn_at_a_time() {
    let table = table().await;
    let world = World::with(|settings| with_turns(settings, &table)).await;
    let settings = Settings::new(&trusted(&[&world.key], &json!({})));
    let settings = with_turns(settings.with_data_plane(&world.plane), &table);
    let other = Lambda::proxy(settings).await;
    let turn = |prompt: &str| world.turn(prompt).header("X-Conversation-Id", "c1");

    let mut running = world.proxy.call(&turn("silent 600")).await;
    running.next().await.unwrap();
    let mut refused = other.call(&turn("hello")).await;
    assert_eq!(refused.headers["retry-after"], "2");
    assert_eq!(refused.headers["x-conversation-id"], "c1");
    refused.assert_problem(409, "conversation_busy").await;
    // Another conversation, and another caller's of the same name, are none of its business.
    for request in [
        world.turn("fail midway").header("X-Conversation-Id", "c2"),
        tests::ProxyRequest::turn("demo", &world.token(&crate::world::bob()), "fail midway")
            .header("X-Conversation-Id", "c1"),
    ] {
        let mut reply = other.call(&request).await;
        assert_eq!(reply.status, 200);
        reply.rest().await;
    }
    // A caller who leaves releases it.
    drop(running);
    let free = async {
        while !table.items(TABLE).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, free).await.unwrap();
    let mut reply = other.call(&turn("hello")).await;
    assert_eq!(reply.status, 200);
    assert!(reply.text().await.contains("That is all."));
    assert!(table.items(TABLE).is_empty(), "given back with the answer");
    let sessions = world.plane.calls().into_iter().map(|call| call.session_id);
    let sessions: Vec<_> = sessions.collect();
    assert_eq!(sessions.first(), sessions.last());
    assert_eq!(sessions.len(), 4, "who was refused did not reach AgentCore");
    other.stop().await;
    world.stop().await;
}

/// The name of a new conversation is out with the head of its answer, so it has its turn, too.
#[tokio::test]
async fn a_conversation_that_has_just_begun_is_no_exception() {
    let table = table().await;
    let world = World::with(|settings| with_turns(settings, &table)).await;
    let settings = Settings::new(&trusted(&[&world.key], &json!({})));
    let other = Lambda::proxy(with_turns(settings.with_data_plane(&world.plane), &table)).await;
    let mut running = world.take("silent 600").await;
    let conversation = running.headers["x-conversation-id"].clone();
    running.next().await.unwrap();
    let turn = world
        .turn("hello")
        .header("X-Conversation-Id", &conversation);
    let mut refused = other.call(&turn).await;
    refused.assert_problem(409, "conversation_busy").await;
    drop(running);
    other.stop().await;
    world.stop().await;
}

#[tokio::test]
async fn without_the_table_no_turn_is_taken() {
    let table = table().await;
    let world = World::with(|settings| with_turns(settings, &table)).await;
    table.set_fault(Some(Fault::Down));
    let mut reply = world.take("hello").await;
    reply.assert_problem(503, "turns_unavailable").await;
    assert_eq!(world.plane.calls().len(), 0);
    let logs = world.proxy.logs();
    let said = logs.iter().any(|line| {
        line.contains("\"ERROR\"") && line.contains("cannot tell whether a conversation is busy")
    });
    assert!(said, "{logs:?}");
    table.set_fault(None);
    let token = world.token(&claims());
    let turn = tests::ProxyRequest::turn("demo", &token, "hello");
    let mut reply = world.proxy.call(&turn).await;
    assert_eq!(reply.status, 200);
    reply.rest().await;
    world.stop().await;
}
