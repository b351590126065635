//! A stack from its command line until Ctrl-C.

use std::error::Error;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::console::{self, Shown};
use super::home::{Home, HomeError};
use super::journal::{Journal, LogFile};
use super::kept::{self, Kept};
use super::options::Options;
use super::own_agent::OwnAgent;
use super::ports::Ports;
use crate::agentcore_gateway;
use crate::cognito::UserSettings;
use crate::hops::Hops;
use crate::listen::Bound;
use crate::stack::{Stack, StackSettings};
use crate::welcome::{self, Welcome};

/// The folder of what is kept, where none is chosen.
const KEEP: &str = ".local";
/// The variable by which the door learns which pages may call it.
const ALLOWED_ORIGINS: &str = "ALLOWED_ORIGINS";

/// Starts what the options say, and ends it with the first signal.
///
/// # Errors
/// Something does not start.
pub async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    // From here on a signal is answered by an orderly end, even if it comes while things start.
    let mut signals = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let started = tokio::select! {
        started = Laptop::start(options) => started?,
        () = asked_to_stop(&mut signals) => return Ok(()),
    };
    asked_to_stop(&mut signals).await;
    let Laptop { stack, _console } = started;
    stack.stop().await;
    Ok(())
}

async fn asked_to_stop((interrupt, terminate): &mut (Signal, Signal)) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// A running stack with the port beside it.
struct Laptop {
    stack: Stack,
    _console: crate::listen::Served,
}

/// The preparations before the stack starts.
struct Prepared {
    settings: StackSettings,
    journal: Arc<Journal>,
    kept: Option<Kept>,
    log: Option<PathBuf>,
    console: Bound,
    notes: Vec<String>,
}

impl Laptop {
    async fn start(options: Options) -> Result<Self, Box<dyn Error>> {
        let (describe, pastes) = (options.describe.clone(), options.pastes);
        let home = Home::own()?;
        let template = template(&options, &home)?;
        let files = console_folder(&options, &template);
        let prepared = prepare(options, template, &home).await?;
        for note in &prepared.notes {
            eprintln!("local: {note}");
        }
        let Prepared {
            settings,
            journal,
            kept,
            log,
            console,
            ..
        } = prepared;
        let users = settings.users.clone();
        let origin = console::origin(console.address().port());
        let (hops, seconds) = (settings.hops.clone(), settings.user_token_seconds);
        let stack = Stack::start(settings).await?;
        journal.open();
        if let Some(kept) = kept {
            keep(&kept, &users, &stack);
        }
        for note in stack.notes() {
            eprintln!("local: {note}");
        }
        let shown = shown(&stack, hops, seconds, files.clone());
        let console = console::serve(console, shown);
        if let Some(file) = describe {
            std::fs::write(file, describe_with(&stack, &origin).to_string())?;
        }
        let welcome = Welcome {
            console: &origin,
            has_console: files.join("index.html").is_file(),
            log: log.as_deref(),
        };
        let paste = pastes.then(|| welcome::paste_lines(&stack));
        let paste = paste.unwrap_or_default();
        let lines = welcome::text(&stack, &welcome);
        print(&format!("{paste}{lines}ready {}\n", stack.url()))?;
        Ok(Self {
            stack,
            _console: console,
        })
    }
}

/// A full disk, for one, is no reason not to start: the next start is new then.
fn keep(kept: &Kept, users: &[UserSettings], stack: &Stack) {
    let written = match stack.issuer().keep_keys() {
        Ok(keys) => kept.write(users, &keys),
        Err(error) => Err(io::Error::other(error)),
    };
    if let Err(error) = written {
        eprintln!("local: passwords and keys cannot be kept for the next start: {error}");
    }
}

fn describe_with(stack: &Stack, console: &str) -> Value {
    let mut described = stack.describe();
    if let Some(members) = described.as_object_mut() {
        members.insert("console".to_owned(), json!(console));
    }
    described
}

fn shown(stack: &Stack, hops: Hops, user_token_seconds: u64, files: PathBuf) -> Shown {
    let issuer = stack.issuer();
    Shown {
        door: stack.url().to_owned(),
        issuer: issuer.url().to_owned(),
        sign_in: issuer.domain().to_owned(),
        client: issuer.console_client().to_owned(),
        people: stack.people(),
        agents: stack.agents().to_vec(),
        tool_token_seconds: stack.tool_token_seconds(),
        user_token_seconds,
        hops,
        files,
    }
}

fn template(options: &Options, home: &Home) -> Result<PathBuf, HomeError> {
    options.template.clone().map_or_else(|| home.template(), Ok)
}

fn console_folder(options: &Options, template: &Path) -> PathBuf {
    let beside = || beside(template).join("web").join("dist");
    options.console.clone().unwrap_or_else(beside)
}

fn beside(template: &Path) -> &Path {
    template.parent().unwrap_or(Path::new(""))
}

async fn prepare(
    options: Options,
    template: PathBuf,
    home: &Home,
) -> Result<Prepared, Box<dyn Error>> {
    let ports = Ports::choose(options.port, options.console_port);
    let mut notes = ports.notes;
    let console = Bound::localhost_port(ports.console).await;
    let console = console.map_err(|error| format!("open the console's port: {error}"))?;
    let origin = console::origin(console.address().port());
    // Free ports are for tests, which leave nothing behind.
    let usual = (options.port != Some(0)).then(|| PathBuf::from(KEEP));
    let (kept, log) = match options.keep.clone().or(usual) {
        None => (None, None),
        Some(folder) => {
            let (kept, log) = open_folder(&folder)?;
            (Some(kept), Some(log))
        }
    };
    notes.extend(kept.as_ref().and_then(|kept| kept.note.clone()));
    let shows_json = options.shows_json;
    let mut settings = settings(options, template, home)?;
    agentcore_gateway::check(&settings.policy)?;
    settings.port = ports.door;
    settings.ports = ports.services;
    settings.return_urls.push(format!("{origin}/"));
    let origins = settings.variables.entry(ALLOWED_ORIGINS.to_owned());
    origins.or_insert(origin);
    let nothing = Kept::nothing();
    let known = kept.as_ref().unwrap_or(&nothing);
    settings.users = known.users(settings.users);
    settings.keys = known.keys();
    settings.echo_logs = shows_json;
    settings.hops = Hops::watched();
    let path = log.as_ref().map(|log| log.path().to_owned());
    let journal = Arc::new(journal(&settings, log, shows_json));
    settings.listeners.add(journal.clone());
    if let Some(hops) = settings.hops.listener() {
        settings.listeners.add(hops);
    }
    Ok(Prepared {
        settings,
        journal,
        kept,
        log: path,
        console,
        notes,
    })
}

/// The content of the folder, and a new log in it.
fn open_folder(folder: &Path) -> Result<(Kept, LogFile), Box<dyn Error>> {
    let shown = folder.display();
    let made = kept::folder(folder);
    made.map_err(|error| format!("make the folder `{shown}`: {error}"))?;
    let log = LogFile::create(folder);
    let log = log.map_err(|error| format!("write a log in `{shown}`: {error}"))?;
    Ok((Kept::read(folder), log))
}

fn journal(settings: &StackSettings, log: Option<LogFile>, shows_json: bool) -> Journal {
    let names = settings.users.iter();
    let names = names.filter_map(|user| Some((user.subject.clone()?, user.name.clone())));
    Journal::start(log, (!shows_json).then(|| names.collect()))
}

fn settings(
    options: Options,
    template: PathBuf,
    home: &Home,
) -> Result<StackSettings, Box<dyn Error>> {
    let issuers = options.issuers.as_deref();
    let issuers = issuers.map_or(Ok(Vec::new()), read_issuers)?;
    let policy = options.policy;
    let policy = policy.unwrap_or_else(|| beside(&template).join("policy"));
    let functions = options.functions.unwrap_or_else(|| home.functions());
    let own = OwnAgent::read(options.agent, options.agent_folder)?;
    // Variables that are not text cannot be meant: no setting is.
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Ok(StackSettings {
        policy,
        domain: options.domain,
        tool_token_seconds: options.tool_token_seconds,
        user_token_seconds: options.user_token_seconds,
        agent_url: own.url,
        agent_command: own.command,
        agent_protocol: own.protocol,
        issuers,
        variables: variables.collect(),
        return_urls: options.return_urls,
        serves_metadata: options.serves_metadata,
        ..StackSettings::new(template, functions)
    })
}

/// The functions check the entries; here they are only a list.
fn read_issuers(file: &Path) -> Result<Vec<Value>, Box<dyn Error>> {
    let shown = file.display();
    let text = std::fs::read(file).map_err(|error| format!("cannot read `{shown}`: {error}"))?;
    let list = serde_json::from_slice(&text);
    list.map_err(|error| format!("`{shown}` is not a JSON list of issuers: {error}").into())
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
