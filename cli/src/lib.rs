//! The terminal tool: each verb is a function from arguments to a result or a failure, and prints nothing itself.
//!
//! ```text
//! arguments --> verb --> Report  --> standard output: text for people, or one JSON document
//!                   `--> Failure --> standard error: what happened, why, what to do next
//! ```
//!
//! The verbs that speak to a door write what an agent says while it comes.
//!
//! `access`, `check` and `explain` run the functions' own code of `shared` and the Cedar engine of `policy`; nothing here
//! decides about a token, a setting or a tool.

mod access;
mod age;
mod arguments;
mod aws;
pub mod exit;
pub mod failure;
mod input;
mod log;
mod notices;
pub mod report;
mod settings;
mod smoke;
mod speak;
pub mod terminal;
mod verbs;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser};

use arguments::Arguments;
use exit::Exit;
use terminal::Terminal;

/// Runs one command line, the program's name first, and says how it ended.
pub fn run(arguments: impl IntoIterator<Item = OsString>, terminal: &mut Terminal) -> Exit {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error, terminal),
    };
    let form = terminal.form(arguments.json);
    match verbs::run(arguments.verb, arguments.json, terminal) {
        Ok(report) => terminal.report(&report, form),
        Err(failure) => terminal.fail(&failure, arguments.json),
    }
}

/// The definitions of the command line, from which help, completions, the manual and the page are made.
pub fn definitions() -> clap::Command {
    Arguments::command()
}

/// Help and version are results; anything else is a wrong command line. The parser's own status for that is 2, which no
/// other program of this project uses.
fn usage(error: &clap::Error, terminal: &mut Terminal) -> Exit {
    let text = error.render().to_string();
    let is_result = [ErrorKind::DisplayHelp, ErrorKind::DisplayVersion].contains(&error.kind());
    if is_result {
        return terminal.print(&text, Exit::Done);
    }
    terminal.say(&text);
    Exit::Usage
}
