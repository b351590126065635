//! `local`: the whole chain on this machine, until Ctrl-C.

use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;

use lexopt::Parser;
use local::laptop::{Options, Stop, USAGE, run};

/// EX_USAGE of sysexits.
const EXIT_USAGE: u8 = 64;

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::read(Parser::from_env()) {
        Ok(options) => options,
        Err(Stop::Help) => return print(USAGE).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS),
        Err(Stop::Wrong(what)) => {
            eprint!("local: {what}\n\n{USAGE}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("local: {}", chain(&*error));
            ExitCode::FAILURE
        }
    }
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// An error with its causes, joined by colons.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
