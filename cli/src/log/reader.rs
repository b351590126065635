//! Reader of lines: JSON lines, lines with something before the JSON, and CloudWatch's own JSON documents.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::line::Line;

/// What was read of a text.
#[derive(Default)]
pub(crate) struct Lines {
    pub(crate) lines: Vec<Line>,
    /// Lines that begin an object and are none that can be believed.
    pub(crate) unreadable: usize,
}

impl Lines {
    /// Reads a text. A line may have something before its object, such as a name (`make local`) or a time
    /// (`aws logs tail`).
    pub(crate) fn read(text: &str) -> Self {
        let mut lines = Self::default();
        match document(text) {
            Some(entries) => entries.iter().for_each(|entry| lines.entry(entry)),
            None => text.lines().for_each(|line| lines.line(line)),
        }
        lines
    }

    fn line(&mut self, line: &str) {
        let Some((_, object)) = line.split_once('{') else {
            return;
        };
        // What stands before the object ends with a bracket or a space; a brace in a sentence is no object's.
        match serde_json::from_str(&format!("{{{object}")) {
            Ok(Members(members)) => self.lines.push(Line::new(members)),
            Err(_) if object.trim_start().starts_with('"') => {
                self.unreadable = self.unreadable.saturating_add(1);
            }
            Err(_) => {}
        }
    }

    /// One entry of a document: its message if it has one, else its fields.
    fn entry(&mut self, entry: &Value) {
        match message(entry) {
            Some(message) => self.line(message),
            None => {
                if let Value::Object(members) = entry {
                    self.lines.push(Line::new(members.clone()));
                }
            }
        }
    }
}

/// The entries of one JSON document: an export of Logs Insights (a list of objects), an answer of `aws logs
/// get-query-results` (`results`), or one of `aws logs filter-log-events` (`events`).
fn document(text: &str) -> Option<Vec<Value>> {
    let document = serde_json::from_str(text).ok()?;
    match document {
        Value::Array(entries) => Some(entries),
        Value::Object(mut members) => {
            let entries = ["events", "results"]
                .iter()
                .find_map(|name| members.remove(*name))?;
            entries.as_array().cloned()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn message(entry: &Value) -> Option<&str> {
    match entry {
        Value::Array(fields) => {
            let is_message = |field: &&Value| {
                field
                    .get("field")
                    .is_some_and(|name| *name == "@message" || *name == "message")
            };
            fields.iter().find(is_message)?.get("value")?.as_str()
        }
        Value::Object(members) => {
            let whole = members.get("@message").or_else(|| {
                // A line of ours has a message, too; an event of CloudWatch's has nothing of ours beside it.
                let is_line = members.contains_key("level");
                members.get("message").filter(|_| !is_line)
            });
            whole?.as_str()
        }
        Value::String(message) => Some(message),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// The members of one object, none of them given twice. The path in a line of the access log is a stranger's: what it might
/// add to the line must not take the place of what API Gateway says.
struct Members(Map<String, Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Once;
        impl<'de> Visitor<'de> for Once {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Members, A::Error> {
                let mut members = Map::new();
                while let Some((name, value)) = access.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(de::Error::custom("a member is given twice"));
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Once)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::line::Kind;

    const ACCESS: &str = r#"{"path": "/live/whoami", "request_id": "r-1", "address": "a", "route": "/whoami", "status": "401", "latency_ms": "3"}"#;

    fn ids(text: &str) -> Vec<String> {
        let lines = Lines::read(text).lines;
        let ids = lines.iter().filter_map(|line| line.text("request_id"));
        ids.map(str::to_owned).collect()
    }

    #[test]
    fn lines_are_read_in_every_form_in_which_an_operator_has_them() {
        let line = r#"{"level":"INFO","message":"m","request_id":"r-2"}"#;
        let quoted = Value::from(line).to_string();
        for text in [
            line.to_owned(),
            format!("[ProxyFunction] {line}\n\nready http://127.0.0.1:1\n"),
            format!("2026-10-16T09:14:38 2026/10/16/[$LATEST]abc {line}"),
            format!("[{{\"@timestamp\": \"2026\", \"@message\": {quoted}}}]"),
            format!("{{\"events\": [{{\"message\": {quoted}, \"timestamp\": 1}}]}}"),
            format!(
                "{{\"results\": [[{{\"field\": \"@message\", \"value\": {quoted}}}]], \"status\": \"Complete\"}}"
            ),
            format!("[{quoted}]"),
            "[{\"request_id\": \"r-2\", \"level\": \"INFO\", \"message\": \"m\"}]".to_owned(),
        ] {
            assert_eq!(ids(&text), ["r-2"], "{text}");
        }
        assert_eq!(ids(&format!("{line}\n{ACCESS}\n")), ["r-2", "r-1"]);
        assert_eq!(Lines::read(ACCESS).lines[0].kind, Kind::Access);
        assert_eq!(Lines::read(ACCESS).lines[0].status(), Some(401));
    }

    /// A path may hold any visible sign.
    #[test]
    fn a_line_that_a_stranger_wrote_into_is_not_believed() {
        let forged = ACCESS.replace("/live/whoami", r#"/x","status":"200","note":""#);
        let lines = Lines::read(&forged);
        assert_eq!((lines.lines.len(), lines.unreadable), (0, 1));
    }

    #[test]
    fn what_is_no_line_is_passed_over() {
        for text in [
            "",
            "ready {soon}",
            "{",
            "[]",
            "{}x",
            "null",
            "\u{fffd}\u{0}",
        ] {
            let lines = Lines::read(text);
            assert!(lines.lines.iter().all(|line| line.kind == Kind::Other));
            assert_eq!(lines.unreadable, 0, "{text}");
        }
    }
}
