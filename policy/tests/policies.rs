//! Tests of the checks: what is refused before deployment, and where; and that the rendering is what was checked.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::Path;
use std::process::Command;

use policy::{Source, Vocabulary, check, render};

const TOOLS: &str = r#"{
    "billing": [{"name": "refund", "inputSchema": {"type": "object", "required": ["amount"], "properties": {
        "amount": {"type": "integer"}, "note": {"type": "string"}, "kind": {"type": "string", "enum": ["a"]}}}}],
    "search": [{"name": "find", "inputSchema": {"type": "object"}}]
}"#;
const CLAIMS: &str = r#"{"department": "string", "groups": "list"}"#;

const GOOD: &str = r#"// Finance may refund.
permit (
    principal is AgentCore::OAuthUser,
    action == AgentCore::Action::"billing___refund",
    resource == AgentCore::Gateway::"${GatewayArn}"
)
when {
    principal.hasTag("department") &&
    principal.getTag("department") == "finance" &&
    context.input.amount <= 1000
};
"#;

fn source(file: &str, text: &str) -> Source {
    Source {
        file: file.to_owned(),
        text: text.to_owned(),
    }
}

/// What is found in one policy of this text.
fn findings(text: &str) -> Vec<String> {
    let vocabulary = Vocabulary::read(TOOLS, CLAIMS).unwrap();
    match check(&[source("a.cedar", text)], &vocabulary) {
        Ok(statements) => {
            assert_eq!(statements.len(), 1);
            Vec::new()
        }
        Err(findings) => findings.iter().map(ToString::to_string).collect(),
    }
}

/// What is found when one piece of the good policy is another.
fn changed(piece: &str, other: &str) -> Vec<String> {
    assert!(GOOD.contains(piece), "{piece}");
    findings(&GOOD.replacen(piece, other, 1))
}

#[test]
fn a_good_policy_passes() {
    assert_eq!(findings(GOOD), [""; 0]);
    for good in [
        r#"principal.getTag("department") like "fin*""#,
        r#"principal.hasTag("groups") && principal.getTag("groups") like "*\"staff\"*""#,
        r#"context.input has note && context.input.note == "x""#,
        r#"context.system.now < datetime("2030-01-01")"#,
        r#"true // "${GatewayArn}" may stand anywhere"#,
    ] {
        assert_eq!(changed(DEPARTMENT, &format!("{good}\n")), [""; 0], "{good}");
    }
}

/// The condition of the good policy on who asks, and what makes it safe.
const DEPARTMENT: &str = r#"principal.getTag("department") == "finance""#;
const GUARD: &str = "principal.hasTag(\"department\") &&\n";

/// A piece of the good policy, what stands there instead, and what is found where.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    (
        "refund\"",
        "refnd\"",
        "4:15",
        "did you mean `AgentCore::Action::\"billing___refund\"`?",
    ),
    ("billing___", "billing__", "4:15", "unrecognized action"),
    (
        "action == AgentCore::Action::\"billing___refund\"",
        "action in AgentCore::Action::\"biling\"",
        "4:15",
        "unrecognized action",
    ),
    (
        "&&\n    context",
        "& &\n    context",
        "9:49",
        "invalid token",
    ),
    ("};\n", "}\n", "11:2", "unexpected end of input"),
    (
        "};\n",
        "};\npermit (principal, action, resource);\n",
        "12:1",
        "unexpected token `permit`",
    ),
    (
        "principal is AgentCore::OAuthUser",
        "principal == ?principal",
        "3:18",
        "expected a static policy",
    ),
    (
        "AgentCore::OAuthUser",
        "AgentCore::IamEntity",
        "3:18",
        "unrecognized entity type",
    ),
    (
        GUARD,
        "\n",
        "9:5",
        "unable to guarantee safety of access to tag",
    ),
    (
        "\"finance\"",
        "1",
        "9:5",
        "the types Long and String are not compatible",
    ),
    ("1000", "\"1000\"", "10:29", "unexpected type"),
    (
        "input.amount",
        "input.amonut",
        "10:5",
        "did you mean `amount`?",
    ),
    (
        "input.amount",
        "input.note",
        "10:5",
        "unable to guarantee safety of access to optional attribute",
    ),
    (
        "context.input.amount <= 1000",
        "context.input.kind == \"a\"",
        "10:5",
        "attribute `input.kind`",
    ),
    (DEPARTMENT, "false", "2:1", "policy is impossible"),
    (
        "getTag(\"department\")",
        "getTag(\"departement\")",
        "9:22",
        "no token has a claim `departement`",
    ),
    (
        "getTag(\"department\")",
        "getTag(if true then \"department\" else \"x\")",
        "9:15",
        "a claim must be named by a text",
    ),
    (
        "principal.hasTag(\"department\")",
        "(principal.hasTag(\"department\") || principal.hasTag(\"groop\"))",
        "8:57",
        "no token has a claim `groop`",
    ),
    (
        "\n    resource == AgentCore::Gateway::\"${GatewayArn}\"",
        "\n    resource",
        "5:5",
        "a policy must name its gateway",
    ),
    (
        "resource ==",
        "resource in",
        "5:5",
        "a policy must name its gateway",
    ),
    (
        "== AgentCore::Gateway::\"${GatewayArn}\"",
        "is AgentCore::Gateway",
        "5:5",
        "a policy must name its gateway",
    ),
    (
        "\"${GatewayArn}\"",
        "\"arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/x\"",
        "5:5",
        "a policy must name its gateway",
    ),
    (
        "\"finance\"",
        "\"${Department}\"",
        "9:40",
        "`${GatewayArn}` is the one variable there is",
    ),
    (
        "\"finance\"",
        "\"\u{8}\"",
        "9:40",
        "this character cannot be seen",
    ),
    (
        "// Finance may refund.\n",
        "",
        "1:1",
        "the file must begin with a comment",
    ),
];

#[test]
fn every_mistake_is_refused_at_its_place() {
    let mut missed = Vec::new();
    for (piece, other, place, message) in MISTAKES {
        let found = changed(piece, other);
        let expected = format!("a.cedar:{place}: ");
        let is_found = |line: &String| line.starts_with(&expected) && line.contains(message);
        if !found.iter().any(is_found) {
            missed.push(format!("{expected}{message}: {found:#?}"));
        }
    }
    assert_eq!(missed, [""; 0], "{missed:#?}");
}

#[test]
fn a_list_is_only_searched_for_a_quoted_element() {
    for reading in [
        r#"like "*admins*""#,
        r#"like "*\"admins*""#,
        r#"like "*admins\"*""#,
        r#"like "\"admins\"*""#,
        r#"like "*\"admins\"""#,
        r#"like "*\"\"*""#,
        r#"like "*\"a*s\"*""#,
        r#"like "*\"a\",\"b\"*""#,
        r#"like "*""#,
        r#"== "[\"admins\"]""#,
        r#"!= "admins""#,
    ] {
        let condition =
            format!("principal.hasTag(\"groups\") && principal.getTag(\"groups\") {reading}");
        let found = changed(DEPARTMENT, &condition);
        let [finding] = found.as_slice() else {
            panic!("{reading}: {found:#?}");
        };
        assert!(
            finding.starts_with("a.cedar:9:22: the claim `groups` is a list"),
            "{finding}"
        );
    }
}

#[test]
fn a_statement_keeps_agentcores_lengths() {
    let shortest = "// All.\npermit(principal,action,resource);";
    let found = findings(shortest);
    assert!(
        found[0].starts_with("a.cedar:2:1: the statement has 34 characters"),
        "{found:#?}"
    );
    let padding = |length: usize| {
        let comment = format!("// {}\n);", "x".repeat(length));
        changed(
            "\n)\nwhen",
            &format!("\n{}\nwhen", comment.replace(";", "")),
        )
    };
    // The ARN that takes the placeholder's place is up to 182 characters long.
    let statement = GOOD.lines().skip(1).collect::<Vec<_>>().join("\n");
    let room = 10_000 - (statement.len() - "${GatewayArn}".len() + 182) - "// \n".len();
    assert_eq!(padding(room), [""; 0]);
    let found = padding(room + 1);
    assert!(
        found[0].starts_with("a.cedar:2:1: the statement has over 10000"),
        "{found:#?}"
    );
    let header = |length| findings(&format!("// {}\n{statement}", "x".repeat(length)));
    assert_eq!(header(4096), [""; 0]);
    assert!(header(4097)[0].contains("in at most 4096 characters"));
}

#[test]
fn a_permit_without_any_condition_is_refused() {
    let all =
        "// All.\npermit (principal, action, resource == AgentCore::Gateway::\"${GatewayArn}\");";
    let found = findings(all);
    assert_eq!(found, ["a.cedar:2:1: this permits everything to everybody"]);
    assert_eq!(findings(&all.replace("permit", "forbid")), [""; 0]);
}

#[test]
fn names_are_what_agentcore_takes_and_unlike_each_other() {
    let vocabulary = Vocabulary::read(TOOLS, CLAIMS).unwrap();
    let named = |names: &[&str]| {
        let sources: Vec<Source> = names.iter().map(|name| source(name, GOOD)).collect();
        let findings = check(&sources, &vocabulary).err().unwrap_or_default();
        findings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let longest = format!("x/{}.cedar", "a".repeat(31));
    assert_eq!(named(&["x/a_1.cedar", "x/a_2.cedar", &longest]), [""; 0]);
    for name in ["1a", "a-b", "a b", "_a", "\u{e9}", &"a".repeat(32)] {
        let file = format!("x/{name}.cedar");
        let expected = format!("{file}:1:1: `{name}` is not a name");
        assert!(named(&[&file])[0].starts_with(&expected), "{name}");
    }
    for other in ["y/a_b.cedar", "x/A_b.cedar", "x/ab.cedar", "x/aB.cedar"] {
        let found = named(&["x/a_b.cedar", other]);
        let [finding] = found.as_slice() else {
            panic!("{other}: {found:#?}");
        };
        assert!(
            finding.starts_with(&format!("{other}:1:1: the name")),
            "{finding}"
        );
    }
}

#[test]
fn the_rendering_is_that_of_the_policies() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
    let vocabulary = Vocabulary::read(&read("tools.json"), &read("claims.json")).unwrap();
    let sources = Source::read_folder(&folder.join("policies")).unwrap();
    let statements = check(&sources, &vocabulary).expect("the policies pass their checks");
    assert_eq!(
        render(&statements),
        read("policies.yaml"),
        "policies.yaml is stale: run `make policies`"
    );
}

#[test]
fn a_statement_stands_in_the_template_as_it_was_checked() {
    let vocabulary = Vocabulary::read(TOOLS, CLAIMS).unwrap();
    let text = GOOD.replace(
        "// Finance may refund.\n",
        "// Who: \"finance\"\n// may.\n\n  \n   ",
    );
    let statements = check(&[source("finance_may.cedar", &text)], &vocabulary).unwrap();
    let template = render(&statements);
    for piece in [
        "  FinanceMayPolicy:\n    Type: AWS::BedrockAgentCore::Policy\n",
        "      Name: !Sub ${NamePrefix}_finance_may\n",
        "      Description: \"Who: \\\"finance\\\" may.\"\n",
        "          Statement: !Sub |-\n            permit (\n                principal is",
        "::Gateway::\"${GatewayArn}\"\n            )\n            when {\n",
        "            };\n\nOutputs:\n",
    ] {
        assert!(template.contains(piece), "{piece}\n{template}");
    }
}

#[test]
fn the_deployed_function_is_built_without_cedar() {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--package",
            "policy",
            "--edges",
            "normal",
            "--prefix",
            "none",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let tree = String::from_utf8(tree.stdout).unwrap();
    assert!(tree.contains("\nlambda_runtime "), "{tree}");
    assert!(!tree.contains("\ncedar-policy"), "{tree}");
}
