//! The command line of `local`.

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use lexopt::Arg::{Long, Short, Value as Positional};
use lexopt::Parser;

use crate::api_gateway::CustomDomain;
use crate::cognito::RETURN_URLS;

/// The text of `--help`.
pub const USAGE: &str = "\
usage: local [--template FILE] [--policy FOLDER] [--functions FOLDER] [--port PORT] [--console-port PORT]
             [--console FOLDER] [--keep FOLDER] [--log lines|json] [--paste] [--domain HOST[/PATH]] [--issuers FILE]
             [--return-url URL]... [--serve-metadata] [--tool-token SECONDS] [--user-token SECONDS]
             [--agent COMMAND] [--agent-folder FOLDER] [--describe FILE]

  --template FILE     the template that says how the door answers (default: template.yaml of the package or the repository
                      that this program is part of)
  --policy FOLDER     the folder of the tools and of the policies on them (default: policy, beside the template)
  --functions FOLDER  the folder of the built functions (default: that of the package, or of this program)
  --port PORT         the door's port on 127.0.0.1 (default: 8787, or a free one if that is taken); the three ports after
                      it are those of the sign-in page, the directory and the tools' gateway; 0: free ports everywhere,
                      and nothing is kept, for tests
  --console-port PORT the port of the console and of what only a laptop tells (default: 5173)
  --console FOLDER    the built console (default: web/dist, beside the template)
  --keep FOLDER       the folder of what stays from one start to the next: passwords, keys, the log (default: .local)
  --log lines|json    what standard error shows: one line a call, or all log lines as JSON (default: lines)
  --paste             prints lines to paste, too
  --domain HOST[/PATH]
                      a custom domain that maps this base path to the door: what is asked with this `Host` header
  --issuers FILE      further issuers that are trusted beside the local one: a JSON list of entries of TRUSTED_ISSUERS;
                      every agent admits their callers, too
  --return-url URL    a further address that the sign-in page may send people back to, compared exactly, port included
                      (registered in any case: http://localhost:5173/, and the terminal tool's)
  --serve-metadata    the door serves metadata of the pool with code_challenge_methods_supported, for MCP clients that
                      refuse Cognito's own
  --tool-token SECONDS
                      how long a tool token lives (default: 60; Cognito's shortest is 300)
  --user-token SECONDS
                      how long a user's access token lives (default: 3600)
  --agent COMMAND     starts your own agent behind the door: see `AGENT_CMD`
  --agent-folder FOLDER
                      see `AGENT_DIR`
  --describe FILE     writes addresses, clients and passwords there as JSON before the ready line

environment:
  AGENT_CMD           a command that starts your own agent, in place of the demonstration agent `demo`; it is to listen
                      on the port of the variable PORT, and is started again when one of its files changes
  AGENT_DIR           the folder where that command runs, and whose files are watched (default: this one)
  AGENT_URL           your own agent (http://HOST:PORT), started by yourself
  AGENT_PROTOCOL      which of AgentCore's contracts it speaks: http (default), agui, mcp or a2a
  ENABLE_AUTH         `false`: the door asks for no token
  TRUSTED_ISSUERS, AGENTS, and any other variable that the template gives to a function: this value instead;
                      these two may be file:PATH
";
/// The values of `--port`; 0 is any free port.
const PORTS: RangeInclusive<u16> = 0..=u16::MAX;
/// The values of `--tool-token` and `--user-token`: a token must live for a moment, and Cognito's longest is a day.
const TOKEN_SECONDS: RangeInclusive<u64> = 1..=86_400;

/// The command line.
#[derive(Debug)]
pub struct Options {
    pub(super) template: Option<PathBuf>,
    pub(super) policy: Option<PathBuf>,
    pub(super) functions: Option<PathBuf>,
    pub(super) port: Option<u16>,
    pub(super) console_port: Option<u16>,
    pub(super) console: Option<PathBuf>,
    pub(super) keep: Option<PathBuf>,
    pub(super) shows_json: bool,
    pub(super) pastes: bool,
    pub(super) domain: Option<CustomDomain>,
    pub(super) issuers: Option<PathBuf>,
    pub(super) return_urls: Vec<String>,
    pub(super) serves_metadata: bool,
    pub(super) tool_token_seconds: u64,
    pub(super) user_token_seconds: u64,
    pub(super) agent: Option<OsString>,
    pub(super) agent_folder: Option<PathBuf>,
    pub(super) describe: Option<PathBuf>,
}

/// The reason to start nothing.
#[derive(Debug)]
pub enum Stop {
    /// Help is asked for.
    Help,
    /// An argument is wrong, and this is what.
    Wrong(String),
}

impl Options {
    /// Reads the arguments.
    ///
    /// # Errors
    /// One is wrong, or asks for help.
    pub fn read(mut parser: Parser) -> Result<Self, Stop> {
        let mut options = Self::defaults();
        while let Some(argument) = parser.next().map_err(surplus)? {
            match argument {
                Short('h') | Long("help") => {
                    return Err(match parser.optional_value() {
                        None => Stop::Help,
                        Some(_) => Stop::Wrong("`--help` takes no value".to_owned()),
                    });
                }
                Long(name) => {
                    let name = format!("--{name}");
                    options.take(&name, &mut parser)?;
                }
                Short(name) => return Err(unknown(format!("-{name}"))),
                Positional(text) => return Err(unknown(text.display())),
            }
        }
        Ok(options)
    }

    fn take(&mut self, name: &str, parser: &mut Parser) -> Result<(), Stop> {
        match name {
            "--template" => self.template = Some(value(parser, name)?.into()),
            "--policy" => self.policy = Some(value(parser, name)?.into()),
            "--functions" => self.functions = Some(value(parser, name)?.into()),
            "--port" => self.port = Some(number(&value(parser, name)?, &PORTS, "a port")?),
            "--console-port" => {
                self.console_port = Some(number(&value(parser, name)?, &PORTS, "a port")?);
            }
            "--console" => self.console = Some(value(parser, name)?.into()),
            "--keep" => self.keep = Some(value(parser, name)?.into()),
            "--log" => self.shows_json = shows_json(&value(parser, name)?)?,
            "--paste" => self.pastes = true,
            "--domain" => self.domain = Some(domain(parser)?),
            "--issuers" => self.issuers = Some(value(parser, name)?.into()),
            "--return-url" => self.return_urls.push(return_url(parser)?),
            "--serve-metadata" => self.serves_metadata = true,
            "--tool-token" => self.tool_token_seconds = seconds(parser, name)?,
            "--user-token" => self.user_token_seconds = seconds(parser, name)?,
            "--agent" => self.agent = Some(value(parser, name)?),
            "--agent-folder" => self.agent_folder = Some(value(parser, name)?.into()),
            "--describe" => self.describe = Some(value(parser, name)?.into()),
            _ => return Err(unknown(name)),
        }
        Ok(())
    }

    fn defaults() -> Self {
        Self {
            template: None,
            policy: None,
            functions: None,
            port: None,
            console_port: None,
            console: None,
            keep: None,
            shows_json: false,
            pastes: false,
            domain: None,
            issuers: None,
            return_urls: RETURN_URLS.map(str::to_owned).to_vec(),
            serves_metadata: false,
            // Long enough for a conversation to use one twice, short enough to wait for what a change in the directory does.
            tool_token_seconds: 60,
            user_token_seconds: 3600,
            agent: None,
            agent_folder: None,
            describe: None,
        }
    }
}

fn shows_json(text: &OsStr) -> Result<bool, Stop> {
    match text.to_str() {
        Some("json") => Ok(true),
        Some("lines") => Ok(false),
        _ => Err(Stop::Wrong(format!(
            "`{}` is not `lines` or `json`",
            text.display()
        ))),
    }
}

fn seconds(parser: &mut Parser, name: &str) -> Result<u64, Stop> {
    number(&value(parser, name)?, &TOKEN_SECONDS, "1 to 86400 seconds")
}

fn domain(parser: &mut Parser) -> Result<CustomDomain, Stop> {
    let text = value(parser, "--domain")?;
    let domain = text.to_str().and_then(CustomDomain::parse);
    domain.ok_or_else(|| {
        let text = text.display();
        Stop::Wrong(format!("`{text}` is not a host with a base path"))
    })
}

fn return_url(parser: &mut Parser) -> Result<String, Stop> {
    let url = value(parser, "--return-url")?.into_string();
    url.map_err(|url| Stop::Wrong(format!("`{}` is not an address", url.display())))
}

fn unknown(argument: impl Display) -> Stop {
    Stop::Wrong(format!("unknown argument `{argument}`"))
}

/// The one thing that can be wrong before an argument is read: the one before it has a value, as in `--help=now`.
fn surplus(error: lexopt::Error) -> Stop {
    if let lexopt::Error::UnexpectedValue { option, .. } = error {
        return Stop::Wrong(format!("`{option}` takes no value"));
    }
    Stop::Wrong(error.to_string())
}

fn value(parser: &mut Parser, name: &str) -> Result<OsString, Stop> {
    let value = parser.value();
    value.map_err(|_| Stop::Wrong(format!("`{name}` needs a value")))
}

fn number<T: FromStr + PartialOrd>(
    value: &OsStr,
    range: &RangeInclusive<T>,
    what: &str,
) -> Result<T, Stop> {
    let number = value.to_str().and_then(|text| text.parse().ok());
    number
        .filter(|number| range.contains(number))
        .ok_or_else(|| Stop::Wrong(format!("`{}` is not {what}", value.display())))
}
