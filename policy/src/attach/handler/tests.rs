use std::sync::Mutex;

use axum::Router;
use axum::body::Bytes;
use axum::routing::put;
use lambda_runtime::Context;
use serde_json::json;
use tokio::net::TcpListener;

use super::*;
use crate::attach::gateway::{Gateway, Settings};
use crate::attach::request::GatewayId;

/// A control plane that answers with unexpected errors.
struct Broken;

impl ControlPlane for Broken {
    async fn read(&self, gateway: &GatewayId) -> Result<Option<Gateway>, AttachError> {
        panic!("a bug, met at {}", gateway.as_str())
    }

    async fn write(&self, _: &GatewayId, _: &Settings) -> Result<(), AttachError> {
        unreachable!("nothing is written before it is read")
    }
}

#[tokio::test]
async fn a_panic_is_answered_and_tells_nothing() {
    let answers: Arc<Mutex<Vec<Value>>> = Arc::default();
    let kept = Arc::clone(&answers);
    let keep = move |body: Bytes| async move {
        let answer = serde_json::from_slice(&body).unwrap();
        kept.lock().unwrap().push(answer);
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let router = Router::new().route("/", put(keep));
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let config = Config {
        first_pause: Duration::from_millis(1),
    };
    let attacher = Attacher::new(config, Broken, Answers::new().unwrap(), Clock::system());
    let event = json!({
        "RequestType": "Create", "ResponseURL": url,
        "StackId": "s", "RequestId": "r", "LogicalResourceId": "l", "ResourceType": "Custom::PolicyAttachment",
        "ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:policy",
        "ResourceProperties": {
            "GatewayIdentifier": "tools-abcdefghij", "Mode": "ENFORCE",
            "PolicyEngineArn": "arn:aws:bedrock-agentcore:us-east-1:123456789012:policy-engine/e-abcdefghij",
        },
    });
    let mut context = Context::default();
    context.deadline = u64::MAX;
    attacher
        .handle(LambdaEvent::new(event, context))
        .await
        .unwrap();
    server.abort();
    let answers = answers.lock().unwrap();
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0]["Status"], "FAILED");
    assert_eq!(
        answers[0]["Reason"],
        "the function failed; its log says why"
    );
    assert_eq!(
        answers[0]["PhysicalResourceId"],
        "tools-abcdefghij/policy-engine"
    );
}
