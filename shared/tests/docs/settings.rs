//! `docs/settings.md` against the code that reads the settings, and the template that gives them.

use std::collections::BTreeSet;

use serde_json::{Value, json};
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
    let rows = rows(own_part(section(&paper, heading)));
    rows.iter()
        .flat_map(|row| code(row[0]))
        .map(str::to_owned)
        .collect()
}

/// A section without those below it.
fn own_part(section: &str) -> &str {
    section.split_once("\n### ").map_or(section, |(own, _)| own)
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
    let shared = read("shared/src/settings/source.rs");
    assert_eq!(documented("## Authorizer and proxy"), values(&shared));
    for (heading, function, others) in [
        ("## Authorizer", "authorizer", &[][..]),
        ("## Proxy", "proxy", &["proxy/src/access/authentication.rs"]),
    ] {
        let config = read(&format!("{function}/src/config.rs"));
        let config = config + &others.iter().map(|file| read(file)).collect::<String>();
        assert_eq!(documented(heading), values(&config), "{function}");
        // The documents are read together, whichever function asks for them.
        assert!(config.contains("Reader::with_documents("), "{function}");
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
    let source = read("local/src/laptop/options.rs");
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
    for heading in ["## AGENTS", "### Comments and schemas"] {
        let examples = blocks(section(&paper, heading), "json");
        assert!(!examples.is_empty(), "{heading}");
        for agents in examples {
            assert_eq!(Agents::parse(agents).err(), None);
        }
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
        assert_eq!(agents.faults(&issuers.trust), []);
        // Without a signing key: the examples show the least that is needed.
        assert_eq!(agents.unprovable(&issuers.trust, |_| false), []);
    }
}

/// Whether a parser knows a field: it may have any other complaint of it.
fn is_known(faults: &[Fault]) -> bool {
    !faults
        .iter()
        .any(|fault| fault.problem().starts_with("is not a known field"))
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

/// The files that read each document.
const AGENT_READERS: [&str; 4] = [
    "shared/src/agents.rs",
    "shared/src/agents/admission.rs",
    "shared/src/agents/forwarding.rs",
    "shared/src/agents/limits.rs",
];
const ISSUER_READERS: [&str; 6] = [
    "shared/src/issuers.rs",
    "shared/src/issuers/authority.rs",
    "shared/src/issuers/conditions.rs",
    "shared/src/issuers/names.rs",
    "shared/src/issuers/rules.rs",
    "shared/src/issuers/served.rs",
];

/// Members that any object may have; they are explained once.
const REMARKS: [&str; 2] = ["$comment", "$schema"];

/// The fields of an object in a schema of `settings/`.
fn in_schema(document: &str, definition: &str) -> BTreeSet<String> {
    let schema = read(&format!("settings/{document}.schema.json"));
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let object = &schema["$defs"][definition];
    assert_eq!(object["additionalProperties"], false, "{definition}");
    let fields = object["properties"].as_object().unwrap().keys();
    let mut fields: BTreeSet<String> = fields.cloned().collect();
    for remark in REMARKS {
        assert!(fields.remove(remark), "{definition} without {remark}");
    }
    fields
}

/// Checks that reader, document and schema know the same fields of an object. The reader is given the object with one
/// member, wherever it belongs.
fn compare(heading: &str, schema: (&str, &str), readers: &[&str], knows: impl Fn(Value) -> bool) {
    let with = |field: &str| json!({field: null});
    assert!(!knows(with("nonsense")) && !knows(with("$nonsense")));
    for remark in REMARKS {
        assert!(knows(with(remark)), "{heading} {remark}");
    }
    let known = fields(readers, |field| knows(with(field)));
    assert!(!known.is_empty(), "{heading}");
    assert_eq!(documented(heading), known, "{heading}");
    let (document, definition) = schema;
    assert_eq!(in_schema(document, definition), known, "{definition}");
}

fn is_known_to_issuers(issuer: Value) -> bool {
    let faults = TrustedIssuers::parse(&json!([issuer]).to_string());
    is_known(&faults.err().unwrap())
}

fn is_known_to_agents(agent: Value) -> bool {
    is_known(&Agents::parse(&json!({"demo": agent}).to_string()).unwrap_err())
}

#[test]
fn every_field_of_an_issuer_is_explained_and_no_other() {
    let schema = |definition| ("issuers", definition);
    let readers = &ISSUER_READERS;
    compare(
        "## TRUSTED_ISSUERS",
        schema("issuer"),
        readers,
        is_known_to_issuers,
    );
    let in_claim = |claim: Value| is_known_to_issuers(json!({"customClaims": [claim]}));
    compare(
        "### Custom claims",
        schema("customClaim"),
        readers,
        in_claim,
    );
    let in_required = |claim: Value| is_known_to_issuers(json!({"requiredClaims": [claim]}));
    compare(
        "### Required claims",
        schema("requiredClaim"),
        readers,
        in_required,
    );
    let in_match = |expected: Value| in_claim(json!({"authorizingClaimMatchValue": expected}));
    compare(
        "### The match of a custom claim",
        schema("match"),
        readers,
        in_match,
    );
    let in_value = |value: Value| {
        let with = |operator: &str| {
            in_match(json!({"claimMatchOperator": operator, "claimMatchValue": value}))
        };
        with("EQUALS") || with("CONTAINS_ANY")
    };
    compare(
        "### The value of a custom claim",
        schema("value"),
        readers,
        in_value,
    );
}

#[test]
fn every_field_of_an_agent_is_explained_and_no_other() {
    let schema = |definition| ("agents", definition);
    compare(
        "## AGENTS",
        schema("agent"),
        &AGENT_READERS,
        is_known_to_agents,
    );
    let in_allow = |allow: Value| is_known_to_agents(json!({"allow": allow}));
    compare(
        "### Whom an agent admits",
        schema("allow"),
        &AGENT_READERS,
        in_allow,
    );
    let in_limits = |limits: Value| is_known_to_agents(json!({"limits": limits}));
    compare(
        "### What a caller may take",
        schema("limits"),
        &AGENT_READERS,
        in_limits,
    );
    let in_set = |set: Value| in_allow(json!({"anyOf": [set]}));
    let fields = fields(&AGENT_READERS, |field| in_set(json!({field: null})));
    assert_eq!(in_schema("agents", "set"), fields);
}

/// What a schema says of values that are left out and of names that may be given, where the document says it, too.
#[test]
fn the_schemas_say_what_the_document_says_of_defaults() {
    let paper = read(PAPER);
    for (heading, document, definition) in [
        ("## TRUSTED_ISSUERS", "issuers", "issuer"),
        ("## AGENTS", "agents", "agent"),
    ] {
        let schema = read(&format!("settings/{document}.schema.json"));
        let schema: Value = serde_json::from_str(&schema).unwrap();
        let fields = &schema["$defs"][definition]["properties"];
        let mut count = 0;
        for row in rows(own_part(section(&paper, heading))) {
            for field in code(row[0]) {
                let Some(default) = fields[field].get("default") else {
                    continue;
                };
                let plain = default.as_str().map_or(default.to_string(), str::to_owned);
                assert_eq!(code(row[1]), [plain.replace(',', ", ")], "{field}");
                count += 1;
            }
        }
        assert!(count >= 4, "{heading}: {count}");
    }
}
