//! Pure reconcile step: observed gateway + desired state -> next action.

use super::error::{AttachError, Message};
use super::gateway::{Gateway, Settings, Status};
use super::request::Wanted;

/// Maximum number of writes. One is enough; more are needed only while another client writes too, or while IAM
/// permissions have not propagated.
const MAX_WRITES: usize = 5;

/// What to do next with a gateway.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    /// Nothing: it is as wanted.
    Done,
    /// Look again later: it is changing.
    Wait,
    /// Write this back.
    Write(Settings),
    /// Nothing can be done: give up with this error.
    GiveUp(AttachError),
}

/// Plans one step. `found` is nothing if there is no such gateway; `writes` is how often it has been written by now, and
/// `is_early` whether a failure may still be one of rights that were just given.
///
/// The step depends on nothing but what is found, so an interrupted attempt is continued by starting again.
pub(crate) fn plan(
    wanted: &Wanted,
    found: Option<&Gateway>,
    writes: usize,
    is_early: bool,
) -> Step {
    let Some(gateway) = found else {
        return match wanted {
            Wanted::Attached { .. } => Step::GiveUp(AttachError::NoGateway),
            Wanted::Detached { .. } => Step::Done,
        };
    };
    match gateway.status() {
        Status::Changing => Step::Wait,
        Status::Deleting => match wanted {
            Wanted::Attached { .. } => Step::GiveUp(AttachError::NoGateway),
            // An engine can be deleted once the gateway is gone.
            Wanted::Detached { .. } => Step::Wait,
        },
        Status::Ready => settled(wanted, gateway, writes, true),
        // It says nothing of what is in force, so even what looks right is written again: once, and while it is early.
        Status::Unsuccessful if writes == 0 || is_early && writes < MAX_WRITES => {
            settled(wanted, gateway, writes, false)
        }
        Status::Unsuccessful => Step::GiveUp(AttachError::Unsuccessful(gateway.state())),
    }
}

fn settled(wanted: &Wanted, gateway: &Gateway, writes: usize, is_in_force: bool) -> Step {
    let settings = match wanted {
        Wanted::Detached { engine } if !gateway.has(engine) => return Step::Done,
        Wanted::Detached { .. } => gateway.settings().without_engine(),
        Wanted::Attached { engine, mode, .. }
            if gateway.has_in_mode(engine, *mode) && is_in_force =>
        {
            return Step::Done;
        }
        Wanted::Attached {
            engine,
            mode,
            replaces,
        } => match gateway.engine() {
            Some(other)
                if !gateway.has(engine)
                    && !replaces
                        .as_ref()
                        .is_some_and(|replaces| gateway.has(replaces)) =>
            {
                return Step::GiveUp(AttachError::OtherEngine(Message::new(other)));
            }
            Some(_) | None => gateway.settings().with_engine(engine, *mode),
        },
    };
    if writes < MAX_WRITES {
        Step::Write(settings)
    } else {
        Step::GiveUp(AttachError::Undone)
    }
}

#[cfg(test)]
mod tests;
