//! `docs/settings.md` against the code that reads the settings, and the template that gives them.

use std::collections::BTreeSet;

use serde_json::json;
use shared::agents::Agents;
use shared::issuers::TrustedIssuers;
use shared::settings::Fault;

use crate::markdown::{blocks, code, rows, section};
use crate::read;

const PAPER: &str = "docs/settings.md";

const MACHINE_ROTATION: &str = "rotation/src/bin/machine_rotation/config.rs";

/// The names in the first column of the tables below a heading.
fn documented(heading: &str) -> BTreeSet<String> {
    let paper = read(PAPER);
    let rows = rows(section(&paper, heading));
    rows.iter()
        .flat_map(|row| code(row[0]))
        .map(str::to_owned)
        .collect()
}

/// The identifiers and values of the constants of a source that name a variable.
fn declared(source: &str) -> Vec<(&str, String)> {
    let constants = source.lines().filter_map(|line| {
        let (_, constant) = line.trim().split_once("const ")?;
        let (name, value) = constant.split_once(": &str = \"")?;
        Some((name, value.trim_end_matches("\";").to_owned()))
    });
    constants.collect()
}

fn values(source: &str) -> BTreeSet<String> {
    declared(source)
        .into_iter()
        .map(|(_, value)| value)
        .collect()
}

#[test]
fn every_variable_is_explained_and_no_other() {
    let shared = read("shared/src/settings.rs");
    assert_eq!(documented("## Authorizer and proxy"), values(&shared));
    for (heading, function, others) in [
        ("## Authorizer", "authorizer", &[][..]),
        ("## Proxy", "proxy", &["proxy/src/access/authentication.rs"]),
    ] {
        let config = read(&format!("{function}/src/config.rs"));
        let config = config + &others.iter().map(|file| read(file)).collect::<String>();
        assert_eq!(documented(heading), values(&config), "{function}");
        // The documents are read together, whichever function asks for them.
        assert!(config.contains("Documents::read("), "{function}");
        let others = ["documents", "../log"].map(|file| format!("shared/src/settings/{file}.rs"));
        let others = others.map(|file| read(&file)).concat();
        for (name, _) in declared(&shared) {
            assert!(others.contains(name), "{function} does not read {name}");
        }
    }
}

#[test]
fn every_variable_of_the_functions_without_callers_is_explained() {
    for (heading, config) in [
        ("## Machine rotation", MACHINE_ROTATION),
        ("## Policy", "policy/src/config.rs"),
        ("## Pre token generation", "pretoken/src/config.rs"),
    ] {
        assert_eq!(documented(heading), values(&read(config)), "{config}");
    }
}

#[test]
fn every_variable_of_the_template_is_explained() {
    let template = read("template.yaml");
    let mut given = BTreeSet::new();
    for block in template.split(" Variables:\n").skip(1) {
        let depth = block.len() - block.trim_start().len();
        let depth_of = |line: &str| line.len() - line.trim_start().len();
        // Lines further in are about a value.
        let names = block
            .lines()
            .take_while(|line| depth_of(line) >= depth)
            .filter(|line| depth_of(line) == depth && !line.trim_start().starts_with('#'))
            .filter_map(|line| line.split_once(':'));
        given.extend(names.map(|(name, _)| name.trim().to_owned()));
    }
    assert!(given.contains("TRUSTED_ISSUERS"), "{given:?}");
    let headings = [
        "## Authorizer and proxy",
        "## Authorizer",
        "## Proxy",
        "## Machine rotation",
        "## Policy",
        "## Pre token generation",
    ];
    let explained = headings.map(documented);
    let unknown: Vec<_> = given
        .iter()
        .filter(|name| !explained.iter().any(|names| names.contains(*name)))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn every_argument_of_local_is_explained_and_no_other() {
    let source = read("local/src/main.rs");
    let (_, usage) = source.split_once("const USAGE").unwrap();
    let (usage, _) = usage.split_once("\";").unwrap();
    // Lines further in go on with what the line above says.
    let is_named = |line: &&str| line.starts_with("  ") && !line.starts_with("   ");
    let lines = usage.lines().filter(is_named);
    // The line of several names is about the functions' variables.
    let names = lines
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| !name.ends_with(','));
    let documented = documented("## The local stack");
    let documented = documented
        .iter()
        .filter_map(|name| name.split_whitespace().next());
    assert_eq!(documented.collect::<BTreeSet<_>>(), names.collect());
}

#[test]
fn every_example_is_accepted() {
    let paper = read(PAPER);
    for issuers in blocks(section(&paper, "## TRUSTED_ISSUERS"), "json") {
        let faults = TrustedIssuers::parse(issuers).err();
        assert_eq!(faults, None);
    }
    for agents in blocks(section(&paper, "## AGENTS"), "json") {
        let faults = Agents::parse(agents).err();
        assert_eq!(faults, None);
    }
}

/// The examples come in pairs: issuers, and the agents that go with them.
#[test]
fn every_complete_example_fits_together() {
    let paper = read(PAPER);
    let examples = blocks(section(&paper, "## Complete examples"), "json");
    let pairs: Vec<_> = examples.chunks(2).collect();
    assert!(pairs.len() > 2, "{pairs:?}");
    for pair in pairs {
        let issuers = TrustedIssuers::parse(pair[0]).map_err(|faults| format!("{faults:?}"));
        let agents = Agents::parse(pair[1]).map_err(|faults| format!("{faults:?}"));
        let (issuers, agents) = (issuers.unwrap(), agents.unwrap());
        assert_eq!(agents.untrusted(&issuers.trust), []);
        assert_eq!(agents.note(&issuers.trust), None);
    }
}

/// Whether a parser knows a field: it may have any other complaint of it.
fn is_known(faults: &[Fault]) -> bool {
    !faults
        .iter()
        .any(|fault| fault.to_string().ends_with("is not a known field"))
}

/// Every text in the code of a reader that its parser takes for a field.
fn fields(files: &[&str], knows: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let sources = files.iter().map(|file| read(file)).collect::<String>();
    let texts = sources
        .split('"')
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_alphabetic()));
    texts
        .filter(|text| !text.is_empty() && knows(text))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_field_of_an_issuer_is_explained_and_no_other() {
    let knows = |field: &str| {
        let faults = TrustedIssuers::parse(&json!([{field: null}]).to_string())
            .err()
            .unwrap();
        is_known(&faults)
    };
    assert!(!knows("nonsense"));
    let known = fields(
        &["shared/src/issuers.rs", "shared/src/issuers/conditions.rs"],
        knows,
    );
    assert_eq!(documented("## TRUSTED_ISSUERS"), known);
}

#[test]
fn every_field_of_an_agent_is_explained_and_no_other() {
    let knows = |field: &str| {
        let faults = Agents::parse(&json!({"demo": {field: null}}).to_string()).unwrap_err();
        is_known(&faults)
    };
    assert!(!knows("nonsense"));
    assert_eq!(
        documented("## AGENTS"),
        fields(&["shared/src/agents.rs"], knows)
    );
}
