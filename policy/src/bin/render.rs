//! `make policies`: checks the policies and writes `policies.yaml`, or says what is wrong and writes nothing.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use policy::{Folder, FolderError, FolderTexts, render};
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
    let read = Folder::check(&FolderTexts::read(folder)?);
    let checked = read.map_err(|error| match error {
        FolderError::Findings(findings) => {
            let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
            lines.join("\n").into()
        }
        error @ (FolderError::Unreadable(..)
        | FolderError::Sources(_)
        | FolderError::Vocabulary(_)
        | FolderError::Matrix(_)) => Box::<dyn Error>::from(error),
    })?;
    fs::write(folder.join("policies.yaml"), render(&checked.statements))?;
    Ok(())
}
