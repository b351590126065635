//! `gatehouse audit`: who called what, and what was refused, from the lines of the audit record.

use std::time::Duration;

use serde_json::{Value, json};
use shared::clock::{self, Clock};

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
            let age = parse_age(age)?;
            let now = Duration::from_secs(Clock::system().now().0);
            Some(clock::rfc3339(now.saturating_sub(age)))
        }
        None => None,
    };
    let text = input::log(&audit.logs.logs, terminal)?;
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

/// `90s`, `15m`, `6h` or `7d`.
fn parse_age(text: &str) -> Result<Duration, Failure> {
    let unit = text.chars().next_back().and_then(|unit| match unit {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(60 * 60),
        'd' => Some(24 * 60 * 60),
        _ => None,
    });
    let number = text.get(..text.len().saturating_sub(1));
    let number = number.and_then(|number| number.parse::<u64>().ok());
    let seconds = unit
        .zip(number)
        .and_then(|(unit, number)| number.checked_mul(unit));
    seconds.map(Duration::from_secs).ok_or_else(|| {
        Failure::usage(
            format!("`{}` is not an age", text.escape_debug()),
            "write a number with `s`, `m`, `h` or `d`, such as `7d`",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_a_number_with_a_unit() {
        for (text, seconds) in [("90s", 90), ("15m", 900), ("6h", 21_600), ("7d", 604_800)] {
            assert_eq!(parse_age(text).unwrap().as_secs(), seconds, "{text}");
        }
        for wrong in [
            "",
            "7",
            "d",
            "7w",
            "-1d",
            "1.5h",
            "99999999999999999999s",
            "999999999999999d9d",
            "7é",
        ] {
            assert!(parse_age(wrong).is_err(), "{wrong}");
        }
    }
}
