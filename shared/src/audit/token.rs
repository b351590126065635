//! A token that Cognito's trigger decided about.

use std::time::Duration;

use tracing::{Level, event};

use super::schema::{SCHEMA, loggable};
use crate::log::{Loggable, RequestIds, millis};

/// The token that Cognito asks the trigger about.
pub struct Token<'a> {
    pub ids: &'a RequestIds,
    /// `machine token` or `user token`.
    pub action: &'static str,
    /// The app client; empty if the event does not tell.
    pub client: &'a str,
    pub duration: Duration,
}

/// What was decided.
pub enum TokenOutcome<'a> {
    /// The claims may be written, of this user or of none.
    Allowed(Option<User<'a>>),
    /// The reason's code, and its sentence.
    Refused(&'static str, String),
    /// It could not be decided: the reason's code, and its sentence.
    Outage(&'static str, String),
}

/// The user of a token.
pub struct User<'a> {
    /// The issuer whose user it is; none for a user of the pool.
    pub issuer: Option<&'a str>,
    pub subject: &'a str,
    /// The token that proved the user, if one did.
    pub token_id: Option<&'a str>,
    pub department: &'a str,
    pub role: &'a str,
}

impl Token<'_> {
    /// Writes the line: who is in the token, or why there is none.
    pub fn write(&self, decided: &TokenOutcome<'_>) {
        let Self { action, .. } = self;
        let client = Loggable(self.client);
        let (outcome, reason, user, message) = match decided {
            TokenOutcome::Allowed(user) => {
                let with = if user.is_some() { "with" } else { "without" };
                let message = format!("{action} for client {client}, {with} a user");
                ("allowed", None, user.as_ref(), message)
            }
            TokenOutcome::Refused(code, sentence) => {
                let message = format!("no {action} for client {client}: {sentence}");
                ("refused", Some(*code), None, message)
            }
            TokenOutcome::Outage(code, sentence) => {
                let message = format!("no {action} for client {client}: {sentence}");
                ("outage", Some(*code), None, message)
            }
        };
        macro_rules! write_at {
            ($level:expr) => {
                event!(
                    $level,
                    schema = SCHEMA,
                    record = "token",
                    request_id = self.ids.request,
                    invocation_id = self.ids.invocation,
                    action,
                    outcome,
                    reason,
                    client = display(client),
                    issuer = loggable(user.and_then(|user| user.issuer)),
                    subject = loggable(user.map(|user| user.subject)),
                    token_id = user.and_then(|user| user.token_id),
                    department = loggable(user.map(|user| user.department)),
                    role = loggable(user.map(|user| user.role)),
                    duration_ms = millis(self.duration),
                    "{message}"
                )
            };
        }
        match decided {
            TokenOutcome::Outage(..) => write_at!(Level::ERROR),
            TokenOutcome::Allowed(_) | TokenOutcome::Refused(..) => write_at!(Level::INFO),
        }
    }
}
