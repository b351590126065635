//! A tracing event -> one JSON line.

use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::clock;

/// The crates whose events are logged at the configured level. Of others only warnings and errors are logged: their
/// lower levels may print headers.
const OURS: [&str; 6] = [
    "authorizer",
    "policy",
    "pretoken",
    "proxy",
    "rotation",
    "shared",
];

/// The runtime opens a span for each invocation, whose field `requestId` is the request's.
const RUNTIME: &str = "lambda_runtime";

/// The target under which `lambda_runtime` logs a handler's `Err` again, at ERROR. Handlers log their own, so it is
/// dropped: a refused caller is not an error. Panics, which it reports from the same place, have a field.
const ECHO: &str = "lambda_runtime::layers::panic";

/// A line of CloudWatch Logs holds 256 KiB; nothing that is worth reading is as long as this.
const MAX_TEXT: usize = 4096;

/// The members of a line that its fields cannot have.
const ROOT: [&str; 6] = [
    "timestamp",
    "level",
    "message",
    "request_id",
    "extended_request_id",
    "invocation_id",
];

/// The target of the span of a request.
const REQUEST: &str = "shared::log";

/// Writes each event as one line.
pub(super) struct Lines {
    most: Level,
}

impl Lines {
    /// Reads Lambda's names of the levels. `TRACE` would print events with their tokens, so there is no such level here.
    pub(super) fn new(level: &str) -> Self {
        let most = match level.to_ascii_uppercase().as_str() {
            "TRACE" | "DEBUG" => Level::DEBUG,
            "WARN" => Level::WARN,
            "ERROR" | "FATAL" => Level::ERROR,
            _ => Level::INFO,
        };
        Self { most }
    }

    fn allows(&self, metadata: &Metadata<'_>) -> bool {
        let (root, _) = metadata
            .target()
            .split_once("::")
            .unwrap_or((metadata.target(), ""));
        if metadata.is_span() {
            let is_told = root == RUNTIME || metadata.target() == REQUEST;
            return is_told && *metadata.level() <= Level::INFO;
        }
        if metadata.target() == ECHO && metadata.fields().field("error").is_none() {
            return false;
        }
        let most = if OURS.contains(&root) {
            self.most
        } else {
            self.most.min(Level::WARN)
        };
        *metadata.level() <= most
    }
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Lines {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.allows(metadata)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut ids = Ids::default();
        attributes.record(&mut ids);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(ids);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Line::new(clock::wall(), *event.metadata().level());
        let spans = context.event_scope(event).into_iter().flatten();
        for span in spans {
            if let Some(ids) = span.extensions().get() {
                line.ids.fill(ids);
            }
        }
        event.record(&mut line);
        write(&line);
    }
}

/// The ids among the fields of a span or of an event.
#[derive(Clone, Default)]
struct Ids {
    request: Option<String>,
    extended: Option<String>,
    invocation: Option<String>,
}

impl Ids {
    /// Takes over what is not known yet.
    fn fill(&mut self, outer: &Self) {
        for (own, outer) in [
            (&mut self.request, &outer.request),
            (&mut self.extended, &outer.extended),
            (&mut self.invocation, &outer.invocation),
        ] {
            if own.is_none() {
                own.clone_from(outer);
            }
        }
    }

    /// The id of this name.
    fn find(&mut self, name: &str) -> Option<&mut Option<String>> {
        match name {
            "request_id" => Some(&mut self.request),
            "extended_request_id" => Some(&mut self.extended),
            "invocation_id" | "requestId" => Some(&mut self.invocation),
            _ => None,
        }
    }

    /// With their names in a line. Where API Gateway has given no id, Lambda's is the request's.
    fn members(&self) -> [(&'static str, Option<&String>); 3] {
        let request = self.request.as_ref().or(self.invocation.as_ref());
        let invocation = self.invocation.as_ref();
        [
            ("request_id", request),
            ("extended_request_id", self.extended.as_ref()),
            ("invocation_id", invocation.filter(|id| request != Some(id))),
        ]
    }
}

impl Visit for Ids {
    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}

    fn record_str(&mut self, field: &Field, value: &str) {
        if let Some(id) = self.find(field.name()) {
            *id = Some(bounded(value));
        }
    }
}

/// One line of the log.
pub(super) struct Line {
    timestamp: Duration,
    level: Level,
    pub(super) message: String,
    ids: Ids,
    fields: Vec<(&'static str, Value)>,
}

impl Line {
    pub(super) fn new(timestamp: Duration, level: Level) -> Self {
        Self {
            timestamp,
            level,
            message: String::new(),
            ids: Ids::default(),
            fields: Vec::new(),
        }
    }

    fn put(&mut self, field: &Field, value: Value) {
        let name = field.name();
        match (value, self.ids.find(name)) {
            (Value::String(text), None) if name == "message" => self.message = text,
            (Value::String(id), Some(known)) => *known = Some(id),
            (_, _) if ROOT.contains(&name) => {}
            (value, _) => self.fields.push((name, value)),
        }
    }
}

impl Visit for Line {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, bounded(&format!("{value:?}")).into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, bounded(value).into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("timestamp", &clock::rfc3339(self.timestamp))?;
        map.serialize_entry("level", self.level.as_str())?;
        map.serialize_entry("message", &self.message)?;
        for (name, id) in self.ids.members() {
            if let Some(id) = id {
                map.serialize_entry(name, id)?;
            }
        }
        for (name, value) in &self.fields {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// One line at a time, whole; nothing can be done about a standard output that is gone.
pub(crate) fn write(line: &impl Serialize) {
    let Ok(mut text) = serde_json::to_vec(line) else {
        return;
    };
    text.push(b'\n');
    let mut output = io::stdout().lock();
    let _output_gone = output.write_all(&text).and_then(|()| output.flush());
}

/// Cuts a text that is too long for a line.
fn bounded(text: &str) -> String {
    text.char_indices()
        .take_while(|(at, _)| *at < MAX_TEXT)
        .map(|(_, character)| character)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::OURS;

    /// The text of every source below a folder.
    fn sources(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let (folders, files): (Vec<PathBuf>, _) = paths.partition(|path| path.is_dir());
        let files = files.iter().map(|file| fs::read_to_string(file).unwrap());
        files
            .chain(folders.iter().flat_map(|folder| sources(folder)))
            .collect()
    }

    #[test]
    fn every_function_is_one_of_ours() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
        let members = manifest
            .lines()
            .find_map(|line| line.strip_prefix("members = "));
        let members: Vec<String> = serde_json::from_str(members.unwrap()).unwrap();
        let mut ours: Vec<&str> = members
            .iter()
            .map(String::as_str)
            .filter(|room| {
                let sources = sources(&root.join(room).join("src"));
                sources
                    .iter()
                    .any(|text| text.contains("\n    log::start();\n"))
            })
            .chain(["shared"])
            .collect();
        ours.sort_unstable();
        assert_eq!(ours, OURS);
    }
}
