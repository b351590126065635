//! `smoke`: a step-by-step test of the door at `URL`, with `TOKEN`.

use std::env;
use std::io::Write as _;
use std::process::ExitCode;

use tests::Journey;

/// EX_USAGE of sysexits.
const EXIT_USAGE: u8 = 64;

#[tokio::main]
async fn main() -> ExitCode {
    let (Some(url), Some(token)) = (setting("URL"), setting("TOKEN")) else {
        eprintln!("usage: make smoke URL=https://... TOKEN=... [AGENT=NAME]");
        return ExitCode::from(EXIT_USAGE);
    };
    let journey = Journey {
        url,
        token,
        agent: setting("AGENT"),
    };
    let steps = match journey.take().await {
        Ok(steps) => steps,
        Err(why) => {
            eprintln!("smoke: {why}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let mut out = std::io::stdout().lock();
    for step in &steps {
        // A reader that closed the output learns the result from the exit status.
        let _closed = writeln!(out, "{step}");
    }
    if steps.iter().all(tests::Step::is_ok) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// From the environment, where no list of processes shows a token.
#[expect(
    clippy::disallowed_methods,
    reason = "read once, here, and handed on as settings"
)]
fn setting(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
