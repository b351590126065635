//! The log line of one decision.

use std::time::Duration;

use shared::log::{Loggable, millis};
use tracing::field::display;
use tracing::{error, info};

use crate::directory::Profile;
use crate::error::{ReportedError, TriggerError};
use crate::event::{Person, TokenKind};

/// What was asked.
pub(crate) struct Record<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) kind: TokenKind,
    /// The app client; empty if the event does not tell.
    pub(crate) client: &'a str,
    pub(crate) duration: Duration,
}

impl Record<'_> {
    /// Writes what was decided: who is in the token, or why there is none.
    pub(crate) fn write(self, decided: Result<Option<&(Person, Profile)>, &TriggerError>) {
        let Self {
            request_id,
            kind,
            client,
            duration,
        } = self;
        let action = match kind {
            TokenKind::Machine => "machine token",
            TokenKind::Person | TokenKind::Other => "user token",
        };
        let request_id = display(Loggable(request_id));
        let client = Loggable(client);
        let duration_ms = millis(duration);
        match decided {
            Ok(found) => info!(
                request_id,
                action,
                outcome = "allowed",
                client = display(client),
                token_id = found.and_then(|(person, _)| person.token_id.as_deref()),
                issuer = found.and_then(|(person, _)| person
                    .issuer
                    .as_deref()
                    .map(|name| display(Loggable(name)))),
                subject = found.map(|(person, _)| display(Loggable(&person.subject))),
                department = found.map(|(_, profile)| display(Loggable(&profile.department))),
                role = found.map(|(_, profile)| display(Loggable(&profile.role))),
                duration_ms,
                "{action} for client {client}, with{} a user",
                if found.is_some() { "" } else { "out" }
            ),
            Err(reason) if reason.reported() == ReportedError::Unavailable => error!(
                request_id,
                action,
                outcome = "outage",
                reason = reason.code(),
                client = display(client),
                duration_ms,
                "no {action} for client {client}: {reason}"
            ),
            Err(reason) => info!(
                request_id,
                action,
                outcome = "refused",
                reason = reason.code(),
                client = display(client),
                duration_ms,
                "no {action} for client {client}: {reason}"
            ),
        }
    }
}
