//! The developer's own agent as a process: started with the addresses that it needs in its environment, started again when
//! its files change, ended with the stack.
//!
//! | Variable | Value |
//! |---|---|
//! | `PORT` | the port of 127.0.0.1 on which the agent is to listen; it stays the same when the agent is started again |
//! | `GATEHOUSE_DOOR` | the door's address, which the assertion names as its issuer |
//! | `GATEHOUSE_AGENT` | the agent's name, which the assertion names as its audience |
//! | `GATEHOUSE_KEYS` | the address of the door's keys |
//! | `GATEHOUSE_GATEWAY` | the MCP address of the emulated AgentCore gateway |
//!
//! The rest of the environment is that of `local`.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::agentcore_runtime::{AgentUrl, AgentUrlError, Protocol};
use crate::log::{Listeners, Log};

mod files;
mod process;

use files::Files;
use process::Process;

/// AgentCore waits 30 seconds for a container. A laptop that compiles beside it is slower.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Between two questions whether the agent answers: nothing announces that a port is bound.
const ASK_AGAIN: Duration = Duration::from_millis(100);
/// Of a shell that finds no such command (POSIX, Shell Command Language, 2.8.2).
const NOT_FOUND: i32 = 127;

/// A command that starts an agent.
#[derive(Clone, Debug)]
pub struct AgentCommand {
    /// What a shell runs.
    pub command: String,
    /// Where it runs, and whose files start it again when they change.
    pub folder: PathBuf,
    /// How long it may take until it answers.
    pub start_timeout: Duration,
}

impl AgentCommand {
    /// A command that may take a minute to come up.
    pub fn new(command: String, folder: PathBuf) -> Self {
        Self {
            command,
            folder,
            start_timeout: START_TIMEOUT,
        }
    }
}

/// Why an agent does not answer.
#[derive(Debug, thiserror::Error)]
pub enum AgentCommandError {
    /// It has no folder to run in.
    #[error(
        "`{0}` is not a folder; set `AGENT_DIR` to the folder where the agent's command is to run"
    )]
    Folder(PathBuf),
    /// There is no shell, or no further process.
    #[error("start a shell for `{0}`")]
    Shell(String, #[source] io::Error),
    /// The shell knows no such command.
    #[error(
        "the shell does not find the command of `{0}`; run it in a terminal first, or name the program by its whole path"
    )]
    NotFound(String),
    /// It ended while it was waited for.
    #[error(
        "`{command}` ended ({status}) before it answered; its output, behind `[agent]`, says why: correct it and start \
         again"
    )]
    Ended {
        /// The command
        command: String,
        /// Of the process
        status: ExitStatus,
    },
    /// Nothing answers on its port.
    #[error(
        "`{command}` runs, but does not answer at `{url}` within {seconds} seconds; let the agent listen on the port that \
         the variable `PORT` names"
    )]
    Silent {
        /// The command
        command: String,
        /// Where it should listen
        url: String,
        /// How long it was waited for
        seconds: u64,
    },
    /// What answers speaks something else.
    #[error(
        "`{0}` answers, but not as its protocol demands; compare `AGENT_PROTOCOL` with what the agent speaks"
    )]
    Misfit(String, #[source] AgentUrlError),
}

/// A running agent. [`OwnAgent::stop`] ends it; dropping it does so without waiting.
pub(crate) struct OwnAgent {
    // Its end is the sign to stop.
    stop: oneshot::Sender<()>,
    supervisor: JoinHandle<()>,
}

/// An agent's place in the stack.
pub(crate) struct Place {
    pub(crate) url: AgentUrl,
    pub(crate) protocol: Protocol,
    pub(crate) variables: Vec<(&'static str, String)>,
    /// Whether output and events are shown on standard error.
    pub(crate) echo: bool,
    pub(crate) listeners: Listeners,
}

impl OwnAgent {
    /// Starts the agent and waits until it answers.
    ///
    /// # Errors
    /// It does not.
    pub(crate) async fn start(
        command: AgentCommand,
        place: Place,
    ) -> Result<Self, AgentCommandError> {
        if !command.folder.is_dir() {
            return Err(AgentCommandError::Folder(command.folder));
        }
        let log = Arc::new(Log::new(
            "agent".to_owned(),
            place.echo,
            place.listeners.clone(),
        ));
        // Before the start, so that no change is missed.
        let files = Files::below(command.folder.clone()).await;
        let process = Process::spawn(&command, &place.variables, &log)
            .map_err(|error| AgentCommandError::Shell(command.command.clone(), error))?;
        let mut running = Running {
            command,
            place,
            log,
            files,
            process,
        };
        if let Err(error) = running.until_it_answers().await {
            running.process.end().await;
            return Err(error);
        }
        let (stop, stopped) = oneshot::channel();
        let supervisor = tokio::spawn(running.keep_until(stopped));
        Ok(Self { stop, supervisor })
    }

    /// Ends the agent, with all that it started, and waits until it is gone.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        // A supervisor that panicked has dropped the process, which ends it.
        let _ = self.supervisor.await;
    }
}

/// A process with what its next start needs.
struct Running {
    command: AgentCommand,
    place: Place,
    log: Arc<Log>,
    files: Files,
    process: Process,
}

/// The process, as it was last seen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Starting,
    Answering,
    Ended,
}

impl Running {
    async fn until_it_answers(&mut self) -> Result<(), AgentCommandError> {
        until_it_answers(&mut self.process, &self.command, &self.place).await
    }

    async fn keep_until(mut self, stopped: oneshot::Receiver<()>) {
        tokio::select! {
            _ = stopped => {}
            () = self.keep() => {}
        }
        self.process.end().await;
    }

    /// Starts the agent again whenever its files change. It does not return.
    async fn keep(&mut self) {
        let mut phase = Phase::Answering;
        loop {
            let (next, said) = tokio::select! {
                changed = self.files.change() => {
                    self.log.note(&format!("`{changed}` changed, so the agent starts again"));
                    self.process.end().await;
                    self.start_again()
                }
                next = next(phase, &mut self.process, &self.command, &self.place) => next,
            };
            if next == Phase::Ended {
                self.process.end().await;
            }
            phase = next;
            said.into_iter().for_each(|said| self.log.note(&said));
        }
    }

    fn start_again(&mut self) -> (Phase, Option<String>) {
        match Process::spawn(&self.command, &self.place.variables, &self.log) {
            Ok(process) => {
                self.process = process;
                (Phase::Starting, None)
            }
            Err(error) => (Phase::Ended, Some(format!("cannot start a shell: {error}"))),
        }
    }
}

/// Waits for what happens to the process next, and says it.
async fn next(
    phase: Phase,
    process: &mut Process,
    command: &AgentCommand,
    place: &Place,
) -> (Phase, Option<String>) {
    let again = "it starts again when one of its files changes";
    let (next, said) = match phase {
        Phase::Starting => match until_it_answers(process, command, place).await {
            Ok(()) => (Phase::Answering, "the agent answers again".to_owned()),
            Err(error) => (Phase::Ended, format!("{error}; {again}")),
        },
        Phase::Answering => {
            let status = process.ended().await;
            (Phase::Ended, format!("the agent ended ({status}); {again}"))
        }
        Phase::Ended => std::future::pending().await,
    };
    (next, Some(said))
}

async fn until_it_answers(
    process: &mut Process,
    command: &AgentCommand,
    place: &Place,
) -> Result<(), AgentCommandError> {
    let start_timeout = command.start_timeout;
    let command = || command.command.clone();
    tokio::select! {
        status = process.ended() => Err(match status.code() {
            Some(NOT_FOUND) => AgentCommandError::NotFound(command()),
            _ => AgentCommandError::Ended { command: command(), status },
        }),
        answer = tokio::time::timeout(start_timeout, answers(place)) => match answer {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(AgentCommandError::Misfit(command(), error)),
            Err(_) => Err(AgentCommandError::Silent {
                command: command(),
                url: place.url.to_string(),
                seconds: start_timeout.as_secs(),
            }),
        },
    }
}

/// Asks until the agent answers as its protocol demands, or definitely otherwise.
async fn answers(place: &Place) -> Result<(), AgentUrlError> {
    loop {
        match place.url.reach(place.protocol).await {
            Ok(()) => return Ok(()),
            // A server that is not ready yet says 5xx; one that knows no such path never will be.
            Err(error @ AgentUrlError::NotAnAgent { status, .. })
                if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS =>
            {
                return Err(error);
            }
            Err(AgentUrlError::Malformed) => return Err(AgentUrlError::Malformed),
            Err(_) => tokio::time::sleep(ASK_AGAIN).await,
        }
    }
}
