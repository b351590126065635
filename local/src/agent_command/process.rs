//! The agent's process group: a shell that runs the command, and a guard that ends all of it.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::process::{Child, ChildStdin, Command};
use tokio::task::JoinSet;

use super::AgentCommand;
use crate::log::Log;

/// The guard waits until the pipe from `local` closes, which happens however `local` ends, and then ends the whole group:
/// the agent, whatever it started, and itself. It asks first, and insists after two seconds. The shell then becomes the
/// command.
const SCRIPT: &str = r#"
exec 3<&0 </dev/null
(
    trap '' TERM
    read -r closed <&3
    kill -s TERM 0
    tries=0
    while kill -s 0 $$ && [ "$tries" -lt 20 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    kill -s KILL 0
) >/dev/null 2>&1 &
exec 3<&-
exec sh -c "$1"
"#;
/// The guard insists after two seconds; a machine under load is slower.
const END_TIMEOUT: Duration = Duration::from_secs(10);
/// Outputs end with their process, unless it left a child behind that holds them open.
const LAST_LINES: Duration = Duration::from_secs(1);
/// It would contradict the variables that name the door.
const WITHOUT_DOOR: &str = "GATEHOUSE_WITHOUT_DOOR";

pub(super) struct Process {
    child: Child,
    /// Open as long as the group is to live.
    lifeline: Option<ChildStdin>,
    outputs: JoinSet<()>,
}

impl Process {
    pub(super) fn spawn(
        command: &AgentCommand,
        variables: &[(&'static str, String)],
        log: &Arc<Log>,
    ) -> io::Result<Self> {
        let mut child = Command::new("sh")
            .args(["-c", SCRIPT, "agent", &command.command])
            .current_dir(&command.folder)
            // Python keeps back what it prints into a pipe, and a crash would take it along.
            .env("PYTHONUNBUFFERED", "1")
            .env_remove(WITHOUT_DOOR)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A Ctrl-C at the terminal is for us; we end the group.
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
        let lifeline = child.stdin.take();
        Ok(Self {
            child,
            lifeline,
            outputs,
        })
    }

    /// Waits for the end of the command.
    pub(super) async fn ended(&mut self) -> ExitStatus {
        loop {
            // An error would mean that something else waited for our child; there is nothing else.
            if let Ok(status) = self.child.wait().await {
                self.drain().await;
                return status;
            }
        }
    }

    /// Ends the command with all that it started, and waits until it is gone. It may have ended.
    pub(super) async fn end(&mut self) {
        drop(self.lifeline.take());
        if tokio::time::timeout(END_TIMEOUT, self.child.wait())
            .await
            .is_err()
        {
            // An error here means that it had ended already.
            let _ = self.child.kill().await;
        }
        self.drain().await;
    }

    /// Waits for what it wrote last.
    async fn drain(&mut self) {
        let _ = tokio::time::timeout(LAST_LINES, async {
            while self.outputs.join_next().await.is_some() {}
        })
        .await;
    }
}
