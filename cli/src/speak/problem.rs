//! Refusals and failures that a door answers (RFC 9457, or JSON-RPC), as failures of a command.

use reqwest::header::DATE;
use serde_json::Value;

use crate::failure::Failure;
use crate::log::line::shown;
use crate::speak::clock;
use crate::speak::web::Answer;

/// API Gateway's clock and this one may differ by so much without anyone's noticing.
const CLOCK_SECONDS: u64 = 60;

/// The problem behind an answer that is no success.
pub(crate) struct Problem {
    pub(crate) status: u16,
    pub(crate) code: Option<String>,
    title: Option<String>,
    request_id: Option<String>,
    /// The difference between this machine's clock and the door's in seconds, if it is large.
    skew: Option<(u64, &'static str)>,
}

impl Problem {
    pub(crate) fn of(answer: &Answer) -> Self {
        let document = answer.json().unwrap_or_default();
        let error = document.get("error");
        let data = error.and_then(|error| error.get("data"));
        let member = |name: &str| {
            let of_problem = document.get(name);
            let value = of_problem.or_else(|| data?.get(name))?;
            value.as_str().map(shown)
        };
        let message = error.and_then(|error| error.get("message"));
        let header = answer.headers.get("x-request-id");
        Self {
            status: answer.status,
            code: member("code"),
            title: member("title").or_else(|| message.and_then(Value::as_str).map(shown)),
            request_id: member("request_id")
                .or_else(|| header.and_then(|id| id.to_str().ok()).map(shown)),
            skew: skew(answer),
        }
    }

    /// As the end of a command that asked for this, such as `agent finance`.
    pub(crate) fn failure(&self, asked: &str) -> Failure {
        let what = match (&self.title, &self.code) {
            (Some(title), Some(code)) => format!("{asked}: {title} ({}, `{code}`)", self.status),
            (Some(title), None) => format!("{asked}: {title} ({})", self.status),
            (None, _) => format!("{asked}: the door answers {}", self.status),
        };
        let next = self.next();
        let failure = match self.status {
            401 | 403 => Failure::not_let_in(what, next),
            409 | 429 | 503 => Failure::try_later(what, next),
            502 | 504 | 500 => Failure::unreachable(what, next),
            _ => Failure::usage(what, next),
        };
        failure.told(self.code.clone(), self.request_id.clone())
    }

    fn next(&self) -> String {
        let why = self.request_id.as_ref();
        let why = why.map(|id| format!("; an operator sees why: `gatehouse why {id}`"));
        let why = why.unwrap_or_default();
        let code = self.code.as_deref().unwrap_or_default();
        let next = match (self.status, code) {
            (401, _) => match self.skew {
                Some((seconds, side)) => {
                    return format!(
                        "set this machine's clock, which is {} {side}, and sign in again: `gatehouse login`{why}",
                        clock::length(seconds)
                    );
                }
                None => {
                    "sign in again: `gatehouse login`; a token of another door or issuer is not good here"
                }
            },
            (403, "denied") => "ask the door's operators",
            (403, _) => {
                "`gatehouse whoami` shows who you are and which agents admit you; `gatehouse login --fresh --as NAME` signs in as another user"
            }
            (404, "unknown_agent") => "`gatehouse agents` lists the agents that admit you",
            (404, _) => "check the door's address",
            (409, _) => {
                "wait for the other turn, begin a new conversation, or end this one: `gatehouse call --end`"
            }
            (429 | 503, _) => "try again later",
            (500..=599, _) => "try again; the agent may have acted already",
            _ => "see docs/errors.md",
        };
        format!("{next}{why}")
    }
}

/// The difference of the clocks, by the answer's `Date`.
fn skew(answer: &Answer) -> Option<(u64, &'static str)> {
    let date = answer.headers.get(DATE)?.to_str().ok()?;
    let theirs = httpdate::parse_http_date(date).ok()?;
    let theirs = theirs.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
    let ours = clock::now();
    let side = if ours > theirs { "fast" } else { "slow" };
    let seconds = ours.abs_diff(theirs);
    (seconds > CLOCK_SECONDS).then_some((seconds, side))
}
