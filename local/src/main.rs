//! `local`: the whole chain on this machine, until Ctrl-C.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use local::stack::{DEMO_AGENT, FINANCE_AGENT, Stack, StackSettings, USERS};
use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};

const USAGE: &str = "\
usage: local [--template FILE] [--functions FOLDER] [--port PORT] [--describe FILE]

  --template FILE     the template that says how the door answers (default: template.yaml)
  --functions FOLDER  the folder of the built functions (default: that of this program)
  --port PORT         the door's port on 127.0.0.1 (default: a free one)
  --describe FILE     writes addresses, clients and passwords there as JSON before the ready line

environment:
  AGENT_URL           your own agent (http://HOST:PORT, the AgentCore HTTP contract) instead of the demonstration agent
  TRUSTED_ISSUERS, AGENTS, and any other variable that the template gives to a function: this value instead
";
/// EX_USAGE of sysexits.
const EXIT_USAGE: u8 = 64;

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
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
    functions: Option<PathBuf>,
    port: u16,
    describe: Option<PathBuf>,
}

enum Stop {
    Help,
    Wrong(String),
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, Stop> {
        let mut options = Self {
            template: "template.yaml".into(),
            functions: None,
            port: 0,
            describe: None,
        };
        while let Some(name) = arguments.next() {
            if name == "--help" || name == "-h" {
                return Err(Stop::Help);
            }
            if !["--template", "--functions", "--port", "--describe"].contains(&name.as_str()) {
                return Err(Stop::Wrong(format!("unknown argument `{name}`")));
            }
            let value = arguments
                .next()
                .ok_or_else(|| Stop::Wrong(format!("`{name}` needs a value")))?;
            match name.as_str() {
                "--template" => options.template = value.into(),
                "--functions" => options.functions = Some(value.into()),
                "--describe" => options.describe = Some(value.into()),
                _ => {
                    options.port = value
                        .parse()
                        .map_err(|_| Stop::Wrong(format!("`{value}` is not a port")))?
                }
            }
        }
        Ok(options)
    }
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
    print(&welcome(&stack))?;
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

#[expect(
    clippy::disallowed_methods,
    reason = "read once, here, and handed on as settings"
)]
fn settings(options: Options) -> Result<StackSettings, Box<dyn Error>> {
    let Options {
        template,
        functions,
        port,
        describe: _,
    } = options;
    let functions = match functions {
        Some(functions) => functions,
        None => std::env::current_exe()?
            .parent()
            .ok_or("this program has no folder")?
            .to_owned(),
    };
    let agent_url = std::env::var("AGENT_URL")
        .ok()
        .filter(|url| !url.is_empty());
    // Variables that are not text cannot be meant: no setting is.
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Ok(StackSettings {
        template,
        functions,
        port,
        agent_url,
        variables: variables.collect(),
        echo_logs: true,
    })
}

/// What a person sees: who there is, and lines to paste.
fn welcome(stack: &Stack) -> String {
    let url = stack.url();
    let mut text = String::from(
        "\nGatehouse is open on this machine. Paste a line for a token, then one that uses it.\n\n",
    );
    for user in USERS {
        let password = stack.issuer().password(user).unwrap_or_default();
        let who = if user == "alice" {
            "finance/admin"
        } else {
            "guest"
        };
        // Writing to a text cannot fail.
        let _ = writeln!(
            text,
            "{user} ({who}), password {password}\n  {}\n",
            token_line(stack, user, password)
        );
    }
    let mut paste = |title: &str, line: &str| {
        let _ = writeln!(text, "{title}\n  {line}\n");
    };
    let ask = |agent: &str| {
        format!(
            "curl -N {url}/agents/{agent}/invocations -H \"Authorization: Bearer $TOKEN\" \
             -H 'Content-Type: application/json' -H 'Accept: text/event-stream' -d '{{\"prompt\": \"Who am I?\"}}'"
        )
    };
    paste(
        "Who the door takes you for:",
        &format!("curl {url}/whoami -H \"Authorization: Bearer $TOKEN\""),
    );
    paste("An agent for all staff, streaming:", &ask(DEMO_AGENT));
    paste(
        "An agent for finance only (alice may, bob may not):",
        &ask(FINANCE_AGENT),
    );
    paste("Without a token:", &format!("curl -i {url}/whoami"));
    text.push_str("Ctrl-C ends everything.\n");
    text
}

/// Cognito's JSON operation; its answer's first token is the access token.
fn token_line(stack: &Stack, user: &str, password: &str) -> String {
    let request = json!({
        "AuthFlow": "USER_PASSWORD_AUTH",
        "ClientId": stack.issuer().console_client(),
        "AuthParameters": {"USERNAME": user, "PASSWORD": password},
    });
    format!(
        "TOKEN=$(curl -s {}/ -H 'Content-Type: application/x-amz-json-1.1' \
         -H 'X-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth' -d '{request}' \
         | sed -E 's/.*\"AccessToken\":\"([^\"]+)\".*/\\1/')",
        stack.issuer().domain()
    )
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
