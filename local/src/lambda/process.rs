//! The environment and the outputs of one process.

use std::io;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use super::{FunctionSpec, REGION};
use crate::log::Log;

/// Outputs end with their process, unless it left a child behind that holds them open.
const LAST_LINES: Duration = Duration::from_secs(1);

/// A started process and the readers of its outputs.
pub(super) struct Process {
    pub(super) child: Child,
    outputs: JoinSet<()>,
}

impl Process {
    /// Starts the function's program, telling it where its Runtime API is.
    pub(super) fn spawn(spec: &FunctionSpec, log: &Arc<Log>, api: SocketAddr) -> io::Result<Self> {
        let mut child = Command::new(&spec.binary)
            .env_clear()
            .envs(lambda_variables(spec, api))
            .envs(spec.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A Ctrl-C at the terminal is for us; we end the processes.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let mut outputs = JoinSet::new();
        if let Some(output) = child.stdout.take() {
            let log = Arc::clone(log);
            outputs.spawn(async move { log.follow(output).await });
        }
        if let Some(output) = child.stderr.take() {
            let log = Arc::clone(log);
            outputs.spawn(async move { log.follow(output).await });
        }
        Ok(Self { child, outputs })
    }

    /// Ends the process and waits until it is gone.
    pub(super) async fn kill(&mut self) {
        // An error here means that it had ended already.
        let _ = self.child.kill().await;
    }

    /// Waits for what it wrote last.
    pub(super) async fn drain(&mut self) {
        let _ = tokio::time::timeout(LAST_LINES, async {
            while self.outputs.join_next().await.is_some() {}
        })
        .await;
    }
}

/// What Lambda sets for an OS-only runtime, as far as it means anything here.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>
fn lambda_variables(spec: &FunctionSpec, api: SocketAddr) -> [(&'static str, String); 16] {
    let folder = spec
        .binary
        .parent()
        .map_or_else(String::new, |folder| folder.display().to_string());
    [
        ("AWS_DEFAULT_REGION", REGION.into()),
        (
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            spec.memory_mb.to_string(),
        ),
        ("AWS_LAMBDA_FUNCTION_NAME", spec.name.clone()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".into()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".into()),
        ("AWS_LAMBDA_LOG_FORMAT", "Text".into()),
        (
            "AWS_LAMBDA_LOG_GROUP_NAME",
            format!("/aws/lambda/{}", spec.name),
        ),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "local".into()),
        ("AWS_LAMBDA_RUNTIME_API", api.to_string()),
        ("AWS_REGION", REGION.into()),
        ("LAMBDA_RUNTIME_DIR", folder.clone()),
        ("LAMBDA_TASK_ROOT", folder),
        ("LANG", "en_US.UTF-8".into()),
        ("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin".into()),
        ("TZ", ":UTC".into()),
        ("_HANDLER", "bootstrap".into()),
    ]
}
