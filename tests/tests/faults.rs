//! Tests of failures of AgentCore: a documented status, and no text of AgentCore's own.

use std::time::Duration;

use local::agentcore_runtime::{Fault, ServiceError};
use tests::{DEMO_ARN, counted};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::world::World;

/// One error of AgentCore a row: what the caller gets, and how often AgentCore is asked.
const ERRORS: [(ServiceError, u16, &str, usize); 9] = [
    (ServiceError::Validation, 502, "agent_misconfigured", 1),
    (ServiceError::Unauthorized, 502, "agent_misconfigured", 1),
    (ServiceError::ServiceQuotaExceeded, 429, "agent_quota", 1),
    (ServiceError::AccessDenied, 502, "agent_misconfigured", 1),
    (
        ServiceError::ResourceNotFound,
        502,
        "agent_misconfigured",
        1,
    ),
    (ServiceError::RetryableConflict, 409, "agent_busy", 3),
    (ServiceError::RuntimeClient, 502, "agent_failed", 1),
    (ServiceError::Throttling, 429, "agent_throttled", 3),
    (ServiceError::Internal, 502, "agent_service_failed", 1),
];

/// What AgentCore says and callers never hear.
const UPSTREAM_WORDS: [&str; 6] = [
    "Exception",
    "RuntimeClientError",
    "arn:",
    "amazonaws",
    "127.0.0.1",
    "AKIA",
];

#[tokio::test]
async fn every_error_of_agentcore_has_its_status() {
    let world = World::start().await;
    for (error, status, code, calls) in ERRORS {
        let before = world.plane.calls().len();
        for _ in 0..calls {
            world.plane.inject(Fault::Error(error));
        }
        let mut reply = world.take("hello").await;
        assert_eq!(world.plane.calls().len() - before, calls, "{error:?}");
        let has_pause = reply.headers.contains_key("retry-after");
        let may_pass = [409, 429].contains(&status);
        assert_eq!(has_pause, may_pass, "{error:?}: {:?}", reply.headers);
        assert!(reply.headers.contains_key("x-conversation-id"), "{error:?}");
        let said = format!("{:?}", reply.headers);
        reply.assert_problem(status, code).await;
        for word in UPSTREAM_WORDS {
            assert!(!said.contains(word), "{error:?}: {said}");
        }
    }
    counted(&format!("{} errors of AgentCore mapped", ERRORS.len()));
    world.stop().await;
}

#[tokio::test]
async fn no_word_of_agentcore_reaches_a_caller() {
    let world = World::start().await;
    for (error, _, _, calls) in ERRORS {
        for _ in 0..calls {
            world.plane.inject(Fault::Error(error));
        }
        let text = world.take("hello").await.text().await;
        for word in UPSTREAM_WORDS
            .iter()
            .chain(&["The request is not valid", DEMO_ARN])
        {
            assert!(!text.contains(word), "{error:?}: {text}");
        }
    }
    world.stop().await;
}

/// A turn that AgentCore has turned away before it began is tried again; its caller never knows.
#[tokio::test]
async fn a_turn_that_did_not_begin_is_tried_again() {
    let world = World::start().await;
    for error in [ServiceError::RetryableConflict, ServiceError::Throttling] {
        let before = world.plane.calls().len();
        world.plane.inject(Fault::Error(error));
        let mut reply = world.take("hello").await;
        assert_eq!(reply.status, 200, "{error:?}");
        assert!(reply.text().await.contains("That is all."));
        let calls = &world.plane.calls()[before..];
        assert_eq!(calls.len(), 2, "{error:?}");
        assert_eq!(calls[0].session_id, calls[1].session_id, "the same turn");
    }
    world.stop().await;
}

/// What may have begun is never repeated: an agent could act twice.
#[tokio::test]
async fn a_turn_that_may_have_begun_is_never_repeated() {
    let world = World::start().await;
    world.plane.inject(Fault::HangUp);
    let mut reply = world.take("hello").await;
    assert_eq!(reply.status, 502);
    reply.rest().await;
    assert_eq!(world.plane.calls().len(), 1);
    world
        .take("fail")
        .await
        .assert_problem(502, "agent_failed")
        .await;
    assert_eq!(world.plane.calls().len(), 2);
    assert_eq!(world.agent.turns().borrow().started, 1);
    world.stop().await;
}

#[tokio::test]
async fn an_agent_that_does_not_begin_in_time_is_a_timeout() {
    let world = World::with(|settings| settings.with("FIRST_BYTE_SECONDS", "1")).await;
    let slow = Fault::SlowFirstByte(Duration::from_secs(600));
    world.plane.inject(slow);
    world
        .take("hello")
        .await
        .assert_problem(504, "agent_timeout")
        .await;
    world.stop().await;
}

#[tokio::test]
async fn a_data_plane_that_is_not_there_is_unreachable() {
    // A port without a listener: it was free a moment ago, and is bound but closed to connections.
    let address = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let world = World::with(|settings| {
        settings.with(
            "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE",
            &format!("http://{address}"),
        )
    })
    .await;
    world
        .take("hello")
        .await
        .assert_problem(502, "agent_unreachable")
        .await;
    world.stop().await;
}

/// The data plane is not where its name should be, or is not who it should be.
#[tokio::test]
async fn a_data_plane_that_cannot_be_trusted_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            // Whatever this is, it is no TLS.
            let _gone = connection.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        }
    });
    for endpoint in [
        "http://agentcore.invalid".to_owned(),
        format!("https://{address}"),
    ] {
        let world =
            World::with(|settings| settings.with("AWS_ENDPOINT_URL_BEDROCK_AGENTCORE", &endpoint))
                .await;
        let mut reply = world.take("hello").await;
        reply.assert_problem(502, "agent_unreachable").await;
        world.stop().await;
    }
}

#[tokio::test]
async fn a_role_that_is_refused_is_our_own_fault() {
    let world = World::with(|settings| settings.with("AWS_SECRET_ACCESS_KEY", "another")).await;
    world
        .take("hello")
        .await
        .assert_problem(502, "agent_misconfigured")
        .await;
    assert_eq!(world.plane.refused(), 1);
    assert_eq!(world.plane.calls().len(), 0);
    world.stop().await;
}
