//! The matrix of decisions: every caller, tool and sample input, decided by the Cedar engine.
//!
//! Reviewers read the table in `matrix.txt`; `UPDATE_MATRIX=1` regenerates it.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

use std::fs;
use std::path::{Path, PathBuf};

use policy::{Folder, FolderTexts, Matrix, Outcome, SampleCall};
use serde_json::json;

const GATEWAY: &str = "arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/tools-abcdefghij";
const OTHER_GATEWAY: &str =
    "arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/other-abcdefghij";

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The policies as they are deployed.
fn policies() -> Folder {
    Folder::check(&FolderTexts::read(folder()).unwrap()).unwrap()
}

fn matrix() -> Matrix {
    policies().matrix.unwrap()
}

/// One row a tool and input, one column a caller, at least two blanks between columns.
fn table() -> String {
    let engine = policies().engine(GATEWAY).unwrap();
    let matrix = matrix();
    let head = ["tool".to_owned(), "input".to_owned()];
    let names = matrix.callers.iter().map(|caller| caller.name.clone());
    let mut rows: Vec<Vec<String>> = vec![head.into_iter().chain(names).collect()];
    for call in &matrix.calls {
        let decisions = matrix.decide(&engine, call).unwrap().into_iter();
        let decisions = decisions.map(|decided| decided.outcome.as_str().to_owned());
        let head = [call.tool.clone(), call.input.to_string()];
        rows.push(head.into_iter().chain(decisions).collect());
    }
    align(&rows)
}

fn align(rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = (0..rows[0].len())
        .map(|column| rows.iter().map(|row| row[column].len()).max().unwrap())
        .collect();
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(&widths);
            let line: String = cells
                .map(|(cell, width)| format!("{cell:width$}  "))
                .collect();
            line.trim_end().to_owned() + "\n"
        })
        .collect()
}

#[test]
fn the_matrix_is_the_one_that_was_reviewed() {
    let path: PathBuf = folder().join("tests/matrix.txt");
    let table = table();
    #[expect(
        clippy::disallowed_methods,
        reason = "a wish of whoever runs the test, not a setting"
    )]
    if std::env::var_os("UPDATE_MATRIX").is_some() {
        fs::write(&path, &table).unwrap();
    }
    assert_eq!(
        table,
        fs::read_to_string(&path).unwrap(),
        "who may do what has changed: if it should, run `make matrix` and review the difference"
    );
}

#[test]
fn every_tool_is_in_the_matrix() {
    let tools = policies().vocabulary.tools();
    let calls = matrix().calls;
    for tool in &tools {
        assert!(calls.iter().any(|call| call.tool == *tool), "{tool}");
    }
    assert_eq!(tools.len(), 3);
}

#[test]
fn nothing_is_permitted_on_another_gateway() {
    let matrix = matrix();
    let call = SampleCall {
        tool: "billing___refund".to_owned(),
        input: json!({"order": "A-1", "amount": 500}),
    };
    let decide = |engine| matrix.decide(&engine, &call).unwrap()[0].outcome;
    let here = policies().engine(GATEWAY).unwrap();
    assert_eq!(decide(here), Outcome::Allow);
    let elsewhere = policies().engine(GATEWAY).unwrap();
    assert_eq!(
        decide(elsewhere.asked_by(OTHER_GATEWAY).unwrap()),
        Outcome::Deny
    );
}

#[test]
fn an_erroring_policy_is_told_from_a_denial() {
    let engine = policies().engine(GATEWAY).unwrap();
    let call = SampleCall {
        tool: "billing___refund".to_owned(),
        input: json!({"order": "A-1"}),
    };
    let decided = matrix().decide(&engine, &call).unwrap();
    assert_eq!(decided[0].outcome, Outcome::Error);
    assert_eq!(decided[0].errors[0].0, "finance_refunds");
    assert_eq!(decided[2].outcome, Outcome::Deny);
    assert_eq!(decided[7].policies, ["proven_users_only"]);
}
