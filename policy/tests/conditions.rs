//! Tests of conditions: those that restrict no caller, and those that find more than they say.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use policy::{Source, Vocabulary, check};

const TOOLS: &str = r#"{"search": [{"name": "find", "inputSchema": {"type": "object"}}]}"#;
const CLAIMS: &str = r#"{"department": "string", "groups": "list", "scope": "string"}"#;

/// What is found in one policy of this effect, action and condition.
fn found(effect: &str, action: &str, condition: &str) -> Vec<String> {
    let gateway = r#"AgentCore::Gateway::"${GatewayArn}""#;
    let text = format!(
        "// Some.\n{effect} (principal is AgentCore::OAuthUser, {action}, resource == {gateway})\n{condition};\n"
    );
    let file = "a.cedar".to_owned();
    let vocabulary = Vocabulary::read(TOOLS, CLAIMS).unwrap();
    match check(&[Source { file, text }], &vocabulary) {
        Ok(_) => Vec::new(),
        Err(findings) => findings.iter().map(ToString::to_string).collect(),
    }
}

/// `when { true }` and its like let everybody in, and look as if they did not.
#[test]
fn a_condition_that_is_always_true_is_refused() {
    let same = r#"principal.hasTag("department")"#;
    let when = |condition: &str| format!("when {{ {condition} }}");
    let conditions = [
        when("true"),
        when("!false"),
        when("1 == 1"),
        when("1 < 2 && \"a\" like \"a*\""),
        when("[1, 2].contains(1)"),
        when("decimal(\"1.0\").lessThan(decimal(\"2.0\"))"),
        when("true || principal.hasTag(\"department\")"),
        when("principal.hasTag(\"department\") || true"),
        when(&format!("{same} || !{same}")),
        when(&format!("!{same} || {same}")),
        when(&format!("!({same} && !{same})")),
        when(&format!("{same} == {same}")),
        when("context.system.now <= context.system.now"),
        when("if true then 1 == 1 else false"),
        when(&format!("if {same} then true else 2 > 1")),
        when("principal == principal"),
        when("principal is AgentCore::OAuthUser"),
        when("resource is AgentCore::Gateway"),
        when(r#"resource == AgentCore::Gateway::"${GatewayArn}""#),
        format!("when {{ {same} || !{same} }} when {{ true }}"),
        "unless { false }".to_owned(),
        "unless { 1 == 2 }".to_owned(),
    ];
    for condition in conditions {
        for (action, effect, message) in [
            ("action", "permit", "this permits everything to everybody"),
            (
                r#"action == AgentCore::Action::"search___find""#,
                "permit",
                "the condition is always true",
            ),
            ("action", "forbid", "the condition is always true"),
        ] {
            let found = found(effect, action, &condition);
            let is_found =
                |line: &String| line.starts_with("a.cedar:2:1: ") && line.contains(message);
            assert!(found.iter().any(is_found), "{condition}: {found:#?}");
        }
    }
}

/// What only seems to be always true.
#[test]
fn a_condition_that_may_be_false_passes() {
    for condition in [
        r#"principal.hasTag("department") || !principal.hasTag("groups")"#,
        r#"principal.hasTag("department") && (true || false)"#,
        r#"if principal.hasTag("department") then true else false"#,
        r#"context.system.now < datetime("2030-01-01")"#,
        r#"principal.hasTag("department") && principal.getTag("department") like "a*""#,
        r#"!(principal.hasTag("department") == false)"#,
    ] {
        let found = found("permit", "action", &format!("when {{ {condition} }}"));
        assert_eq!(found, [""; 0], "{condition}");
    }
}

/// A scope is a word of a text, and another scope may begin or end as it does.
#[test]
fn a_scope_is_only_searched_as_a_whole_word() {
    let reads = |reading: &str| {
        let condition =
            format!("principal.hasTag(\"scope\") && principal.getTag(\"scope\") {reading}");
        found("permit", "action", &format!("when {{ {condition} }}"))
    };
    for reading in [
        r#"like "*gatehouse/tools*""#,
        r#"like "gatehouse/tools*""#,
        r#"like "*gatehouse/tools""#,
        r#"like "* gatehouse/tools*""#,
        r#"like "*gatehouse/tools *""#,
        r#"like "gatehouse/* openid""#,
    ] {
        let found = reads(reading);
        let expected = "a.cedar:3:25: the claim `scope` is words with spaces between";
        assert!(
            found.len() == 1 && found[0].starts_with(expected),
            "{reading}: {found:#?}"
        );
    }
    for reading in [
        r#"== "gatehouse/tools""#,
        r#"like "gatehouse/tools""#,
        r#"like "* gatehouse/tools *""#,
        r#"like "gatehouse/tools *""#,
        r#"like "* gatehouse/tools""#,
        r#"like "a * b""#,
    ] {
        assert_eq!(reads(reading), [""; 0], "{reading}");
    }
}
