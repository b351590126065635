//! `gatehouse import`: settings from a project of the AgentCore CLI, or from a configuration of FAST.

mod fast;
mod issuers;
mod kind;
mod outputs;
mod project;
mod yaml;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use shared::agents::Agents;
use shared::gate::AgentName;
use shared::settings::{AGENTS, Fault, FileError, TRUSTED_ISSUERS};

use crate::arguments::Import;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::report::Report;
use crate::settings::DoorSettings;
use crate::terminal::Terminal;

use fast::Fast;
use issuers::Issuers;
use kind::Kind;
use outputs::Outputs;
use project::{Project, Runtime};

/// The group of an agent about whose callers the project says nothing. No caller is in it, unless an administrator creates it.
const NO_GROUP: &str = "replace-with-who-may-call";

/// The target of the AgentCore CLI where none is named.
const TARGET: &str = "default";

/// The settings that a project becomes.
#[derive(Default)]
struct Made {
    agents: BTreeMap<String, Value>,
    left_out: Vec<(String, String)>,
    /// The agents whose callers have to be named.
    closed: Vec<String>,
    /// The steps that follow.
    next: Vec<String>,
}

/// Translates, checks what came of it with the functions' own reader, and writes two new files.
pub(crate) fn import(import: &Import, terminal: &mut Terminal) -> Result<Report, Failure> {
    let files = ["agents.json", "issuers.json"].map(|file| import.into.join(file));
    if let Some(file) = files.iter().find(|file| fs::symlink_metadata(file).is_ok()) {
        return Err(exists(file));
    }
    let project = read(import, terminal)?;
    let issuers = Issuers::of(&project, import);
    let made = translate(&project, &issuers);
    let agents = made.agents.clone().into_iter().collect();
    let documents = [agents, issuers.document()];
    let [agents, trusted] = &documents;
    if made.agents.is_empty() {
        return Err(nothing(&made));
    }
    if trusted.as_array().is_none_or(Vec::is_empty) {
        return Err(Failure::usage(
            "no runtime of the project names an issuer, so that no token could be accepted",
            "name the issuer with `--discovery-url` and `--client`",
        ));
    }
    check(agents, trusted)?;
    write(&files, &documents, &import.into)?;
    Ok(report(&made, &documents, &files))
}

/// Reads the file, and the one that says what was deployed.
fn read(import: &Import, terminal: &mut Terminal) -> Result<Project, Failure> {
    let file = input::small(&import.file, terminal)?;
    match Kind::of(&file, &import.file)? {
        Kind::Project => {
            let state = import.state.clone().unwrap_or_else(|| {
                let folder = import.file.parent().unwrap_or_else(|| Path::new("."));
                folder.join(".cli/deployed-state.json")
            });
            let state = input::small(&state, terminal)?;
            let target = import.target.as_deref().unwrap_or(TARGET);
            Project::read(&file, &state, target)
        }
        Kind::Fast(root) => {
            let fast = Fast::read(&root, &import.file)?;
            let of_projects = [
                ("--target", import.target.is_some()),
                ("--discovery-url", import.discovery_url.is_some()),
            ];
            if let Some((option, _)) = of_projects.iter().find(|(_, is_given)| *is_given) {
                return Err(Failure::usage(
                    format!(
                        "`{option}` is for projects of the AgentCore CLI, and the file is a configuration of FAST"
                    ),
                    "leave it out: a stack of FAST is one deployment, and its runtime takes tokens of its own pool",
                ));
            }
            let state = import.state.as_deref().ok_or_else(|| {
                Failure::usage(
                    "the configuration does not say what was deployed",
                    outputs::advice(&fast.stack),
                )
            })?;
            let outputs = Outputs::read(&input::small(state, terminal)?, &fast.stack, state)?;
            Ok(fast.project(outputs))
        }
    }
}

fn translate(project: &Project, issuers: &Issuers) -> Made {
    let mut made = Made::default();
    made.left_out.extend(project.left_out.iter().cloned());
    made.next.extend(project.next.iter().cloned());
    for runtime in &project.runtimes {
        match entry(runtime, issuers, &mut made) {
            Ok((name, _)) if made.agents.contains_key(&name) => made.leave_out(
                runtime,
                format!("the name `{name}` is taken by another runtime"),
            ),
            Ok((name, entry)) => {
                if entry.get("$comment").is_some() {
                    made.closed.push(name.clone());
                    made.next.push(format!(
                        "say in `allow` who may call `{name}`; no caller may yet"
                    ));
                }
                made.agents.insert(name, entry);
            }
            Err(why) => made.leave_out(runtime, why),
        }
    }
    made
}

impl Made {
    fn leave_out(&mut self, runtime: &Runtime, why: String) {
        self.left_out
            .push((format!("runtime {}", runtime.name), why));
    }
}

/// One agent, if its runtime can be one.
fn entry(runtime: &Runtime, issuers: &Issuers, made: &mut Made) -> Result<(String, Value), String> {
    let name = runtime.name.to_lowercase().replace('_', "-");
    let name = AgentName::parse(&name).ok_or("its name cannot be an agent's")?;
    let arn = runtime.arn.as_ref().ok_or("it is not deployed")?;
    let protocol = match runtime.protocol.as_deref() {
        None | Some("HTTP" | "AGUI") => None,
        Some("MCP") => Some("mcp"),
        Some("A2A") => Some("a2a"),
        Some(_) => return Err("the door does not speak its protocol".to_owned()),
    };
    let mut entry = Map::new();
    let mut put = |member: &str, value: Value| entry.insert(member.to_owned(), value);
    put("runtime", json!(arn));
    if let Some(protocol) = protocol {
        put("protocol", json!(protocol));
    }
    if runtime.authorizer.is_some() {
        put("allow", issuers.allow(runtime)?);
        put("auth", json!("jwt"));
    } else {
        put("allow", json!({"groups": [NO_GROUP]}));
        put(
            "$comment",
            json!(
                "The project does not say who may call this runtime, so that no caller may. Write who into `allow`."
            ),
        );
    }
    if let Some(fault) = fault(name.as_str(), &entry) {
        return Err(fault);
    }
    put_headers(runtime, name.as_str(), &mut entry, made);
    Ok((name.as_str().to_owned(), entry.into()))
}

/// The headers of callers that the door may forward.
fn put_headers(runtime: &Runtime, name: &str, entry: &mut Map<String, Value>, made: &mut Made) {
    let mut taken: Vec<&String> = Vec::new();
    for header in &runtime.headers {
        let mut with = entry.clone();
        let listed: Vec<&String> = taken.iter().copied().chain([header]).collect();
        with.insert("forwardHeaders".to_owned(), json!(listed));
        match fault(name, &with) {
            None => {
                taken = listed;
                *entry = with;
            }
            Some(why) => made.left_out.push((
                format!(
                    "header {} of runtime {}",
                    header.escape_debug(),
                    runtime.name
                ),
                why,
            )),
        }
    }
}

/// The faults that the functions would report for one agent alone.
fn fault(name: &str, entry: &Map<String, Value>) -> Option<String> {
    let document = json!({name: entry}).to_string();
    let faults = Agents::parse(&document).err()?;
    faults.first().map(ToString::to_string)
}

/// The functions' own reader has the last word.
fn check(agents: &Value, issuers: &Value) -> Result<(), Failure> {
    let (agents, issuers) = (agents.to_string(), issuers.to_string());
    let source = |name: &str| match name {
        AGENTS => Some(agents.clone()),
        TRUSTED_ISSUERS => Some(issuers.clone()),
        _ => None,
    };
    let read = DoorSettings::read_from(&source, &|_: &str| Err(FileError::Absent));
    let faults = read.err().unwrap_or_default();
    if faults.is_empty() {
        return Ok(());
    }
    let faults: Vec<String> = faults.iter().map(Fault::to_string).collect();
    Err(Failure::usage(
        format!(
            "what the project says cannot be settings of a door: {}",
            faults.join("; ")
        ),
        "correct the project, or write the settings by hand (docs/settings.md); nothing was written",
    ))
}

/// Both files, or none. A file that is there is never touched.
fn write(files: &[PathBuf; 2], documents: &[Value; 2], folder: &Path) -> Result<(), Failure> {
    let unwritable = |file: &Path, error: &io::Error| {
        Failure::usage(
            format!("cannot write `{}`: {error}", file.display()),
            "name a folder that may be written, with `--into`",
        )
    };
    fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    let mut written: Vec<&PathBuf> = Vec::new();
    for (file, document) in files.iter().zip(documents) {
        let new = File::create_new(file).and_then(|mut new| {
            written.push(file);
            new.write_all(format!("{document:#}\n").as_bytes())
        });
        if let Err(error) = new {
            for file in written {
                // They are this run's own.
                let _stays = fs::remove_file(file);
            }
            return Err(if error.kind() == io::ErrorKind::AlreadyExists {
                exists(file)
            } else {
                unwritable(file, &error)
            });
        }
    }
    Ok(())
}

fn exists(file: &Path) -> Failure {
    Failure::usage(
        format!(
            "`{}` is there already, and is not overwritten",
            file.display()
        ),
        "name another folder with `--into`, and compare with `gatehouse access --against`",
    )
}

fn nothing(made: &Made) -> Failure {
    let why: Vec<String> = made
        .left_out
        .iter()
        .map(|(what, why)| format!("{what}: {why}"))
        .collect();
    let why = if why.is_empty() {
        "it has none".to_owned()
    } else {
        why.join("; ")
    };
    Failure::usage(
        format!("no runtime of the project can be an agent: {why}"),
        "deploy the project, or name the file with its ARNs with `--state`",
    )
}

fn report(made: &Made, documents: &[Value; 2], files: &[PathBuf; 2]) -> Report {
    let [_, issuers] = documents;
    let agents: Vec<&str> = made.agents.keys().map(String::as_str).collect();
    let issuers = issuers.as_array().map_or(0, Vec::len);
    let files: Vec<String> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    let mut text = format!("written: {}\n", files.join(", "));
    for agent in &agents {
        text.push_str(&format!("  agent {agent}\n"));
    }
    for (what, why) in &made.left_out {
        text.push_str(&format!("left out: {what}: {why}\n"));
    }
    let last = "read `gatehouse access` of the folder";
    let next: Vec<&str> = made.next.iter().map(String::as_str).chain([last]).collect();
    for step in &next {
        text.push_str(&format!("next: {step}\n"));
    }
    let left_out = made.left_out.iter();
    let left_out: Vec<Value> = left_out
        .map(|(what, why)| json!({"what": what, "why": why}))
        .collect();
    Report {
        exit: Exit::Done,
        text,
        json: json!({
            "agents": agents, "closed": made.closed, "issuers": issuers, "leftOut": left_out, "next": next, "written": files,
        }),
    }
}
