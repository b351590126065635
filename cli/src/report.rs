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
    /// For programs: the same facts.
    pub json: Value,
}

/// In which form a result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Json,
    Text,
}
