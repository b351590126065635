//! The user's own agent, as arguments and variables name it.

use std::error::Error;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::agent_command::AgentCommand;
use crate::agentcore_runtime::Protocol;

/// The user's own agent: an address, a command, or none.
pub(super) struct OwnAgent {
    pub(super) url: Option<String>,
    pub(super) command: Option<AgentCommand>,
    pub(super) protocol: Protocol,
}

impl OwnAgent {
    #[expect(
        clippy::disallowed_methods,
        reason = "read once, here, and handed on as settings"
    )]
    pub(super) fn read(
        command: Option<OsString>,
        folder: Option<PathBuf>,
    ) -> Result<Self, Box<dyn Error>> {
        let given = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let text = |value: OsString, name| {
            let text = value.into_string();
            text.map_err(|_| format!("`{name}` is not UTF-8 text"))
        };
        let url = given("AGENT_URL").map(|url| text(url, "AGENT_URL"));
        let url = url.transpose()?;
        let command = command.filter(|command| !command.is_empty());
        let command = command.or_else(|| given("AGENT_CMD"));
        let command = command.map(|command| text(command, "AGENT_CMD"));
        let command = command.transpose()?;
        let folder = folder.or_else(|| given("AGENT_DIR").map(PathBuf::from));
        let protocol = given("AGENT_PROTOCOL").map(|protocol| text(protocol, "AGENT_PROTOCOL"));
        let protocol = protocol.transpose()?;
        if url.is_some() && command.is_some() {
            return Err("there are two agents of your own, by `AGENT_URL` and by `AGENT_CMD` or `--agent`; \
                        remove one of them"
                .into());
        }
        if protocol.is_some() && url.is_none() && command.is_none() {
            return Err(
                "`AGENT_PROTOCOL` is about an agent of your own, and there is none; \
                        name it by `AGENT_CMD` or `AGENT_URL`, or remove the variable"
                    .into(),
            );
        }
        let folder = match folder {
            Some(_) if command.is_none() => {
                return Err(
                    "`AGENT_DIR` is about the command of `AGENT_CMD`, and there is none; \
                            set it, or remove the variable"
                        .into(),
                );
            }
            Some(folder) => std::path::absolute(folder)?,
            None => std::env::current_dir()?,
        };
        Ok(Self {
            url,
            command: command.map(|command| AgentCommand::new(command, folder)),
            protocol: match protocol.as_deref() {
                // AG-UI is a language of what is sent to `/invocations`.
                None | Some("http" | "agui") => Protocol::Http,
                Some("mcp") => Protocol::Mcp,
                Some("a2a") => Protocol::A2a,
                Some(_) => {
                    return Err("`AGENT_PROTOCOL` is not `http`, `agui`, `mcp` or `a2a`".into());
                }
            },
        })
    }
}
