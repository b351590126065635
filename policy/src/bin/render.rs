//! `make policies`: checks the policies and writes `policies.yaml`, or says what is wrong and writes nothing.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use policy::{Source, Vocabulary, check, render};
use shared::log::causes;

fn main() -> ExitCode {
    match write(Path::new(env!("CARGO_MANIFEST_DIR"))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _nobody_reads = writeln!(io::stderr(), "{}", causes(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &Path) -> Result<(), Box<dyn Error>> {
    let tools = fs::read_to_string(folder.join("tools.json"))?;
    let claims = fs::read_to_string(folder.join("claims.json"))?;
    let vocabulary = Vocabulary::read(&tools, &claims)?;
    let sources = Source::read_folder(&folder.join("policies"))?;
    let statements = check(&sources, &vocabulary).map_err(|findings| {
        let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
        lines.join("\n")
    })?;
    fs::write(folder.join("policies.yaml"), render(&statements))?;
    Ok(())
}
