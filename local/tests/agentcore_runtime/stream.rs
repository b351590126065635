//! The answer on its way from the agent to the client.

use local::agentcore_runtime::Ended;
use serde_json::Value;

use crate::world::{ARN, LISTED, SESSION, TOKEN, World, whole};

#[tokio::test]
async fn the_sdks_signature_is_accepted_and_the_answer_arrives_in_pieces() {
    let world = World::start().await;
    let mut answer = world
        .ask("hello")
        .runtime_user_id("user-1")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.content_type, "text/event-stream");
    assert_eq!(answer.runtime_session_id.as_deref(), Some(SESSION));
    let first = answer.response.try_next().await.unwrap().unwrap();
    assert!(
        first.starts_with(b"data: {\"text\":\"Good day"),
        "{first:?}"
    );
    assert_eq!(
        world.agent.turns().borrow().finished,
        0,
        "the first piece came before the last"
    );
    let mut pieces = 1;
    let mut text = first.to_vec();
    while let Some(piece) = answer.response.try_next().await.unwrap() {
        pieces += 1;
        text.extend_from_slice(&piece);
    }
    assert_eq!(pieces, 5);
    let text = String::from_utf8(text).unwrap();
    let events: Vec<Value> = text
        .split_terminator("\n\n")
        .map(|event| serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap())
        .collect();
    assert!(events[2]["text"].as_str().unwrap().contains(SESSION));
    assert!(events[3]["text"].as_str().unwrap().contains("named a user"));

    let call = world.until_ended().await;
    assert_eq!(
        (call.ended, call.status.unwrap().as_u16()),
        (Some(Ended::Complete), 200)
    );
    assert_eq!(
        (call.session_id.as_str(), call.user_id.as_deref()),
        (SESSION, Some("user-1"))
    );
    assert_eq!(
        (call.runtime.as_str(), call.qualifier.as_str()),
        (ARN, "DEFAULT")
    );
    assert_eq!(call.body, "{\"prompt\":\"hello\"}");
    assert_eq!(world.plane.refused(), 0);
}

#[tokio::test]
async fn a_client_that_wants_json_gets_one_document() {
    let world = World::start().await;
    let answer = world
        .ask("hello")
        .accept("application/json")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.content_type, "application/json");
    let document: Value = serde_json::from_str(&whole(answer).await).unwrap();
    assert_eq!(document["answer"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn only_listed_headers_reach_the_container() {
    let world = World::start().await;
    let request = world
        .ask("hello")
        .trace_parent("00-trace")
        .customize()
        .mutate_request(|request| {
            let headers = request.headers_mut();
            headers.insert(LISTED, "listed-value");
            headers.insert("X-Amzn-Bedrock-AgentCore-Runtime-Custom-Other", "unlisted");
            headers.insert("WorkloadAccessToken", "forged");
            headers.insert("X-Tenant", "unlisted");
            headers.insert("Cookie", "a=b");
        });
    request.send().await.unwrap();
    let call = world.plane.calls().pop().unwrap();
    assert_eq!(call.received["x-tenant"], "unlisted");
    let mut names: Vec<&str> = call
        .forwarded
        .keys()
        .map(http::HeaderName::as_str)
        .collect();
    names.sort_unstable();
    let expected = [
        "accept",
        "content-type",
        "traceparent",
        "x-amzn-bedrock-agentcore-runtime-custom-identity",
        "x-amzn-bedrock-agentcore-runtime-request-id",
        "x-amzn-bedrock-agentcore-runtime-session-id",
    ];
    assert_eq!(names, expected);
    let printed = format!("{call:?}");
    assert!(
        !printed.contains("listed-value") && !printed.contains(TOKEN),
        "{printed}"
    );
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed_as_far_as_the_agent() {
    let world = World::start().await;
    let mut answer = world.ask("silent 600").send().await.unwrap();
    answer.response.try_next().await.unwrap().unwrap();
    drop(answer);
    assert_eq!(world.until_ended().await.ended, Some(Ended::ClientGone));
    let turns = world.until_agent(|turns| turns.abandoned > 0).await;
    assert_eq!((turns.started, turns.finished), (1, 0));

    let waiting = tokio::spawn(world.ask("slow 600").send());
    world.until_agent(|turns| turns.started == 2).await;
    waiting.abort();
    assert_eq!(world.until_ended().await.ended, Some(Ended::ClientGone));
}

#[tokio::test]
async fn the_agent_misbehaves_as_it_is_asked_to() {
    let world = World::start().await;
    let text = whole(world.ask("fail midway").send().await.unwrap()).await;
    let last = text.split_terminator("\n\n").last().unwrap();
    let last: Value = serde_json::from_str(last.strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(last["error_type"], "RuntimeError");

    let answer = world.ask("cut").send().await.unwrap();
    assert!(answer.response.collect().await.is_err());
    world.until_agent(|turns| turns.cut == 1).await;
    let call = world
        .plane
        .until(|calls| calls[1].ended.is_some())
        .await
        .pop()
        .unwrap();
    assert_eq!(call.ended, Some(Ended::Cut));

    let answer = world.ask("flood 3").send().await.unwrap();
    assert_eq!(
        answer.response.collect().await.unwrap().into_bytes().len(),
        3_000_000
    );
}
