//! `gatehouse check`: every fault of the settings, as the functions would refuse them at their start, and of the policies,
//! as AgentCore would.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use policy::{Finding, Folder, FolderError, FolderTexts, render};
use serde_json::{Value, json};
use shared::agents::Agent;
use shared::gate::Admission;
use shared::log::causes;
use shared::settings::Fault;

use crate::arguments::Check;
use crate::exit::Exit;
use crate::report::Report;
use crate::settings::DoorSettings;

/// Reads the folder, and lists what is wrong; or what a door with these settings would know.
pub(crate) fn check(check: &Check) -> Report {
    let settings = DoorSettings::of_folder(&check.folder);
    let policies = check.policy.as_deref().map(policies);
    let (settings, faults) = match settings {
        Ok(settings) => (Some(settings), Vec::new()),
        Err(faults) => (None, faults),
    };
    let (policies, policy_faults) = match policies {
        None => (None, Vec::new()),
        Some(Ok(count)) => (Some(count), Vec::new()),
        Some(Err(faults)) => (None, faults),
    };
    match settings {
        Some(settings) if policy_faults.is_empty() => good(&settings, policies),
        Some(_) | None => faulty(&faults, &policy_faults),
    }
}

/// The faults of the policies, or their number if there are no faults.
fn policies(folder: &Path) -> Result<usize, Vec<Told>> {
    let texts = FolderTexts::read(folder);
    let checked = texts.and_then(|texts| Folder::check(&texts));
    let checked = checked.map_err(|error| match error {
        FolderError::Findings(findings) => findings.iter().map(Told::from).collect(),
        error @ (FolderError::Unreadable(..)
        | FolderError::Sources(_)
        | FolderError::Vocabulary(_)
        | FolderError::Matrix(_)) => vec![Told::of_file(folder, causes(&error))],
    })?;
    let rendered = folder.join("policies.yaml");
    let found = fs::read_to_string(&rendered).unwrap_or_default();
    if found != render(&checked.statements) {
        let problem = "is not what the policies are rendered to, and it is what is deployed: run `make policies`";
        return Err(vec![Told::of_file(&rendered, problem.to_owned())]);
    }
    Ok(checked.statements.len())
}

/// One thing that is wrong, and its place.
struct Told {
    text: String,
    json: Value,
}

impl Told {
    fn of_file(file: &Path, problem: String) -> Self {
        let file = file.display().to_string();
        Self {
            text: format!("`{file}`: {problem}"),
            json: json!({
                "column": null, "file": file, "line": null, "problem": problem, "setting": null,
                "text": format!("`{file}`: {problem}"),
            }),
        }
    }
}

impl From<&Finding> for Told {
    fn from(finding: &Finding) -> Self {
        let text = finding.to_string();
        Self {
            json: json!({
                "column": finding.column, "file": finding.file, "line": finding.line,
                "problem": finding.message, "setting": null, "text": text,
            }),
            text,
        }
    }
}

impl From<&Fault> for Told {
    fn from(fault: &Fault) -> Self {
        let text = fault.to_string();
        Self {
            json: json!({
                "column": null, "file": fault.file(), "line": fault.line(),
                "problem": fault.problem(), "setting": fault.setting(), "text": text,
            }),
            text,
        }
    }
}

fn good(settings: &DoorSettings, policies: Option<usize>) -> Report {
    let DoorSettings { documents, digest } = settings;
    let agents: Vec<&str> = documents
        .agents
        .iter()
        .map(|agent| agent.name.as_str())
        .collect();
    let issuers = documents.issuers.trust.issuers().iter();
    let issuers: Vec<&str> = issuers.map(|rules| rules.issuer.name()).collect();
    let mut notes = documents.issuers.notes().to_vec();
    notes.extend(needs(settings));
    let mut text = format!(
        "the settings are good: {} and {}; digest {digest}\n",
        counted(agents.len(), "agent", "agents"),
        counted(issuers.len(), "issuer", "issuers"),
    );
    if let Some(count) = policies {
        let counted = counted(count, "policy", "policies");
        let _always_fits = writeln!(text, "the policies are good: {counted}");
    }
    for note in &notes {
        let _always_fits = writeln!(text, "note: {note}");
    }
    Report {
        exit: Exit::Done,
        text,
        json: json!({
            "agents": agents, "faults": [], "issuers": issuers, "notes": notes, "policies": policies,
            "settings": digest,
        }),
    }
}

/// Notes: needs of the documents beyond the documents, and rules that an operator may not have meant.
fn needs(settings: &DoorSettings) -> Vec<String> {
    let documents = &settings.documents;
    let mut notes = Vec::new();
    for agent in documents.agents.iter().filter(|agent| is_open(agent)) {
        let path = agent.path("allow");
        notes.push(format!("`{path}` admits every caller with a good token"));
    }
    // The function decides by two more of its variables.
    for fault in documents
        .agents
        .unprovable(&documents.issuers.trust, |_| false)
    {
        notes.push(format!(
            "`{}` needs the variables `SIGNING_SECRET_ARN` and `USER_POOL_ID` of the proxy: without them no admitted caller \
             can prove to be a user",
            fault.setting()
        ));
    }
    notes
}

fn is_open(agent: &Agent) -> bool {
    // No `..`: a new kind of condition has to be thought about here.
    let Admission {
        issuers: _,
        scopes,
        groups,
        clients,
        any_of,
    } = &agent.admission;
    scopes.is_none() && groups.is_none() && clients.is_none() && any_of.is_empty()
}

fn faulty(faults: &[Fault], policy_faults: &[Told]) -> Report {
    let mut text = String::new();
    let mut listed = Vec::new();
    let of_settings: Vec<Told> = faults.iter().map(Told::from).collect();
    for (what, faults) in [
        ("the functions would not start", of_settings.as_slice()),
        ("the policies cannot be deployed", policy_faults),
    ] {
        if faults.is_empty() {
            continue;
        }
        let counted = counted(faults.len(), "fault", "faults");
        let _always_fits = writeln!(text, "{what}: {counted}");
        for fault in faults {
            let _always_fits = writeln!(text, "  {}", fault.text);
        }
        listed.extend(faults.iter().map(|fault| fault.json.clone()));
    }
    Report {
        exit: Exit::Usage,
        text,
        json: json!({"faults": listed}),
    }
}

fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}
