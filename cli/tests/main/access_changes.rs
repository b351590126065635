//! Tests of `gatehouse access --against`: no change that opens something is missed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::access::{RUNTIME, agents, issuer, write};
use crate::program::{Ran, folder, root, run, run_with};

const OTHER: &str = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/other-AbCdEf1234";

fn compare(before: &str, after: &str) -> Ran {
    run(&["access", after, "--against", before, "--fail-on-wider"])
}

/// `ABOUT: WHAT` of each change of a kind.
fn told(said: &Value, kind: &str) -> Vec<String> {
    let changes = said[kind].as_array().unwrap().iter();
    let text = |change: &Value| {
        format!(
            "{}: {}",
            change["about"].as_str().unwrap(),
            change["what"].as_str().unwrap()
        )
    };
    changes.map(text).collect()
}

#[test]
fn each_change_of_an_agent_opens_or_closes() {
    let issuers = json!([issuer("a", json!({}))]);
    let group = |groups: Value| agents(&json!({"groups": groups}));
    let with = |name: &str, value: Value| {
        let mut agents = group(json!(["g"]));
        agents["demo"][name] = value;
        agents
    };
    let plain = group(json!(["g"]));
    let limits = |limit: u64| with("limits", json!({"turnsAtOnce": limit}));
    let mut second = plain.clone();
    second["second"] = json!({"runtime": RUNTIME, "allow": {"groups": ["h"]}});
    for (before, after, opens, closes) in [
        (&plain, &plain, vec![], vec![]),
        (
            &plain,
            &group(json!(["g", "h"])),
            vec!["agent demo: admits group h"],
            vec![],
        ),
        (
            &plain,
            &agents(&json!({})),
            vec!["agent demo: admits any caller"],
            vec![],
        ),
        (
            &plain,
            &agents(&json!({"groups": ["g"], "scopes": ["s"]})),
            vec![],
            vec!["agent demo: admits group g no more"],
        ),
        (
            &plain,
            &agents(&json!({"anyOf": [{"groups": ["g"]}, {"clients": ["web"]}]})),
            vec!["agent demo: admits client web"],
            vec![],
        ),
        (
            &plain,
            &second,
            vec!["agent second: admits group h", "agent second: is new"],
            vec![],
        ),
        (
            &plain,
            &with("toolToken", json!("machine")),
            vec!["agent demo: gets a tool token without a user"],
            vec![],
        ),
        (
            &with("toolToken", json!("machine")),
            &plain,
            vec![],
            vec!["agent demo: gets no token for tools"],
        ),
        (
            &plain,
            &with("forwardHeaders", json!(["X-Tenant"])),
            vec!["agent demo: gets the header `x-tenant` of callers"],
            vec![],
        ),
        (
            &with("forwardHeaders", json!(["X-Tenant"])),
            &plain,
            vec![],
            vec!["agent demo: gets the header `x-tenant` no more"],
        ),
        (
            &plain,
            &with("websocket", json!(true)),
            vec!["agent demo: gives addresses of WebSockets"],
            vec![],
        ),
        (
            &plain,
            &limits(3),
            vec![],
            vec!["agent demo: the limit `turnsAtOnce` is 3"],
        ),
        (
            &limits(3),
            &limits(4),
            vec!["agent demo: the limit `turnsAtOnce` is 4"],
            vec![],
        ),
        (
            &limits(3),
            &plain,
            vec!["agent demo: the limit `turnsAtOnce` is gone"],
            vec![],
        ),
    ] {
        let ran = compare(&write(before, &issuers), &write(after, &issuers));
        let said = ran.json();
        assert_eq!(told(&said, "opens"), opens, "{after}");
        assert_eq!(told(&said, "closes"), closes, "{after}");
        assert_eq!(told(&said, "unclear"), Vec::<String>::new(), "{after}");
        let code = i32::from(!opens.is_empty());
        assert_eq!(
            (ran.code, &said["wider"]),
            (Some(code), &json!(code == 1)),
            "{after}"
        );
    }
    // The same callers reach something else.
    let mut moved = plain.clone();
    moved["demo"]["runtime"] = json!(OTHER);
    let ran = compare(&write(&plain, &issuers), &write(&moved, &issuers));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(told(&ran.json(), "opens")[0].contains(OTHER), "{ran:?}");
    let ran = compare(&write(&second, &issuers), &write(&plain, &issuers));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        told(&ran.json(), "closes").contains(&"agent second: is gone".to_owned()),
        "{ran:?}"
    );
}

#[test]
fn each_change_of_an_issuer_opens_or_closes_or_is_unclear() {
    let open = agents(&json!({}));
    let entry = |changes: Value| json!([issuer("a", changes)]);
    let claim = json!([{"claim": "tier", "anyOf": ["gold"]}]);
    let who = "issuer https://a.example";
    for (before, after, kind, what) in [
        (
            json!({}),
            json!({"allowedClients": ["web", "cli"]}),
            "opens",
            "takes \"cli\" in `allowedClients`",
        ),
        (
            json!({"allowedClients": ["web", "cli"]}),
            json!({}),
            "closes",
            "takes \"cli\" in `allowedClients` no more",
        ),
        (
            json!({"allowedScopes": ["s"]}),
            json!({}),
            "opens",
            "asks for `allowedScopes` no more",
        ),
        (
            json!({}),
            json!({"allowedScopes": ["s"]}),
            "closes",
            "asks for `allowedScopes`",
        ),
        (
            json!({"requiredClaims": claim}),
            json!({}),
            "opens",
            "asks for {\"claim\":\"tier\",\"anyOf\":[\"gold\"]} in `requiredClaims` no more",
        ),
        (
            json!({}),
            json!({"requiredClaims": claim}),
            "closes",
            "asks for {\"claim\":\"tier\",\"anyOf\":[\"gold\"]} in `requiredClaims`",
        ),
        (
            json!({"leewaySeconds": 5}),
            json!({"leewaySeconds": 50}),
            "opens",
            "`leewaySeconds` is 50, and was 5",
        ),
        (
            json!({"leewaySeconds": 50}),
            json!({"leewaySeconds": 5}),
            "closes",
            "`leewaySeconds` is 5, and was 50",
        ),
        (
            json!({}),
            json!({"algorithms": ["RS256", "ES256"]}),
            "unclear",
            "`algorithms` is another",
        ),
        (
            json!({}),
            json!({"groupsClaim": "roles"}),
            "unclear",
            "`groupsClaim` is another",
        ),
        (
            json!({}),
            json!({"jwksUri": "https://b.example/keys"}),
            "unclear",
            "`jwksUri` is another",
        ),
    ] {
        let (before, after) = (
            write(&open, &entry(before)),
            write(&open, &entry(after.clone())),
        );
        let ran = compare(&before, &after);
        let said = ran.json();
        let shown = told(&said, kind);
        // The order of an object's members is the reader's.
        let members = |text: &str| {
            let mut letters: Vec<char> = text.chars().collect();
            letters.sort_unstable();
            letters
        };
        assert_eq!(shown.len(), 1, "{what}: {said}");
        assert_eq!(
            members(&shown[0]),
            members(&format!("{who}: {what}")),
            "{said}"
        );
        assert_eq!(ran.code, Some(i32::from(kind != "closes")), "{said}");
    }
    let several =
        json!({"demo": {"runtime": RUNTIME, "allow": {"issuers": ["https://a.example"]}}});
    let two = json!([issuer("a", json!({})), issuer("b", json!({}))]);
    let ran = compare(&write(&several, &entry(json!({}))), &write(&several, &two));
    assert_eq!(
        told(&ran.json(), "opens"),
        ["issuer https://b.example: is trusted"]
    );
    // What is only told to clients is nothing that decides.
    let ran = compare(
        &write(&open, &entry(json!({}))),
        &write(&open, &entry(json!({"publicClients": ["web"]}))),
    );
    assert_eq!(
        (ran.code, &ran.json()["wider"]),
        (Some(0), &json!(false)),
        "{ran:?}"
    );
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    let identity = [
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.com",
        "-c",
        "commit.gpgsign=false",
    ];
    let command = command.arg("-C").arg(folder).args(identity).args(arguments);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// A repository with settings and policies below a folder, committed.
fn repository() -> PathBuf {
    let repository = folder();
    git(&repository, &["init", "--quiet"]);
    let settings = repository.join("door/settings");
    fs::create_dir_all(&settings).unwrap();
    fs::write(
        settings.join("agents.json"),
        agents(&json!({"groups": ["g"]})).to_string(),
    )
    .unwrap();
    fs::write(
        settings.join("issuers.json"),
        json!([issuer("a", json!({}))]).to_string(),
    )
    .unwrap();
    let policy = repository.join("door/policy");
    fs::create_dir_all(policy.join("policies")).unwrap();
    for file in ["tools.json", "claims.json", "matrix.json"] {
        fs::copy(root().join("policy").join(file), policy.join(file)).unwrap();
    }
    for entry in fs::read_dir(root().join("policy/policies")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(
            &path,
            policy.join("policies").join(path.file_name().unwrap()),
        )
        .unwrap();
    }
    git(&repository, &["add", "."]);
    git(&repository, &["commit", "--quiet", "-m", "before"]);
    repository
}

#[test]
fn a_revision_is_read_without_a_checkout() {
    let repository = repository();
    let settings = repository.join("door/settings");
    let shown = settings.to_str().unwrap();
    let path = [("PATH", "/usr/local/bin:/usr/bin:/bin")];
    let ask = |against: &str| {
        let arguments = ["access", shown, "--against", against, "--fail-on-wider"];
        run_with(&arguments, &path, "")
    };
    let ran = ask("HEAD");
    assert_eq!(
        (ran.code, &ran.json()["wider"]),
        (Some(0), &json!(false)),
        "{ran:?}"
    );
    let wider = agents(&json!({"groups": ["g", "h"]}));
    fs::write(settings.join("agents.json"), wider.to_string()).unwrap();
    let ran = ask("HEAD");
    assert_eq!(told(&ran.json(), "opens"), ["agent demo: admits group h"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    for wrong in ["no-such-branch", "--output=x", "HEAD^", "HEAD:door"] {
        let against = format!("--against={wrong}");
        let ran = run_with(&["access", shown, &against], &path, "");
        assert_eq!(
            (ran.code, ran.output.as_str()),
            (Some(64), ""),
            "{wrong}: {ran:?}"
        );
    }
    let empty = folder();
    let ran = run_with(
        &["access", empty.to_str().unwrap(), "--against", "HEAD"],
        &path,
        "",
    );
    assert_eq!(ran.code, Some(64), "{ran:?}");
}

#[test]
fn each_change_of_policies_is_told() {
    let repository = repository();
    let policy = repository.join("door/policy");
    let file = policy.join("policies/finance_refunds.cedar");
    let text = fs::read_to_string(&file).unwrap();
    let path = [("PATH", "/usr/local/bin:/usr/bin:/bin")];
    let shown = policy.to_str().unwrap();
    let ask = || {
        let arguments = [
            "access",
            "--policy",
            shown,
            "--against",
            "HEAD",
            "--fail-on-wider",
        ];
        run_with(&arguments, &path, "")
    };
    let ran = ask();
    assert_eq!(
        (ran.code, &ran.json()["wider"]),
        (Some(0), &json!(false)),
        "{ran:?}"
    );
    fs::write(&file, text.replace("<= 1000", "<= 1001")).unwrap();
    let ran = ask();
    let opens = told(&ran.json(), "opens");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(opens.len(), 2, "{opens:?}");
    assert!(
        opens[0].starts_with("caller finance/admin: may call billing___refund"),
        "{opens:?}"
    );
    // No sample lies between, so that nothing shows it.
    fs::write(
        &file,
        text.replace("<= 1000", "<= 1000 || context.input.amount == 7777"),
    )
    .unwrap();
    let ran = ask();
    assert_eq!(
        (ran.code, told(&ran.json(), "opens").len()),
        (Some(1), 0),
        "{ran:?}"
    );
    assert_eq!(
        told(&ran.json(), "unclear"),
        ["policy finance_refunds: is another; no sample shows what it opens"]
    );
    // A remark for people decides nothing.
    fs::write(&file, text.replacen("// Finance", "// All of finance", 1)).unwrap();
    assert_eq!(ask().code, Some(0));
    // A permit less can only close, a forbid less can open.
    fs::remove_file(&file).unwrap();
    let ran = ask();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        told(&ran.json(), "closes")
            .contains(&"policy finance_refunds: is gone, and permitted".to_owned())
    );
    fs::write(&file, &text).unwrap();
    fs::remove_file(policy.join("policies/proven_users_only.cedar")).unwrap();
    let ran = ask();
    assert_eq!(ran.code, Some(1), "{ran:?}");
    fs::write(policy.join("policies/broken.cedar"), "permit").unwrap();
    let ran = ask();
    assert_eq!(ran.code, Some(64), "{ran:?}");
    assert!(ran.errors.contains("broken.cedar:1:"), "{ran:?}");
}
