//! MCP servers behind the data plane.

use std::time::SystemTime;

use bytes::Bytes;
use http::Response;
use local::agentcore_runtime::{Auth, DataPlane, Fault, Protocol, ServiceError};
use serde_json::{Value, json};

use crate::container::{Container, MCP_SESSION};
use crate::world::{SESSION, address, header, json as body, plane_of, send, signed, signed_at};

const INITIALIZE: &str = r#"{"jsonrpc": "2.0", "id": 7, "method": "initialize"}"#;
const LIST: &str = r#"{"jsonrpc": "2.0", "id": 8, "method": "tools/list"}"#;

async fn server(state: Option<&'static str>) -> (Container, DataPlane) {
    let container = Container::start(state).await;
    let plane = plane_of(&container.url, Protocol::Mcp, Auth::Iam).await;
    (container, plane)
}

async fn say(plane: &DataPlane, message: &'static str, session: Option<&str>) -> Response<Bytes> {
    let mut headers = vec![("mcp-protocol-version", "2025-11-25")];
    headers.extend(session.map(|session| ("mcp-session-id", session)));
    send(signed(plane, SystemTime::now(), message.into(), &headers)).await
}

/// The session that the container was told.
fn told(answer: &Response<Bytes>) -> Option<String> {
    let said = body(answer);
    assert_eq!(
        (&said["method"], &said["path"]),
        (&json!("POST"), &json!("/mcp"))
    );
    assert_eq!(said["headers"]["mcp-protocol-version"], "2025-11-25");
    let session = &said["headers"][MCP_SESSION.as_str()];
    session.as_str().map(str::to_owned)
}

#[tokio::test]
async fn only_the_id_of_initialize_opens_a_session() {
    for state in [None, Some("of-the-server")] {
        let (_container, plane) = server(state).await;
        let opened = say(&plane, INITIALIZE, None).await;
        assert_eq!(told(&opened), None, "the server may choose");
        let session = header(&opened, "mcp-session-id");
        assert!(state.is_none_or(|state| state == session));
        let listed = say(&plane, LIST, Some(session)).await;
        assert_eq!(told(&listed).as_deref(), Some(session));
        let fresh = header(&listed, "mcp-session-id");
        assert_ne!(fresh, session, "a fresh id comes with each answer");
        let lost = say(&plane, LIST, Some(fresh)).await;
        assert_eq!(lost.status(), 404, "and is worth nothing");
        assert_eq!(body(&lost)["error"]["code"], -32001);
        assert_eq!(say(&plane, LIST, Some(session)).await.status(), 200);
        let computes: Vec<_> = plane.calls().into_iter().map(|call| call.compute).collect();
        assert!(computes.iter().all(|compute| *compute == computes[0]));
    }
}

#[tokio::test]
async fn a_message_without_a_session_gets_one() {
    let (_container, plane) = server(None).await;
    let listed = say(&plane, LIST, None).await;
    let session = header(&listed, "mcp-session-id");
    assert_eq!(told(&listed).as_deref(), Some(session));
    assert_eq!(say(&plane, LIST, Some(session)).await.status(), 200);
}

#[tokio::test]
async fn a_stopped_session_is_not_found() {
    let (_container, plane) = server(Some("of-the-server")).await;
    let name = "x-amzn-bedrock-agentcore-runtime-session-id";
    let headers = [(name, SESSION)];
    let opened = signed(&plane, SystemTime::now(), INITIALIZE.into(), &headers);
    assert_eq!(send(opened).await.status(), 200);
    let uri = address(&plane, "stopruntimesession");
    let stop = signed_at(&uri, SystemTime::now(), Bytes::new(), &headers);
    assert_eq!(send(stop).await.status(), 200);
    assert_eq!(say(&plane, LIST, Some("of-the-server")).await.status(), 404);
}

#[tokio::test]
async fn errors_are_those_of_the_protocol() {
    let (_container, plane) = server(None).await;
    for error in [ServiceError::Throttling, ServiceError::ServiceQuotaExceeded] {
        plane.inject(Fault::Error(error));
        let answer = say(&plane, LIST, None).await;
        assert_eq!(answer.status(), 200, "{error:?}");
        let said: Value = body(&answer);
        assert_eq!(
            (&said["id"], &said["error"]["code"]),
            (&json!(8), &json!(-32003))
        );
    }
    plane.inject(Fault::Error(ServiceError::RetryableConflict));
    assert_eq!(say(&plane, LIST, None).await.status(), 409);
}
