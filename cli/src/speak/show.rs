//! Output of a turn while it comes: text for people and pipes, or one JSON object a line.

use std::io::ErrorKind;

use serde_json::{Value, json};
use shared::text::is_invisible;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::speak::said::{Failed, Said};
use crate::terminal::Terminal;

/// The reason to write nothing more.
pub(crate) enum Stop {
    /// The reader has seen enough, such as `head`.
    Left,
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// The output of one turn.
pub(crate) struct Show<'t> {
    terminal: &'t mut Terminal,
    is_json: bool,
    failed: Option<Failed>,
    is_line_open: bool,
}

impl<'t> Show<'t> {
    pub(crate) fn new(terminal: &'t mut Terminal, is_json: bool) -> Self {
        Self {
            terminal,
            is_json,
            failed: None,
            is_line_open: false,
        }
    }

    /// A line beside the answer.
    pub(crate) fn say(&mut self, line: &str) {
        if !self.is_json {
            self.terminal.say(line);
        }
    }

    /// An event as it came, for programs.
    pub(crate) fn raw(&mut self, name: &str, data: &Value) -> Result<(), Stop> {
        if !self.is_json {
            return Ok(());
        }
        let name = if name.is_empty() { "message" } else { name };
        self.write(&format!("{}\n", json!({"data": data, "event": name})))
    }

    /// The content of an event, for people.
    pub(crate) fn said(&mut self, said: Said) -> Result<(), Stop> {
        match said {
            Said::Failed(failed) => {
                self.failed.get_or_insert(failed);
                Ok(())
            }
            Said::Text(_) | Said::Tool(_) if self.is_json => Ok(()),
            Said::Text(text) => self.text(&text),
            Said::Tool(tool) => {
                self.break_line()?;
                self.terminal.say(&format!("[tool] {tool}\n"));
                Ok(())
            }
        }
    }

    /// A piece of text, at once. On a terminal, an agent must not drive that: what moves the cursor, changes the clipboard
    /// or reorders letters is taken out.
    fn text(&mut self, text: &str) -> Result<(), Stop> {
        let text = if self.terminal.is_output_shown() {
            harmless(text)
        } else {
            text.to_owned()
        };
        if let Some(last) = text.chars().next_back() {
            self.is_line_open = last != '\n';
        }
        self.write(&text)
    }

    /// Ends the line, so that the next text begins one.
    fn break_line(&mut self) -> Result<(), Stop> {
        if std::mem::take(&mut self.is_line_open) && self.terminal.is_output_shown() {
            return self.write("\n");
        }
        Ok(())
    }

    /// The end of a turn. `ended` has members that programs may want.
    pub(crate) fn end(&mut self, conversation: &str) -> Result<(), Stop> {
        let failed = self.failed.take().map(failure);
        if self.is_json {
            let exit = failed.as_ref().map_or(Exit::Done, Failure::exit);
            let line = json!({
                "code": failed.as_ref().and_then(Failure::code),
                "conversation_id": conversation,
                "error": failed.as_ref().map(Failure::what),
                "event": "end",
                "exit": exit.code(),
                "outcome": if failed.is_some() { "failed" } else { "done" },
            });
            self.write(&format!("{line}\n"))?;
        } else if std::mem::take(&mut self.is_line_open) {
            // A pipe gets a whole last line, too.
            self.write("\n")?;
        }
        match failed {
            None => Ok(()),
            Some(failed) => Err(failed.into()),
        }
    }

    fn write(&mut self, text: &str) -> Result<(), Stop> {
        self.terminal.piece(text).map_err(|error| {
            if error.kind() == ErrorKind::BrokenPipe {
                Stop::Left
            } else {
                Stop::Failed(Failure::output(
                    format!("cannot write the answer: {error}"),
                    "see that there is room for it",
                ))
            }
        })
    }
}

/// The end of a turn that failed. The codes are the door's own ends of a stream (docs/errors.md).
fn failure(failed: Failed) -> Failure {
    let code = failed.code.as_ref().map(|code| format!(" (`{code}`)"));
    let what = format!(
        "the answer failed: {}{}",
        failed.message,
        code.unwrap_or_default()
    );
    let why = failed
        .request_id
        .as_ref()
        .map(|id| format!("; an operator sees why: `gatehouse why {id}`"));
    let why = why.unwrap_or_default();
    let (failure, next): (fn(String, String) -> Failure, _) = match failed.code.as_deref() {
        Some("agent_cut" | "agent_silent" | "answer_too_long" | "deadline") => (
            Failure::unreachable,
            "what came is above; ask again, the agent may have acted already",
        ),
        Some("denials_unavailable") => (Failure::try_later, "try again later"),
        Some("denied") => (Failure::not_let_in, "ask the door's operators"),
        _ => (Failure::no, "the agent's own log says why"),
    };
    failure(what, format!("{next}{why}")).told(failed.code, failed.request_id)
}

/// Text without what drives a terminal: it may break lines and indent.
pub(crate) fn harmless(text: &str) -> String {
    let is_kept = |letter: &char| matches!(letter, '\n' | '\t') || !is_invisible(*letter);
    text.chars().filter(is_kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_does_not_drive_the_terminal() {
        for (text, shown) in [
            ("a\tb\nc", "a\tb\nc"),
            ("grüße 漢字 🎉", "grüße 漢字 🎉"),
            ("\u{1b}[2Ja", "[2Ja"),
            ("\u{1b}]52;c;aGk=\u{7}a", "]52;c;aGk=a"),
            ("\u{9b}2Ja\u{8}\r", "2Ja"),
            ("a\u{202e}b\u{2066}c", "abc"),
        ] {
            assert_eq!(harmless(text), shown);
        }
    }
}
