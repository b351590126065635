//! A2A agents behind the data plane.

use std::time::SystemTime;

use aws_sdk_bedrockagentcore::error::ProvideErrorMetadata;
use local::agentcore_runtime::{Auth, Fault, Operation, Protocol, ServiceError};
use serde_json::json;

use crate::container::Container;
use crate::world::{
    ARN, SECRET, SESSION, address, client, json as body, plane, plane_of, send, signed_at,
};

const MESSAGE: &str = r#"{"jsonrpc": "2.0", "id": "m-1", "method": "message/send"}"#;

#[tokio::test]
async fn messages_and_the_card_have_their_paths() {
    let container = Container::start(None).await;
    let plane = plane_of(&container.url, Protocol::A2a, Auth::Iam).await;
    for path in ["invocations", "invocations/"] {
        let uri = address(&plane, path);
        let sent = send(signed_at(&uri, SystemTime::now(), MESSAGE.into(), &[])).await;
        let said = body(&sent);
        assert_eq!(
            (&said["path"], &said["body"]),
            (&json!("/"), &json!(MESSAGE))
        );
    }
    let client = client(plane.url(), SECRET, "us-east-1");
    let card = client
        .get_agent_card()
        .agent_runtime_arn(ARN)
        .runtime_session_id(SESSION)
        .send()
        .await
        .unwrap();
    let card = format!("{:?}", card.agent_card());
    assert!(card.contains("/.well-known/agent-card.json"), "{card}");
    let call = plane.calls().pop().unwrap();
    assert_eq!(
        (call.operation, call.session_id.as_str()),
        (Operation::Card, SESSION)
    );
}

#[tokio::test]
async fn only_an_a2a_agent_has_a_card() {
    let container = Container::start(None).await;
    let plane = plane(&container.url).await;
    let client = client(plane.url(), SECRET, "us-east-1");
    let asked = client.get_agent_card().agent_runtime_arn(ARN).send().await;
    assert_eq!(asked.unwrap_err().code(), Some("ValidationException"));
}

#[tokio::test]
async fn errors_are_those_of_the_protocol() {
    let container = Container::start(None).await;
    let plane = plane_of(&container.url, Protocol::A2a, Auth::Iam).await;
    for (error, status, code) in [
        (ServiceError::ResourceNotFound, 404, -32051),
        (ServiceError::Validation, 400, -32052),
        (ServiceError::Throttling, 429, -32053),
        (ServiceError::ServiceQuotaExceeded, 429, -32053),
        (ServiceError::RetryableConflict, 409, -32054),
        (ServiceError::RuntimeClient, 424, -32055),
        (ServiceError::Internal, 500, -32603),
    ] {
        plane.inject(Fault::Error(error));
        let uri = address(&plane, "invocations");
        let answer = send(signed_at(&uri, SystemTime::now(), MESSAGE.into(), &[])).await;
        assert_eq!(answer.status(), status, "{error:?}");
        let said = body(&answer);
        assert_eq!(
            (&said["id"], &said["error"]["code"]),
            (&json!("m-1"), &json!(code))
        );
    }
    plane.inject(Fault::Error(ServiceError::AccessDenied));
    let uri = address(&plane, "invocations");
    let answer = send(signed_at(&uri, SystemTime::now(), MESSAGE.into(), &[])).await;
    assert_eq!(answer.status(), 403);
    assert!(body(&answer).get("jsonrpc").is_none());
}
