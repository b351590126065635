//! The stream of an agent's answer to the caller: piece by piece as it arrives, with at most one piece in memory.
//!
//! An event stream is kept alive with comments while the agent is silent, and when it cannot go on it ends with one last
//! event that says why. Any other body can only end early: its length and syntax show that, and the log says why.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use serde_json::json;
use shared::session::Conversation;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::answer::sse::Position;
use crate::audit::error_scan::Listener;
use crate::audit::record::Record;

/// How long a caller waits in silence before a comment tells it, and every gateway between, that the stream lives: what
/// the WHATWG HTML standard advises (9.2.7), below the 30 seconds after which edge endpoints close.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Lambda cuts a streamed response at 200 MB; what is kept back holds the metadata and the last event.
const MAX_BYTES: u64 = 200 * 1024 * 1024 - 16 * 1024;

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The agent finished.
    Complete,
    /// The connection to the agent broke.
    AgentCut,
    /// The agent sent nothing for too long.
    AgentSilent,
    /// The function's own time was almost over. The conversation goes on: the next turn may ask for the rest.
    Deadline,
    /// The answer was longer than Lambda passes on.
    TooLong,
}

impl End {
    /// Every end of an answer.
    pub const ALL: &[Self] = &[
        Self::Complete,
        Self::AgentCut,
        Self::AgentSilent,
        Self::Deadline,
        Self::TooLong,
    ];

    /// The stable name, in the last event and in the log.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Complete => "ok",
            Self::AgentCut => "agent_cut",
            Self::AgentSilent => "agent_silent",
            Self::Deadline => "deadline",
            Self::TooLong => "answer_too_long",
        }
    }

    /// The type of the last event of an event stream; none when the agent's own end is the end.
    pub const fn event(self) -> Option<&'static str> {
        match self {
            Self::Complete => None,
            Self::AgentCut | Self::AgentSilent | Self::TooLong => Some("gatehouse.error"),
            Self::Deadline => Some("gatehouse.resume"),
        }
    }
}

/// How long an answer may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// At most this long between two pieces of the agent's.
    pub idle: Duration,
    /// The whole answer is over by then.
    pub deadline: Instant,
}

/// What has to be done before an answer is over: Lambda freezes the function as soon as it is.
pub type Finally = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The body of an answer. It never yields an error: Lambda's runtime would write one into the body.
///
/// Dropping it drops the agent's stream, which closes the call, and what was to be done at the end.
pub struct Pump<S> {
    /// None once the answer has ended.
    source: Option<S>,
    /// Where an event stream stands; none in a body of another type.
    events: Option<Position>,
    listener: Option<Listener>,
    patience: Patience,
    /// When the agent last sent something.
    heard: Instant,
    /// When the caller was last sent something.
    spoke: Instant,
    timer: Pin<Box<Sleep>>,
    /// None once it is done.
    finally: Option<Finally>,
    /// What the caller gets after that.
    last: Option<Bytes>,
    conversation: Option<Conversation>,
    record: Record,
}

impl<S> Pump<S> {
    /// Begins to pass on `source`; `is_event_stream` decides whether comments and a last event may be added.
    pub fn new(
        source: S,
        is_event_stream: bool,
        patience: Patience,
        conversation: Option<Conversation>,
        record: Record,
    ) -> Self {
        let now = Instant::now();
        Self {
            source: Some(source),
            events: is_event_stream.then(Position::default),
            listener: record.listener(is_event_stream),
            patience,
            heard: now,
            spoke: now,
            timer: Box::pin(sleep_until(now)),
            finally: None,
            last: None,
            conversation,
            record,
        }
    }

    /// Has this done before the answer is over.
    #[must_use]
    pub fn finally(mut self, finally: Option<Finally>) -> Self {
        self.finally = finally;
        self
    }

    /// Passes on a piece, unless it is more than may leave.
    fn pass(&mut self, piece: Bytes) -> Option<Bytes> {
        if self.record.bytes().saturating_add(count(&piece)) > MAX_BYTES {
            self.end(End::TooLong);
            return None;
        }
        self.heard = Instant::now();
        if let Some(events) = &mut self.events {
            events.advance(&piece);
        }
        if let Some(listener) = &mut self.listener {
            listener.hear(&piece);
        }
        Some(self.say(piece))
    }

    fn say(&mut self, piece: Bytes) -> Bytes {
        self.spoke = Instant::now();
        self.record.sent(count(&piece));
        piece
    }

    /// Ends the answer: the agent's stream is closed, and the last thing the caller gets is decided.
    fn end(&mut self, end: End) {
        self.source = None;
        self.last = end.event().zip(self.events).map(|(event, position)| {
            let data = json!({
                "code": end.code(),
                "conversation_id": self.conversation.as_ref().map(Conversation::as_str),
                "request_id": self.record.request_id(),
            });
            self.say(Bytes::from(format!(
                "{}event: {event}\ndata: {data}\n\n",
                position.closing()
            )))
        });
        let heard = self.listener.as_mut().and_then(Listener::end);
        self.record.heard(heard);
        self.record.finish(end.code());
    }

    /// The comment that is due. Inside a line nothing can be added; the next chance is one interval away.
    fn comment(&mut self) -> Option<Bytes> {
        self.spoke = Instant::now();
        let comment = self.events.and_then(Position::comment)?;
        Some(self.say(Bytes::from_static(comment)))
    }

    /// Waits for whatever silence leads to first: a comment that is due, or the end of patience.
    fn poll_silence(&mut self, context: &mut Context<'_>) -> Poll<Option<End>> {
        let Patience { idle, deadline } = self.patience;
        let after = |moment: Instant, time| moment.checked_add(time).unwrap_or(deadline);
        let silent = after(self.heard, idle).min(deadline);
        let next = if self.events.is_some() {
            silent.min(after(self.spoke, HEARTBEAT))
        } else {
            silent
        };
        self.timer.as_mut().reset(next);
        ready!(self.timer.as_mut().poll(context));
        let now = Instant::now();
        Poll::Ready(if now >= deadline {
            Some(End::Deadline)
        } else if now >= silent {
            Some(End::AgentSilent)
        } else {
            None
        })
    }
}

impl<S, E> Stream for Pump<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    type Item = Result<Bytes, Infallible>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        // Each round consumes a piece, a comment that was due, or nothing and waits.
        loop {
            let Some(source) = &mut this.source else {
                if let Some(finally) = &mut this.finally {
                    ready!(finally.as_mut().poll(context));
                    this.finally = None;
                }
                return Poll::Ready(this.last.take().map(Ok));
            };
            // A stream that never pauses must end in time, too.
            if Instant::now() >= this.patience.deadline {
                this.end(End::Deadline);
                continue;
            }
            let said = match Pin::new(source).poll_next(context) {
                Poll::Ready(Some(Ok(piece))) if piece.is_empty() => continue,
                Poll::Ready(Some(Ok(piece))) => this.pass(piece),
                Poll::Ready(Some(Err(_))) => {
                    this.end(End::AgentCut);
                    None
                }
                Poll::Ready(None) => {
                    this.end(End::Complete);
                    None
                }
                Poll::Pending => match ready!(this.poll_silence(context)) {
                    Some(end) => {
                        this.end(end);
                        None
                    }
                    None => this.comment(),
                },
            };
            if said.is_some() {
                return Poll::Ready(said.map(Ok));
            }
        }
    }
}

fn count(piece: &Bytes) -> u64 {
    u64::try_from(piece.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
