//! Tests of the lease: one turn of a conversation at a time, across processes of the function.

use std::time::Duration;

use local::agentcore_runtime::DataPlane;
use local::dynamodb::{DynamoDb, Fault};
use serde_json::json;
use tests::{Lambda, Settings, claims, credentials, trusted};
use tokio::time::timeout;

use crate::stubborn::{Stubborn, Work};
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
    // A caller who leaves does not release it; one who ends the conversation does.
    drop(running);
    let mut refused = other.call(&turn("hello")).await;
    refused.assert_problem(409, "conversation_busy").await;
    let end = tests::ProxyRequest::new("DELETE", "/agents/demo/conversations/c1").header(
        "Authorization",
        &format!("Bearer {}", world.token(&claims())),
    );
    assert_eq!(other.call(&end).await.status, 204);
    let mut reply = other.call(&turn("hello")).await;
    assert_eq!(reply.status, 200);
    assert!(reply.text().await.contains("That is all."));
    assert!(table.items(TABLE).is_empty(), "given back with the answer");
    let sessions = world.plane.calls().into_iter().map(|call| call.session_id);
    let sessions: Vec<_> = sessions.collect();
    assert_eq!(sessions.first(), sessions.last());
    assert_eq!(sessions.len(), 5, "who was refused did not reach AgentCore");
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
    other.stop().await;
    world.stop().await;
}

/// A proxy that waits for no agent longer than a second.
async fn impatient(key: &mint::Key, plane: &DataPlane, table: &DynamoDb) -> Lambda {
    let settings = Settings::new(&trusted(&[key], &json!({})));
    let settings = with_turns(settings.with_data_plane(plane), table);
    let settings = settings.with("FIRST_BYTE_SECONDS", "1");
    Lambda::proxy(settings.with("IDLE_SECONDS", "1")).await
}

/// Ends the turn of a conversation with an agent that works on, in this way; no other turn reaches the agent until it has
/// ended.
async fn assert_one_at_once(prompt: &str, ended: &str, is_left: bool) {
    let (table, agent) = (table().await, Stubborn::start().await);
    let plane = tests::data_plane_at(&agent.url).await;
    let key = mint::Key::p256("one");
    let proxy = impatient(&key, &plane, &table).await;
    let other = impatient(&key, &plane, &table).await;
    let token = key.token("ES256", &claims());
    let turn = |prompt: &str| {
        tests::ProxyRequest::turn("demo", &token, prompt).header("X-Conversation-Id", "c1")
    };
    let mut reply = proxy.call(&turn(prompt)).await;
    if is_left {
        reply.next().await.unwrap();
        drop(reply);
    } else {
        let said = reply.text().await;
        assert!(said.contains(ended), "{said}");
    }
    let mut refused = other.call(&turn("short")).await;
    assert_eq!(refused.headers["retry-after"], "2");
    refused.assert_problem(409, "conversation_busy").await;
    assert_eq!(
        agent.work(),
        Work {
            taken: 1,
            running: 1,
            most: 1
        }
    );
    agent.finish();
    let free = async {
        while !table.items(TABLE).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, free).await.unwrap();
    let reply = other.call(&turn("short")).await;
    assert_eq!(reply.status, 200);
    assert_eq!(agent.work().most, 1, "most at once");
    proxy.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn an_agent_that_works_on_after_a_timeout_gets_no_other_turn() {
    assert_one_at_once("quiet", "agent_timeout", false).await;
}

#[tokio::test]
async fn an_agent_that_works_on_after_a_silence_gets_no_other_turn() {
    assert_one_at_once("begin", "agent_silent", false).await;
}

#[tokio::test]
async fn an_agent_that_works_on_after_its_caller_left_gets_no_other_turn() {
    assert_one_at_once("begin", "", true).await;
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
