mod ends;

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::poll_fn;
use shared::log::RequestIds;
use shared::session::Conversation;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{advance, sleep, timeout};

use super::*;
use crate::caller::dialect::Dialect;

/// An agent's answer, fed by hand; `gone` is told when the door lets go of it.
struct Agent {
    pieces: mpsc::UnboundedReceiver<Result<Bytes, &'static str>>,
    _held: Arc<()>,
}

impl Stream for Agent {
    type Item = Result<Bytes, &'static str>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.pieces.poll_recv(context)
    }
}

struct Talk {
    agent: mpsc::UnboundedSender<Result<Bytes, &'static str>>,
    /// Held by the agent's stream too, for as long as that exists.
    held: Arc<()>,
    pump: Pump,
    begun: Instant,
}

const IDLE: Duration = Duration::from_secs(100);
const LAST: &str = r#""conversation_id":"c1","request_id":"r-1"}"#;

fn talk(is_event_stream: bool, deadline: Duration) -> Talk {
    let record = Record::begin(RequestIds::of_invocation("r-1"), "invocations");
    talk_in(Dialect::Http, is_event_stream, deadline, record)
}

fn talk_in(dialect: Dialect, is_event_stream: bool, deadline: Duration, record: Record) -> Talk {
    let (agent, pieces) = mpsc::unbounded_channel();
    let held = Arc::new(());
    let source = Agent {
        pieces,
        _held: Arc::clone(&held),
    };
    let begun = Instant::now();
    let patience = Patience {
        idle: IDLE,
        deadline: begun.checked_add(deadline).unwrap(),
    };
    let words = Words::new(dialect, Conversation::parse("c1"));
    Talk {
        agent,
        held,
        pump: Pump::new(
            AgentStream::of(source),
            is_event_stream,
            patience,
            words,
            record,
        ),
        begun,
    }
}

impl Talk {
    fn says(&self, text: &str) {
        self.agent
            .send(Ok(Bytes::copy_from_slice(text.as_bytes())))
            .unwrap();
    }

    /// The next piece, and after how many seconds it came.
    async fn next(&mut self) -> Option<(u64, String)> {
        let piece = self.pump.next().await?.unwrap();
        Some((
            self.begun.elapsed().as_secs(),
            String::from_utf8(piece.to_vec()).unwrap(),
        ))
    }

    async fn rest(mut self) -> Vec<(u64, String)> {
        let mut rest = Vec::new();
        while let Some(piece) = self.next().await {
            rest.push(piece);
        }
        assert_eq!(
            Arc::strong_count(&self.held),
            1,
            "the agent's stream is closed"
        );
        rest
    }
}

fn at(seconds: u64, text: impl Into<String>) -> (u64, String) {
    (seconds, text.into())
}

fn last(event: &str, code: &str) -> String {
    format!("event: gatehouse.{event}\ndata: {{\"code\":\"{code}\",{LAST}\n\n")
}

#[tokio::test(start_paused = true)]
async fn events_pass_as_they_are_whole_and_other_pieces_as_they_come() {
    for (is_event_stream, expected) in [(true, &["data: 2\n\n"][..]), (false, &["dat", "a: 2\n\n"])]
    {
        let mut talk = talk(is_event_stream, Duration::from_secs(900));
        talk.says("data: 1\n\n");
        assert_eq!(talk.next().await, Some(at(0, "data: 1\n\n")));
        advance(Duration::from_secs(3)).await;
        talk.says("");
        talk.says("dat");
        talk.says("a: 2\n\n");
        for piece in expected {
            assert_eq!(talk.next().await, Some(at(3, *piece)));
        }
        let Talk {
            agent,
            mut pump,
            held,
            ..
        } = talk;
        drop(agent);
        assert!(pump.next().await.is_none());
        assert!(pump.next().await.is_none(), "an ended stream stays ended");
        assert_eq!(Arc::strong_count(&held), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_filled_with_comments_between_events() {
    let mut talk = talk(true, Duration::from_secs(900));
    assert_eq!(talk.next().await, Some(at(15, ": \n")));
    assert_eq!(talk.next().await, Some(at(30, ": \n")));
    // What has begun is kept back, so the comment stands before it.
    talk.says("id: 7\ndata: 2");
    assert_eq!(talk.next().await, Some(at(45, ": \n")));
    sleep(Duration::from_secs(10)).await;
    talk.says("3\n\n");
    assert_eq!(talk.next().await, Some(at(55, "id: 7\ndata: 23\n\n")));
    assert_eq!(talk.next().await, Some(at(70, ": \n")));
    // A line feed may follow a carriage return.
    talk.says("data: 4\r\n\r");
    assert_eq!(talk.next().await, Some(at(70, "data: 4\r\n\r")));
    sleep(Duration::from_secs(20)).await;
    talk.says("\n");
    assert_eq!(talk.next().await, Some(at(90, "\n")));
    assert_eq!(talk.next().await, Some(at(105, ": \n")));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_said_inside_an_event() {
    let mut talk = talk(true, Duration::from_secs(900));
    let half = format!("data: {}\n", "x".repeat(64 * 1024));
    talk.says(&half);
    assert_eq!(talk.next().await, Some(at(0, half)));
    let cut = format!("event: gatehouse.cut\n\n{}", last("error", "agent_silent"));
    assert_eq!(talk.rest().await, [at(100, cut)]);
}

#[tokio::test(start_paused = true)]
async fn other_bodies_get_no_comments_and_no_last_event() {
    let mut talk = talk(false, Duration::from_secs(900));
    talk.says("{\"half\":");
    assert_eq!(talk.next().await, Some(at(0, "{\"half\":")));
    let begun = talk.begun;
    assert_eq!(talk.rest().await, []);
    assert_eq!(begun.elapsed(), IDLE);
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_stays_silent_is_left() {
    let rest = talk(true, Duration::from_secs(900)).rest().await;
    let comments = (1..=6).map(|beat| at(beat * 15, ": \n"));
    let expected: Vec<_> = comments
        .chain([at(100, last("error", "agent_silent"))])
        .collect();
    assert_eq!(rest, expected);
}

#[tokio::test(start_paused = true)]
async fn comments_of_ours_do_not_count_as_the_agents() {
    let mut talk = talk(true, Duration::from_secs(900));
    talk.says("data: 1\n\n");
    let rest = talk
        .next()
        .await
        .into_iter()
        .chain(talk.rest().await)
        .last();
    assert_eq!(rest, Some(at(100, last("error", "agent_silent"))));
}

#[tokio::test(start_paused = true)]
async fn an_agent_may_end_within_an_event() {
    let mut talk = talk(true, Duration::from_secs(900));
    talk.says("data: 1\n\ndata: 2");
    assert_eq!(talk.next().await, Some(at(0, "data: 1\n\n")));
    let (gone, _) = mpsc::unbounded_channel();
    drop(std::mem::replace(&mut talk.agent, gone));
    assert_eq!(talk.rest().await, [at(0, "data: 2")]);
}

#[tokio::test(start_paused = true)]
async fn another_body_that_is_cut_just_ends() {
    let talk = talk(false, Duration::from_secs(900));
    talk.says("{");
    talk.agent
        .send(Err("the agent's own words, never passed on"))
        .unwrap();
    assert_eq!(talk.rest().await, [at(0, "{")]);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_is_announced_in_time() {
    let quiet = talk(true, Duration::from_secs(20));
    assert_eq!(
        quiet.rest().await,
        [at(15, ": \n"), at(20, last("resume", "deadline"))]
    );
    let mut busy = talk(true, Duration::from_secs(20));
    for _ in 0..30 {
        busy.says("data: 1\n\n");
    }
    let mut said = Vec::new();
    while let Some(piece) = busy.next().await {
        said.push(piece);
        advance(Duration::from_secs(1)).await;
    }
    assert_eq!(said.len(), 21);
    assert_eq!(said.last(), Some(&at(20, last("resume", "deadline"))));
    assert_eq!(talk(false, Duration::from_secs(20)).rest().await, []);
    let over = talk(true, Duration::ZERO);
    over.says("data: 1\n\n");
    assert_eq!(over.rest().await, [at(0, last("resume", "deadline"))]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_longer_than_lambda_passes_ends_with_a_word() {
    let mut talk = talk(true, Duration::from_secs(900));
    let event = format!("data: {}\n\n", "x".repeat(1024 * 1024 - 8));
    assert_eq!(event.len(), 1024 * 1024);
    for _ in 0..201 {
        talk.says(&event);
    }
    let mut bytes = 0;
    let mut said = String::new();
    while let Some((_, piece)) = talk.next().await {
        bytes += piece.len();
        said = piece;
    }
    assert_eq!(said, last("error", "answer_too_long"));
    assert!(
        bytes > 198 * 1024 * 1024 && bytes <= 200 * 1024 * 1024,
        "{bytes}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_takes_the_agents_stream_along() {
    let mut talk = talk(true, Duration::from_secs(900));
    talk.says("data: 1\n\n");
    talk.next().await;
    let Talk {
        agent, held, pump, ..
    } = talk;
    assert_eq!(Arc::strong_count(&held), 2);
    drop(pump);
    assert_eq!(Arc::strong_count(&held), 1);
    assert!(agent.is_closed());
}

#[tokio::test(start_paused = true)]
async fn a_waiting_stream_wakes_for_the_agent() {
    let mut talk = talk(true, Duration::from_secs(900));
    let waiting =
        poll_fn(|context| Poll::Ready(Pin::new(&mut talk.pump).poll_next(context).is_pending()));
    assert!(waiting.await);
    let agent = talk.agent.clone();
    tokio::spawn(async move {
        sleep(Duration::from_secs(1)).await;
        agent.send(Ok(Bytes::from_static(b"data: 1\n\n"))).unwrap();
    });
    assert_eq!(talk.next().await, Some(at(1, "data: 1\n\n")));
}

/// A right to a turn that tells what becomes of it; giving it back is over when the other end of `given_back` is gone.
struct Told {
    given_back: oneshot::Receiver<()>,
    kept: mpsc::UnboundedSender<Finally>,
}

impl Hold for Told {
    fn release(self: Box<Self>) -> Finally {
        Box::pin(async move {
            let _over = self.given_back.await;
        })
    }

    fn outlive(self: Box<Self>, rest: Finally) {
        self.kept.send(rest).unwrap();
    }
}

/// Both ends of the right to a turn that this talk holds from now on.
fn holding(talk: Talk) -> (Talk, oneshot::Sender<()>, mpsc::UnboundedReceiver<Finally>) {
    let (giving_back, given_back) = oneshot::channel();
    let (kept, keeping) = mpsc::unbounded_channel();
    let hold: Box<dyn Hold> = Box::new(Told { given_back, kept });
    let pump = talk.pump.holding(Some(hold));
    (Talk { pump, ..talk }, giving_back, keeping)
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_not_over_before_its_turn_is_given_back() {
    for (is_event_stream, end, expected) in [
        (true, Ok(()), None),
        (false, Ok(()), None),
        (true, Err("cut"), Some(last("error", "agent_cut"))),
        (false, Err("cut"), None),
    ] {
        let talk = talk(is_event_stream, Duration::from_secs(900));
        let (mut talk, giving_back, mut kept) = holding(talk);
        talk.says("data: 1\n\n");
        assert_eq!(talk.next().await, Some(at(0, "data: 1\n\n")));
        let (gone, _) = mpsc::unbounded_channel();
        let agent = std::mem::replace(&mut talk.agent, gone);
        end.unwrap_or_else(|cut| agent.send(Err(cut)).unwrap());
        drop(agent);
        assert!(timeout(Duration::from_secs(60), talk.next()).await.is_err());
        assert_eq!(Arc::strong_count(&talk.held), 1, "the agent is done");
        drop(giving_back);
        let said = talk.next().await.map(|(_, said)| said);
        assert_eq!(said, expected);
        assert_eq!(talk.next().await, None);
        assert!(kept.recv().await.is_none(), "it is not kept");
    }
}

/// The door gives up first, or the caller leaves: the agent may work on, and is listened to until it has ended.
#[tokio::test(start_paused = true)]
async fn a_turn_is_kept_until_the_agent_has_ended() {
    let patience = |end| {
        let seconds = if end == Some(End::Deadline) { 20 } else { 900 };
        Duration::from_secs(seconds)
    };
    for end in [
        Some(End::AgentSilent),
        Some(End::Deadline),
        Some(End::TooLong),
        None,
    ] {
        for is_event_stream in [true, false] {
            let mut record = Record::begin(RequestIds::of_invocation("r-1"), "invocations");
            if end == Some(End::TooLong) {
                record.sent(MAX_BYTES - 1);
            }
            let talk = talk_in(Dialect::Http, is_event_stream, patience(end), record);
            let (mut talk, _giving_back, mut kept) = holding(talk);
            if end == Some(End::TooLong) {
                talk.says("data: 1\n\n");
            }
            if end.is_some() {
                while talk.next().await.is_some() {}
            }
            let Talk {
                agent, held, pump, ..
            } = talk;
            drop(pump);
            let mut rest = kept.recv().await.unwrap();
            agent.send(Ok(Bytes::from_static(b"data: 2\n\n"))).unwrap();
            let still = timeout(Duration::from_secs(60), &mut rest).await;
            assert!(still.is_err(), "{end:?}: the agent works on");
            assert_eq!(Arc::strong_count(&held), 2);
            drop(agent);
            rest.await;
        }
    }
}

/// Where the door ends the agent's session itself, the turn is given back, and the agent is not listened to.
#[tokio::test(start_paused = true)]
async fn a_caller_who_is_shut_out_has_no_turn_left() {
    for (end, code) in [
        (End::Denied, "denied"),
        (End::DenialsUnavailable, "denials_unavailable"),
    ] {
        let (mut talk, giving_back, mut kept) = holding(talk(true, Duration::from_secs(900)));
        let (shut, until) = oneshot::channel();
        talk.pump = talk
            .pump
            .until(Some(Box::pin(async { until.await.unwrap() })));
        talk.says("data: 1\n\n");
        assert_eq!(talk.next().await, Some(at(0, "data: 1\n\n")));
        // It counts before whatever the agent says.
        talk.says("data: 2\n\n");
        shut.send(end).unwrap();
        assert!(timeout(Duration::from_secs(5), talk.next()).await.is_err());
        assert_eq!(Arc::strong_count(&talk.held), 1, "the agent is left");
        drop(giving_back);
        let said = talk.next().await.map(|(_, said)| said);
        assert_eq!(said, Some(last("error", code)));
        assert_eq!(talk.next().await, None);
        assert!(kept.recv().await.is_none(), "it is not kept");
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_whose_caller_left_is_kept_until_its_caller_is_shut_out() {
    let (mut talk, _giving_back, mut kept) = holding(talk(true, Duration::from_secs(900)));
    let (shut, until) = oneshot::channel();
    talk.pump = talk
        .pump
        .until(Some(Box::pin(async { until.await.unwrap() })));
    let Talk { agent, pump, .. } = talk;
    drop(pump);
    let mut rest = kept.recv().await.unwrap();
    assert!(timeout(Duration::from_secs(60), &mut rest).await.is_err());
    shut.send(End::Denied).unwrap();
    rest.await;
    drop(agent);
}
