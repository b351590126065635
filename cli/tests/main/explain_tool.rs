//! Tests of `gatehouse explain --tool`: the gate's checks, then the Cedar decision, which is that of the reviewed matrix.

use serde_json::json;

use crate::explain::Scene;
use crate::program::{folder, root};

const REFUND: &str = "billing___refund";

#[test]
fn the_decision_is_told_with_its_policies() {
    let scene = Scene::new();
    let token = scene.token(json!({}));
    let policy = root().join("policy");
    let policy = policy.to_str().unwrap();
    let finance = ["--department", "finance", "--role", "admin"];
    for (tool, input, who, outcome, policies) in [
        (
            REFUND,
            r#"{"order": "A-1", "amount": 500}"#,
            &finance[..],
            "allow",
            &["finance_refunds"][..],
        ),
        (
            REFUND,
            r#"{"order": "A-1", "amount": 1001}"#,
            &finance,
            "deny",
            &[],
        ),
        (
            REFUND,
            r#"{"order": "A-1", "amount": "500"}"#,
            &finance,
            "error",
            &[],
        ),
        (
            REFUND,
            r#"{"order": "A-1", "amount": 500}"#,
            &[],
            "deny",
            &[],
        ),
        (
            "notices___read",
            r#"{"topic": "canteen"}"#,
            &[],
            "allow",
            &["users_read_notices"],
        ),
        ("search___find", r#"{"query": "x"}"#, &[], "deny", &[]),
    ] {
        let mut more = vec!["--tool", tool, "--input", input, "--policy", policy];
        more.extend(who);
        let ran = scene.explain(&more, &token);
        let said = ran.json();
        assert_eq!(ran.code, Some(i32::from(outcome != "allow")), "{said}");
        assert_eq!(
            (&said["verdict"], &said["tool"]["outcome"]),
            (&json!("admitted"), &json!(outcome)),
            "{said}"
        );
        let told = said["tool"]["policies"].as_array().unwrap().iter();
        let names: Vec<&str> = told
            .map(|policy| policy["policy"].as_str().unwrap())
            .collect();
        assert_eq!(names, policies, "{said}");
        assert_eq!(
            said["tool"]["claims"]["user_id"],
            "https://issuer.example#alice-1"
        );
        assert_eq!(
            said["tool"]["errors"].as_array().unwrap().len(),
            usize::from(outcome == "error"),
            "{said}"
        );
    }
    let file = folder().join("input.json");
    std::fs::write(&file, r#"{"order": "A-1", "amount": 500}"#).unwrap();
    let file = format!("@{}", file.display());
    let more = [
        &["--tool", REFUND, "--input", &file, "--policy", policy][..],
        &finance,
    ]
    .concat();
    let said = scene.explain(&more, &token).json();
    assert_eq!(
        said["tool"]["policies"][0]["says"],
        "Finance may refund up to 1000 at a time."
    );
}

#[test]
fn a_call_that_gets_no_token_is_not_asked_about() {
    let scene = Scene::new();
    let policy = root().join("policy");
    let more = ["--tool", REFUND, "--policy", policy.to_str().unwrap()];
    let refused = scene.token(json!({"client_id": "other"}));
    let ran = scene.explain(&more, &refused);
    let said = ran.json();
    assert_eq!(
        (ran.code, &said["tool"]["outcome"]),
        (Some(1), &json!(null)),
        "{said}"
    );
    assert!(
        said["tool"]["note"]
            .as_str()
            .unwrap()
            .contains("does not let the caller in"),
        "{said}"
    );
    // The agents of this scene get no tool token.
    let more = [&more[..], &["--agent", "demo"]].concat();
    let ran = scene.explain(&more, &scene.token(json!({})));
    let said = ran.json();
    assert_eq!(
        (ran.code, &said["verdict"]),
        (Some(1), &json!("admitted")),
        "{said}"
    );
    assert!(
        said["tool"]["note"].as_str().unwrap().contains("toolToken"),
        "{said}"
    );
}

#[test]
fn a_wrong_question_is_told_before_anything_is_decided() {
    let scene = Scene::new();
    let token = scene.token(json!({}));
    let policy = root().join("policy");
    let policy = policy.to_str().unwrap();
    for (tool, input, policy, word) in [
        (
            "billing___refnd",
            "{}",
            policy,
            "did you mean `billing___refund`?",
        ),
        ("other", "{}", policy, "search___find"),
        (REFUND, "{", policy, "is not JSON"),
        (REFUND, "[]", policy, "is not a JSON object"),
        (REFUND, "@no-such-file", policy, "no-such-file"),
        (REFUND, r#"{"amount": 1.5}"#, policy, "fraction"),
        (REFUND, "{}", "no-such-folder", "no-such-folder"),
    ] {
        let ran = scene.explain(
            &["--tool", tool, "--input", input, "--policy", policy],
            &token,
        );
        assert_eq!(
            (ran.code, ran.output.as_str()),
            (Some(64), ""),
            "{word}: {ran:?}"
        );
        assert!(ran.errors.contains(word), "{word}: {ran:?}");
    }
    let ran = scene.explain(&["--department", "finance"], &token);
    assert_eq!(ran.code, Some(64), "{ran:?}");
}
