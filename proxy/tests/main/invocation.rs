//! Tests of what Lambda's Runtime API receives for an invocation.

use std::convert::Infallible;

use axum::Router;
use axum::extract::{Request, State};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use lambda_runtime::{Context, LambdaEvent, LambdaInvocation, Service};
use lambda_runtime_api_client::PooledClient;
use proxy::answer::{Answer, Body, Content, Response};
use proxy::caller::event::Event;
use proxy::invocation::Invocations;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What was posted: path, headers, body.
type Posted = (String, HeaderMap, Bytes);

/// A Runtime API that says `status` to whatever it is sent.
async fn runtime_api(status: StatusCode) -> (PooledClient, UnboundedReceiver<Posted>) {
    let (sender, posted) = unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let take = move |State(sender): State<UnboundedSender<Posted>>, request: Request| async move {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        sender
            .send((parts.uri.path().to_owned(), parts.headers, body))
            .unwrap();
        status
    };
    let router = Router::new().fallback(take).with_state(sender);
    tokio::spawn(axum::serve(listener, router).into_future());
    let endpoint = format!("http://{address}").parse().unwrap();
    let client = PooledClient::builder().with_endpoint(endpoint).build();
    (client, posted)
}

fn invocation(body: &Value) -> LambdaInvocation {
    let mut response = http::Response::new(());
    let headers = response.headers_mut();
    headers.insert("lambda-runtime-invocation-id", "i-1".parse().unwrap());
    let mut context = Context::default();
    context.request_id = "r-1".to_owned();
    LambdaInvocation {
        parts: response.into_parts().0,
        body: Bytes::from(body.to_string()),
        context,
    }
}

async fn teapot(_: LambdaEvent<Event>) -> Result<Response, Infallible> {
    let answer = Answer::json(StatusCode::IM_A_TEAPOT, &json!({"short": "stout"}));
    let (head, Content::Whole(body)) = answer.finish("r-1") else {
        panic!("a document is whole");
    };
    Ok(head.with_body(Body::Whole(body)))
}

async fn broken(_: LambdaEvent<Event>) -> Result<Response, Infallible> {
    panic!("a bug")
}

fn event() -> Value {
    json!({"httpMethod": "GET", "path": "/healthz", "headers": {}, "body": null})
}

#[tokio::test]
async fn an_answer_is_posted_as_metadata_delimiter_and_body() {
    let (client, mut posted) = runtime_api(StatusCode::ACCEPTED).await;
    let mut invocations = Invocations::new(teapot, client);
    invocations.call(invocation(&event())).await.unwrap();
    let (path, headers, body) = posted.recv().await.unwrap();
    assert_eq!(path, "/2018-06-01/runtime/invocation/r-1/response");
    assert_eq!(headers["lambda-runtime-invocation-id"], "i-1");
    assert_eq!(
        headers["lambda-runtime-function-response-mode"],
        "streaming"
    );
    assert_eq!(
        headers["content-type"],
        "application/vnd.awslambda.http-integration-response"
    );
    assert_eq!(headers["transfer-encoding"], "chunked");
    let end = body.windows(8).position(|window| window == [0; 8]).unwrap();
    let (metadata, rest) = body.split_at(end);
    let metadata: Value = serde_json::from_slice(metadata).unwrap();
    assert_eq!(metadata["statusCode"], 418);
    assert_eq!(metadata["headers"]["content-type"], "application/json");
    assert_eq!(&rest[8..], br#"{"short":"stout"}"#);
}

#[tokio::test]
async fn what_is_no_event_and_what_panics_is_an_error_and_not_the_end() {
    let (client, mut posted) = runtime_api(StatusCode::ACCEPTED).await;
    let mut invocations = Invocations::new(broken, client);
    for (body, kind) in [(json!("secret"), "BadEvent"), (event(), "Panic")] {
        invocations.call(invocation(&body)).await.unwrap();
        let (path, headers, body) = posted.recv().await.unwrap();
        assert_eq!(path, "/2018-06-01/runtime/invocation/r-1/error");
        assert_eq!(headers["lambda-runtime-invocation-id"], "i-1");
        assert_eq!(
            headers["lambda-runtime-function-error-type"],
            format!("Gatehouse.{kind}")
        );
        let error: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(error["errorType"], kind);
        assert!(!error.to_string().contains("secret"), "{error}");
        assert!(!error.to_string().contains("a bug"), "{error}");
    }
}

/// Too late, or without a reader: the function continues with the next event.
#[tokio::test]
async fn an_answer_that_is_not_taken_ends_nothing() {
    let (client, _posted) = runtime_api(StatusCode::GONE).await;
    let mut invocations = Invocations::new(teapot, client);
    invocations.call(invocation(&event())).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = PooledClient::builder()
        .with_endpoint(nobody.parse().unwrap())
        .build();
    let mut invocations = Invocations::new(teapot, client);
    let done = invocations.call(invocation(&event())).await;
    assert!(done.is_ok());
}
