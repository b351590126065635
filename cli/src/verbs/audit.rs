//! `gatehouse audit`: who called what, and what was refused, from the lines of the audit record.

use std::time::Duration;

use serde_json::{Value, json};
use shared::clock::{self, Clock};

use crate::age;
use crate::arguments::Audit;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::log::line::{Kind, Line};
use crate::log::reader::Lines;
use crate::report::Report;
use crate::terminal::Terminal;

/// Lists what the filters leave, in the order of time.
pub(crate) fn audit(audit: &Audit, terminal: &mut Terminal) -> Result<Report, Failure> {
    let since = match &audit.since {
        Some(age) => {
            let age = age::parse(age)?;
            let now = Duration::from_secs(Clock::system().now().0);
            Some(clock::rfc3339(now.saturating_sub(age)))
        }
        None => None,
    };
    let text = input::lines(
        &audit.logs,
        audit.since.as_deref().unwrap_or("1d"),
        terminal,
    )?;
    let read = Lines::read(&text);
    let mut lines: Vec<&Line> = read
        .lines
        .iter()
        .filter(|line| is_told(line) && is_asked(line, audit, since.as_deref()))
        .collect();
    lines.sort_by_key(|line| line.time());
    let rows: Vec<String> = lines.iter().map(|line| row(line)).collect();
    let records: Vec<Value> = lines.iter().map(|line| json!(line.members())).collect();
    Ok(Report {
        exit: if lines.is_empty() {
            Exit::No
        } else {
            Exit::Done
        },
        text: if rows.is_empty() {
            "no record matches\n".to_owned()
        } else {
            rows.concat()
        },
        json: json!({"records": records, "unreadable": read.unreadable}),
    })
}

/// One line a fact: what a decision allows, the answer tells again with how it ended.
fn is_told(line: &Line) -> bool {
    match line.kind {
        Kind::Answer | Kind::DeniedTool | Kind::Token => true,
        Kind::Decision => line.text("outcome") != Some("allowed"),
        Kind::Access | Kind::Other => false,
    }
}

fn is_asked(line: &Line, audit: &Audit, since: Option<&str>) -> bool {
    let is = |name: &str, asked: &Option<String>| {
        asked
            .as_deref()
            .is_none_or(|asked| line.text(name) == Some(asked))
    };
    let is_refused = ["denied", "outage", "refused"]
        .iter()
        .any(|outcome| line.text("outcome") == Some(outcome));
    let is_new = since.is_none_or(|since| line.time().as_str() >= since);
    is("subject", &audit.user)
        && is("agent", &audit.agent)
        && is_new
        && (is_refused || !audit.refused)
}

/// `TIME  SUBJECT  WHAT  OUTCOME  ID`
fn row(line: &Line) -> String {
    let text = |name: &str| line.shown(name);
    let what = text("action").or_else(|| text("route"));
    let what = [what, text("agent"), text("tool")];
    let what: Vec<String> = what.into_iter().flatten().collect();
    let outcome = [text("outcome"), text("reason")];
    let outcome: Vec<String> = outcome.into_iter().flatten().collect();
    format!(
        "{}  {}  {}  {}  {}\n",
        line.time(),
        text("subject").unwrap_or_else(|| "-".to_owned()),
        what.join(" "),
        outcome.join(": "),
        text("request_id").unwrap_or_default(),
    )
}
