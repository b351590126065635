//! Tests of `gatehouse explain --tool`: the gate's checks, then the Cedar decision, which is that of the reviewed matrix.

use std::fs;

use serde_json::{Value, json};

use crate::explain::{POOL, Scene};
use crate::program::{Ran, folder, root};

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
    fs::write(&file, r#"{"order": "A-1", "amount": 500}"#).unwrap();
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

/// A refund, asked about with this `GROUP_MAP` as the variable.
fn refund(scene: &Scene, map: &Value, more: &[&str], token: &str) -> Ran {
    let policy = root().join("policy");
    let input = r#"{"order": "A-1", "amount": 500}"#;
    let question = [
        "--tool",
        REFUND,
        "--input",
        input,
        "--policy",
        policy.to_str().unwrap(),
    ];
    let map = map.to_string();
    scene.explain_with(&[&question, more].concat(), &[("GROUP_MAP", &map)], token)
}

/// Entries of the pool, and of the issuer of the scene.
fn map() -> Value {
    let theirs = "https://issuer.example";
    json!([
        {"group": "staff", "department": "pool", "role": "viewer"},
        {"group": "audit", "issuer": theirs, "department": "audit", "role": "viewer"},
        {"group": "staff", "issuer": theirs, "department": "finance", "role": "admin"},
        {"group": "all", "issuer": theirs, "department": "all", "role": "viewer"},
    ])
}

#[test]
fn the_callers_group_gives_department_and_role() {
    let scene = Scene::new();
    let token = scene.token(json!({"groups": ["all", "staff"]}));
    let ran = refund(&scene, &map(), &[], &token);
    let said = ran.json()["tool"].clone();
    assert_eq!(
        (ran.code, &said["outcome"]),
        (Some(0), &json!("allow")),
        "{said}"
    );
    assert_eq!(
        said["groupMap"],
        json!({"entry": "GROUP_MAP[2]", "group": "staff", "issuer": "https://issuer.example"})
    );
    let claims = |said: &Value| {
        (
            said["claims"]["department"].clone(),
            said["claims"]["role"].clone(),
        )
    };
    assert_eq!(claims(&said), (json!("finance"), json!("admin")));
    // What is given on the command line stands in its place, member by member.
    let ran = refund(&scene, &map(), &["--department", "it"], &token);
    let said = ran.json()["tool"].clone();
    assert_eq!(claims(&said), (json!("it"), json!("admin")), "{said}");
    let both = ["--department", "it", "--role", "viewer"];
    let said = refund(&scene, &map(), &both, &token).json()["tool"].clone();
    assert_eq!(
        (claims(&said), &said["groupMap"]),
        ((json!("it"), json!("viewer")), &json!(null))
    );
    // The pool's group of the same name is not this issuer's.
    let only_pools = json!([map()[0]]);
    let said = refund(&scene, &only_pools, &[], &token).json()["tool"].clone();
    assert_eq!(claims(&said), (json!("guest"), json!("viewer")));
    assert_eq!(said["groupMap"]["entry"], json!(null), "{said}");
    assert_eq!(said["outcome"], "deny");
    // A file counts before the variable.
    let file = folder().join("groups.json");
    fs::write(&file, map().to_string()).unwrap();
    let file = ["--group-map", file.to_str().unwrap()];
    let said = refund(&scene, &only_pools, &file, &token).json()["tool"].clone();
    assert_eq!(said["groupMap"]["entry"], "GROUP_MAP[2]", "{said}");
}

#[test]
fn a_user_of_the_pool_has_the_pools_groups() {
    let scene = Scene::of_pool();
    let token = scene.token(json!({
        "iss": POOL, "token_use": "access", "cognito:groups": ["staff"], "groups": ["audit"],
    }));
    let pools = json!([map()[0]]);
    let said = refund(&scene, &pools, &[], &token).json()["tool"].clone();
    assert_eq!(
        said["claims"],
        json!({"department": "pool", "role": "viewer", "user_id": "alice-1"})
    );
    assert_eq!(said["groupMap"]["entry"], "GROUP_MAP[0]", "{said}");
}

/// As the trigger does, which then gives no token (`groups_unknown`).
#[test]
fn groups_that_the_token_leaves_out_decide_nothing() {
    let scene = Scene::new();
    let token = scene.token(json!({"groups": null, "_claim_names": {"groups": "src1"}}));
    let ran = refund(&scene, &map(), &[], &token);
    let said = ran.json()["tool"].clone();
    assert_eq!(
        (ran.code, &said["outcome"]),
        (Some(1), &json!(null)),
        "{said}"
    );
    assert!(
        said["note"].as_str().unwrap().contains("`groups_unknown`"),
        "{said}"
    );
    // Where no entry is about this issuer, the default is the answer.
    let ran = refund(&scene, &json!([map()[0]]), &[], &token);
    assert_eq!(
        ran.json()["tool"]["claims"]["department"],
        "guest",
        "{ran:?}"
    );
}

#[test]
fn a_wrong_group_map_is_told_as_the_trigger_tells_it() {
    let scene = Scene::new();
    let token = scene.token(json!({}));
    let entry = |change: &dyn Fn(&mut Value)| {
        let mut entry = map()[2].clone();
        change(&mut entry);
        json!([entry])
    };
    for (map, word) in [
        (json!([]), "`GROUP_MAP` is an empty list"),
        (json!({}), "`GROUP_MAP` is an object, not a list"),
        (
            entry(&|entry| entry["rol"] = json!("x")),
            "did you mean `role`?",
        ),
        (
            entry(&|entry| entry["role"] = json!("\"")),
            "`GROUP_MAP[0].role`",
        ),
        (
            entry(&|entry| entry["issuer"] = json!("https://other.example")),
            "`GROUP_MAP[0].issuer` is of an issuer",
        ),
    ] {
        let ran = refund(&scene, &map, &[], &token);
        assert_eq!((ran.code, ran.output.as_str()), (Some(64), ""), "{ran:?}");
        assert!(ran.errors.contains(word), "{word}: {ran:?}");
        let file = folder().join("groups.json");
        fs::write(&file, map.to_string()).unwrap();
        let file = file.to_str().unwrap();
        let ran = refund(&scene, &json!([]), &["--group-map", file], &token);
        assert_eq!(ran.code, Some(64), "{ran:?}");
        assert!(
            ran.errors.contains(word) && ran.errors.contains(file),
            "{word}: {ran:?}"
        );
    }
    let ran = scene.explain(&["--group-map", "groups.json"], &token);
    assert_eq!(ran.code, Some(64), "{ran:?}");
    assert!(ran.errors.contains("--tool"), "{ran:?}");
}
