//! A real function, built with the real runtime, behind the emulator of the Runtime API.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use local::lambda::{Event, Exit, Function, FunctionSpec, InvokeError, StartError, StreamError};
use serde_json::{Value, json};
use tokio::time::timeout;

/// Far above what any step takes; a test that reaches it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

fn spec() -> FunctionSpec {
    let mut spec = FunctionSpec::new("echo", env!("CARGO_BIN_EXE_echo_function"));
    spec.timeout = PATIENCE;
    spec.echo_logs = false;
    spec
}

fn event(event: &Value) -> Bytes {
    event.to_string().into()
}

async fn echo(function: &Function) -> Value {
    serde_json::from_slice(
        &function
            .invoke(event(&json!({"do": "echo"})))
            .await
            .unwrap(),
    )
    .unwrap()
}

/// A unique path, in the folder that cargo keeps for tests.
fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_file(&path);
    path
}

fn alive(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

#[tokio::test]
async fn an_event_is_answered_with_lambdas_own_headers_and_variables() {
    let mut spec = spec();
    spec.environment = vec![("GIVEN".into(), "yes".into())];
    let function = Function::start(spec).await.unwrap();
    let trace =
        "Root=1-68f0c0de-1122334455667788990011aa;Parent=53995c3f42cd8ad8;Sampled=0".to_owned();
    let sent = Event {
        payload: event(&json!({"do": "echo", "x": 1})),
        trace: Some(trace.clone()),
    };
    let answer: Value = serde_json::from_slice(&function.invoke(sent).await.unwrap()).unwrap();
    assert_eq!(answer["event"]["x"], 1);
    assert_eq!(
        answer["arn"],
        "arn:aws:lambda:us-east-1:123456789012:function:echo"
    );
    assert_eq!(answer["trace"], trace);
    assert_eq!(answer["request_id"].as_str().unwrap().len(), 36);
    assert_eq!(answer["environment"]["GIVEN"], "yes");
    assert_eq!(
        answer["environment"]["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
        "128"
    );
    assert_eq!(
        answer["environment"]["PATH"],
        "/usr/local/bin:/usr/bin:/bin:/opt/bin"
    );
    assert!(
        answer["environment"].get("CARGO").is_none(),
        "nothing is inherited"
    );
    let second = echo(&function).await;
    assert_ne!(second["request_id"], answer["request_id"]);
    assert_eq!(
        second["pid"], answer["pid"],
        "an idle process is used again"
    );
    assert!(
        function
            .recent_logs()
            .contains(&"echo function starts".to_owned())
    );
    let [process] = function.processes()[..] else {
        panic!("one process")
    };
    assert_eq!(Value::from(process.pid), answer["pid"]);
    assert!(process.init > Duration::ZERO && process.init < PATIENCE);
    function.stop().await;
    assert!(!alive(process.pid));
}

#[tokio::test]
async fn the_deadline_is_the_timeout_away() {
    let function = Function::start(spec()).await.unwrap();
    let answer = echo(&function).await;
    let now = std::time::UNIX_EPOCH.elapsed().unwrap();
    let left = Duration::from_millis(answer["deadline"].as_u64().unwrap())
        .checked_sub(now)
        .unwrap();
    assert!(left <= PATIENCE && left > PATIENCE / 2, "{left:?}");
}

#[tokio::test]
async fn a_stream_arrives_as_it_was_written() {
    let function = Function::start(spec()).await.unwrap();
    let sent = event(&json!({"do": "stream", "chunks": ["one", "two", "three"]}));
    let mut streamed = function.invoke_streaming(sent.clone()).await.unwrap();
    assert_eq!(streamed.prelude.status_code, Some(201));
    assert_eq!(streamed.prelude.cookies, ["a=1"]);
    assert_eq!(
        streamed.prelude.headers["content-type"],
        "application/octet-stream"
    );
    let mut body = Vec::new();
    while let Some(chunk) = streamed.body.next().await {
        body.extend_from_slice(&chunk.unwrap());
    }
    assert_eq!(body, b"onetwothree");
    let gathered = function.invoke(sent).await.unwrap();
    assert!(
        gathered.starts_with(b"{\"statusCode\":201")
            && gathered.ends_with(b"\0\0\0\0\0\0\0\0onetwothree")
    );
}

#[tokio::test]
async fn a_buffered_answer_is_no_stream() {
    let function = Function::start(spec()).await.unwrap();
    let outcome = function
        .invoke_streaming(event(&json!({"do": "echo"})))
        .await;
    assert!(
        matches!(outcome, Err(InvokeError::Framing(_))),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_reader_that_leaves_is_not_noticed_by_the_function() {
    let function = Function::start(spec()).await.unwrap();
    let process = function.processes()[0];
    let file = scratch("left");
    let mut logs = function.logs();
    let sent = event(&json!({"do": "until", "file": file}));
    let mut streamed = function.invoke_streaming(sent).await.unwrap();
    for _ in 0..3 {
        assert_eq!(streamed.body.next().await.unwrap().unwrap(), "again ");
    }
    drop(streamed);
    // It works on, so another process takes the next event.
    assert_ne!(echo(&function).await["pid"], process.pid);
    std::fs::write(&file, "stop").unwrap();
    let ended = async { while !logs.recv().await.unwrap().contains("streamed to its end") {} };
    timeout(PATIENCE, ended).await.unwrap();
    assert!(
        function.processes().contains(&process),
        "the process goes on"
    );
}

#[tokio::test]
async fn an_error_comes_as_it_was_posted_and_the_process_stays() {
    let function = Function::start(spec()).await.unwrap();
    let pid = echo(&function).await["pid"].clone();
    let outcome = function
        .invoke(event(&json!({"do": "fail", "message": "Unauthorized"})))
        .await;
    let Err(InvokeError::Function(error)) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(error.error_message, "Unauthorized");
    assert!(!error.error_type.is_empty());
    let outcome = function
        .invoke_streaming(event(&json!({"do": "panic"})))
        .await;
    let Err(InvokeError::Function(error)) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(
        error.error_message,
        "Lambda panicked: at the test's request"
    );
    assert_eq!(echo(&function).await["pid"], pid);
}

#[tokio::test]
async fn a_process_that_exits_is_reported_and_replaced() {
    let function = Function::start(spec()).await.unwrap();
    let pid = echo(&function).await["pid"].clone();
    let outcome = function.invoke(event(&json!({"do": "exit"}))).await;
    assert!(
        matches!(outcome, Err(InvokeError::Crashed(Exit::Code(9)))),
        "{outcome:?}"
    );
    assert_ne!(echo(&function).await["pid"], pid);
}

#[tokio::test]
async fn a_stream_cut_by_a_crash_ends_with_an_error() {
    let function = Function::start(spec()).await.unwrap();
    let mut streamed = function
        .invoke_streaming(event(&json!({"do": "cut"})))
        .await
        .unwrap();
    assert_eq!(streamed.body.next().await.unwrap().unwrap(), "half a sen");
    assert_eq!(
        streamed.body.next().await,
        Some(Err(StreamError::Crashed(Exit::Code(11))))
    );
    assert_eq!(streamed.body.next().await, None);
    echo(&function).await;
}

#[tokio::test]
async fn the_time_limit_ends_the_process() {
    let mut spec = spec();
    spec.timeout = Duration::from_millis(300);
    spec.max_concurrency = 1;
    let function = Function::start(spec).await.unwrap();
    let pid = function.processes()[0].pid;
    let outcome = timeout(PATIENCE, function.invoke(event(&json!({"do": "hang"}))))
        .await
        .unwrap();
    assert!(matches!(outcome, Err(InvokeError::TimedOut)), "{outcome:?}");
    assert!(!alive(pid));
    let mut streamed = function
        .invoke_streaming(event(&json!({"do": "until", "file": scratch("timed-out")})))
        .await
        .unwrap();
    let last = loop {
        match timeout(PATIENCE, streamed.body.next()).await.unwrap() {
            Some(Ok(_)) => {}
            other => break other,
        }
    };
    assert_eq!(last, Some(Err(StreamError::TimedOut)));
}

#[tokio::test]
async fn each_invocation_has_its_own_process_up_to_the_limit() {
    let mut spec = spec();
    spec.max_concurrency = 2;
    let function = Function::start(spec).await.unwrap();
    let file = scratch("go");
    let waiting = event(&json!({"do": "wait", "file": file}));
    let (first, second) = (function.clone(), function.clone());
    let (one, two) = (waiting.clone(), waiting.clone());
    let first = tokio::spawn(async move { first.invoke(one).await });
    let second = tokio::spawn(async move { second.invoke(two).await });
    let both = async {
        while function.processes().len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, both).await.unwrap();
    let outcome = function.invoke(waiting).await;
    assert!(
        matches!(outcome, Err(InvokeError::Throttled)),
        "{outcome:?}"
    );
    std::fs::write(&file, "go").unwrap();
    let pid = |answer: Bytes| serde_json::from_slice::<Value>(&answer).unwrap()["pid"].clone();
    assert_ne!(
        pid(first.await.unwrap().unwrap()),
        pid(second.await.unwrap().unwrap())
    );
    echo(&function).await;
    assert_eq!(function.processes().len(), 2);
}

#[tokio::test]
async fn one_after_another_needs_one_process() {
    let mut spec = spec();
    spec.max_concurrency = 1;
    let function = Function::start(spec).await.unwrap();
    for _ in 0..50 {
        echo(&function).await;
    }
    assert_eq!(function.processes().len(), 1);
}

#[tokio::test]
async fn a_function_that_does_not_come_up_says_why() {
    let mut exits = spec();
    exits.environment = vec![("ECHO_INIT".into(), "exit".into())];
    let Err(error) = Function::start(exits).await else {
        panic!("it came up")
    };
    let StartError::Init { name, failure, log } = &error else {
        panic!("{error}")
    };
    assert_eq!((name.as_str(), failure.exit), ("echo", Exit::Code(7)));
    assert_eq!(log, &["echo function starts"]);
    let text = "function `echo`: the process exited with code 7 before its first poll\n    echo function starts";
    assert_eq!(error.to_string(), text);

    let missing = FunctionSpec::new("missing", "/nowhere/at/all");
    let Err(error) = Function::start(missing).await else {
        panic!("it came up")
    };
    assert!(matches!(error, StartError::Spawn { .. }), "{error}");

    let mut silent = spec();
    silent.environment = vec![("ECHO_INIT".into(), "hang".into())];
    silent.init_timeout = Duration::from_millis(100);
    let Err(error) = Function::start(silent).await else {
        panic!("it came up")
    };
    let StartError::Init { failure, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(failure.exit, Exit::TimedOut);
}

#[tokio::test]
async fn sizes_are_bounded_both_ways() {
    let function = Function::start(spec()).await.unwrap();
    let outcome = function.invoke(Bytes::from(vec![b' '; 6_291_557])).await;
    assert!(
        matches!(outcome, Err(InvokeError::RequestTooLarge)),
        "{outcome:?}"
    );
    // Two quotation marks belong to the answer.
    let whole = function
        .invoke(event(&json!({"do": "big", "bytes": 6_291_554})))
        .await
        .unwrap();
    assert_eq!(whole.len(), 6_291_556);
    let outcome = function
        .invoke(event(&json!({"do": "big", "bytes": 6_291_555})))
        .await;
    assert!(
        matches!(outcome, Err(InvokeError::ResponseTooLarge)),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn stopping_ends_what_is_at_work() {
    let function = Function::start(spec()).await.unwrap();
    let pid = function.processes()[0].pid;
    let sent = event(&json!({"do": "until", "file": scratch("stopped")}));
    let mut streamed = function.invoke_streaming(sent).await.unwrap();
    function.stop().await;
    let last = loop {
        match timeout(PATIENCE, streamed.body.next()).await.unwrap() {
            Some(Ok(_)) => {}
            other => break other,
        }
    };
    assert_eq!(last, Some(Err(StreamError::Crashed(Exit::Stopped))));
    assert!(!alive(pid));
    let outcome = function.invoke(event(&json!({"do": "echo"}))).await;
    assert!(
        matches!(outcome, Err(InvokeError::Throttled)),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn dropping_the_last_handle_ends_the_processes() {
    let function = Function::start(spec()).await.unwrap();
    let pid = function.processes()[0].pid;
    drop(function);
    let gone = async {
        while alive(pid) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, gone).await.unwrap();
}
