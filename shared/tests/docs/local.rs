//! The index of the emulators: `local/src/lib.rs`, `docs/local.md` and the code agree.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::markdown::{code, rows, section};
use crate::{read, root};

const PAPER: &str = "docs/local.md";
const EMULATED: &str = "What is emulated";
const DIFFERENCES: &str = "Known differences";

/// Where the operation of a request is matched, one `"NAME" =>` per operation.
const OPERATIONS: [(&str, &str); 4] = [
    ("agentcore_gateway", "agentcore_gateway/mcp.rs"),
    ("cognito", "cognito/client_secrets.rs"),
    ("dynamodb", "dynamodb.rs"),
    ("secrets_manager", "secrets_manager/operations.rs"),
];
/// Where a request's path is.
const PATHS: [(&str, &str); 2] = [("cognito", "cognito.rs"), ("dynamodb", "dynamodb.rs")];

/// The documentation of the crate, its links to modules as plain code.
fn index() -> String {
    let source = read("local/src/lib.rs");
    let lines = source.lines().filter_map(|line| line.strip_prefix("//!"));
    let lines = lines.map(|line| line.strip_prefix(' ').unwrap_or(line));
    let text: String = lines.flat_map(|line| [line, "\n"]).collect();
    text.replace("[`", "`").replace("`]", "`")
}

/// The modules that a table has rows for.
fn named(rows: &[Vec<&str>]) -> BTreeSet<String> {
    let cells = rows.iter().flat_map(|row| code(row[0]));
    cells.map(str::to_owned).collect()
}

/// What the index says of a module's operations.
fn operations(index: &str) -> BTreeMap<String, BTreeSet<String>> {
    let rows = rows(section(index, &format!("# {EMULATED}")));
    let rows = rows.iter().map(|row| {
        let operations = code(row[2]).into_iter().map(str::to_owned).collect();
        (code(row[0])[0].to_owned(), operations)
    });
    rows.collect()
}

/// Everything in a file or below a folder.
fn sources(path: &Path) -> String {
    if path.is_file() {
        return fs::read_to_string(path).unwrap();
    }
    let entries = fs::read_dir(path).into_iter().flatten();
    entries
        .map(|entry| sources(&entry.unwrap().path()))
        .collect()
}

/// The texts that a `match` compares with.
fn arms(source: &str) -> BTreeSet<String> {
    let arms = source.lines().filter_map(|line| {
        let (text, _) = line.trim().strip_prefix('"')?.split_once("\" =>")?;
        Some(text.to_owned())
    });
    arms.collect()
}

/// The paths that a router has, without the pool's own name.
fn paths(source: &str) -> BTreeSet<String> {
    let texts = source.split('"').skip(1).step_by(2);
    let paths = texts.filter(|text| text.starts_with('/') && text.len() > 1);
    paths
        .map(|path| path.trim_start_matches("/{POOL}").to_owned())
        .collect()
}

#[test]
fn the_index_of_the_emulators_is_the_documents() {
    let (index, paper) = (index(), read(PAPER));
    for heading in [EMULATED, DIFFERENCES] {
        let ours = rows(section(&index, &format!("# {heading}")));
        let theirs = rows(section(&paper, &format!("## {heading}")));
        assert!(ours.len() > 5, "{heading}: {} rows", ours.len());
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!(ours, theirs, "{heading}");
        }
        assert_eq!(named(&ours), named(&theirs), "{heading}");
        assert_eq!(ours.len(), theirs.len(), "{heading}");
    }
}

#[test]
fn every_module_of_the_emulators_is_in_the_index() {
    let source = read("local/src/lib.rs");
    let modules = source.lines().filter_map(|line| {
        let name = line.strip_prefix("pub mod ")?.strip_suffix(';')?;
        Some(name.to_owned())
    });
    let modules: BTreeSet<String> = modules.collect();
    let links = source.split("[`").skip(1);
    let linked = links.filter_map(|link| Some(link.split_once("`]")?.0.to_owned()));
    assert_eq!(modules, linked.collect());
    let index = index();
    let [emulated, differences] = [EMULATED, DIFFERENCES].map(|heading| {
        let text = section(&index, &format!("# {heading}"));
        named(&rows(text))
    });
    assert_eq!(emulated, differences);
}

#[test]
fn every_operation_of_the_index_is_in_the_code_and_the_other_way_round() {
    let folder = root().join("local/src");
    let listed = operations(&index());
    for (module, operations) in &listed {
        let file = sources(&folder.join(format!("{module}.rs")));
        let source = file + &sources(&folder.join(module));
        for operation in operations {
            assert!(source.contains(operation.as_str()), "{module}: {operation}");
        }
    }
    let at = |file| read(&format!("local/src/{file}"));
    let answered = OPERATIONS.map(|(module, file)| (module, arms(&at(file))));
    let routed = PATHS.map(|(module, file)| (module, paths(&at(file))));
    for (module, answered) in answered.into_iter().chain(routed) {
        assert!(!answered.is_empty(), "{module}");
        let unlisted: Vec<_> = answered.difference(&listed[module]).collect();
        assert!(unlisted.is_empty(), "{module}: {unlisted:?}");
    }
}
