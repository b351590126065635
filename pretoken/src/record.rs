//! The audit record of one decision.

use std::time::Duration;

use shared::audit::{Token, TokenOutcome, User};
use shared::log::RequestIds;
use shared::user_claims::Profile;

use crate::error::{ReportedError, TriggerError};
use crate::event::{Person, TokenKind};

/// The token that Cognito asks the trigger about.
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
        let token = Token {
            ids: &RequestIds::of_invocation(self.request_id),
            action: match self.kind {
                TokenKind::Machine => "machine token",
                TokenKind::Person | TokenKind::Other => "user token",
            },
            client: self.client,
            duration: self.duration,
        };
        token.write(&match decided {
            Ok(found) => TokenOutcome::Allowed(found.map(user)),
            Err(reason) if reason.reported() == ReportedError::Unavailable => {
                TokenOutcome::Outage(reason.code(), reason.to_string())
            }
            Err(reason) => TokenOutcome::Refused(reason.code(), reason.to_string()),
        });
    }
}

fn user((person, profile): &(Person, Profile)) -> User<'_> {
    User {
        issuer: person.issuer.as_deref(),
        subject: &person.subject,
        token_id: person.token_id.as_deref(),
        department: &profile.department,
        role: &profile.role,
    }
}
