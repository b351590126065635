//! `docs/errors.md` against the gate, the proxy and the template.

use http::StatusCode;
use serde_json::Value;
use shared::gate::{Answer, Refusal};
use shared::keys::Outage;

use crate::markdown::{rows, section};
use crate::read;

const PAPER: &str = "docs/errors.md";

/// The rows below a heading, as texts of their first cells.
fn documented(heading: &str, cells: usize) -> Vec<String> {
    let paper = read(PAPER);
    let rows = rows(section(&paper, heading));
    rows.iter().map(|row| row[..cells].join(" | ")).collect()
}

/// The lines of the one code table in a source: the words before the texts, and the texts.
fn declared(source: &str) -> Vec<(Vec<&str>, Vec<&str>)> {
    let (_, block) = source.split_once("code_table! {\n").unwrap();
    let (block, _) = block.split_once("\n}\n").unwrap();
    let lines = block.lines().filter(|line| line.contains('"')).map(|line| {
        let (names, _) = line.split_once('"').unwrap();
        let texts = line.split('"').skip(1).step_by(2).collect();
        (names.split_whitespace().collect(), texts)
    });
    lines.collect()
}

/// The number of a status by the name that the `http` crate gives it.
fn status(name: &str) -> u16 {
    let is_it = |status: &StatusCode| {
        let reason = status.canonical_reason().unwrap_or_default();
        reason.to_ascii_uppercase().replace([' ', '-'], "_") == name
    };
    let mut all = (100..600).filter_map(|number| StatusCode::from_u16(number).ok());
    all.find(is_it).unwrap().as_u16()
}

#[test]
fn every_refusal_is_explained_as_it_is() {
    let refusals = Refusal::ALL.iter().map(|refusal| {
        let answer = match refusal.answer() {
            Answer::Unauthorized => 401,
            Answer::Forbidden => 403,
        };
        format!("`{}` | {refusal} | {answer}", refusal.code())
    });
    assert_eq!(documented("### Refusals", 3), refusals.collect::<Vec<_>>());
}

#[test]
fn every_outage_is_explained_as_it_is() {
    let outages = Outage::ALL
        .iter()
        .map(|outage| format!("`{}` | {outage}", outage.code()));
    assert_eq!(documented("### Outages", 2), outages.collect::<Vec<_>>());
}

#[test]
fn every_problem_of_the_proxy_is_explained_as_it_is() {
    let source = read("proxy/src/caller/problem.rs");
    let problems = declared(&source).into_iter().map(|(names, texts)| {
        let (code, title) = (texts[0], texts[1]);
        format!("{} | `{code}` | {title}", status(names[1]))
    });
    assert_eq!(
        documented("### From the proxy", 3),
        problems.collect::<Vec<_>>()
    );
}

#[test]
fn every_end_of_a_stream_is_explained_as_it_is() {
    let ends = codes_and_sentences(&read("proxy/src/answer/ending.rs"));
    let (own, ends) = ends.split_first().unwrap();
    assert!(own.starts_with("`ok`"), "{own}");
    let said = documented("### At the end of a stream", 2);
    let said: Vec<_> = said.iter().filter(|row| row.starts_with('`')).collect();
    assert_eq!(said, ends.iter().collect::<Vec<_>>());
}

#[test]
fn everything_heard_in_an_answer_is_explained_as_it_is() {
    let source = read("proxy/src/audit/error_scan.rs");
    let heard = codes_and_sentences(&source);
    assert_eq!(documented("### Errors within an answer", 2), heard);
}

/// The code and the sentence of each line of a table.
fn codes_and_sentences(source: &str) -> Vec<String> {
    let lines = declared(source).into_iter();
    let texts = lines.map(|(_, texts)| format!("`{}` | {}", texts[0], texts[1]));
    texts.collect()
}

#[test]
fn every_fault_of_a_tool_token_is_explained_as_it_is() {
    let source = read("proxy/src/turn/tool_token/error.rs");
    let faults = codes_and_sentences(&source);
    assert_eq!(documented("### Tool tokens", 2), faults);
}

#[test]
fn every_reason_of_the_trigger_is_explained_as_it_is() {
    let source = read("pretoken/src/error.rs");
    let body = |function: &str| {
        let (_, body) = source.split_once(&format!("fn {function}(self)")).unwrap();
        body.split_once("\n    }\n").unwrap().0
    };
    // Every arm that passes asking again on is for operators to mend.
    let words: Vec<&str> = body("reported").split_whitespace().collect();
    let arms = words.join(" ").replace("=> { ", "=> ");
    let (before, _) = arms.split_once("=> ReportedError::Unavailable").unwrap();
    let (_, outages) = before.rsplit_once("=> ReportedError::").unwrap();
    let is_outage = |name: &str| outages.contains(&format!("Self::{name} "));
    let reasons = body("code").lines().filter_map(|arm| {
        let (name, code) = arm.trim().strip_prefix("Self::")?.split_once(" => \"")?;
        let (before, _) = source.split_once(&format!("\n    {name},\n")).unwrap();
        let text = before.rsplit('"').nth(1).unwrap();
        let outcome = if is_outage(name) { "outage" } else { "refused" };
        Some(format!(
            "`{}` | {text} | `{outcome}`",
            code.trim_end_matches("\",")
        ))
    });
    let reasons: Vec<_> = reasons.collect();
    assert!(reasons.len() > 5, "{reasons:?}");
    assert_eq!(documented("### The trigger", 3), reasons);
}

#[test]
fn every_fault_of_a_statement_is_explained_as_it_is() {
    let source = read("shared/src/statement_verifier.rs");
    let faults = codes_and_sentences(&source);
    assert!(faults.len() > 10, "{faults:?}");
    assert_eq!(documented("### Statements", 2), faults);
}

#[test]
fn every_answer_of_api_gateway_is_explained_as_it_is() {
    let template = read("template.yaml");
    let (_, responses) = template.split_once("\n      GatewayResponses:\n").unwrap();
    let mut declared = Vec::new();
    let mut kind = "";
    for line in responses
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with("     "))
    {
        let indented = line.trim_start();
        if line.len() - indented.len() == 8 && !indented.starts_with('#') {
            kind = indented.trim_end_matches(':');
        }
        if let Some(body) = indented.strip_prefix("application/json: ") {
            let body: Value = serde_json::from_str(body.trim_matches('\'')).unwrap();
            let text = |name: &str| body[name].as_str().unwrap().to_owned();
            let status = body["status"]
                .as_u64()
                .map_or("any".to_owned(), |status| status.to_string());
            declared.push(format!(
                "`{kind}` | {status} | `{}` | {}",
                text("code"),
                text("title")
            ));
        }
    }
    assert!(!declared.is_empty());
    assert_eq!(documented("### From API Gateway", 4), declared);
}
