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
    /// The result could not be written (`EX_IOERR`).
    Output,
}

impl Exit {
    /// All of them, in the order of their numbers.
    pub const ALL: &[Self] = &[
        Self::Done,
        Self::No,
        Self::Usage,
        Self::Unreachable,
        Self::Output,
    ];

    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::No => 1,
            Self::Usage => 64,
            Self::Unreachable => 69,
            Self::Output => 74,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
