//! Watch over a turn that is under way: whether its caller has been shut out meanwhile.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::future::{Either, select};
use shared::denial::Key;
use shared::denials::{Denials, Shut};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};
use tracing::Instrument;

use super::leaving::Leaving;
use crate::answer::ending::End;
use crate::answer::stream::Finally;
use crate::caller::problem::Problem;

/// The pause between two questions. With the time that one may take, and that of a slow network, a stream is over within
/// ten seconds after its caller was denied. A process serves one request at a time, so it asks no more often than this.
const PAUSE: Duration = Duration::from_secs(5);

/// How long a turn goes on while the table cannot be read. DynamoDB's own faults are shorter; a caller who is denied in
/// the middle of a longer one must not go on until it is over.
const PATIENCE: Duration = Duration::from_secs(30);

/// Ready when the turn must end. Dropping it ends the watch.
pub(crate) struct Watch {
    ended: oneshot::Receiver<End>,
    task: Option<AbortHandle>,
}

/// Waits for what is asked of an agent, unless the turn must end before.
pub(super) async fn over<T>(
    watch: &mut Option<Watch>,
    asked: impl Future<Output = T>,
) -> Result<T, Problem> {
    let Some(watch) = watch else {
        return Ok(asked.await);
    };
    match select(pin!(asked), watch).await {
        Either::Left((answered, _)) => Ok(answered),
        Either::Right((end, _)) => Err(problem(end)),
    }
}

/// What a caller is told whose turn had no answer yet.
const fn problem(end: End) -> Problem {
    match end {
        End::Denied => Problem::Denied,
        End::DenialsUnavailable
        | End::Complete
        | End::AgentCut
        | End::AgentSilent
        | End::TooLong
        | End::Deadline => Problem::DenialsUnavailable,
    }
}

/// What is asked, and what is done about it.
pub(crate) struct Guard {
    pub(crate) denials: Denials,
    pub(crate) keys: Vec<Key>,
    pub(crate) request_id: String,
    /// Ends what the agent works at; nothing for one whose work cannot be ended.
    pub(crate) stop: Option<Finally>,
}

impl Guard {
    /// Begins to watch. It does so whether or not anyone reads the answer: a caller who reads slowly must not keep an
    /// agent at work.
    pub(crate) fn watch(self, leaving: Leaving) -> Watch {
        let (sender, ended) = oneshot::channel();
        let Ok(runtime) = Handle::try_current() else {
            return Watch { ended, task: None };
        };
        let watch = async move {
            let Self {
                denials,
                keys,
                request_id,
                stop,
            } = self;
            let end = shut_out(&denials, &keys, &request_id).await;
            // What ends the agent's work outlives this task, which ends with its turn.
            if let Some(stop) = stop {
                leaving.begin(stop);
            }
            let _the_turn_is_over = sender.send(end);
        };
        let task = runtime.spawn(watch.in_current_span());
        Watch {
            ended,
            task: Some(task.abort_handle()),
        }
    }
}

/// Waits until the caller is shut out, or it cannot be told for too long.
async fn shut_out(denials: &Denials, keys: &[Key], request_id: &str) -> End {
    let mut told = Instant::now();
    loop {
        sleep(PAUSE).await;
        match denials.ask(keys, request_id).await {
            Ok(()) => told = Instant::now(),
            Err(Shut::Denied) => return End::Denied,
            Err(Shut::Outage) if told.elapsed() >= PATIENCE => return End::DenialsUnavailable,
            Err(Shut::Outage) => {}
        }
    }
}

impl Future for Watch {
    type Output = End;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<End> {
        let ended = ready!(Pin::new(&mut self.ended).poll(context));
        // A watch that was lost, for whatever reason, watches over nothing.
        Poll::Ready(ended.unwrap_or(End::DenialsUnavailable))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}
