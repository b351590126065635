//! Heartbeats in silent event streams, read by the parsers of real clients.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use proxy::answer::ending::Words;
use proxy::answer::stream::{Patience, Pump};
use proxy::audit::record::Record;
use proxy::caller::dialect::Dialect;
use proxy::upstream::AgentStream;
use python::{Python, PythonFilter, counted};
use serde_json::json;
use shared::log::RequestIds;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

/// Longer than the door lets a stream be silent.
const SILENCE: Duration = Duration::from_secs(17);
const MINUTES: Duration = Duration::from_secs(600);
const COMMENT: &str = ": \n";

/// Streams of agents, in the pieces between which they are silent.
const STREAMS: [&[&str]; 8] = [
    &["data: {\"a\":1}\n\n", "data: {\"a\":2}\n\n"],
    // With ids, whose parsers hand out an event for every empty line.
    &["id: 1\ndata: {\"a\":1}\n\n", "id: 2\ndata: {\"a\":2}\n\n"],
    &["id: 1\ndata:\n\n", "event: message\ndata: {\"a\":2}\n\n"],
    &[
        "retry: 500\nid: 1\ndata: {\"a\":1}\n\n",
        "data: {\"a\":2}\n\n",
    ],
    &[
        "id: 1\r\ndata: {\"a\":1}\r\n\r\n",
        "id: 2\r\ndata: {\"a\":2}\r\n\r\n",
    ],
    // Silent within an event, within a line, and before the first one.
    &["id: 1\n", "data: {\"a\":1}\n", "\n", "data: {\"a\":2}\n\n"],
    &[
        "",
        "event: message\nid: 1\ndata: {\"a\"",
        ":1}\n\n",
        "data: [DONE]\n\n",
    ],
    // Comments of the agent's own.
    &[
        ": ping\n\n",
        "id: 1\ndata: {}\n\n",
        ": ping\r\n\r\n",
        "data: {}\n\n",
    ],
];

/// What the caller gets of these pieces, each followed by silence.
async fn through_the_door(pieces: &'static [&'static str]) -> String {
    let (agent, mut heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        for piece in pieces {
            let piece = Ok::<_, Infallible>(Bytes::from_static(piece.as_bytes()));
            agent.send(piece).unwrap();
            sleep(SILENCE).await;
        }
    });
    let source = futures_util::stream::poll_fn(move |context| heard.poll_recv(context));
    let patience = Patience {
        idle: MINUTES,
        deadline: Instant::now().checked_add(MINUTES).unwrap(),
    };
    let words = Words::new(Dialect::Http, None);
    let record = Record::begin(RequestIds::of_invocation("r-1"), "invocations");
    let source = AgentStream::of(source);
    whole(Pump::new(source, true, patience, words, record)).await
}

async fn whole(stream: impl Stream<Item = Result<Bytes, Infallible>>) -> String {
    let pieces: Vec<Bytes> = stream.map(|piece| piece.unwrap()).collect().await;
    String::from_utf8(pieces.concat()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_is_a_comment_alone_between_two_events() {
    for pieces in STREAMS {
        let said = through_the_door(pieces).await;
        assert!(said.contains(COMMENT), "{said:?}");
        assert_eq!(said.replace(COMMENT, ""), pieces.concat(), "{said:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_parser_of_a_real_client_misreads_a_heartbeat() {
    let Some(mut parsers) = PythonFilter::start(Python::Clients, "event_parsers.py", &[]) else {
        return;
    };
    let mut read = |stream: &str| parsers.ask(&json!({"stream": stream}));
    for pieces in STREAMS {
        let said = through_the_door(pieces).await;
        assert_eq!(read(&said), read(&pieces.concat()), "{said:?}");
    }
    counted("heartbeats read by three parsers of real clients");
    // The parsers can tell: an empty line after the comment is an event to one of them.
    let misread = read("id: 1\ndata: {}\n\n: \n\n");
    assert_eq!(misread["httpx_sse"][1], json!(["message", ""]));
    assert_eq!(misread["mcp"], json!([["message", "{}"]]));
    assert_eq!(misread["a2a"], misread["mcp"]);
}
