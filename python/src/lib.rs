//! Programs in Python and JavaScript that tests run: agents and clients of the official SDKs, and moto, emulators of AWS
//! that others wrote.
//!
//! Their scripts are in this folder and in `javascript`; what they need, `make` installs. Where that is missing, a test is skipped and says
//! so. A program is ready when it says so on its standard output, and it is ended by its id.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

mod javascript;
mod report;

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

pub use javascript::{JavaScript, JavaScriptServer};
pub use report::{counted, skipped};

/// The slowest journey sleeps for a second or two; two processors shared with a compiler are slower.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A Python with what it needs, as `make` installs it.
#[derive(Clone, Copy, Debug)]
pub enum Python {
    /// AgentCore's own SDK.
    Agent,
    /// The official SDKs of the protocols.
    Clients,
    Moto,
    /// Schemathesis, which calls what an `OpenAPI` document describes.
    OpenApi,
    /// Clients of each protocol.
    Protocols,
    /// The majors of those clients before that.
    Protocols1,
}

impl Python {
    /// Nothing where it is not installed: then it is reported that `what` is skipped.
    pub fn find(self, what: &str) -> Option<PathBuf> {
        let python = self.path();
        if python.is_file() {
            return Some(python);
        }
        skipped(&format!(
            "{what}, because `{}` is not there (`make unit` installs it)",
            python.display()
        ));
        None
    }

    /// Runs a script of `clients` as [`journey`] does.
    ///
    /// # Panics
    /// If it fails, or takes too long.
    pub async fn report<A: AsRef<OsStr>>(
        self,
        script: &str,
        arguments: &[A],
        secret: &str,
    ) -> Option<Value> {
        let mut command = tokio::process::Command::new(self.find(&format!("`{script}`"))?);
        command.arg(here("clients").join(script)).args(arguments);
        Some(report_of(command, script, secret).await)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "asks about the test run, not about a function"
    )]
    fn path(self) -> PathBuf {
        let (variable, folder) = match self {
            Self::Agent => ("AGENT_PYTHON", "agent"),
            Self::Clients => ("CLIENTS_PYTHON", "clients"),
            Self::Moto => ("MOTO_PYTHON", "moto"),
            Self::OpenApi => ("OPENAPI_PYTHON", "openapi"),
            Self::Protocols => ("PROTOCOLS_PYTHON", "protocols"),
            Self::Protocols1 => ("PROTOCOLS1_PYTHON", "protocols1"),
        };
        std::env::var_os(variable).map_or_else(
            || here("../.tools").join(folder).join("bin/python"),
            PathBuf::from,
        )
    }
}

/// A server in Python. Dropping it ends it.
pub struct PythonServer {
    _program: Program,
    /// `http://127.0.0.1:PORT`
    pub url: String,
}

impl PythonServer {
    /// Starts a script of `agents` and waits until it listens. Nothing where there is no such Python.
    ///
    /// # Panics
    /// If it does not listen.
    pub fn start(python: Python, script: &str, arguments: &[&str]) -> Option<Self> {
        let mut command = Command::new(python.find(&format!("`{script}`"))?);
        command
            .arg(here("agents").join(script))
            .args(arguments)
            // Its log; what matters of it comes through the door.
            .stderr(Stdio::null());
        Some(Self::listening(&mut command))
    }

    /// Starts moto, for `what` is tried at it, and waits until it listens. Nothing where there is no Python with moto.
    ///
    /// # Panics
    /// If it does not listen.
    pub fn moto(what: &str) -> Option<Self> {
        let mut command = Command::new(Python::Moto.find(&format!("{what} at moto"))?);
        Some(Self::listening(command.arg(here("moto_server.py"))))
    }

    fn listening(command: &mut Command) -> Self {
        let (program, url) = listening(command);
        Self {
            _program: program,
            url,
        }
    }
}

/// Starts a server: the first line that it prints says where it listens.
fn listening(command: &mut Command) -> (Program, String) {
    let (program, mut output) = Program::start(command);
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let port = line.trim_end().strip_prefix("listening on ").unwrap();
    let url = format!("http://127.0.0.1:{port}");
    (program, url)
}

/// A script of `clients` that answers each line of JSON with one. Dropping it ends it.
pub struct PythonFilter {
    program: Program,
    output: BufReader<ChildStdout>,
}

impl PythonFilter {
    /// Starts the script. Nothing where there is no such Python.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start(python: Python, script: &str, arguments: &[&str]) -> Option<Self> {
        let mut command = Command::new(python.find(&format!("`{script}`"))?);
        command.arg(here("clients").join(script)).args(arguments);
        let (program, output) = Program::start(&mut command);
        Some(Self { program, output })
    }

    /// Its answer to a line.
    ///
    /// # Panics
    /// If it has ended, or answers what is no JSON.
    pub fn ask(&mut self, question: &Value) -> Value {
        let input = self.program.0.stdin.as_mut().unwrap();
        writeln!(input, "{question}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

/// Runs a script of `clients`, with a token or a password, and gives what it reports; nothing where there is no such
/// Python.
///
/// # Panics
/// If it fails, or takes too long.
pub async fn journey<A: AsRef<OsStr>>(
    script: &str,
    arguments: &[A],
    secret: &str,
) -> Option<Value> {
    Python::Clients.report(script, arguments, secret).await
}

/// What a client program reports.
async fn report_of(mut command: tokio::process::Command, script: &str, secret: &str) -> Value {
    command
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
    report.unwrap_or_else(|_| panic!("`{script}` reports nothing: {errors}"))
}

/// Lets Schemathesis call each operation of an `OpenAPI` document at an address, with a token, and gives what it prints;
/// nothing where it is not installed.
///
/// # Panics
/// If an answer is not as the document says, or it takes too long.
pub async fn schemathesis(document: &Path, url: &str, token: &str) -> Option<String> {
    let python = Python::OpenApi.find("Schemathesis")?;
    let folder = std::env::temp_dir().join(format!("schemathesis-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut command = tokio::process::Command::new(python.with_file_name("st"));
    command
        .arg("--config-file")
        .arg(here("schemathesis.toml"))
        .arg("run")
        .arg(document)
        .args(["--url", url])
        .env("SECRET", token)
        .current_dir(&folder)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(TIMEOUT, command.output()).await;
    let _removed = std::fs::remove_dir_all(&folder);
    let output = output
        .unwrap_or_else(|_| panic!("Schemathesis hangs"))
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    Some(said)
}

/// A process, whose input stays open as long as it runs. Dropping it ends it.
struct Program(Child);

impl Program {
    fn start(command: &mut Command) -> (Self, BufReader<ChildStdout>) {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let output = process.stdout.take().unwrap();
        (Self(process), BufReader::new(output))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
