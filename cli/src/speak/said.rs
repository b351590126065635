//! Reader of agents' events: text, a tool, a failure.
//!
//! Agents of HTTP agree on no form. The ones known here: AG-UI, the AI SDK's UI messages, AgentCore's and Strands' Python
//! SDKs, Bedrock's Converse stream, plain texts.

use serde_json::Value;

use crate::log::line::shown;
use crate::speak::events::Event;

/// The members of an event that may hold a piece of the answer.
const TEXTS: [&str; 8] = [
    "/text",
    "/event/contentBlockDelta/delta/text",
    "/data",
    "/result",
    "/response",
    "/output",
    "/content",
    "/message",
];

/// Members of events that only note the course of a stream: Strands' and Bedrock's.
const NOTES: [&str; 6] = [
    "init_event_loop",
    "start",
    "start_event_loop",
    "event",
    "current_tool_use",
    "stop",
];

/// One thing to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// A piece of the answer, as it is.
    Text(String),
    /// A tool that is called, or what came of it, in a line.
    Tool(String),
    /// The end of a turn that did not succeed.
    Failed(Failed),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(crate) code: Option<String>,
    pub(crate) message: String,
    pub(crate) request_id: Option<String>,
}

/// The reader of one answer. Strands sends each piece in two forms: the first form that has text is the answer's.
#[derive(Default)]
pub(crate) struct Reader {
    form: Option<&'static str>,
}

impl Reader {
    /// The content of an event of an agent's stream.
    pub(crate) fn event(&mut self, event: &Event) -> Vec<Said> {
        if event.data == "[DONE]" {
            return Vec::new();
        }
        let Ok(value) = serde_json::from_str::<Value>(&event.data) else {
            return vec![Said::Text(event.data.clone())];
        };
        match event.name.as_str() {
            // The door's own ends (docs/errors.md).
            "gatehouse.error" | "gatehouse.resume" => vec![Said::Failed(Failed {
                message: "the door ended the answer".to_owned(),
                ..failed(&value, "code")
            })],
            // The stream ended within an event: its rest is dropped (HTML, "Server-sent events").
            "gatehouse.cut" => Vec::new(),
            _ => self.value(&value),
        }
    }

    /// The content of a document: an event's, or a whole answer's.
    pub(crate) fn value(&mut self, value: &Value) -> Vec<Said> {
        match value {
            Value::String(text) => vec![Said::Text(text.clone())],
            Value::Array(parts) => parts.iter().flat_map(|part| self.value(part)).collect(),
            Value::Object(_) => self.object(value),
            Value::Null | Value::Bool(_) | Value::Number(_) => vec![Said::Text(value.to_string())],
        }
    }

    fn object(&mut self, value: &Value) -> Vec<Said> {
        let kind = text(value, "/type");
        if let Some(said) = kind.and_then(|kind| typed(kind, value)) {
            return vec![said];
        }
        if let Some(message) = text(value, "/error") {
            let more = text(value, "/message").filter(|more| *more != message);
            let more = more.map(|more| format!(" ({more})")).unwrap_or_default();
            return vec![Said::Failed(Failed {
                code: None,
                message: shown(&format!("{message}{more}")),
                request_id: None,
            })];
        }
        if let Some(tool) = text(value, "/event/contentBlockStart/start/toolUse/name") {
            return vec![Said::Tool(format!("calls {}", shown(tool)))];
        }
        for form in TEXTS {
            if let Some(text) = text(value, form) {
                let is_answers = *self.form.get_or_insert(form) == form;
                return is_answers
                    .then(|| Said::Text(text.to_owned()))
                    .into_iter()
                    .collect();
            }
        }
        for member in ["answer", "result", "content", "message"] {
            if let Some(inner) = value
                .get(member)
                .filter(|inner| inner.is_array() || inner.is_object())
            {
                return self.value(inner);
            }
        }
        let is_note = kind.is_some() || self.form.is_some();
        if is_note || NOTES.iter().any(|note| value.get(note).is_some()) {
            return Vec::new();
        }
        vec![Said::Text(format!("{value}\n"))]
    }
}

/// AG-UI's events, and parts of the AI SDK's UI messages. Unknown ones are skipped, as their own clients do, if they have
/// no text.
fn typed(kind: &str, value: &Value) -> Option<Said> {
    let of = |pointer: &str| text(value, pointer).unwrap_or_default();
    let said = match kind {
        "TEXT_MESSAGE_CONTENT" | "TEXT_MESSAGE_CHUNK" | "text-delta" => {
            Said::Text(of("/delta").to_owned())
        }
        "text" => Said::Text(of("/text").to_owned()),
        "TEXT_MESSAGE_END" | "text-end" => Said::Text("\n".to_owned()),
        "TOOL_CALL_START" => Said::Tool(format!("calls {}", shown(of("/toolCallName")))),
        "TOOL_CALL_RESULT" => Said::Tool(format!("got {}", shown(of("/content")))),
        "tool-input-available" => Said::Tool(format!("calls {}", shown(of("/toolName")))),
        "tool-output-available" => {
            let output = value.get("output").unwrap_or(&Value::Null);
            Said::Tool(format!("got {}", shown(&output.to_string())))
        }
        "tool-output-error" => Said::Tool(format!("failed: {}", shown(of("/errorText")))),
        "RUN_ERROR" => Said::Failed(failed(value, "message")),
        "error" => Said::Failed(failed(value, "errorText")),
        "abort" => Said::Failed(failed(&Value::String("the agent gave up".to_owned()), "")),
        _ => return None,
    };
    Some(said)
}

fn failed(value: &Value, message: &str) -> Failed {
    let of = |name: &str| value.get(name).and_then(Value::as_str).map(shown);
    Failed {
        code: of("code"),
        message: of(message)
            .or_else(|| value.as_str().map(shown))
            .unwrap_or_else(|| "the agent failed".to_owned()),
        request_id: of("request_id"),
    }
}

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(events: &[&str]) -> String {
        let mut reader = Reader::default();
        let said = events.iter().flat_map(|data| {
            reader.event(&Event {
                name: String::new(),
                data: (*data).to_owned(),
            })
        });
        let words = said.map(|said| match said {
            Said::Text(text) => text,
            Said::Tool(tool) => format!("[{tool}]"),
            Said::Failed(failed) => {
                format!("<{} {}>", failed.message, failed.code.unwrap_or_default())
            }
        });
        words.collect()
    }

    #[test]
    fn every_known_form_is_read() {
        for (events, expected) in [
            (&[r#"{"text":"a "}"#, r#"{"text":"b"}"#][..], "a b"),
            (&[r#""a""#, r#""b""#], "ab"),
            (&["no json"], "no json"),
            (
                &[
                    r#"{"init_event_loop":true}"#,
                    r#"{"event":{"contentBlockStart":{"start":{"toolUse":{"name":"t"}}}}}"#,
                    r#"{"event":{"contentBlockDelta":{"delta":{"text":"a"}}}}"#,
                    r#"{"data":"a","delta":{"text":"a"}}"#,
                    r#"{"event":{"messageStop":{"stopReason":"end_turn"}}}"#,
                ],
                "[calls t]a",
            ),
            (&[r#"{"data":"a"}"#, r#"{"data":"b"}"#], "ab"),
            (&[r#"{"answer":[{"text":"a"},{"text":"b"}]}"#], "ab"),
            (
                &[r#"{"result":{"role":"assistant","content":[{"text":"a"}]}}"#],
                "a",
            ),
            (
                &[r#"{"error":"e","message":"m","error_type":"T"}"#],
                "<e (m) >",
            ),
            (
                &[
                    r#"{"type":"token","content":"a"}"#,
                    r#"{"type":"usage","tokens":1}"#,
                ],
                "a",
            ),
            (&[r#"{"other":1}"#], "{\"other\":1}\n"),
        ] {
            assert_eq!(said(events), expected, "{events:?}");
        }
    }

    #[test]
    fn protocols_of_events_are_read() {
        for (events, expected) in [
            (
                &[
                    r#"{"type":"RUN_STARTED","runId":"r"}"#,
                    r#"{"type":"TEXT_MESSAGE_CONTENT","delta":"a"}"#,
                    r#"{"type":"TOOL_CALL_START","toolCallName":"t"}"#,
                    r#"{"type":"TOOL_CALL_RESULT","content":"5"}"#,
                    r#"{"type":"RUN_ERROR","message":"m","code":"agent_cut"}"#,
                ][..],
                "a[calls t][got 5]<m agent_cut>",
            ),
            (
                &[
                    r#"{"type":"start"}"#,
                    r#"{"type":"text-delta","id":"1","delta":"a"}"#,
                    r#"{"type":"tool-input-available","toolName":"t","input":{}}"#,
                    r#"{"type":"tool-output-available","output":{"b":1}}"#,
                    r#"{"type":"error","errorText":"e"}"#,
                    "[DONE]",
                ],
                "a[calls t][got {\"b\":1}]<e >",
            ),
        ] {
            assert_eq!(said(events), expected, "{events:?}");
        }
    }

    #[test]
    fn the_doors_own_ends_are_failures() {
        let mut reader = Reader::default();
        let said = reader.event(&Event {
            name: "gatehouse.error".to_owned(),
            data: r#"{"code":"agent_silent","request_id":"r"}"#.to_owned(),
        });
        let [Said::Failed(failed)] = &said[..] else {
            panic!("{said:?}")
        };
        assert_eq!(failed.code.as_deref(), Some("agent_silent"));
        assert_eq!(failed.request_id.as_deref(), Some("r"));
    }
}
