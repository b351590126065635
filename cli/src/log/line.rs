//! One line of a log: of API Gateway's access log, or of a function.

use std::time::Duration;

use serde_json::{Map, Value};
use shared::audit;
use shared::clock;
use shared::text::is_invisible;

/// The longest text of a line that is shown.
const MAX_SHOWN: usize = 400;

/// A line, by what wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// API Gateway's access log.
    Access,
    Answer,
    Decision,
    DeniedTool,
    Token,
    /// A line of a function that is no audit record, such as a warning.
    Other,
}

/// A line whose members are read.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) kind: Kind,
    members: Map<String, Value>,
}

impl Line {
    pub(crate) fn new(members: Map<String, Value>) -> Self {
        Self {
            kind: kind(&members),
            members,
        }
    }

    /// A text of the line. API Gateway writes `-` for what is not there.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let text = self.members.get(name)?.as_str()?;
        (!["", "-"].contains(&text)).then_some(text)
    }

    /// A text of the line, fit for a terminal: strangers have a say in some.
    pub(crate) fn shown(&self, name: &str) -> Option<String> {
        self.text(name).map(shown)
    }

    /// The status that the caller got, or was to get.
    pub(crate) fn status(&self) -> Option<u16> {
        let status = self.members.get("status")?;
        match status.as_str() {
            Some(text) => text.parse().ok(),
            None => u16::try_from(status.as_u64()?).ok(),
        }
    }

    /// When it was written, or for the access log when the request came in, as RFC 3339 in UTC: texts compare as times.
    pub(crate) fn time(&self) -> String {
        if let Some(time) = self.text("timestamp") {
            return shown(time);
        }
        let millis = self.text("time").and_then(|time| time.parse().ok());
        millis
            .map(|millis| clock::rfc3339(Duration::from_millis(millis)))
            .unwrap_or_default()
    }

    /// Whether the line has this id under one of the names of ids.
    pub(crate) fn has_id(&self, id: &str) -> bool {
        IDS.iter().any(|name| self.text(name) == Some(id))
    }

    pub(crate) const fn members(&self) -> &Map<String, Value> {
        &self.members
    }
}

/// The names under which a line may have an id of a request.
const IDS: [&str; 3] = ["request_id", "extended_request_id", "invocation_id"];

fn kind(members: &Map<String, Value>) -> Kind {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    if text("schema") == Some(audit::SCHEMA) {
        return match text("record") {
            Some("answer") => Kind::Answer,
            Some("decision") => Kind::Decision,
            Some("denied_tool") => Kind::DeniedTool,
            Some("token") => Kind::Token,
            Some(_) | None => Kind::Other,
        };
    }
    // Only the access log has these, in the format of the template.
    let is_access = ["address", "latency_ms", "route"]
        .iter()
        .all(|name| members.contains_key(*name));
    if is_access { Kind::Access } else { Kind::Other }
}

/// A text without anything that could move a cursor, reorder letters or hide some.
pub(crate) fn shown(text: &str) -> String {
    let visible = |letter: char| {
        if is_invisible(letter) {
            char::REPLACEMENT_CHARACTER
        } else {
            letter
        }
    };
    text.chars().take(MAX_SHOWN).map(visible).collect()
}
