//! `gatehouse check`: every fault of the settings, as the functions would refuse them at their start.

use std::fmt::Write as _;

use serde_json::{Value, json};
use shared::settings::Fault;

use crate::arguments::Check;
use crate::exit::Exit;
use crate::report::Report;
use crate::settings::DoorSettings;

/// Reads the folder, and lists what is wrong; or what a door with these settings would know.
pub(crate) fn check(check: &Check) -> Report {
    match DoorSettings::of_folder(&check.folder) {
        Ok(settings) => good(&settings),
        Err(faults) => faulty(&faults),
    }
}

fn good(settings: &DoorSettings) -> Report {
    let DoorSettings { documents, digest } = settings;
    let agents: Vec<&str> = documents
        .agents
        .iter()
        .map(|agent| agent.name.as_str())
        .collect();
    let issuers = documents.issuers.trust.issuers().iter();
    let issuers: Vec<&str> = issuers.map(|rules| rules.issuer.name()).collect();
    let notes = documents.issuers.notes();
    let mut text = format!(
        "the settings are good: {} and {}; digest {digest}\n",
        counted(agents.len(), "agent"),
        counted(issuers.len(), "issuer"),
    );
    for note in notes {
        let _always_fits = writeln!(text, "note: {note}");
    }
    Report {
        exit: Exit::Done,
        text,
        json: json!({"agents": agents, "faults": [], "issuers": issuers, "notes": notes, "settings": digest}),
    }
}

fn faulty(faults: &[Fault]) -> Report {
    let mut text = format!(
        "the functions would not start: {}\n",
        counted(faults.len(), "fault")
    );
    for fault in faults {
        let _always_fits = writeln!(text, "  {fault}");
    }
    let told: Vec<Value> = faults.iter().map(told).collect();
    Report {
        exit: Exit::Usage,
        text,
        json: json!({"faults": told}),
    }
}

fn told(fault: &Fault) -> Value {
    json!({
        "file": fault.file(),
        "line": fault.line(),
        "problem": fault.problem(),
        "setting": fault.setting(),
        "text": fault.to_string(),
    })
}

fn counted(count: usize, what: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {what}{end}")
}
