//! Tests of the verbs that ask the AWS CLI, with the program of its name in `cli/tests/programs` in its place.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::program::{Ran, folder, root, run_with};

/// A program `aws` that keeps what it is given, and answers as a test says.
struct Aws(PathBuf);

impl Aws {
    fn answering(output: &str, errors: &str, code: u8) -> Self {
        let folder = folder();
        fs::write(folder.join("output"), output).unwrap();
        fs::write(folder.join("errors"), errors).unwrap();
        fs::write(folder.join("code"), code.to_string()).unwrap();
        Self(folder)
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let programs = root().join("cli/tests/programs");
        let path = format!("{}:/usr/bin:/bin", programs.display());
        let folder = self.0.to_str().unwrap();
        run_with(arguments, &[("PATH", &path), ("FAKE", folder)], "")
    }

    /// One line an argument, of all its runs.
    fn arguments(&self) -> String {
        fs::read_to_string(self.0.join("arguments")).unwrap_or_default()
    }

    fn input(&self) -> Value {
        let input = fs::read_to_string(self.0.join("input")).unwrap();
        serde_json::from_str(&input).unwrap()
    }
}

const DENY: [&str; 14] = [
    "deny",
    "--table",
    "gatehouse-denials",
    "--issuer",
    "https://a.example",
    "--user",
    "alice-1",
    "--for",
    "1h",
    "--reason",
    "left the company",
    "--author",
    "ops",
    "--send",
];
const ALLOW: [&str; 8] = [
    "allow",
    "--table",
    "gatehouse-denials",
    "--issuer",
    "https://a.example",
    "--user",
    "alice-1",
    "--send",
];

#[test]
fn a_denial_is_sent_over_standard_input() {
    let aws = Aws::answering("{}", "", 0);
    let ran = aws.run(&DENY);
    assert_eq!((ran.code, ran.errors.as_str()), (Some(0), ""), "{ran:?}");
    assert!(
        ran.json()["text"]
            .as_str()
            .unwrap()
            .starts_with("denied until 20"),
        "{ran:?}"
    );
    let expected = "dynamodb\nput-item\n--cli-input-json\nfile:///dev/stdin\n--output\njson\n";
    assert_eq!(aws.arguments(), expected);
    // What is sent is what is written without `--send`, but for the time.
    let written = aws.run(&DENY[..13]).json();
    let (mut sent, mut written) = (aws.input(), written);
    for input in [&mut sent, &mut written] {
        input["ExpressionAttributeValues"] = Value::Null;
        for name in ["created", "until", "expires"] {
            input["Item"].as_object_mut().unwrap().remove(name);
        }
    }
    assert_eq!(sent, written);
    assert_eq!(sent["Item"]["reason"], json!({"S": "left the company"}));
    assert_eq!(
        aws.arguments(),
        expected,
        "nothing is sent without the option"
    );
}

#[test]
fn a_longer_denial_and_a_missing_one_are_an_answer() {
    let error = "\nAn error occurred (ConditionalCheckFailedException) when calling the PutItem operation: The conditional request failed\n";
    let ran = Aws::answering("", error, 254).run(&DENY);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.json()["text"]
            .as_str()
            .unwrap()
            .contains("lasts longer"),
        "{ran:?}"
    );
    let ran = Aws::answering(r#"{"Attributes": {"key": {"S": "x"}}}"#, "", 0).run(&ALLOW);
    assert_eq!(
        (ran.code, &ran.json()["done"]),
        (Some(0), &json!(true)),
        "{ran:?}"
    );
    for nothing in ["", "{}"] {
        let ran = Aws::answering(nothing, "", 0).run(&ALLOW);
        assert_eq!(
            (ran.code, &ran.json()["done"]),
            (Some(1), &json!(false)),
            "{ran:?}"
        );
    }
}

#[test]
fn a_refusal_is_told_and_nothing_is_claimed() {
    let error = "\nAn error occurred (AccessDeniedException): User is not\u{1b}[31m authorized\n";
    let ran = Aws::answering("", error, 254).run(&DENY);
    assert_eq!((ran.code, ran.output.as_str()), (Some(69), ""), "{ran:?}");
    assert!(ran.errors.contains("AccessDeniedException"), "{ran:?}");
    assert!(!ran.errors.contains('\u{1b}'), "{ran:?}");
    let without = run_with(&DENY, &[("PATH", "/nowhere")], "");
    assert_eq!(
        (without.code, without.output.as_str()),
        (Some(69), ""),
        "{without:?}"
    );
    assert!(
        without.errors.contains("cannot run the AWS CLI"),
        "{without:?}"
    );
}

#[test]
fn denials_are_asked_of_the_table() {
    let item = json!({"key": {"S": "agent#demo"}, "reason": {"S": "r"}, "author": {"S": "a"},
        "created": {"N": "1"}, "until": {"N": "99999999999"}});
    let aws = Aws::answering(&json!({"Items": [item]}).to_string(), "", 0);
    let ran = aws.run(&["denials", "--table", "gatehouse-denials"]);
    assert_eq!(
        ran.json()["denials"].as_array().unwrap().len(),
        1,
        "{ran:?}"
    );
    let expected = "dynamodb\nscan\n--table-name\ngatehouse-denials\n--output\njson\n";
    assert_eq!(aws.arguments(), expected);
    let aws = Aws::answering("{}", "", 0);
    let ran = aws.run(&["denials", "--table=--endpoint-url=http://x"]);
    assert_eq!(
        (ran.code, aws.arguments().as_str()),
        (Some(64), ""),
        "{ran:?}"
    );
}

#[test]
fn lines_are_asked_of_log_groups() {
    let recorded = include_str!("../recorded.jsonl");
    let aws = Aws::answering(recorded, "", 0);
    let id = "6c1f6f2e-5d0c-4f0e-9d7a-6a3f2b1c0d05";
    let ran = aws.run(&[
        "why",
        id,
        "--group",
        "/aws/apigateway/access",
        "--group",
        "/aws/lambda/proxy",
    ]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let tail = |group: &str, since: &str| {
        format!("logs\ntail\n{group}\n--since\n{since}\n--format\nshort\n")
    };
    let expected = tail("/aws/apigateway/access", "1d") + &tail("/aws/lambda/proxy", "1d");
    assert_eq!(aws.arguments(), expected);
    let aws = Aws::answering(recorded, "", 0);
    let ran = aws.run(&["audit", "--group", "/aws/lambda/proxy", "--since", "9999d"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(aws.arguments(), tail("/aws/lambda/proxy", "9999d"));
    let aws = Aws::answering(recorded, "", 0);
    for wrong in [
        &["why", id, "--group=--endpoint-url=http://x"][..],
        &["why", id, "--group", ""],
        &["why", id, "--group", "a", "--since", "yesterday"],
        &["why", id, "--group", "a", "--logs", "b"],
        &["why", id, "--since", "1d"],
    ] {
        let ran = aws.run(wrong);
        assert_eq!(
            (ran.code, aws.arguments().as_str()),
            (Some(64), ""),
            "{wrong:?} {ran:?}"
        );
    }
}
