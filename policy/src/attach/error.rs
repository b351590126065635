//! The reasons why an engine could not be attached or detached, in words for the deployer of the stack.

use std::fmt;

/// The most of a message that is passed on, in characters: enough for "not authorized to perform", with its ARNs.
const MAX_MESSAGE: usize = 500;

/// Why the gateway is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AttachError {
    #[error("{0}")]
    Malformed(&'static str),
    #[error("the gateway does not exist, or is being deleted")]
    NoGateway,
    #[error("the gateway has another policy engine, which is not this stack's to replace: {0}")]
    OtherEngine(Message),
    #[error("the gateway did not take the change: {0}")]
    Unsuccessful(Message),
    #[error("the gateway took the change, but it was undone each time")]
    Undone,
    #[error("the time was up; last seen: {0}")]
    TooLate(Message),
    /// The function, or the gateway's role, has no right to a call, or has it not yet.
    #[error("{operation}: {message}")]
    Denied {
        operation: &'static str,
        message: Message,
    },
    /// The control plane refused a call.
    #[error("{operation}: {message}")]
    Refused {
        operation: &'static str,
        message: Message,
    },
    /// A call that may work later.
    #[error("{operation}: {message}")]
    Unavailable {
        operation: &'static str,
        message: Message,
    },
    #[error("the control plane's answer is no gateway")]
    NotAGateway,
    /// A bug. What there is to know of it is in the log.
    #[error("the function failed; its log says why")]
    Internal,
}

impl AttachError {
    /// Whether trying again may help; `is_early` if rights may not be known everywhere yet.
    pub(crate) const fn may_pass(&self, is_early: bool) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::Denied { .. } => is_early,
            Self::Malformed(_)
            | Self::NoGateway
            | Self::OtherEngine(_)
            | Self::Unsuccessful(_)
            | Self::Undone
            | Self::TooLate(_)
            | Self::Refused { .. }
            | Self::NotAGateway
            | Self::Internal => false,
        }
    }
}

/// Text of the control plane: bounded, and in one line of plain characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message(String);

impl Message {
    pub(crate) fn new(text: &str) -> Self {
        let plain = |character: char| match character {
            ' '..='~' => character,
            _ => ' ',
        };
        Self(text.chars().take(MAX_MESSAGE).map(plain).collect())
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
