//! Tests of streaming through the proxy: as pieces arrive, in bounded memory, and never cut off without a last event.

use std::time::Duration;

use bytes::Bytes;
use local::agent::Agent;
use local::agentcore_runtime::{Call, Ended, Fault};
use serde_json::{Value, json};
use tests::{Reply, Stack, counted, memory, post};
use tokio::time::{Instant, timeout};

use crate::journey::password_token;
use crate::world::World;

/// Far above what any step takes; a test that reaches it hangs.
const PATIENCE: Duration = Duration::from_secs(30);
/// What the proxy may ever have resident while it streams, in KiB.
const MEMORY_LIMIT: u64 = 32 * 1024;
/// At a process that may be growing, before it counts as growing for ever.
const LOOKS: u32 = 20;
/// Between two comments to a caller whose agent is silent.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The name and the data of the last event of a stream.
fn last_event(text: &str) -> (&str, Value) {
    let event = text.trim_end().rsplit("\n\n").next().unwrap();
    let field = |name: &str| {
        let mut lines = event.lines();
        lines
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or_else(|| panic!("{name} in {text:.500}"))
    };
    (
        field("event: "),
        serde_json::from_str(field("data: ")).unwrap(),
    )
}

/// Checks that a stream ended with the proxy's own last event, of this name and code.
fn assert_last_event(reply: &Reply, text: &str, name: &str, code: &str) {
    let (event, data) = last_event(text);
    assert_eq!(event, name, "{text:.500}");
    let expected = json!({
        "code": code,
        "request_id": reply.headers["x-request-id"],
        "conversation_id": reply.headers["x-conversation-id"],
    });
    assert_eq!(data, expected);
    assert!(text.ends_with("\n\n"), "the last event is whole");
}

/// Waits until the one call at AgentCore is over, and tells how it ended.
async fn end_of_call(world: &World) -> Ended {
    let is_over = |calls: &[Call]| calls.iter().all(|call| call.ended.is_some());
    let calls = timeout(PATIENCE, world.plane.until(is_over)).await.unwrap();
    calls[0].ended.unwrap()
}

#[tokio::test]
async fn each_piece_passes_as_it_comes() {
    let world = World::start().await;
    let mut reply = world.take("hello").await;
    assert_eq!(
        (reply.status, reply.headers["content-type"].as_str()),
        (200, "text/event-stream")
    );
    let (mut pieces, mut times) = (Vec::new(), Vec::new());
    while let Some(piece) = reply.next().await {
        times.push(Instant::now());
        pieces.push(piece);
    }
    assert_eq!(pieces.len(), 5, "{pieces:?}");
    let is_event = |piece: &Bytes| piece.starts_with(b"data: ") && piece.ends_with(b"\n\n");
    assert!(pieces.iter().all(is_event), "{pieces:?}");
    // The agent speaks for 800 ms.
    let spread = times[4].duration_since(times[0]);
    assert!(spread > Duration::from_millis(400), "{spread:?}");
    assert_eq!(end_of_call(&world).await, Ended::Complete);
    world.stop().await;
}

#[tokio::test]
async fn json_is_answered_to_those_who_take_no_events() {
    let world = World::start().await;
    let request = world
        .turn("hello")
        .without("Accept")
        .header("Accept", "application/json");
    let mut reply = world.proxy.call(&request).await;
    assert_eq!(
        (reply.status, reply.headers["content-type"].as_str()),
        (200, "application/json")
    );
    let answer: Value = serde_json::from_str(&reply.text().await).unwrap();
    assert_eq!(answer["answer"].as_array().unwrap().len(), 5, "{answer}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_megabytes_pass_in_flat_memory() {
    const BYTES: usize = 200_000_000;
    let world = World::start().await;
    world.plane.inject(Fault::Flood(BYTES.try_into().unwrap()));
    let mut reply = world.take("hello").await;
    let (mut received, mut samples) = (0, Vec::new());
    while let Some(piece) = reply.next().await {
        let before = received / 20_000_000;
        received += piece.len();
        if received / 20_000_000 > before {
            samples.push(memory(world.proxy.pid()).resident);
        }
    }
    let peak = memory(world.proxy.pid()).peak;
    assert_eq!(received, BYTES);
    assert!(peak < MEMORY_LIMIT, "{peak} KiB");
    let (first, last) = (samples[1], samples[samples.len() - 1]);
    assert!(last < first + 4096, "it grows: {samples:?} KiB");
    counted(&format!(
        "200 MB streamed by the proxy, at most {} MB resident",
        peak / 1024
    ));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_ended_before_lambda_cuts_it() {
    const LAMBDA_LIMIT: usize = 200 * 1024 * 1024;
    let world = World::start().await;
    world.plane.inject(Fault::Flood(u64::MAX));
    let mut reply = world.take("hello").await;
    let (mut received, mut last) = (0, Bytes::new());
    while let Some(piece) = reply.next().await {
        received += piece.len();
        last = piece;
    }
    assert!(
        received < LAMBDA_LIMIT && received > LAMBDA_LIMIT / 10 * 9,
        "{received} bytes"
    );
    let last = String::from_utf8(last.into()).unwrap();
    assert_last_event(&reply, &last, "gatehouse.error", "answer_too_long");
    assert_eq!(end_of_call(&world).await, Ended::ClientGone);
    assert!(memory(world.proxy.pid()).peak < MEMORY_LIMIT);
    world.stop().await;
}

/// A reader that stops reading holds the agent back; nothing piles up in between.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_does_not_read_fills_no_memory() {
    let world = World::start().await;
    world.plane.inject(Fault::Flood(u64::MAX));
    let mut reply = world.take("hello").await;
    reply.next().await.unwrap();
    // There is no event for "it grows no more"; where it does grow, a second is many megabytes.
    let mut before = 0;
    for _ in 0..LOOKS {
        let now = memory(world.proxy.pid()).resident;
        if now == before {
            break;
        }
        before = now;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert!(memory(world.proxy.pid()).peak < MEMORY_LIMIT);
    world.stop().await;
}

/// Lambda does not tell the function that the client hung up, so the agent is not told either.
#[tokio::test]
async fn a_caller_who_leaves_does_not_end_the_agents_call() {
    let world = World::start().await;
    let mut reply = world.take("silent 1").await;
    reply.next().await.unwrap();
    drop(reply);
    assert_eq!(end_of_call(&world).await, Ended::Complete);
    let mut reply = world.take("hello").await;
    assert!(reply.text().await.contains("That is all."));
    world.stop().await;
}

/// The same from the outside.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_is_not_noticed_by_the_agent_behind_the_whole_chain() {
    let agent = Agent::start().await.unwrap();
    let stack = Stack::start(&[("AGENT_URL", agent.url())]);
    let token = password_token(&stack, "alice").await;
    let address = format!("{}/agents/demo/invocations", stack.url);
    let mut answer = post(&address, Some(&token), &json!({"prompt": "silent 1"})).await;
    answer.next().await.unwrap();
    drop(answer);
    let mut turns = agent.turns();
    let finished = turns.wait_for(|turns| turns.finished == 1);
    timeout(PATIENCE, finished).await.unwrap().unwrap();
    assert_eq!(agent.turns().borrow().abandoned, 0);
}

#[tokio::test]
async fn an_agent_that_is_cut_off_leaves_a_last_event() {
    let world = World::start().await;
    let whole = world.take("hello").await.text().await;
    let event = whole.find("\n\n").unwrap() + 2;
    // Before the first byte, between two events, and inside one. Half of an event is dropped.
    for (at, kept) in [(0, 0), (event, event), (20, 0), (event - 1, 0)] {
        world.plane.inject(Fault::CutAfter(at.try_into().unwrap()));
        let mut reply = world.take("hello").await;
        assert_eq!(reply.status, 200);
        let text = reply.text().await;
        let (got, added) = text.split_at(kept);
        assert_eq!(got, &whole[..kept], "cut at {at}");
        assert!(
            added.starts_with("event: gatehouse.error\n"),
            "cut at {at}: {added}"
        );
        assert_last_event(&reply, &text, "gatehouse.error", "agent_cut");
    }
    let mut reply = world.take("cut").await;
    let text = reply.text().await;
    assert_last_event(&reply, &text, "gatehouse.error", "agent_cut");
    world.stop().await;
}

#[tokio::test]
async fn json_that_is_cut_off_is_no_json() {
    let world = World::start().await;
    world.plane.inject(Fault::CutAfter(20));
    let request = world
        .turn("hello")
        .without("Accept")
        .header("Accept", "application/json");
    let text = world.proxy.call(&request).await.text().await;
    assert_eq!(text.len(), 20, "nothing is added: {text}");
    assert!(serde_json::from_str::<Value>(&text).is_err());
    world.proxy.until_logged("agent_cut").await;
    world.stop().await;
}

#[tokio::test]
async fn an_agents_own_error_event_passes_unchanged() {
    let world = World::start().await;
    let text = world.take("fail midway").await.text().await;
    assert!(text.contains("\"error_type\":\"RuntimeError\""), "{text}");
    assert!(!text.contains("event:"), "the stream was whole: {text}");
    world.stop().await;
}

#[tokio::test]
async fn an_agent_that_falls_silent_is_given_up_with_a_last_event() {
    let world = World::with(|settings| settings.with("IDLE_SECONDS", "1")).await;
    let mut reply = world.take("silent 600").await;
    let text = timeout(PATIENCE, reply.text()).await.unwrap();
    assert_last_event(&reply, &text, "gatehouse.error", "agent_silent");
    assert_eq!(end_of_call(&world).await, Ended::ClientGone);
    world.stop().await;
}

#[tokio::test]
async fn before_the_functions_deadline_the_caller_is_told_to_resume() {
    const LIMIT: Duration = Duration::from_secs(6);
    let world = World::with(|settings| settings.with_timeout(LIMIT)).await;
    let started = Instant::now();
    let mut reply = world.take("silent 600").await;
    let text = reply.text().await;
    assert!(started.elapsed() < LIMIT, "{:?}", started.elapsed());
    assert_last_event(&reply, &text, "gatehouse.resume", "deadline");
    assert_eq!(end_of_call(&world).await, Ended::ClientGone);
    world.stop().await;
}

/// Longer than the 5 seconds after which the SDK would cut a quiet stream, and as long as a caller is left without a sign.
#[tokio::test]
async fn while_an_agent_thinks_comments_keep_the_stream_alive() {
    let world = World::start().await;
    let mut reply = world.take("silent 16").await;
    assert!(reply.next().await.unwrap().starts_with(b"data: "));
    let silent_since = Instant::now();
    let comment = timeout(PATIENCE, reply.next()).await.unwrap().unwrap();
    let after = silent_since.elapsed();
    assert!(comment.starts_with(b":"), "{comment:?}");
    assert!(after > HEARTBEAT / 2 && after < HEARTBEAT * 2, "{after:?}");
    let rest = reply.text().await;
    assert!(
        rest.ends_with("data: {\"text\":\"That is all.\"}\n\n"),
        "{rest}"
    );
    world.stop().await;
}
