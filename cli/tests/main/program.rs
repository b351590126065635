//! The built program, run as a shell runs it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) output: String,
    pub(crate) errors: String,
    pub(crate) code: Option<i32>,
}

impl Ran {
    /// Standard output, one JSON document.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.output).unwrap()
    }
}

/// The program, which is not told anything by the environment of the tests.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatehouse"));
    command.env_clear().current_dir(root());
    command
}

/// Runs the program; its outputs are pipes.
pub(crate) fn run(arguments: &[&str]) -> Ran {
    run_with(arguments, &[], "")
}

/// Runs the program with these variables and this standard input.
pub(crate) fn run_with(arguments: &[&str], variables: &[(&str, &str)], input: &str) -> Ran {
    let mut child = program()
        .args(arguments)
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not read its input closes it.
    let _not_read = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ran {
        output: String::from_utf8(output.stdout).unwrap(),
        errors: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code(),
    }
}

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A new folder of this test's own.
pub(crate) fn folder() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("gatehouse-{}-{number}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A new folder with these settings.
pub(crate) fn settings(agents: &str, issuers: &str) -> PathBuf {
    let folder = folder();
    fs::write(folder.join("agents.json"), agents).unwrap();
    fs::write(folder.join("issuers.json"), issuers).unwrap();
    folder
}
