//! A Lambda function for the tests of the emulators: does what the event's `do` says, or the `do` in the body of an API
//! Gateway request. As an authorizer it does what the token says, as a trigger what the client metadata says: see
//! `authorize` and `trigger`. To a step of a rotation it says yes and does nothing.
//!
//! `echo` answers with the event and what the process was told; `answer` with the event's `answer`; `reflect` sends
//! the request back as a response; `wait` answers when the named file exists; `stream` streams `chunks`;
//! `until` streams until the named file exists; `cut` streams one chunk and exits; `fail`, `panic`, `exit` and
//! `hang` do that; `big` answers with `bytes` bytes. `ECHO_INIT` can be `exit` or `hang`, before the first poll.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use lambda_runtime::{
    Context, Error, FunctionResponse, LambdaEvent, MetadataPrelude, StreamResponse, service_fn,
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
    if event.get("methodArn").is_some() {
        return authorize(&event, &context.request_id).map(FunctionResponse::BufferedResponse);
    }
    if event.get("triggerSource").is_some() {
        return trigger(event).await.map(FunctionResponse::BufferedResponse);
    }
    if event.get("Step").is_some() {
        return Ok(FunctionResponse::BufferedResponse(Value::Null));
    }
    let instruction = match event.get("body").and_then(Value::as_str) {
        Some(body) => serde_json::from_str(body)?,
        None => event.clone(),
    };
    match text(&instruction, "do") {
        "stream" => Ok(streamed(stream::iter(chunks(&instruction)).boxed())),
        "until" => {
            let file = text(&instruction, "file").to_owned();
            Ok(streamed(stream::unfold(file, until).boxed()))
        }
        "cut" => Ok(streamed(stream::unfold(false, cut).boxed())),
        "echo" => Ok(FunctionResponse::BufferedResponse(echo(event, &context))),
        "reflect" => {
            let answer = json!({"statusCode": 200, "body": event.to_string()});
            Ok(FunctionResponse::BufferedResponse(answer))
        }
        _ => plain(&instruction)
            .await
            .map(FunctionResponse::BufferedResponse),
    }
}

/// The event, and what the process was told.
fn echo(event: Value, context: &Context) -> Value {
    json!({
        "event": event,
        "pid": std::process::id(),
        "request_id": context.request_id,
        "arn": context.invoked_function_arn,
        "trace": context.xray_trace_id,
        "deadline": context.deadline,
        "environment": environment(),
    })
}

/// What needs nothing but the instruction.
async fn plain(instruction: &Value) -> Result<Value, Error> {
    match text(instruction, "do") {
        "answer" => Ok(instruction.get("answer").cloned().unwrap_or_default()),
        "wait" => {
            while !Path::new(text(instruction, "file")).exists() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            Ok(json!({"pid": std::process::id()}))
        }
        "fail" => Err(text(instruction, "message").into()),
        #[expect(clippy::panic, reason = "the case under test")]
        "panic" => panic!("at the test's request"),
        "exit" => std::process::exit(9),
        "hang" => std::future::pending().await,
        "big" => {
            let bytes = instruction.get("bytes").and_then(Value::as_u64);
            let bytes = usize::try_from(bytes.unwrap_or_default())?;
            Ok(Value::String("x".repeat(bytes)))
        }
        other => Err(format!("unknown instruction `{other}`").into()),
    }
}

fn text<'a>(instruction: &'a Value, name: &str) -> &'a str {
    let text = instruction.get(name).and_then(Value::as_str);
    text.unwrap_or_default()
}

/// By the token's words: `unauthorized` and `boom` err so, `null` is no answer, `deny` denies this method, `other`
/// allows another, and anything else allows all, with the request id of this call as `asked`.
fn authorize(event: &Value, request_id: &str) -> Result<Value, Error> {
    let header = event
        .get("headers")
        .and_then(|headers| headers.get("authorization"));
    let token = event
        .get("authorizationToken")
        .or(header)
        .and_then(Value::as_str)
        .unwrap_or_default();
    let (effect, resource) = match token {
        "unauthorized" => return Err("Unauthorized".into()),
        "boom" => return Err("boom".into()),
        "null" => return Ok(Value::Null),
        "deny" => ("Deny", event.get("methodArn").cloned()),
        "other" => ("Allow", Some(json!("arn:aws:execute-api:*/other"))),
        _ => ("Allow", Some(json!("*"))),
    };
    let statement = json!({"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource});
    Ok(json!({
        "principalId": "somebody",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"asked": request_id, "number": 3, "flag": true},
    }))
}

/// Writes its event down, then does what the metadata's `do` says, or answers with the event. The event's `response` is
/// what the metadata's `response` says or, where no metadata comes, the variable `TRIGGER_RESPONSE`.
async fn trigger(mut event: Value) -> Result<Value, Error> {
    eprintln!("{event}");
    let metadata = event.pointer("/request/clientMetadata");
    let metadata = metadata.cloned().unwrap_or_default();
    if !text(&metadata, "do").is_empty() {
        return plain(&metadata).await;
    }
    let environment = environment();
    let fixed = environment.get("TRIGGER_RESPONSE").map(String::as_str);
    let given = metadata.get("response").and_then(Value::as_str).or(fixed);
    if let (Some(given), Some(members)) = (given, event.as_object_mut()) {
        members.insert("response".to_owned(), serde_json::from_str(given)?);
    }
    Ok(event)
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

async fn until(file: String) -> Option<(Result<Bytes, Error>, String)> {
    if Path::new(&file).exists() {
        eprintln!("streamed to its end");
        return None;
    }
    tokio::time::sleep(Duration::from_millis(2)).await;
    Some((Ok(Bytes::from_static(b"again ")), file))
}

async fn cut(said: bool) -> Option<(Result<Bytes, Error>, bool)> {
    if said {
        // What was said must be on the wire before the process goes.
        tokio::time::sleep(Duration::from_millis(50)).await;
        std::process::exit(11);
    }
    Some((Ok(Bytes::from_static(b"half a sen")), true))
}
