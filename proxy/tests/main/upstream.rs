use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::HeaderMap;
use proxy::access::authority::Authority;
use proxy::caller::problem::Problem;
use proxy::upstream::{AgentCore, Failure, Reply, Turn};
use shared::agents::RuntimeArn;
use shared::clock::Clock;
use shared::session::{Conversation, SessionId};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::agentcore::{Call, DataPlane, PLATFORM_TEXT, Script, platform};
use crate::caller::{ARN, Issuer};

const PATIENCE: Duration = Duration::from_secs(30);

async fn turn_at(url: &str, headers: &HeaderMap, patience: Duration) -> Result<Reply, Failure> {
    let permit = Issuer::new().permit().await;
    let agentcore = AgentCore::new(
        &platform(url).await,
        ["us-east-1".to_owned()].into_iter(),
        Clock::system(),
    );
    let conversation = Conversation::parse("c1").unwrap();
    let turn = Turn {
        permit: &permit,
        authority: Authority::Role,
        runtime: &RuntimeArn::parse(ARN).unwrap(),
        qualifier: "DEFAULT",
        session: &SessionId::derive(permit.identity(), permit.agent(), &conversation, None),
        accept: "text/event-stream, application/json",
        headers,
        own: HeaderMap::new(),
        body: Bytes::from_static(b"{\"prompt\":\"hi\"}"),
    };
    agentcore.invoke(turn, patience).await
}

async fn turn(plane: &DataPlane) -> Result<Reply, Failure> {
    turn_at(&plane.url, &HeaderMap::new(), PATIENCE).await
}

async fn read(reply: Reply) -> String {
    let mut body = reply.body;
    let mut text = String::new();
    while let Some(piece) = body.next().await {
        text.push_str(std::str::from_utf8(&piece.unwrap()).unwrap());
    }
    text
}

fn trace_headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(
        "traceparent",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            .parse()
            .unwrap(),
    );
    headers.insert("tracestate", "a=1".parse().unwrap());
    headers.insert("baggage", "b=2".parse().unwrap());
    headers
}

#[tokio::test]
async fn a_turn_is_one_request_with_our_headers() {
    let plane = DataPlane::start([Script::Json("{\"answer\":1}")]).await;
    let reply = turn_at(&plane.url, &trace_headers(), PATIENCE)
        .await
        .unwrap();
    assert_eq!(
        (reply.status.as_u16(), reply.content_type.as_str()),
        (200, "application/json")
    );
    assert_eq!(reply.upstream.request_id.as_deref(), Some("upstream-1"));
    assert_eq!(read(reply).await, "{\"answer\":1}");

    let calls = plane.calls();
    let [
        Call {
            uri, headers, body, ..
        },
    ] = calls.as_slice()
    else {
        panic!("{} calls", calls.len())
    };
    let path = "/runtimes/arn%3Aaws%3Abedrock-agentcore%3Aus-east-1%3A123456789012%3Aruntime%2Fdemo-AbCdEf1234/invocations";
    assert_eq!((uri.path(), uri.query()), (path, Some("qualifier=DEFAULT")));
    assert_eq!(body, "{\"prompt\":\"hi\"}");
    let expected = [
        ("accept", "text/event-stream, application/json"),
        ("baggage", "b=2"),
        ("content-type", "application/json"),
        ("tracestate", "a=1"),
        (
            "x-amzn-bedrock-agentcore-runtime-user-id",
            "https://issuer.example#alice-1",
        ),
    ];
    for (name, value) in expected {
        assert_eq!(headers[name], value, "{name}");
    }
    assert_eq!(
        headers["x-amzn-bedrock-agentcore-runtime-session-id"].len(),
        64
    );
}

#[tokio::test]
async fn what_names_the_caller_is_signed() {
    let plane = DataPlane::start([Script::Json("{}")]).await;
    turn_at(&plane.url, &trace_headers(), PATIENCE)
        .await
        .unwrap();
    let calls = plane.calls();
    let authorization = calls[0].headers["authorization"].to_str().unwrap();
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
    for part in [
        "/us-east-1/bedrock-agentcore/aws4_request",
        ";traceparent;",
        ";x-amzn-bedrock-agentcore-runtime-session-id",
        ";x-amzn-bedrock-agentcore-runtime-user-id",
    ] {
        assert!(authorization.contains(part), "{part}: {authorization}");
    }
}

#[tokio::test]
async fn each_error_of_the_platform_is_tried_and_told_as_it_should() {
    let table = [
        (400, "ValidationException", 1, Problem::AgentMisconfigured),
        (401, "UnauthorizedException", 1, Problem::AgentMisconfigured),
        (402, "ServiceQuotaExceededException", 1, Problem::AgentQuota),
        (403, "AccessDeniedException", 1, Problem::AgentMisconfigured),
        (
            404,
            "ResourceNotFoundException",
            1,
            Problem::AgentMisconfigured,
        ),
        (409, "ConflictException", 1, Problem::AgentBusy),
        (409, "RetryableConflictException", 3, Problem::AgentBusy),
        (424, "RuntimeClientError", 1, Problem::AgentFailed),
        (429, "ThrottlingException", 3, Problem::AgentThrottled),
        (
            500,
            "InternalServerException",
            1,
            Problem::AgentServiceFailed,
        ),
        (500, "SomethingNew", 1, Problem::AgentServiceFailed),
        (502, "", 1, Problem::AgentServiceFailed),
        (503, "ServiceUnavailable", 1, Problem::AgentServiceFailed),
        (504, "GatewayTimeout", 1, Problem::AgentServiceFailed),
    ];
    for (status, name, attempts, expected) in table {
        let plane = DataPlane::start((0..5).map(|_| Script::Error(status, name))).await;
        let failure = turn(&plane).await.unwrap_err();
        assert_eq!(failure.problem, expected, "{status} {name}");
        assert_eq!(plane.calls().len(), attempts, "{status} {name}");
        assert_eq!(failure.upstream.status, Some(status));
        assert_eq!(failure.upstream.request_id.as_deref(), Some("upstream-1"));
        assert!(!format!("{:?}", failure.upstream).contains(PLATFORM_TEXT));
    }
}

#[tokio::test]
async fn a_turn_that_was_turned_away_before_it_began_is_taken_again() {
    for name in [
        (409, "RetryableConflictException"),
        (429, "ThrottlingException"),
    ] {
        let plane = DataPlane::start([Script::Error(name.0, name.1), Script::Json("{}")]).await;
        assert_eq!(read(turn(&plane).await.unwrap()).await, "{}");
        let calls = plane.calls();
        assert_eq!(calls.len(), 2);
        let session =
            |call: &Call| call.headers["x-amzn-bedrock-agentcore-runtime-session-id"].clone();
        assert_eq!(session(&calls[0]), session(&calls[1]));
        assert_eq!(calls[0].body, calls[1].body);
    }
}

#[tokio::test]
async fn an_answer_that_breaks_is_not_asked_for_again() {
    let (sender, pieces) = mpsc::unbounded_channel();
    let plane = DataPlane::start([
        Script::Stream("text/event-stream", pieces),
        Script::Json("{}"),
    ])
    .await;
    let mut reply = turn(&plane).await.unwrap();
    sender.send(Ok(Bytes::from_static(b"data: 1\n\n"))).unwrap();
    assert_eq!(reply.body.next().await.unwrap().unwrap(), "data: 1\n\n");
    sender.send(Err(io::Error::other("cut"))).unwrap();
    assert!(reply.body.next().await.unwrap().is_err());
    assert_eq!(plane.calls().len(), 1);
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_answer_is_not_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, mut accepted) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            connection.readable().await.unwrap();
            drop(connection);
            sender.send(()).unwrap();
        }
    });
    let failure = turn_at(&url, &HeaderMap::new(), PATIENCE)
        .await
        .unwrap_err();
    assert_eq!(failure.problem, Problem::AgentUnreachable);
    assert!(accepted.recv().await.is_some());
    assert!(accepted.try_recv().is_err(), "the turn was tried twice");
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let failure = turn_at(&url, &HeaderMap::new(), PATIENCE)
        .await
        .unwrap_err();
    assert_eq!(failure.problem, Problem::AgentUnreachable);
    assert!(
        failure.upstream.detail.is_some(),
        "the log says what happened"
    );
}

#[tokio::test]
async fn silence_before_the_answer_is_a_timeout() {
    let plane = DataPlane::start([Script::Silence, Script::Json("{}")]).await;
    let failure = turn_at(&plane.url, &HeaderMap::new(), Duration::from_millis(200))
        .await
        .unwrap_err();
    assert_eq!(failure.problem, Problem::AgentTimeout);
    assert_eq!(plane.calls().len(), 1);
}

#[tokio::test]
async fn an_agent_may_be_silent_for_minutes() {
    let (sender, pieces) = mpsc::unbounded_channel();
    let plane = DataPlane::start([Script::Stream("text/event-stream", pieces)]).await;
    let mut reply = turn(&plane).await.unwrap();
    sender.send(Ok(Bytes::from_static(b"data: 1\n\n"))).unwrap();
    assert_eq!(reply.body.next().await.unwrap().unwrap(), "data: 1\n\n");
    // From here the paused clock advances whenever no task can run.
    tokio::time::pause();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(600)).await;
        sender.send(Ok(Bytes::from_static(b"data: 2\n\n"))).unwrap();
    });
    assert_eq!(reply.body.next().await.unwrap().unwrap(), "data: 2\n\n");
    assert!(reply.body.next().await.is_none());
}

#[tokio::test]
async fn a_dropped_answer_closes_the_call() {
    let (sender, pieces) = mpsc::unbounded_channel();
    let plane = DataPlane::start([Script::Stream("text/event-stream", pieces)]).await;
    let mut reply = turn(&plane).await.unwrap();
    sender.send(Ok(Bytes::from_static(b"data: 1\n\n"))).unwrap();
    reply.body.next().await.unwrap().unwrap();
    drop(reply);
    sender.closed().await;
}

#[tokio::test]
async fn a_region_without_a_client_is_a_fault_of_ours() {
    let permit = Issuer::new().permit().await;
    let agentcore = AgentCore::new(
        &platform("http://127.0.0.1:1").await,
        std::iter::empty(),
        Clock::system(),
    );
    let turn = Turn {
        permit: &permit,
        authority: Authority::Role,
        runtime: &RuntimeArn::parse(ARN).unwrap(),
        qualifier: "DEFAULT",
        session: &SessionId::derive(
            permit.identity(),
            permit.agent(),
            &Conversation::parse("c1").unwrap(),
            None,
        ),
        accept: "application/json",
        headers: &HeaderMap::new(),
        own: HeaderMap::new(),
        body: Bytes::new(),
    };
    assert_eq!(
        agentcore.invoke(turn, PATIENCE).await.unwrap_err().problem,
        Problem::AgentMisconfigured
    );
}
