//! Faults behind the data plane: of the container's own, and injected ones.

use std::time::{Duration, SystemTime};

use aws_sdk_bedrockagentcore::error::SdkError;
use local::agent::Agent;
use local::agentcore_runtime::{Ended, Fault, ServiceError};

use crate::world::{SECRET, World, client, failure, invocation, plane, whole};

#[tokio::test]
async fn an_agent_that_fails_or_is_not_there_is_one_error() {
    let world = World::start().await;
    let error = world.ask("fail").send().await.unwrap_err();
    assert_eq!(failure(&error), (424, "RuntimeClientError".to_owned()));
    assert_eq!(world.until_ended().await.ended, Some(Ended::Complete));

    let gone = {
        let agent = Agent::start().await.unwrap();
        agent.url().to_owned()
    };
    let plane = plane(&gone).await;
    let error = invocation(&client(plane.url(), SECRET, "us-east-1"), "hello")
        .send()
        .await
        .unwrap_err();
    assert_eq!(failure(&error), (424, "RuntimeClientError".to_owned()));
}

#[tokio::test]
async fn each_error_of_the_service_can_be_had() {
    let world = World::start().await;
    for (error, status, name) in [
        (ServiceError::Validation, 400, "ValidationException"),
        (ServiceError::Unauthorized, 401, "UnauthorizedException"),
        (
            ServiceError::ServiceQuotaExceeded,
            402,
            "ServiceQuotaExceededException",
        ),
        (ServiceError::AccessDenied, 403, "AccessDeniedException"),
        (
            ServiceError::ResourceNotFound,
            404,
            "ResourceNotFoundException",
        ),
        (
            ServiceError::RetryableConflict,
            409,
            "RetryableConflictException",
        ),
        (ServiceError::RuntimeClient, 424, "RuntimeClientError"),
        (ServiceError::Throttling, 429, "ThrottlingException"),
        (ServiceError::Internal, 500, "InternalServerException"),
    ] {
        world.plane.inject(Fault::Error(error));
        let found = world.ask("hello").send().await.unwrap_err();
        assert_eq!(failure(&found), (status, name.to_owned()));
    }
    world.ask("hello").send().await.unwrap();
    assert_eq!(
        world.agent.turns().borrow().started,
        1,
        "the errors came from the service"
    );
}

#[tokio::test]
async fn a_fault_strikes_one_call() {
    let world = World::start().await;
    world.plane.inject(Fault::HangUp);
    let error = world.ask("hello").send().await.unwrap_err();
    assert!(matches!(error, SdkError::DispatchFailure(_)), "{error:?}");
    assert_eq!(world.until_ended().await.ended, Some(Ended::Cut));

    world.plane.inject(Fault::CutAfter(30));
    let answer = world.ask("hello").send().await.unwrap();
    assert!(answer.response.collect().await.is_err());
    assert_eq!(world.until_ended().await.ended, Some(Ended::Cut));

    world.plane.inject(Fault::Flood(1_000_000));
    let answer = world.ask("hello").send().await.unwrap();
    assert_eq!(
        answer.response.collect().await.unwrap().into_bytes().len(),
        1_000_000
    );

    let delay = Duration::from_millis(150);
    world.plane.inject(Fault::SlowFirstByte(delay));
    let asked = SystemTime::now();
    let answer = world.ask("hello").send().await.unwrap();
    assert!(asked.elapsed().unwrap() >= delay);
    drop(answer);

    world.plane.inject(Fault::SilenceAfter(10));
    let mut answer = world.ask("hello").send().await.unwrap();
    let first = answer.response.try_next().await.unwrap().unwrap();
    assert_eq!(&first[..], b"data: {\"te");
    // The agent's own answer takes less than a second; nothing of it comes through.
    let more = tokio::time::timeout(Duration::from_secs(1), answer.response.try_next()).await;
    assert!(more.is_err(), "{more:?}");
    drop(answer);
    assert_eq!(world.until_ended().await.ended, Some(Ended::ClientGone));

    whole(world.ask("hello").send().await.unwrap()).await;
    assert_eq!(world.until_ended().await.ended, Some(Ended::Complete));
}
