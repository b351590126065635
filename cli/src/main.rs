//! The terminal tool `gatehouse`.

use std::env;
use std::process::ExitCode;

use cli::terminal::Terminal;

fn main() -> ExitCode {
    cli::run(env::args_os(), &mut Terminal::of_process()).into()
}
