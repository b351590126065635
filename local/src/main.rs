//! `local`: the whole chain on this machine, until Ctrl-C.

use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::io::{self, Write as _};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

use lexopt::Arg::{Long, Short, Value as Positional};
use lexopt::Parser;
use local::agent_command::AgentCommand;
use local::agentcore_runtime::Protocol;
use local::api_gateway::CustomDomain;
use local::cognito::RETURN_URLS;
use local::stack::{Stack, StackSettings};
use local::welcome;
use serde_json::Value;
use tokio::signal::unix::{Signal, SignalKind, signal};

const USAGE: &str = "\
usage: local [--template FILE] [--policy FOLDER] [--functions FOLDER] [--port PORT] [--domain HOST[/PATH]]
             [--issuers FILE] [--return-url URL]... [--serve-metadata] [--tool-token SECONDS] [--agent COMMAND]
             [--agent-folder FOLDER] [--describe FILE]

  --template FILE     the template that says how the door answers (default: template.yaml)
  --policy FOLDER     the folder of the tools and of the policies on them (default: policy, beside the template)
  --functions FOLDER  the folder of the built functions (default: that of this program)
  --port PORT         the door's port on 127.0.0.1 (default: a free one)
  --domain HOST[/PATH]
                      a custom domain that maps this base path to the door: what is asked with this `Host` header
  --issuers FILE      further issuers that are trusted beside the local one: a JSON list of entries of TRUSTED_ISSUERS;
                      every agent admits their callers, too
  --return-url URL    a further address that the sign-in page may send people back to, compared exactly, port included
                      (registered in any case: http://localhost:5173/, and the terminal tool's)
  --serve-metadata    the door serves metadata of the pool with code_challenge_methods_supported, for MCP clients that
                      refuse Cognito's own
  --tool-token SECONDS
                      how long a tool token lives (default: 300, Cognito's shortest)
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
  TRUSTED_ISSUERS, AGENTS, and any other variable that the template gives to a function: this value instead;
                      these two may be file:PATH
";
/// What `--port` takes; 0 is any free one.
const PORTS: RangeInclusive<u16> = 0..=u16::MAX;
/// What `--tool-token` takes: a token must live for a moment, and Cognito's longest is a day.
const TOOL_TOKEN_SECONDS: RangeInclusive<u64> = 1..=86_400;
/// EX_USAGE of sysexits.
const EXIT_USAGE: u8 = 64;

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::read(Parser::from_env()) {
        Ok(options) => options,
        Err(Stop::Help) => return print(USAGE).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS),
        Err(Stop::Wrong(what)) => {
            eprint!("local: {what}\n\n{USAGE}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("local: {}", chain(&*error));
            ExitCode::FAILURE
        }
    }
}

/// What the command line says.
struct Options {
    template: PathBuf,
    policy: Option<PathBuf>,
    functions: Option<PathBuf>,
    port: u16,
    domain: Option<CustomDomain>,
    issuers: Option<PathBuf>,
    return_urls: Vec<String>,
    serves_metadata: bool,
    tool_token_seconds: u64,
    agent: Option<OsString>,
    agent_folder: Option<PathBuf>,
    describe: Option<PathBuf>,
}

enum Stop {
    Help,
    Wrong(String),
}

impl Options {
    fn read(mut parser: Parser) -> Result<Self, Stop> {
        let mut options = Self::defaults();
        while let Some(argument) = parser.next().map_err(surplus)? {
            match argument {
                Short('h') | Long("help") => {
                    return Err(match parser.optional_value() {
                        None => Stop::Help,
                        Some(_) => Stop::Wrong("`--help` takes no value".to_owned()),
                    });
                }
                Long("template") => options.template = value(&mut parser, "--template")?.into(),
                Long("policy") => options.policy = Some(value(&mut parser, "--policy")?.into()),
                Long("functions") => {
                    options.functions = Some(value(&mut parser, "--functions")?.into());
                }
                Long("domain") => options.domain = Some(domain(&mut parser)?),
                Long("port") => {
                    let port = value(&mut parser, "--port")?;
                    options.port = number(&port, &PORTS, "a port")?;
                }
                Long("issuers") => options.issuers = Some(value(&mut parser, "--issuers")?.into()),
                Long("return-url") => options.return_urls.push(return_url(&mut parser)?),
                Long("serve-metadata") => options.serves_metadata = true,
                Long("tool-token") => {
                    let seconds = value(&mut parser, "--tool-token")?;
                    options.tool_token_seconds =
                        number(&seconds, &TOOL_TOKEN_SECONDS, "1 to 86400 seconds")?;
                }
                Long("agent") => options.agent = Some(value(&mut parser, "--agent")?),
                Long("agent-folder") => {
                    options.agent_folder = Some(value(&mut parser, "--agent-folder")?.into());
                }
                Long("describe") => {
                    options.describe = Some(value(&mut parser, "--describe")?.into());
                }
                Short(name) => return Err(unknown(format!("-{name}"))),
                Long(name) => return Err(unknown(format!("--{name}"))),
                Positional(text) => return Err(unknown(text.display())),
            }
        }
        Ok(options)
    }

    fn defaults() -> Self {
        Self {
            template: "template.yaml".into(),
            policy: None,
            functions: None,
            port: 0,
            domain: None,
            issuers: None,
            return_urls: RETURN_URLS.map(str::to_owned).to_vec(),
            serves_metadata: false,
            tool_token_seconds: 300,
            agent: None,
            agent_folder: None,
            describe: None,
        }
    }
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

async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    // From here on a signal is answered by an orderly end, even if it comes while things start.
    let mut signals = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let describe = options.describe.clone();
    let stack = tokio::select! {
        stack = Stack::start(settings(options)?) => stack?,
        () = asked_to_stop(&mut signals) => return Ok(()),
    };
    if let Some(file) = describe {
        std::fs::write(file, stack.describe().to_string())?;
    }
    print(&welcome::text(&stack))?;
    print(&format!("ready {}\n", stack.url()))?;
    asked_to_stop(&mut signals).await;
    stack.stop().await;
    Ok(())
}

async fn asked_to_stop((interrupt, terminate): &mut (Signal, Signal)) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

fn settings(options: Options) -> Result<StackSettings, Box<dyn Error>> {
    let Options {
        template,
        policy,
        functions,
        port,
        domain,
        issuers,
        return_urls,
        serves_metadata,
        tool_token_seconds,
        agent,
        agent_folder,
        describe: _,
    } = options;
    let issuers = issuers.map_or(Ok(Vec::new()), |file| read_issuers(&file))?;
    let beside = || template.parent().unwrap_or(Path::new("")).join("policy");
    let policy = policy.unwrap_or_else(beside);
    let functions = match functions {
        Some(functions) => functions,
        None => std::env::current_exe()?
            .parent()
            .ok_or("this program has no folder")?
            .to_owned(),
    };
    let OwnAgent {
        url: agent_url,
        command: agent_command,
        protocol: agent_protocol,
    } = OwnAgent::read(agent, agent_folder)?;
    // Variables that are not text cannot be meant: no setting is.
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Ok(StackSettings {
        template,
        policy,
        functions,
        port,
        domain,
        tool_token_seconds,
        agent_url,
        agent_command,
        agent_protocol,
        agents: Vec::new(),
        issuers,
        variables: variables.collect(),
        return_urls,
        serves_metadata,
        echo_logs: true,
    })
}

/// The functions check the entries; here they are only a list.
fn read_issuers(file: &Path) -> Result<Vec<Value>, Box<dyn Error>> {
    let shown = file.display();
    let text = std::fs::read(file).map_err(|error| format!("cannot read `{shown}`: {error}"))?;
    let list = serde_json::from_slice(&text);
    list.map_err(|error| format!("`{shown}` is not a JSON list of issuers: {error}").into())
}

/// The user's own agent: an address, a command, or none.
struct OwnAgent {
    url: Option<String>,
    command: Option<AgentCommand>,
    protocol: Protocol,
}

impl OwnAgent {
    #[expect(
        clippy::disallowed_methods,
        reason = "read once, here, and handed on as settings"
    )]
    fn read(command: Option<OsString>, folder: Option<PathBuf>) -> Result<Self, Box<dyn Error>> {
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

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// An error with its causes, joined by colons.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
