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

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request,
    RestrictedExpression,
};
use policy::{Source, Vocabulary, check};
use serde_json::{Value, json};

/// A caller's name in the table, and the claims that say who it is.
const CALLERS: [(&str, &[(&str, &str)]); 8] = [
    (
        "finance/admin",
        &[
            ("user_id", "u-1"),
            ("department", "finance"),
            ("role", "admin"),
        ],
    ),
    (
        "finance/viewer",
        &[
            ("user_id", "u-2"),
            ("department", "finance"),
            ("role", "viewer"),
        ],
    ),
    (
        "engineering/admin",
        &[
            ("user_id", "u-3"),
            ("department", "engineering"),
            ("role", "admin"),
        ],
    ),
    (
        "guest/viewer",
        &[
            ("user_id", "u-4"),
            ("department", "guest"),
            ("role", "viewer"),
        ],
    ),
    (
        "Finance/admin",
        &[
            ("user_id", "u-5"),
            ("department", "Finance"),
            ("role", "admin"),
        ],
    ),
    ("user only", &[("user_id", "u-6")]),
    (
        "no user, finance/admin",
        &[("department", "finance"), ("role", "admin")],
    ),
    ("no user", &[]),
];

const GATEWAY: &str = "arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/tools-abcdefghij";
const OTHER_GATEWAY: &str =
    "arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/other-abcdefghij";

/// The sample inputs of each tool, the good ones and those that are not what its schema asks for.
fn samples() -> Vec<(&'static str, Value)> {
    let refund = |amount: Value| {
        (
            "billing___refund",
            json!({"order": "A-1", "amount": amount}),
        )
    };
    vec![
        refund(json!(1)),
        refund(json!(500)),
        refund(json!(1000)),
        refund(json!(1001)),
        refund(json!(0)),
        refund(json!(-1)),
        refund(json!(i64::MAX)),
        refund(json!("500")),
        ("billing___refund", json!({"order": "A-1"})),
        ("billing___refund", json!({})),
        ("notices___read", json!({"topic": "canteen"})),
        ("search___find", json!({"query": "invoices"})),
        ("billing___refnd", json!({"order": "A-1", "amount": 500})),
    ]
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &str) -> String {
    fs::read_to_string(folder().join(file)).unwrap()
}

fn vocabulary() -> Vocabulary {
    Vocabulary::read(&read("tools.json"), &read("claims.json")).unwrap()
}

/// The policies as they are deployed, for the gateway.
fn policies(vocabulary: &Vocabulary) -> PolicySet {
    let sources = Source::read_folder(&folder().join("policies")).unwrap();
    let statements = check(&sources, vocabulary).unwrap();
    let texts = statements.iter().map(|statement| {
        assert!(statement.text().contains("${GatewayArn}"));
        statement.text().replace("${GatewayArn}", GATEWAY)
    });
    texts.collect::<String>().parse().unwrap()
}

fn uid(kind: &str, id: &str) -> EntityUid {
    EntityUid::from_json(json!({"type": format!("AgentCore::{kind}"), "id": id})).unwrap()
}

/// The caller, with a tag for each claim, and the actions of the schema.
fn entities(vocabulary: &Vocabulary, claims: &[(&str, &str)]) -> Entities {
    let tags = claims.iter().map(|(name, value)| {
        (
            (*name).to_owned(),
            RestrictedExpression::new_string((*value).to_owned()),
        )
    });
    let caller = Entity::new_with_tags(uid("OAuthUser", "machine"), [], [], tags).unwrap();
    let entities = vocabulary.schema().action_entities().unwrap();
    let schema = Some(vocabulary.schema());
    entities.add_entities([caller], schema).unwrap()
}

/// `allow`, `deny`, or `error` where a policy could not be evaluated, which AgentCore denies.
fn decide(
    policies: &PolicySet,
    entities: &Entities,
    gateway: &str,
    tool: &str,
    input: &Value,
) -> &'static str {
    let now = json!({"__extn": {"fn": "datetime", "arg": "2026-01-01T00:00:00Z"}});
    let context = json!({"input": input, "system": {"now": now}});
    let context = Context::from_json_value(context, None).unwrap();
    let (caller, action) = (uid("OAuthUser", "machine"), uid("Action", tool));
    let request = Request::new(caller, action, uid("Gateway", gateway), context, None).unwrap();
    let response = Authorizer::new().is_authorized(&request, policies, entities);
    let is_clean = response.diagnostics().errors().next().is_none();
    match response.decision() {
        Decision::Allow if is_clean => "allow",
        Decision::Deny if is_clean => "deny",
        Decision::Allow | Decision::Deny => "error",
    }
}

/// One row a tool and input, one column a caller, at least two blanks between columns.
fn table() -> String {
    let vocabulary = vocabulary();
    let policies = policies(&vocabulary);
    let callers: Vec<Entities> = CALLERS
        .iter()
        .map(|(_, claims)| entities(&vocabulary, claims))
        .collect();
    let head = ["tool".to_owned(), "input".to_owned()];
    let names = CALLERS.iter().map(|(name, _)| (*name).to_owned());
    let mut rows: Vec<Vec<String>> = vec![head.into_iter().chain(names).collect()];
    for (tool, input) in samples() {
        let decisions = callers
            .iter()
            .map(|caller| decide(&policies, caller, GATEWAY, tool, &input).to_owned());
        let head = [tool.to_owned(), input.to_string()];
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
    let tools: Value = serde_json::from_str(&read("tools.json")).unwrap();
    let samples = samples();
    let mut count = 0;
    for (target, tools) in tools.as_object().unwrap() {
        for tool in tools.as_array().unwrap() {
            let action = format!("{target}___{}", tool["name"].as_str().unwrap());
            assert!(samples.iter().any(|(name, _)| *name == action), "{action}");
            count += 1;
        }
    }
    assert_eq!(count, 3);
}

#[test]
fn nothing_is_permitted_on_another_gateway() {
    let vocabulary = vocabulary();
    let policies = policies(&vocabulary);
    let input = json!({"order": "A-1", "amount": 500});
    let caller = entities(&vocabulary, CALLERS[0].1);
    let decide = |gateway| decide(&policies, &caller, gateway, "billing___refund", &input);
    assert_eq!(decide(GATEWAY), "allow");
    assert_eq!(decide(OTHER_GATEWAY), "deny");
}

#[test]
fn an_erroring_policy_is_told_from_a_denial() {
    let vocabulary = vocabulary();
    let caller = entities(&vocabulary, CALLERS[0].1);
    let policies: PolicySet =
        "permit (principal, action, resource); forbid (principal, action, resource) when { context.input.absent };"
            .parse()
            .unwrap();
    let decision = decide(&policies, &caller, GATEWAY, "search___find", &json!({}));
    assert_eq!(decision, "error");
}
