//! Exit codes: those of `sysexits.h`, as the functions and the local stack use them.

use std::process::ExitCode;

/// The exit status of a command. The numbers are stable: scripts rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The command did what was asked.
    Done,
    /// The command worked, and the answer is no: a token is refused, nothing is found.
    No,
    /// The command line, an input or the settings are wrong (`EX_USAGE`).
    Usage,
    /// A service that was asked did not answer (`EX_UNAVAILABLE`).
    Unreachable,
    /// The result could not be written, or the tokens could not be kept (`EX_IOERR`).
    Output,
    /// The door asks to try later: it is busy, a limit is reached, or it cannot decide (`EX_TEMPFAIL`).
    TryLater,
    /// The door or the issuer does not let the caller in (`EX_NOPERM`).
    NotLetIn,
    /// Ctrl-C: 128 and the signal's number, as shells say it.
    Interrupted,
}

impl Exit {
    /// All of them, in the order of their numbers.
    pub const ALL: &[Self] = &[
        Self::Done,
        Self::No,
        Self::Usage,
        Self::Unreachable,
        Self::Output,
        Self::TryLater,
        Self::NotLetIn,
        Self::Interrupted,
    ];

    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::No => 1,
            Self::Usage => 64,
            Self::Unreachable => 69,
            Self::Output => 74,
            Self::TryLater => 75,
            Self::NotLetIn => 77,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
