//! One process and what it is doing: the state behind its Runtime API.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, OwnedSemaphorePermit, RwLock, mpsc, oneshot, watch};
use tokio::time::Instant;

use super::api;
use super::error::{Exit, FunctionError, InitFailure, InvokeError, StreamError};
use super::pool::Pool;
use super::process::Process;
use super::{Event, ProcessInfo};
use crate::listen::{Bound, Served};
use crate::random;

/// An invocation on its way to a process.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) request_id: String,
    pub(super) event: Event,
    reply: oneshot::Sender<Answer>,
}

impl Work {
    pub(super) fn new(event: Event) -> (Self, oneshot::Receiver<Answer>) {
        let (reply, answer) = oneshot::channel();
        (
            Self {
                request_id: random::uuid(),
                event,
                reply,
            },
            answer,
        )
    }
}

/// Pieces of a streamed answer; `None` is its end, so that a lost sender is not mistaken for one.
pub(super) type Chunks = mpsc::Receiver<Result<Option<Bytes>, StreamError>>;

/// What a function posted.
#[derive(Debug)]
pub(super) enum Answer {
    Buffered(Bytes),
    Stream(Chunks),
    Error(FunctionError),
    TooLarge,
}

/// What a process is doing.
#[derive(Debug)]
enum Phase {
    /// It has not polled yet. An invocation that caused the start waits for it.
    Starting {
        deadline: Instant,
        work: Option<Work>,
    },
    /// It polls, and there is nothing to do.
    Idle,
    /// There is something to do, and it will see that at once.
    Given { deadline: Instant, work: Work },
    /// It has the event; the reply is there until it has answered.
    Working {
        deadline: Instant,
        request_id: String,
        reply: Option<oneshot::Sender<Answer>>,
        /// Its whole answer has been read.
        answered: bool,
    },
    /// It is gone.
    Over(Exit),
}

impl Phase {
    fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Starting { deadline, .. }
            | Self::Given { deadline, .. }
            | Self::Working { deadline, .. } => Some(*deadline),
            Self::Idle | Self::Over(_) => None,
        }
    }

    fn works_at(&self, id: &str) -> bool {
        match self {
            Self::Working { request_id, .. } => request_id == id,
            Self::Given { work, .. }
            | Self::Starting {
                work: Some(work), ..
            } => work.request_id == id,
            Self::Starting { work: None, .. } | Self::Idle | Self::Over(_) => false,
        }
    }
}

/// Why a post to the Runtime API is not accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Unwanted {
    /// It names another invocation than the one at work.
    RequestId,
    /// The invocation has been answered.
    Answered,
}

/// A process, as its pool and its Runtime API see it.
#[derive(Debug)]
pub(super) struct Sandbox {
    pid: u32,
    function: String,
    spawned: Instant,
    timeout: Duration,
    phase: watch::Sender<Phase>,
    init: OnceLock<Duration>,
    init_error: OnceLock<FunctionError>,
    stopping: Notify,
    /// Held by every upload; the port is closed when the last one has ended.
    pub(super) uploads: Arc<RwLock<()>>,
    pool: Weak<Pool>,
}

impl Sandbox {
    /// Starts a process; `work`, if any, is what its first poll receives.
    pub(super) async fn start(
        pool: &Arc<Pool>,
        permit: OwnedSemaphorePermit,
        work: Option<Work>,
    ) -> std::io::Result<Arc<Self>> {
        let bound = Bound::loopback().await?;
        let spawned = Instant::now();
        let process = Process::spawn(pool.spec(), pool.log(), bound.address())?;
        let deadline = after(pool.spec().init_timeout);
        let (phase, _) = watch::channel(Phase::Starting { deadline, work });
        let sandbox = Arc::new(Self {
            // A process just made has an id; 0 is no process.
            pid: process.child.id().unwrap_or_default(),
            function: pool.spec().name.clone(),
            spawned,
            timeout: pool.spec().timeout,
            phase,
            init: OnceLock::new(),
            init_error: OnceLock::new(),
            stopping: Notify::new(),
            uploads: Arc::default(),
            pool: Arc::downgrade(pool),
        });
        let served = bound.serve(api::router(Arc::clone(&sandbox)));
        tokio::spawn(Arc::clone(&sandbox).supervise(process, served, permit));
        Ok(sandbox)
    }

    /// Waits for the process's end, and brings it about when time is up or the function is stopped.
    async fn supervise(
        self: Arc<Self>,
        mut process: Process,
        served: Served,
        permit: OwnedSemaphorePermit,
    ) {
        let mut phase = self.phase.subscribe();
        let exit = loop {
            let deadline = phase.borrow_and_update().deadline();
            tokio::select! {
                status = process.child.wait() => break Exit::from(status),
                () = passed(deadline) => break Exit::TimedOut,
                () = self.stopping.notified() => break Exit::Stopped,
                _ = phase.changed() => {}
            }
        };
        process.kill().await;
        process.drain().await;
        // Listeners that learn that this process is gone may start another.
        drop(permit);
        if let Some(pool) = self.pool.upgrade() {
            pool.forget(&self);
        }
        self.phase.send_replace(Phase::Over(exit));
        // What was on the wire when the process ended is still delivered.
        drop(self.uploads.write().await);
        drop(served);
    }

    /// Hands an event to an idle process; gives it back when the process is not idle any more.
    pub(super) fn give(&self, work: Work) -> Result<(), Work> {
        let mut rest = Some(work);
        self.phase.send_if_modified(|phase| {
            let idle = matches!(phase, Phase::Idle);
            if idle && let Some(work) = rest.take() {
                *phase = Phase::Given {
                    deadline: after(self.timeout),
                    work,
                };
            }
            idle
        });
        rest.map_or(Ok(()), Err)
    }

    /// The process polls: waits for its next event, and says when its time is over.
    ///
    /// Nothing when the process is being ended.
    pub(super) async fn next(self: &Arc<Self>) -> Option<(String, Event, Instant)> {
        self.init.get_or_init(|| self.spawned.elapsed());
        self.phase.send_modify(|phase| self.poll(phase));
        if matches!(*self.phase.borrow(), Phase::Idle)
            && let Some(pool) = self.pool.upgrade()
        {
            pool.rest(self);
        }
        let mut phase = self.phase.subscribe();
        phase
            .wait_for(|phase| matches!(phase, Phase::Given { .. } | Phase::Over(_)))
            .await
            .ok()?;
        let mut taken = None;
        self.phase.send_modify(|phase| taken = take(phase));
        taken
    }

    fn poll(&self, phase: &mut Phase) {
        *phase = match std::mem::replace(phase, Phase::Idle) {
            Phase::Starting {
                work: Some(work), ..
            } => Phase::Given {
                deadline: after(self.timeout),
                work,
            },
            Phase::Starting { work: None, .. } | Phase::Working { .. } | Phase::Idle => Phase::Idle,
            unchanged @ (Phase::Given { .. } | Phase::Over(_)) => unchanged,
        };
    }

    /// The one who waits for the answer to `request_id`; each is given out once.
    pub(super) fn reply_to(&self, request_id: &str) -> Result<oneshot::Sender<Answer>, Unwanted> {
        let mut reply = Err(Unwanted::RequestId);
        self.phase.send_if_modified(|phase| {
            if let Phase::Working {
                request_id: current,
                reply: waiting,
                ..
            } = phase
                && current == request_id
            {
                reply = waiting.take().ok_or(Unwanted::Answered);
            }
            false
        });
        reply
    }

    /// The whole answer to `request_id` has been read.
    pub(super) fn answered(&self, request_id: &str) {
        self.phase.send_if_modified(|phase| {
            if let Phase::Working {
                request_id: current,
                answered,
                ..
            } = phase
            {
                *answered |= current == request_id;
            }
            false
        });
    }

    /// What the process posted to `/runtime/init/error`.
    pub(super) fn init_failed(&self, error: FunctionError) {
        // The first report is the one that counts.
        let _ = self.init_error.set(error);
    }

    /// Waits until the process is past its first poll.
    pub(super) async fn ready(&self) -> Result<(), InitFailure> {
        let mut phase = self.phase.subscribe();
        let _ = phase
            .wait_for(|phase| !matches!(phase, Phase::Starting { .. }))
            .await;
        self.exit()
            .map_or(Ok(()), |exit| Err(self.init_failure(exit)))
    }

    /// Why the invocation has no answer, once that is settled.
    pub(super) async fn silence(&self, request_id: &str) -> InvokeError {
        match self.end_of(request_id).await {
            None => InvokeError::NoAnswer,
            Some(exit) if self.init.get().is_none() => {
                InvokeError::InitFailed(self.init_failure(exit))
            }
            Some(Exit::TimedOut) => InvokeError::TimedOut,
            Some(exit @ (Exit::Code(_) | Exit::Killed | Exit::Stopped)) => {
                InvokeError::Crashed(exit)
            }
        }
    }

    /// Waits until the process does not work at the invocation any more: how it ended, if it did.
    pub(super) async fn end_of(&self, request_id: &str) -> Option<Exit> {
        let mut phase = self.phase.subscribe();
        let _ = phase.wait_for(|phase| !phase.works_at(request_id)).await;
        self.exit()
    }

    /// Waits until the process is gone.
    pub(super) async fn gone(&self) {
        let mut phase = self.phase.subscribe();
        let _ = phase
            .wait_for(|phase| matches!(phase, Phase::Over(_)))
            .await;
    }

    /// Asks for the process's end.
    pub(super) fn stop(&self) {
        self.stopping.notify_one();
    }

    /// Whether the process has answered and will poll again in a moment.
    pub(super) fn finishing(&self) -> bool {
        // One that is idle already has only to be listed so.
        matches!(
            *self.phase.borrow(),
            Phase::Working { answered: true, .. } | Phase::Idle
        )
    }

    /// Whether the process is gone.
    pub(super) fn is_over(&self) -> bool {
        self.exit().is_some()
    }

    /// The name of the function it is a process of.
    pub(super) fn function(&self) -> &str {
        &self.function
    }

    /// Nothing before the first poll.
    pub(super) fn info(&self) -> Option<ProcessInfo> {
        self.init.get().map(|&init| ProcessInfo {
            pid: self.pid,
            init,
        })
    }

    fn exit(&self) -> Option<Exit> {
        match *self.phase.borrow() {
            Phase::Over(exit) => Some(exit),
            Phase::Starting { .. } | Phase::Idle | Phase::Given { .. } | Phase::Working { .. } => {
                None
            }
        }
    }

    fn init_failure(&self, exit: Exit) -> InitFailure {
        InitFailure {
            exit,
            error: self.init_error.get().cloned(),
        }
    }
}

fn take(phase: &mut Phase) -> Option<(String, Event, Instant)> {
    match std::mem::replace(phase, Phase::Idle) {
        Phase::Given {
            deadline,
            work:
                Work {
                    request_id,
                    event,
                    reply,
                },
        } => {
            *phase = Phase::Working {
                deadline,
                request_id: request_id.clone(),
                reply: Some(reply),
                answered: false,
            };
            Some((request_id, event, deadline))
        }
        unchanged @ (Phase::Starting { .. }
        | Phase::Idle
        | Phase::Working { .. }
        | Phase::Over(_)) => {
            *phase = unchanged;
            None
        }
    }
}

async fn passed(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// A time limit beyond the clock's range is no limit that could pass; it is cut to thirty years.
fn after(limit: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(86_400 * 365 * 30);
    let now = Instant::now();
    now.checked_add(limit.min(FAR)).unwrap_or(now)
}
