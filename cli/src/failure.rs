//! Failures of a command: what happened and why, and what to do next.

use serde_json::{Value, json};

use crate::exit::Exit;

/// The reason why a command has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    exit: Exit,
    what: String,
    next: String,
    code: Option<String>,
    request_id: Option<String>,
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

    /// Tokens could not be kept, or a result could not be written.
    pub fn output(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(Exit::Output, what, next)
    }

    /// Another attempt may help.
    pub fn try_later(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(Exit::TryLater, what, next)
    }

    /// The door or the issuer refuses.
    pub fn not_let_in(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(Exit::NotLetIn, what, next)
    }

    /// The agent or a tool says that it failed.
    pub fn no(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(Exit::No, what, next)
    }

    /// Ctrl-C.
    pub fn interrupted() -> Self {
        Self::interrupted_but("interrupted", "run it again")
    }

    /// Ctrl-C, and what it left behind.
    pub fn interrupted_but(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(Exit::Interrupted, what, next)
    }

    /// With what the door calls it: `code` and `request_id` of its answer.
    #[must_use]
    pub fn told(mut self, code: Option<String>, request_id: Option<String>) -> Self {
        self.code = code;
        self.request_id = request_id;
        self
    }

    fn new(exit: Exit, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            exit,
            what: what.into(),
            next: next.into(),
            code: None,
            request_id: None,
        }
    }

    /// The event and its cause.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// `code` of the door's answer.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
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
        let known = [
            ("code", self.code.as_ref().map(|code| json!(code))),
            ("error", Some(json!(self.what))),
            ("exit", Some(json!(self.exit.code()))),
            ("next", Some(json!(self.next))),
            ("request_id", self.request_id.as_ref().map(|id| json!(id))),
        ];
        let known = known.into_iter();
        known
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    }
}
