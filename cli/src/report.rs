//! Results of a command, for people and for programs.

use serde_json::Value;

use crate::exit::Exit;

/// What a command found.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Done, or that the answer is no.
    pub exit: Exit,
    /// For people: whole lines.
    pub text: String,
    /// For programs: the same facts; null if they are written already.
    pub json: Value,
}

impl Report {
    /// Of a command that wrote its result while it came.
    pub const fn written(exit: Exit) -> Self {
        Self {
            exit,
            text: String::new(),
            json: Value::Null,
        }
    }

    /// Text that is the same for people and for programs: a script, a page.
    pub(crate) const fn verbatim(text: String) -> Self {
        Self {
            exit: Exit::Done,
            text,
            json: Value::Null,
        }
    }
}

/// In which form a result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Json,
    Text,
}
