//! `smoke`: a step-by-step test of the door at `URL`, with `TOKEN`. With `SETTINGS`, or `AGENTS` and `TRUSTED_ISSUERS`, it
//! also checks whether the door runs these.

use std::env;
use std::io::Write as _;
use std::process::ExitCode;

use tests::{Documents, Journey};

const USAGE: &str = "usage: make smoke URL=https://... TOKEN=... [AGENT=NAME] [SETTINGS=FOLDER]
       instead of SETTINGS: AGENTS and TRUSTED_ISSUERS, each the document or file:PATH";
/// EX_USAGE of sysexits.
const EXIT_USAGE: u8 = 64;

#[tokio::main]
async fn main() -> ExitCode {
    let (Some(url), Some(token)) = (setting("URL"), setting("TOKEN")) else {
        eprintln!("{USAGE}");
        return ExitCode::from(EXIT_USAGE);
    };
    let steps = match Documents::read(variable) {
        Ok(documents) => {
            let journey = Journey {
                url,
                token,
                agent: setting("AGENT"),
                documents,
            };
            journey.take().await
        }
        Err(why) => Err(why),
    };
    let steps = match steps {
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

fn setting(name: &str) -> Option<String> {
    variable(name).filter(|value| !value.is_empty())
}

/// From the environment, where no list of processes shows a token.
#[expect(
    clippy::disallowed_methods,
    reason = "read once, here, and handed on as settings"
)]
fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}
