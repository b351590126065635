//! The handling of one event: the gateway brought to where it is wanted, and one answer.

use std::sync::Arc;
use std::time::Duration;

use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::Value;
use shared::clock::Clock;
use tokio::time::Instant;
use tracing::{Instrument, error, info};

use super::answer::{Answers, MAX_ANSWER_TIME, SendError};
use super::error::AttachError;
use super::reconcile::{ControlPlane, reconcile};
use super::request::{Request, Task, UnanswerableError, Wanted};
use crate::config::Config;

pub(crate) struct Attacher<C> {
    control: Arc<C>,
    answers: Answers,
    first_pause: Duration,
    clock: Clock,
}

/// Why there is no answer. Lambda then tries the event again, which changes nothing that is done already.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnansweredError {
    #[error(transparent)]
    Event(#[from] UnanswerableError),
    #[error("the answer did not arrive")]
    Send(#[from] SendError),
}

impl From<UnansweredError> for Diagnostic {
    fn from(unanswered: UnansweredError) -> Self {
        let error_type = match unanswered {
            UnansweredError::Event(_) => "Event",
            UnansweredError::Send(_) => "Send",
        };
        Self {
            error_type: error_type.to_owned(),
            error_message: unanswered.to_string(),
        }
    }
}

impl<C: ControlPlane + Send + Sync + 'static> Attacher<C> {
    pub(crate) fn new(config: Config, control: C, answers: Answers, clock: Clock) -> Self {
        let Config { first_pause } = config;
        Self {
            control: Arc::new(control),
            answers,
            first_pause,
            clock,
        }
    }

    /// Carries out one event and answers it, whatever becomes of it.
    ///
    /// # Errors
    /// If the answer did not arrive.
    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<(), UnansweredError> {
        let deadline = self.deadline(event.context.deadline);
        let request = Request::read(event.payload).inspect_err(|unanswerable| {
            error!("{unanswerable}");
        })?;
        let outcome = self.carry_out(request.task.clone(), deadline).await;
        record(&request, &outcome);
        self.answers
            .send(&request, &outcome)
            .await
            .inspect_err(|failed| error!("the answer did not arrive: {failed}"))?;
        Ok(())
    }

    /// The work is a task of its own, so that even a panic is answered.
    async fn carry_out(
        &self,
        task: Result<Option<Task>, AttachError>,
        deadline: Instant,
    ) -> Result<(), AttachError> {
        let Some(task) = task? else {
            return Ok(());
        };
        let (control, first_pause) = (Arc::clone(&self.control), self.first_pause);
        let work = async move { reconcile(control.as_ref(), &task, first_pause, deadline).await };
        let work = tokio::spawn(work.in_current_span());
        work.await.unwrap_or(Err(AttachError::Internal))
    }

    /// When the work must end, for an answer before the function's own deadline.
    fn deadline(&self, lambda_deadline: u64) -> Instant {
        let left = self.clock.left_until(lambda_deadline);
        let left = left.saturating_sub(MAX_ANSWER_TIME);
        let now = Instant::now();
        now.checked_add(left).unwrap_or(now)
    }
}

fn record(request: &Request, outcome: &Result<(), AttachError>) {
    let task = request.task.as_ref().ok().and_then(Option::as_ref);
    let gateway = task.map(|task| task.gateway.as_str());
    let action = task.map(|task| match task.wanted {
        Wanted::Attached { .. } => "attach",
        Wanted::Detached { .. } => "detach",
    });
    match outcome {
        Ok(()) => info!(action, gateway, "the gateway is as wanted"),
        Err(failure) => error!(action, gateway, "{failure}"),
    }
}

#[cfg(test)]
mod tests;
