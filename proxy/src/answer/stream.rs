//! The stream of an agent's answer to the caller: event by event, or piece by piece, as it arrives.
//!
//! An event stream is kept alive with comments while the agent is silent, and when it cannot go on it ends with one last
//! event that says why. Any other body can only end early: its length and syntax show that, and the log says why.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::select;
use futures_util::{FutureExt, Stream};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::answer::ending::{End, Words};
use crate::answer::sse::{COMMENT, Events};
use crate::audit::error_scan::Listener;
use crate::audit::record::Record;
use crate::upstream::AgentStream;

/// How long a caller waits in silence before a comment tells it, and every gateway between, that the stream lives: what
/// the WHATWG HTML standard advises (9.2.7), below the 30 seconds after which edge endpoints close.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Lambda cuts a streamed response at 200 MB; what is kept back holds the metadata and the last event.
const MAX_BYTES: u64 = 200 * 1024 * 1024 - 16 * 1024;

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

/// What ends an answer from outside, such as its caller's being shut out: why, once it does.
pub type Until = Pin<Box<dyn Future<Output = End> + Send>>;

/// The right to a turn, which lasts as long as the agent works at it.
pub trait Hold: Send {
    /// Gives it back: the agent has ended.
    fn release(self: Box<Self>) -> Finally;
    /// Keeps it while the agent works on, although the caller has had the last of it: `rest` is over when the agent is.
    fn outlive(self: Box<Self>, rest: Finally);
}

/// The body of an answer. It never yields an error: Lambda's runtime would write one into the body.
///
/// Dropping it drops the agent's stream, which closes the call; with a right to the turn, the agent's stream is read on.
pub struct Pump {
    /// None once the answer has ended.
    source: Option<AgentStream>,
    /// None in a body of another type than an event stream.
    events: Option<Events>,
    /// What is said at the end of an event stream.
    words: Words,
    listener: Option<Listener>,
    patience: Patience,
    /// When the agent last sent something.
    heard: Instant,
    /// When the caller was last sent something.
    spoke: Instant,
    timer: Pin<Box<Sleep>>,
    /// None once the answer has ended, or if turns are taken as they come.
    hold: Option<Box<dyn Hold>>,
    /// None once the answer has ended, or if nothing else ends it.
    until: Option<Until>,
    /// None once it is done.
    finally: Option<Finally>,
    /// What the caller gets after that.
    last: Option<Bytes>,
    record: Record,
}

impl Pump {
    /// Begins to pass on `source`; `is_event_stream` decides whether comments and a last event may be added.
    pub fn new(
        source: AgentStream,
        is_event_stream: bool,
        patience: Patience,
        words: Words,
        record: Record,
    ) -> Self {
        let now = Instant::now();
        Self {
            source: Some(source),
            events: is_event_stream.then(Events::default),
            words,
            listener: record.listener(is_event_stream),
            patience,
            heard: now,
            spoke: now,
            timer: Box::pin(sleep_until(now)),
            hold: None,
            until: None,
            finally: None,
            last: None,
            record,
        }
    }

    /// Holds this until the agent has ended.
    #[must_use]
    pub fn holding(mut self, hold: Option<Box<dyn Hold>>) -> Self {
        self.hold = hold;
        self
    }

    /// Ends before the agent does, if this is ready before.
    #[must_use]
    pub fn until(mut self, until: Option<Until>) -> Self {
        self.until = until;
        self
    }

    /// Passes on what is whole with this piece, unless it is more than may leave.
    fn pass(&mut self, piece: Bytes) -> Option<Bytes> {
        let held = self.events.as_ref().map_or(0, Events::held);
        let bytes = self.record.bytes().saturating_add(count(held));
        if bytes.saturating_add(count(piece.len())) > MAX_BYTES {
            self.end(End::TooLong);
            return None;
        }
        self.heard = Instant::now();
        if let Some(listener) = &mut self.listener {
            listener.hear(&piece);
        }
        let Some(events) = &mut self.events else {
            return Some(self.say(piece));
        };
        let whole = events.take(piece)?;
        self.words.hear(&whole);
        Some(self.say(whole))
    }

    fn say(&mut self, piece: Bytes) -> Bytes {
        self.spoke = Instant::now();
        self.record.sent(count(piece.len()));
        piece
    }

    /// Ends the answer: the agent is left, and the last thing the caller gets is decided.
    fn end(&mut self, end: End) {
        if end.is_the_agents() {
            self.until = None;
            self.source = None;
            self.finally = self.hold.take().map(|hold| hold.release());
        } else {
            self.leave();
        }
        // An agent may end within an event; only where it was cut off is that closed.
        let cut = self.events.as_mut().filter(|_| end != End::Complete);
        self.last = cut.and_then(|events| {
            let closing = events.close();
            let last = self.words.last(end, self.record.request_id());
            let last = [closing, last.as_deref().unwrap_or_default()].concat();
            (!last.is_empty()).then(|| Bytes::from(last))
        });
        if let Some(last) = &self.last {
            self.record.sent(count(last.len()));
        }
        let heard = self.listener.as_mut().and_then(Listener::end);
        self.record.heard(heard);
        self.record.finish(end.code());
    }

    /// Leaves an agent that may work on. A turn that another may not join is held until it has ended.
    fn leave(&mut self) {
        let until = self.until.take();
        if let (Some(source), Some(hold)) = (self.source.take(), self.hold.take()) {
            hold.outlive(ended(Box::pin(source.drained()), until));
        }
    }

    /// Whether the answer ends from outside.
    fn poll_until(&mut self, context: &mut Context<'_>) -> Poll<End> {
        match &mut self.until {
            Some(until) => until.as_mut().poll(context),
            None => Poll::Pending,
        }
    }

    /// Ends the answer with what is kept back of the agent's last event.
    fn complete(&mut self) -> Option<Bytes> {
        let rest = self.events.as_mut().and_then(Events::rest);
        let rest = rest.map(|rest| self.say(rest));
        self.end(End::Complete);
        rest
    }

    /// The comment that is due. Inside an event nothing can be added; the next chance is one interval away.
    fn comment(&mut self) -> Option<Bytes> {
        self.spoke = Instant::now();
        self.events.as_ref().filter(|events| events.may_comment())?;
        Some(self.say(Bytes::from_static(COMMENT)))
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

impl Stream for Pump {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        // Each round consumes a piece, a comment that was due, or nothing and waits.
        loop {
            if this.source.is_none() {
                if let Some(finally) = &mut this.finally {
                    ready!(finally.as_mut().poll(context));
                    this.finally = None;
                }
                return Poll::Ready(this.last.take().map(Ok));
            }
            // A stream that never pauses must end in time, too.
            if Instant::now() >= this.patience.deadline {
                this.end(End::Deadline);
                continue;
            }
            if let Poll::Ready(end) = this.poll_until(context) {
                this.end(end);
                continue;
            }
            let Some(source) = &mut this.source else {
                continue;
            };
            let said = match Pin::new(source).poll_next(context) {
                Poll::Ready(Some(Ok(piece))) if piece.is_empty() => continue,
                Poll::Ready(Some(Ok(piece))) => this.pass(piece),
                Poll::Ready(Some(Err(_))) => {
                    this.end(End::AgentCut);
                    None
                }
                Poll::Ready(None) => this.complete(),
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

/// The caller has left. The record says so when it is dropped.
impl Drop for Pump {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Over when the agent is, or when what watches over it has ended it.
pub fn ended(rest: Finally, until: Option<Until>) -> Finally {
    match until {
        Some(until) => Box::pin(select(rest, until).map(drop)),
        None => rest,
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
