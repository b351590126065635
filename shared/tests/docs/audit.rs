//! `docs/audit.md` against its schema, the code, the access log and the saved queries.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::markdown::{code, rows, section};
use crate::read;

const PAPER: &str = "docs/audit.md";

/// The names in the first column of a section's table.
fn documented(heading: &str) -> BTreeSet<String> {
    let paper = read(PAPER);
    let rows = rows(section(&paper, heading));
    let names = rows.iter().map(|row| code(row[0])[0].to_owned());
    names.collect()
}

fn schema() -> Value {
    serde_json::from_str(&read("docs/audit.schema.json")).unwrap()
}

/// The members that the schema gives a record.
fn members(record: &str) -> BTreeSet<String> {
    let properties = &schema()["$defs"][record]["properties"];
    let properties = properties.as_object().unwrap();
    properties.keys().cloned().collect()
}

/// The members of a line of the access log, as the template writes it.
fn access_log() -> BTreeSet<String> {
    let template = read("template.yaml");
    let (_, format) = template.split_once("Format: !Sub\n").unwrap();
    let (_, format) = format.split_once("- >-\n").unwrap();
    let (format, _) = format.split_once("- Path:").unwrap();
    let words: Vec<&str> = format.split_whitespace().collect();
    let line: Value = serde_json::from_str(&words.join(" ")).unwrap();
    line.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn every_field_is_explained_and_no_other() {
    let common = documented("## Fields of every record");
    let kinds = schema()["$defs"].as_object().unwrap().len();
    let records = ["decision", "answer", "denied_tool", "token"];
    assert_eq!(records.len(), kinds);
    for record in records {
        let mut explained = documented(&format!("### {record}"));
        assert!(explained.is_disjoint(&common), "{record}");
        explained.extend(common.clone());
        assert_eq!(explained, members(record), "{record}");
    }
    assert_eq!(documented("## The access log"), access_log());
}

/// The lines themselves are compared with the schema where the programs run; here, that each record writes what it may.
#[test]
fn every_field_is_written_where_its_record_is() {
    let root: BTreeSet<String> = ["timestamp", "level", "message"].map(str::to_owned).into();
    for record in ["decision", "answer", "denied_tool", "token"] {
        let source = read(&format!("shared/src/audit/{record}.rs"));
        assert!(
            source.contains(&format!("record = \"{record}\"")),
            "{record}"
        );
        let (_, fields) = source.split_once("schema = SCHEMA").unwrap();
        for field in members(record).difference(&root) {
            let is_written = [" = ", ",\n"]
                .iter()
                .any(|after| fields.contains(&format!(" {field}{after}")));
            // A trigger is not called by API Gateway.
            let is_absent = record == "token" && field == "extended_request_id";
            assert!(
                is_written || is_absent || field == "schema",
                "{record}: {field}"
            );
        }
    }
}

/// A field of OCSF is mapped from fields that there are.
#[test]
fn every_mapped_field_is_one_of_a_record() {
    let known = known();
    let paper = read(PAPER);
    let rows = rows(section(&paper, "## OCSF"));
    assert!(rows.len() > 12, "{rows:?}");
    let values = [
        "INFO",
        "WARN",
        "ERROR",
        "POST",
        "GET",
        "DELETE",
        "1.3.0",
        "Gatehouse",
        "allowed",
        "ok",
    ];
    for row in rows {
        for name in code(row[1]) {
            let is_known = known.contains(name) || values.contains(&name);
            let is_record = members_of_any(name);
            assert!(is_known || is_record, "{name}");
        }
    }
}

fn members_of_any(name: &str) -> bool {
    schema()["$defs"].as_object().unwrap().contains_key(name)
}

/// Every field of every line.
fn known() -> BTreeSet<String> {
    let records = ["decision", "answer", "denied_tool", "token"];
    let members = records.iter().flat_map(|record| members(record));
    members.chain(access_log()).collect()
}

/// The saved queries of the template: resource, name, text.
fn queries() -> Vec<(String, String, String)> {
    let template = read("template.yaml");
    let parts = template.split("\n    Type: AWS::Logs::QueryDefinition\n");
    let parts: Vec<&str> = parts.collect();
    let pairs = parts.iter().zip(parts.iter().skip(1));
    let queries = pairs.map(|(before, after)| {
        let resource = before.rsplit('\n').next().unwrap();
        let resource = resource.trim().trim_end_matches(':').to_owned();
        let (_, name) = after.split_once("${AWS::StackName}/").unwrap();
        let name = name.lines().next().unwrap().to_owned();
        let (_, text) = after.split_once("QueryString: |\n").unwrap();
        let text = text.lines().take_while(|line| line.starts_with("        "));
        let text: Vec<&str> = text.map(str::trim).collect();
        (resource, name, text.join("\n"))
    });
    queries.collect()
}

#[test]
fn every_saved_query_is_listed_and_asks_for_fields_that_lines_have() {
    let queries = queries();
    let paper = read(PAPER);
    let rows = rows(section(&paper, "## Saved queries"));
    let listed: Vec<(String, String)> = rows
        .iter()
        .map(|row| (code(row[1])[0].to_owned(), row[0].to_owned()))
        .collect();
    let saved: Vec<(String, String)> = queries
        .iter()
        .map(|(resource, name, _)| (resource.clone(), name.clone()))
        .collect();
    assert_eq!(listed, saved);
    let known = known();
    let language = [
        "and",
        "as",
        "asc",
        "by",
        "count",
        "desc",
        "fields",
        "filter",
        "ispresent",
        "limit",
        "or",
        "refusals",
        "requests",
        "sent",
        "sort",
        "stats",
        "sum",
        "timestamp",
        "log",
        "message",
    ];
    for (_, name, text) in &queries {
        let unquoted: String = text.split('"').step_by(2).collect::<Vec<_>>().join(" ");
        let words = unquoted.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let asked: BTreeSet<&str> = words
            .filter(|word| word.starts_with(|first: char| first.is_ascii_lowercase()))
            .filter(|word| !language.contains(word))
            .collect();
        assert!(!asked.is_empty(), "{name}");
        for field in asked {
            assert!(known.contains(field), "{name}: {field}");
        }
    }
}
