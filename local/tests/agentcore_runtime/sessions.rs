//! Sessions, and their end.

use std::time::SystemTime;

use aws_sdk_bedrockagentcore::error::ProvideErrorMetadata;

use crate::world::{ARN, SECRET, SESSION, World, address, client, refusal, send, signed_at, whole};

async fn compute(world: &World) -> String {
    whole(world.ask("hello").send().await.unwrap()).await;
    world.plane.calls().pop().unwrap().compute
}

#[tokio::test]
async fn a_stopped_session_starts_anew() {
    let world = World::start().await;
    let first = compute(&world).await;
    assert_eq!(compute(&world).await, first, "a session keeps its compute");
    let client = client(world.plane.url(), SECRET, "us-east-1");
    let stop = || {
        let stop = client.stop_runtime_session().agent_runtime_arn(ARN);
        stop.runtime_session_id(SESSION).send()
    };
    let stopped = stop().await.unwrap();
    assert_eq!(stopped.runtime_session_id(), Some(SESSION));
    let again = stop().await.unwrap_err();
    assert_eq!(again.code(), Some("ResourceNotFoundException"));
    assert_ne!(compute(&world).await, first, "and then it gets a new one");
}

#[tokio::test]
async fn only_a_named_session_can_be_stopped() {
    let world = World::start().await;
    let uri = address(&world.plane, "stopruntimesession");
    let request = signed_at(&uri, SystemTime::now(), "{}".into(), &[]);
    assert_eq!(refusal(&send(request).await), (400, "ValidationException"));
}
