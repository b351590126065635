//! Failures of a command: what happened and why, and what to do next.

use serde_json::{Value, json};

use crate::exit::Exit;

/// The reason why a command has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    exit: Exit,
    what: String,
    next: String,
}

impl Failure {
    /// The caller of the command has to change something.
    pub fn usage(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what, next)
    }

    /// A service did not answer.
    pub fn unreachable(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(Exit::Unreachable, what, next)
    }

    fn new(exit: Exit, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            exit,
            what: what.into(),
            next: next.into(),
        }
    }

    pub const fn exit(&self) -> Exit {
        self.exit
    }

    /// For people.
    pub fn text(&self) -> String {
        format!("gatehouse: {}\n  next: {}\n", self.what, self.next)
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({"error": self.what, "exit": self.exit.code(), "next": self.next})
    }
}
