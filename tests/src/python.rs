//! Programs in Python: agents to put behind the door, clients to drive through it.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::report::skipped;

/// The slowest journey sleeps for a second or two; two processors shared with a compiler are slower.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A Python with what it needs, as `make` installs it.
#[derive(Clone, Copy, Debug)]
pub enum Python {
    /// AgentCore's own SDK.
    Agent,
    /// The official SDKs of the protocols.
    Clients,
}

impl Python {
    /// Nothing where it is not installed, which is reported.
    pub fn find(self) -> Option<PathBuf> {
        let python = self.path();
        if python.is_file() {
            return Some(python);
        }
        skipped(&format!(
            "what needs `{}`, because it is not there (`make unit` installs it)",
            python.display()
        ));
        None
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "asks about the test run, not about a function"
    )]
    fn path(self) -> PathBuf {
        let (variable, folder) = match self {
            Self::Agent => ("AGENT_PYTHON", "agent"),
            Self::Clients => ("CLIENTS_PYTHON", "clients"),
        };
        std::env::var_os(variable).map_or_else(
            || here("../.tools").join(folder).join("bin/python"),
            PathBuf::from,
        )
    }
}

/// A server in Python. Dropping it ends it.
pub struct PythonServer {
    process: Child,
    /// `http://127.0.0.1:PORT`
    pub url: String,
}

impl PythonServer {
    /// Starts a script of `tests/agents` and waits until it listens. Nothing where there is no such Python.
    ///
    /// # Panics
    /// If it does not listen.
    pub fn start(python: Python, script: &str, arguments: &[&str]) -> Option<Self> {
        let mut process = Command::new(python.find()?)
            .arg(here("agents").join(script))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // Its log; what matters of it comes through the door.
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let port = line.trim_end().strip_prefix("listening on ").unwrap();
        let url = format!("http://127.0.0.1:{port}");
        Some(Self { process, url })
    }
}

/// A script of `tests/clients` that answers each line of JSON with one. Dropping it ends it.
pub struct PythonFilter {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl PythonFilter {
    /// Starts the script. Nothing where there is no such Python.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start(python: Python, script: &str, arguments: &[&str]) -> Option<Self> {
        let mut process = Command::new(python.find()?)
            .arg(here("clients").join(script))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Some(Self {
            process,
            input,
            output,
        })
    }

    /// Its answer to a line.
    ///
    /// # Panics
    /// If it has ended, or answers what is no JSON.
    pub fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.input, "{question}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for PythonFilter {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.process.kill();
        let _status = self.process.wait();
    }
}

impl Drop for PythonServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.process.kill();
        let _status = self.process.wait();
    }
}

/// Runs a script of `tests/clients`, with a token or a password, and gives what it reports; nothing where there is no
/// such Python.
///
/// # Panics
/// If it fails, or takes too long.
pub async fn journey<A: AsRef<OsStr>>(
    script: &str,
    arguments: &[A],
    secret: &str,
) -> Option<Value> {
    let mut command = tokio::process::Command::new(Python::Clients.find()?);
    command
        .arg(here("clients").join(script))
        .args(arguments)
        .env("SECRET", secret)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(TIMEOUT, command.output()).await;
    let output = output
        .unwrap_or_else(|_| panic!("`{script}` hangs"))
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`{script}`: {errors}");
    let report = serde_json::from_slice(&output.stdout);
    Some(report.unwrap_or_else(|_| panic!("`{script}` reports nothing: {errors}")))
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
