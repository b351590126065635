//! The reconciliation: read, plan, write, and again, until a gateway is as wanted.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};
use tracing::{info, warn};

use super::error::{AttachError, Message};
use super::gateway::{Gateway, Settings};
use super::plan::{Step, plan};
use super::request::{GatewayId, Task};

/// The longest pause, as a multiple of the first.
const MAX_PAUSE: u32 = 8;
/// How long rights may be unknown that were given in the same deployment, as a multiple of the first pause: a minute, if
/// that is two seconds. IAM promises no time ("Troubleshoot IAM": changes are not always immediately visible).
const MAX_RIGHTS_DELAY: u32 = 30;

/// The control plane of the gateways.
pub(crate) trait ControlPlane {
    /// The gateway, if there is one.
    fn read(
        &self,
        gateway: &GatewayId,
    ) -> impl Future<Output = Result<Option<Gateway>, AttachError>> + Send;

    /// Replaces all of a gateway's settings. It has happened when the gateway is ready again.
    fn write(
        &self,
        gateway: &GatewayId,
        settings: &Settings,
    ) -> impl Future<Output = Result<(), AttachError>> + Send;
}

/// Brings a gateway to where it is wanted, and sees it there.
///
/// AgentCore has no conditional write. So each write follows its read at once, and the gateway found in the end is
/// compared with the one that was written.
///
/// # Errors
/// Why it is not there. What may change by itself is waited for until the deadline.
pub(crate) async fn reconcile(
    control: &impl ControlPlane,
    task: &Task,
    first_pause: Duration,
    deadline: Instant,
) -> Result<(), AttachError> {
    let mut written = Written::default();
    let mut seen = Message::new("nothing");
    let mut pause = first_pause;
    let start = Instant::now();
    loop {
        let is_early = start.elapsed() < first_pause.saturating_mul(MAX_RIGHTS_DELAY);
        let look = look(control, task, is_early, &mut written, &mut seen);
        match timeout_at(deadline, look).await {
            Ok(Ok(true)) => return Ok(()),
            Ok(Ok(false)) => {}
            Ok(Err(failure)) if failure.may_pass(is_early) => {
                warn!("will look again: {failure}");
                seen = Message::new(&failure.to_string());
            }
            Ok(Err(failure)) => return Err(failure),
            Err(_) => return Err(AttachError::TooLate(seen)),
        }
        if timeout_at(deadline, sleep(pause)).await.is_err() {
            return Err(AttachError::TooLate(seen));
        }
        let longest = first_pause.saturating_mul(MAX_PAUSE);
        pause = pause.saturating_mul(2).min(longest);
    }
}

#[derive(Default)]
struct Written {
    times: usize,
    last: Option<Settings>,
}

/// One look at the gateway, and the step that follows from it. Whether that was the last.
async fn look(
    control: &impl ControlPlane,
    task: &Task,
    is_early: bool,
    written: &mut Written,
    seen: &mut Message,
) -> Result<bool, AttachError> {
    let found = control.read(&task.gateway).await?;
    *seen = found
        .as_ref()
        .map_or_else(|| Message::new("no gateway"), Gateway::state);
    match plan(&task.wanted, found.as_ref(), written.times, is_early) {
        Step::Done => {
            if let (Some(found), Some(last)) = (&found, &written.last) {
                compare(last, &found.settings());
            }
            Ok(true)
        }
        Step::Wait => Ok(false),
        Step::GiveUp(failure) => Err(failure),
        Step::Write(settings) => {
            control.write(&task.gateway, &settings).await?;
            info!(gateway = task.gateway.as_str(), "written");
            written.times = written.times.saturating_add(1);
            written.last = Some(settings);
            Ok(false)
        }
    }
}

/// A difference is another writer's later change, which stays, or a default that the service filled in.
fn compare(written: &Settings, found: &Settings) {
    let differences = written.differences(found);
    if !differences.is_empty() {
        warn!(
            fields = differences.join(" "),
            "the gateway differs from what was written"
        );
    }
}

#[cfg(test)]
mod tests;
