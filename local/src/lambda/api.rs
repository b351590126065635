//! The Runtime API of one process, over HTTP.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::error::{FunctionError, StreamError};
use super::sandbox::{Answer, Sandbox, Unwanted};
use super::{MAX_BUFFERED, function_arn};
use crate::{clock, trace};

/// The header that repeats which attempt at an invocation is meant.
const INVOCATION_ID: &str = "lambda-runtime-invocation-id";
/// Chunks of a streamed answer that wait for a slow reader; each is at most one read of the connection.
const WAITING_CHUNKS: usize = 8;
/// Lambda streams 200 MB at most. <https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html>
const MAX_STREAMED: usize = 200 * 1024 * 1024;
/// An error report holds a message, not a document.
const MAX_ERROR: usize = 256 * 1024;

pub(super) fn router(sandbox: Arc<Sandbox>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route(
            "/2018-06-01/runtime/invocation/{id}/response",
            post(response),
        )
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .with_state(sandbox)
}

async fn next(State(sandbox): State<Arc<Sandbox>>) -> Response {
    let Some((request_id, event, deadline)) = sandbox.next().await else {
        return refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Stopped",
            "the process is being ended",
        );
    };
    let trace = event.trace.unwrap_or_else(trace::new);
    let headers = [
        ("lambda-runtime-aws-request-id", request_id.clone()),
        ("lambda-runtime-deadline-ms", epoch_ms(deadline)),
        (
            "lambda-runtime-invoked-function-arn",
            function_arn(sandbox.function()),
        ),
        ("lambda-runtime-trace-id", trace),
        // One attempt is all that is made here, so it may share the request's id.
        (INVOCATION_ID, request_id),
        ("content-type", "application/json".to_owned()),
    ];
    (headers, event.payload).into_response()
}

async fn response(
    State(sandbox): State<Arc<Sandbox>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Response> {
    let reply = reply_to(&sandbox, &id, &headers)?;
    let mode = headers.get("lambda-runtime-function-response-mode");
    let is_stream = mode.is_some_and(|mode| mode.as_bytes().eq_ignore_ascii_case(b"streaming"));
    Ok(if is_stream {
        stream(sandbox, id, reply, body).await
    } else {
        buffer(&sandbox, &id, reply, body).await
    })
}

async fn buffer(
    sandbox: &Sandbox,
    id: &str,
    reply: oneshot::Sender<Answer>,
    body: Body,
) -> Response {
    match read(body, MAX_BUFFERED).await {
        Ok(bytes) => {
            sandbox.answered(id);
            // The client may have left: the function has answered all the same.
            let _ = reply.send(Answer::Buffered(bytes));
            accepted()
        }
        Err(Unread::TooLarge) => {
            let _ = reply.send(Answer::TooLarge);
            refusal(
                StatusCode::PAYLOAD_TOO_LARGE,
                "Function.ResponseSizeTooLarge",
                "the answer is over 6 MB",
            )
        }
        Err(Unread::Broken) => refusal(
            StatusCode::BAD_REQUEST,
            "InvalidBody",
            "the answer broke off",
        ),
    }
}

/// Passes an upload on, chunk by chunk, and reads it to its end even if its reader has left: Lambda does not tell a
/// function that. It runs apart from the connection, so that its last word is said even when the connection is gone.
async fn stream(
    sandbox: Arc<Sandbox>,
    id: String,
    reply: oneshot::Sender<Answer>,
    body: Body,
) -> Response {
    let (sender, chunks) = mpsc::channel(WAITING_CHUNKS);
    // The client may have left already.
    let _ = reply.send(Answer::Stream(chunks));
    let passing = tokio::spawn(async move {
        let _upload = Arc::clone(&sandbox.uploads).read_owned().await;
        pass_on(&sandbox, &id, body, &sender).await
    });
    if passing.await.unwrap_or(false) {
        accepted()
    } else {
        // The rest of the upload is not read: closing the connection tells the function so.
        ([(header::CONNECTION, "close")], accepted()).into_response()
    }
}

/// Whether the upload was read to its end.
async fn pass_on(
    sandbox: &Sandbox,
    id: &str,
    mut body: Body,
    sender: &mpsc::Sender<Result<Option<Bytes>, StreamError>>,
) -> bool {
    let mut room = MAX_STREAMED;
    loop {
        let item = match body.frame().await {
            None => Ok(None),
            Some(Err(_)) => Err(sandbox
                .end_of(id)
                .await
                .map_or(StreamError::Cut, StreamError::from)),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => take_from(&mut room, data.len()).map(|()| Some(data)),
                Err(frame) => frame
                    .into_trailers()
                    .ok()
                    .and_then(|trailers| reported(&trailers))
                    .map_or(Ok(None), Err),
            },
        };
        let is_last = !matches!(item, Ok(Some(_)));
        let is_whole = matches!(item, Ok(None) | Err(StreamError::Function(_)));
        if is_whole {
            sandbox.answered(id);
        }
        // The client may have left.
        let _ = sender.send(item).await;
        if is_last {
            return is_whole;
        }
    }
}

fn take_from(room: &mut usize, length: usize) -> Result<(), StreamError> {
    *room = room.checked_sub(length).ok_or(StreamError::TooLarge)?;
    Ok(())
}

/// The error that a function reports behind a streamed answer.
fn reported(trailers: &HeaderMap) -> Option<StreamError> {
    let error_type = trailers
        .get("lambda-runtime-function-error-type")?
        .to_str()
        .ok()?;
    let report = trailers
        .get("lambda-runtime-function-error-body")
        .and_then(|body| STANDARD.decode(body).ok())
        .and_then(|body| serde_json::from_slice::<FunctionError>(&body).ok());
    let error_message = report.map_or_else(String::new, |report| report.error_message);
    Some(StreamError::Function(FunctionError {
        error_type: error_type.to_owned(),
        error_message,
    }))
}

async fn error(
    State(sandbox): State<Arc<Sandbox>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Response> {
    let reply = reply_to(&sandbox, &id, &headers)?;
    let error = posted(&headers, body).await;
    sandbox.answered(&id);
    // The client may have left: the function has answered all the same.
    let _ = reply.send(Answer::Error(error));
    Ok(accepted())
}

async fn init_error(
    State(sandbox): State<Arc<Sandbox>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let error = posted(&headers, body).await;
    sandbox.init_failed(error);
    accepted()
}

/// The error as posted; one that cannot be read keeps the type given in the header.
async fn posted(headers: &HeaderMap, body: Body) -> FunctionError {
    let body = read(body, MAX_ERROR).await.unwrap_or_default();
    serde_json::from_slice(&body).unwrap_or_else(|_| FunctionError {
        error_type: headers
            .get("lambda-runtime-function-error-type")
            .and_then(|value| value.to_str().ok())
            .unwrap_or("Unknown")
            .to_owned(),
        error_message: String::new(),
    })
}

#[derive(Debug)]
enum Unread {
    TooLarge,
    Broken,
}

async fn read(body: Body, limit: usize) -> Result<Bytes, Unread> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(Unread::TooLarge),
        Err(_) => Err(Unread::Broken),
    }
}

#[expect(
    clippy::result_large_err,
    reason = "the refusal is the HTTP response itself, made once"
)]
fn reply_to(
    sandbox: &Sandbox,
    id: &str,
    headers: &HeaderMap,
) -> Result<oneshot::Sender<Answer>, Response> {
    let attempt = headers.get(INVOCATION_ID);
    if attempt.is_some_and(|attempt| attempt.as_bytes() != id.as_bytes()) {
        return Err(refusal(
            StatusCode::BAD_REQUEST,
            "InvalidInvocationId",
            "another attempt is at work",
        ));
    }
    sandbox.reply_to(id).map_err(|unwanted| match unwanted {
        Unwanted::RequestId => refusal(
            StatusCode::BAD_REQUEST,
            "InvalidRequestID",
            "no such invocation is at work",
        ),
        Unwanted::Answered => refusal(
            StatusCode::BAD_REQUEST,
            "InvalidStateTransition",
            "it has been answered",
        ),
    })
}

fn accepted() -> Response {
    answer(StatusCode::ACCEPTED, &json!({"status": "OK"}))
}

fn refusal(status: StatusCode, error_type: &str, error_message: &str) -> Response {
    answer(
        status,
        &json!({"errorType": error_type, "errorMessage": error_message}),
    )
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let content_type = [(header::CONTENT_TYPE, "application/json")];
    (status, content_type, body.to_string()).into_response()
}

/// A moment to come, in milliseconds since 1970.
fn epoch_ms(deadline: Instant) -> String {
    let left = deadline.saturating_duration_since(Instant::now());
    clock::since_epoch()
        .checked_add(left)
        .unwrap_or(Duration::MAX)
        .as_millis()
        .to_string()
}
