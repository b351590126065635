//! A Lambda function for the tests of the Runtime API double: does what the event's `do` says.
//!
//! `echo` answers with the event and what the process was told; `wait` answers when the named file exists; `stream`
//! streams `chunks`; `endless` streams until nobody reads; `cut` streams one chunk and exits; `fail`, `panic`,
//! `exit` and `hang` do that; `big` answers with `bytes` bytes. `ECHO_INIT` can be `exit` or
//! `hang`, before its first poll.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use lambda_runtime::{
    Error, FunctionResponse, LambdaEvent, MetadataPrelude, StreamResponse, service_fn,
};
use serde_json::{Value, json};

type Chunks = BoxStream<'static, Result<Bytes, Error>>;
type Answer = FunctionResponse<Value, Chunks>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    eprintln!("echo function starts");
    match environment().get("ECHO_INIT").map(String::as_str) {
        Some("exit") => std::process::exit(7),
        Some("hang") => std::future::pending().await,
        Some(_) | None => {}
    }
    lambda_runtime::run(service_fn(answer)).await
}

async fn answer(event: LambdaEvent<Value>) -> Result<Answer, Error> {
    let (event, context) = event.into_parts();
    let text = |name: &str| {
        event
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    match text("do").as_str() {
        "echo" => Ok(FunctionResponse::BufferedResponse(json!({
            "event": event,
            "pid": std::process::id(),
            "request_id": context.request_id,
            "arn": context.invoked_function_arn,
            "trace": context.xray_trace_id,
            "deadline": context.deadline,
            "environment": environment(),
        }))),
        "wait" => {
            while !std::path::Path::new(&text("file")).exists() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            Ok(FunctionResponse::BufferedResponse(
                json!({"pid": std::process::id()}),
            ))
        }
        "stream" => Ok(streamed(stream::iter(chunks(&event)).boxed())),
        "endless" => Ok(streamed(
            stream::unfold(Left(text("file")), endless).boxed(),
        )),
        "cut" => Ok(streamed(stream::unfold(false, cut).boxed())),
        "fail" => Err(text("message").into()),
        #[expect(clippy::panic, reason = "the case under test")]
        "panic" => panic!("at the test's request"),
        "exit" => std::process::exit(9),
        "hang" => std::future::pending().await,
        "big" => {
            let bytes = event
                .get("bytes")
                .and_then(Value::as_u64)
                .unwrap_or_default();
            let bytes = usize::try_from(bytes)?;
            Ok(FunctionResponse::BufferedResponse(Value::String(
                "x".repeat(bytes),
            )))
        }
        other => Err(format!("unknown request `{other}`").into()),
    }
}

fn environment() -> BTreeMap<String, String> {
    #[expect(clippy::disallowed_methods, reason = "the test looks at all of it")]
    std::env::vars().collect()
}

fn streamed(stream: Chunks) -> Answer {
    let metadata_prelude = MetadataPrelude {
        status_code: http::StatusCode::CREATED,
        cookies: vec!["a=1".to_owned()],
        ..MetadataPrelude::default()
    };
    FunctionResponse::StreamingResponse(StreamResponse {
        metadata_prelude,
        stream,
    })
}

fn chunks(event: &Value) -> Vec<Result<Bytes, Error>> {
    let chunks = event.get("chunks").and_then(Value::as_array);
    chunks
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(|chunk| Ok(Bytes::copy_from_slice(chunk.as_bytes())))
        .collect()
}

/// Writes its file when it is dropped: the function has seen that nobody reads.
struct Left(String);

impl Drop for Left {
    fn drop(&mut self) {
        let _ = std::fs::write(&self.0, "left");
    }
}

async fn endless(left: Left) -> Option<(Result<Bytes, Error>, Left)> {
    tokio::time::sleep(Duration::from_millis(2)).await;
    Some((Ok(Bytes::from_static(b"again ")), left))
}

async fn cut(said: bool) -> Option<(Result<Bytes, Error>, bool)> {
    if said {
        // What was said must be on the wire before the process goes.
        tokio::time::sleep(Duration::from_millis(50)).await;
        std::process::exit(11);
    }
    Some((Ok(Bytes::from_static(b"half a sen")), true))
}
