//! The log: one JSON object a line on standard output, as Lambda's log filter reads it.
//!
//! Lambda reads `timestamp` and `level` at the root of a line (Lambda guide, "Configuring advanced logging controls").
//! No token, body, e-mail address or secret is ever logged, and text that a stranger chose only as [`Loggable`].

mod ids;
mod line;

use std::error::Error;
use std::fmt;
use std::iter::successors;
use std::time::Duration;

use tracing::{Level, info};
use tracing_subscriber::layer::SubscriberExt;

use crate::clock;
use crate::settings::{self, LOG_LEVEL};
use crate::text::is_word;
use crate::version;

use line::{Line, Lines};

pub use ids::RequestIds;
pub(crate) use line::write;

/// Starts the log of this process, once; a second call changes nothing. The first line says which version runs.
pub fn start() {
    let level = settings::environment(LOG_LEVEL);
    let lines = Lines::new(level.as_deref().unwrap_or_default());
    let subscriber = tracing_subscriber::registry().with(lines);
    if tracing::subscriber::set_global_default(subscriber).is_ok() {
        info!(version = version::TEXT, "version {}", version::TEXT);
    }
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
