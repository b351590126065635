//! The log: one JSON object a line on standard output, as Lambda's log filter reads it, and the one line of a decision.
//!
//! Lambda reads `timestamp` and `level` at the root of a line (Lambda guide, "Configuring advanced logging controls").
//! No token, body, e-mail address or secret is ever logged, and text that a stranger chose only as [`Loggable`].

mod line;

use std::error::Error;
use std::fmt;
use std::iter::successors;
use std::time::Duration;

use tracing::field::display;
use tracing::{Level, error, info};
use tracing_subscriber::layer::SubscriberExt;

use crate::clock;
use crate::explanation::Explanation;
use crate::gate::{Identity, Refusal};
use crate::settings::{self, LOG_LEVEL};
use crate::text::is_word;

use line::{Line, Lines};

pub(crate) use line::write;

/// Starts the log of this process, once; a second call changes nothing.
pub fn start() {
    let level = settings::environment(LOG_LEVEL);
    let lines = Lines::new(level.as_deref().unwrap_or_default());
    let subscriber = tracing_subscriber::registry().with(lines);
    let _already_started = tracing::subscriber::set_global_default(subscriber);
}

/// What was decided about one request.
pub enum Verdict<'a> {
    Allowed(&'a Identity),
    /// The identity is there if the caller was believed and lacked the right.
    Refused(Refusal, Option<&'a Identity>, &'a Explanation),
    /// The caller was believed, and what they ask for is not there; the code that they are told.
    Missing(&'static str, &'a Identity),
    /// It could not be decided; the code of the outage.
    Outage(&'static str),
}

/// Writes the one line of a decision.
///
/// `action` says what was asked, as a route with the agent's name, never as the path a stranger sent.
pub fn decision(request_id: &str, action: &str, verdict: &Verdict<'_>, duration: Duration) {
    let id = Loggable(request_id);
    let request_id = display(id);
    let action = Loggable(action);
    let duration_ms = millis(duration);
    match verdict {
        Verdict::Allowed(identity) => info!(
            request_id,
            action = display(action),
            outcome = "allowed",
            token_id = identity.token_id,
            issuer = identity.issuer,
            subject = display(Loggable(&identity.subject)),
            duration_ms,
            "allowed {action}"
        ),
        Verdict::Refused(refusal, identity, why) => {
            refused(id, action, *refusal, *identity, why, duration_ms);
        }
        Verdict::Missing(code, identity) => info!(
            request_id,
            action = display(action),
            outcome = "refused",
            reason = code,
            token_id = identity.token_id,
            issuer = identity.issuer,
            subject = display(Loggable(&identity.subject)),
            duration_ms,
            "refused {action}: {code}"
        ),
        Verdict::Outage(code) => error!(
            request_id,
            action = display(action),
            outcome = "outage",
            reason = code,
            duration_ms,
            "cannot decide {action}: {code}"
        ),
    }
}

fn refused(
    request_id: Loggable<'_>,
    action: Loggable<'_>,
    refusal: Refusal,
    identity: Option<&Identity>,
    why: &Explanation,
    duration_ms: f64,
) {
    let token_id = identity.map(|identity| &identity.token_id);
    let issuer = identity.map(|identity| &identity.issuer);
    info!(
        request_id = display(request_id),
        action = display(action),
        outcome = "refused",
        reason = refusal.code(),
        expected = why.expected,
        found = why.found,
        hint = why.hint,
        token_id = token_id.or(why.token_id.as_ref()),
        issuer = issuer.or(why.issuer.as_ref()),
        subject = identity.map(|identity| display(Loggable(&identity.subject))),
        duration_ms,
        "refused {action}: {refusal}"
    );
}

/// Text that a stranger chose. It is shown if it is short and plain, and otherwise only counted.
///
/// Plain is what ids and routes are made of. An e-mail address is not, and a token is too long.
#[derive(Clone, Copy)]
pub struct Loggable<'a>(pub &'a str);

/// Longer than any id in use, shorter than any token.
const MAX_LOGGABLE: usize = 128;

impl fmt::Display for Loggable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        if is_word(text, MAX_LOGGABLE, b" -._:/|{}") {
            f.write_str(text)
        } else {
            write!(f, "({} bytes withheld)", text.len())
        }
    }
}

/// The error and its causes, joined by colons.
pub fn causes(error: &dyn Error) -> String {
    let causes = successors(Some(error), |&error| error.source());
    let texts: Vec<String> = causes.map(ToString::to_string).collect();
    texts.join(": ")
}

/// What the call of an AWS service failed with: the service's error code, or the causes where it did not answer. The
/// SDK's own way to print its errors would show the answer, body and all.
pub fn service_failure(code: Option<&str>, error: &dyn Error) -> String {
    code.map_or_else(|| causes(error), |code| Loggable(code).to_string())
}

/// Milliseconds, with microseconds as their fraction.
pub fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// Writes a line whether or not the log was started.
pub(crate) fn write_fatal(message: &str) {
    let mut line = Line::new(clock::wall(), Level::ERROR);
    line.message = message.to_owned();
    write(&line);
}
