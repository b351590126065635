//! Tables of the page, written from what was seen and compared with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde_json::Value;
use tests::Python;

use super::clients::{Client, Program};
use super::trials::{Event, Seen};

/// Longer texts are cut here.
const MAX_TEXT: usize = 240;

/// Compares the part of the page of this name with what was seen, or writes it there.
#[expect(
    clippy::disallowed_methods,
    reason = "asks about the test run, not about a function"
)]
pub(super) fn compare(part: &str, seen: &str) {
    static PAGE: Mutex<()> = Mutex::new(());
    let _one_at_a_time = PAGE.lock();
    let path = root().join("docs/protocols.md");
    let page = fs::read_to_string(&path).unwrap();
    let begin = format!("<!-- begin {part}: a test writes this -->\n");
    let end = format!("<!-- end {part} -->");
    let (before, rest) = page.split_once(&begin).unwrap();
    let (written, after) = rest.split_once(&end).unwrap();
    if std::env::var("UPDATE_PROTOCOLS").is_ok() {
        fs::write(&path, format!("{before}{begin}{seen}{end}{after}")).unwrap();
        return;
    }
    for (line, expected) in seen.lines().zip(written.lines()) {
        assert_eq!(
            line, expected,
            "{part}: seen, and written (`UPDATE_PROTOCOLS=1` writes it)"
        );
    }
    assert_eq!(seen, written, "{part}: `UPDATE_PROTOCOLS=1` writes it");
}

/// A table of clients and events, in few words.
pub(super) fn matrix(seen: &[Seen]) -> String {
    let titles = Event::ALL.map(title).join(" | ");
    let lines = "|---".repeat(Event::ALL.len());
    let mut table = format!("| Client | Speaks | {titles} |\n|---|---{lines}|\n");
    for one in seen {
        let cells = Event::ALL.map(|event| short(one, event)).join(" | ");
        let (name, speech) = (name(&one.client), one.client.speech.name());
        table.push_str(&format!("| {name} | {speech} | {cells} |\n"));
    }
    table
}

/// A table of what users read where the answer does not come whole.
pub(super) fn texts(seen: &[Seen]) -> String {
    let mut table = "| Client | Event | What its user reads |\n|---|---|---|\n".to_owned();
    for one in seen {
        let mut told: Vec<(Vec<&str>, &str)> = Vec::new();
        for event in Event::ALL {
            match (one.said(event), told.last_mut()) {
                ("whole", _) => {}
                (text, Some((events, same))) if text == *same => events.push(title(event)),
                (text, _) => told.push((vec![title(event)], text)),
            }
        }
        for (events, text) in told {
            let text = text.strip_prefix("error: ").unwrap_or(text);
            let (name, events) = (name(&one.client), events.join(", "));
            table.push_str(&format!("| {name} | {events} | {} |\n", quoted(text)));
        }
    }
    table
}

const fn title(event: Event) -> &'static str {
    match event {
        Event::Plain => "plain",
        Event::Pause => "17 s of silence",
        Event::Long => "20 MB",
        Event::Cut => "cut",
        Event::Torn => "torn",
        Event::Silent => "silent",
        Event::Unauthorized => "401",
        Event::Forbidden => "403",
        Event::Work => "given up",
    }
}

/// What a user is told, in few words.
fn short(seen: &Seen, event: Event) -> String {
    let said = seen.said(event);
    if event == Event::Work {
        return match seen.told() {
            Some(words) => format!("told by `{words}`"),
            None if seen.client.speech.has_turns() => "works on, 409 until it ends".to_owned(),
            None => "works on".to_owned(),
        };
    }
    let Some((status, code, title)) = event.words() else {
        return if said == "whole" {
            "whole"
        } else {
            "too long for it"
        }
        .to_owned();
    };
    let words = [("title", title), ("code", code), ("status", status)];
    let shown = words
        .iter()
        .filter(|(_, word)| !word.is_empty() && said.contains(word));
    let shown: Vec<&str> = shown.map(|(what, _)| *what).collect();
    if shown.is_empty() {
        "that it failed".to_owned()
    } else {
        shown.join(", ")
    }
}

/// As code in a cell.
fn quoted(text: &str) -> String {
    let short: String = text.chars().take(MAX_TEXT).collect();
    let cut = if short.len() < text.len() { "…" } else { "" };
    let text = format!("{short}{cut}").replace('|', "\\|");
    if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
}

/// Name and version, as they are pinned.
fn name(client: &Client) -> String {
    let version = match client.program {
        Program::JavaScript { package: None, .. } => return client.name.to_owned(),
        Program::JavaScript {
            package: Some(package),
            ..
        } => javascript_version(package),
        Program::Python {
            python, package, ..
        } => python_version(python, package),
    };
    format!("{} {version}", client.name)
}

/// The pinned version of a package in JavaScript.
pub(super) fn javascript_version(package: &str) -> String {
    let pins = fs::read_to_string(root().join("javascript/package.json")).unwrap();
    let pins: Value = serde_json::from_str(&pins).unwrap();
    pins["dependencies"][package].as_str().unwrap().to_owned()
}

fn python_version(python: Python, package: &str) -> String {
    let file = match python {
        Python::Protocols => "protocols-requirements.txt",
        Python::Protocols1 => "protocols1-requirements.txt",
        Python::Agent | Python::Clients | Python::Moto | Python::OpenApi => panic!("{package}"),
    };
    let pins = fs::read_to_string(root().join("scripts").join(file)).unwrap();
    let version = pins.lines().find_map(|line| {
        let (name, version) = line.split_once("==")?;
        (name.split('[').next() == Some(package)).then_some(version)
    });
    version.unwrap().to_owned()
}

/// The workspace's folder.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}
