//! Tests of the matrices of `gatehouse access`: they are what the functions and the Cedar engine decide.

use std::fs;

use serde_json::{Value, json};

use crate::pages::on_terminal;
use crate::program::{root, run, settings};

pub(crate) const RUNTIME: &str =
    "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/demo-AbCdEf1234";

pub(crate) fn agents(allow: &Value) -> Value {
    json!({"demo": {"runtime": RUNTIME, "allow": allow}})
}

pub(crate) fn issuer(name: &str, changes: Value) -> Value {
    let mut entry = json!({
        "discoveryUrl": format!("https://{name}.example/.well-known/openid-configuration"),
        "allowedClients": ["web"],
    });
    for (name, value) in changes.as_object().unwrap() {
        entry[name] = value.clone();
        if value.is_null() {
            entry.as_object_mut().unwrap().remove(name);
        }
    }
    entry
}

pub(crate) fn write(agents: &Value, issuers: &Value) -> String {
    let folder = settings(&agents.to_string(), &issuers.to_string());
    folder.to_str().unwrap().to_owned()
}

/// The callers whom an agent admits, as the matrix has them.
fn admitted(said: &Value, agent: &str) -> Vec<String> {
    let rows = said["callers"].as_array().unwrap().iter();
    let rows = rows.filter(|row| row["agents"].as_array().unwrap().contains(&json!(agent)));
    rows.map(|row| row["caller"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_example_settings_are_drawn_as_they_are() {
    let ran = run(&["access"]);
    assert_eq!((ran.code, ran.errors.as_str()), (Some(0), ""), "{ran:?}");
    let said = ran.json();
    assert_eq!(admitted(&said, "demo"), ["group staff"]);
    assert_eq!(admitted(&said, "finance"), ["group audit", "group finance"]);
    assert_eq!(admitted(&said, "welcome").len(), 4, "{said}");
    assert_eq!(said["callers"].as_array().unwrap().len(), 4, "{said}");
}

#[test]
fn the_smallest_callers_of_an_agent_are_told() {
    let client = json!({"allowedClients": null, "allowedAudience": ["door"]});
    let one = json!([issuer("a", client)]);
    for (allow, expected) in [
        (json!({}), &["any caller"][..]),
        (
            json!({"groups": ["a", "b"], "scopes": ["s"]}),
            &["group a + scope s", "group b + scope s"],
        ),
        (
            json!({"anyOf": [{"scopes": ["s"]}, {"groups": ["g"]}]}),
            &["scope s", "group g"],
        ),
        (
            json!({"groups": ["g"], "anyOf": [{"scopes": ["s"]}, {"groups": ["g"], "clients": ["c"]}]}),
            &["group g + scope s", "group g + client c"],
        ),
        // No caller is two clients.
        (
            json!({"clients": ["c"], "anyOf": [{"clients": ["d"]}, {"groups": ["g"]}]}),
            &["group g + client c"],
        ),
        // The second set asks for more than the first.
        (
            json!({"anyOf": [{"groups": ["g"]}, {"groups": ["g"], "scopes": ["s"]}]}),
            &["group g"],
        ),
        (
            json!({"groups": ["with space", "esc\u{e9}"]}),
            &["group \"escé\"", "group \"with space\""],
        ),
    ] {
        let folder = write(&agents(&allow), &one);
        let said = run(&["access", &folder]).json();
        let mut found: Vec<String> = said["callers"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| row["agents"] == json!(["demo"]))
            .map(|row| row["caller"].as_str().unwrap().to_owned())
            .collect();
        found.sort();
        let mut expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
        expected.sort();
        assert_eq!(found, expected, "{allow}");
    }
}

#[test]
fn a_client_that_the_issuer_refuses_is_no_caller() {
    let folder = write(
        &agents(&json!({"clients": ["web", "other"]})),
        &json!([issuer("a", json!({}))]),
    );
    let said = run(&["access", &folder]).json();
    assert_eq!(admitted(&said, "demo"), ["client web"]);
}

#[test]
fn issuers_and_tenants_are_told_apart() {
    let tenants = json!({
        "discoveryUrl": "https://login.example/v2.0/.well-known/openid-configuration",
        "issuer": "https://login.example/{tenantid}/v2.0", "tenants": ["one", "two"], "allowedClients": ["web"],
    });
    let both = json!([issuer("a", json!({})), tenants]);
    let allow = json!({"issuers": ["https://login.example/two/v2.0"], "groups": ["g"]});
    let said = run(&["access", &write(&agents(&allow), &both)]).json();
    let rows = said["callers"].as_array().unwrap();
    let admitted: Vec<&Value> = rows
        .iter()
        .filter(|row| row["agents"] != json!([]))
        .collect();
    assert_eq!(admitted.len(), 1, "{said}");
    assert_eq!(admitted[0]["issuer"], "https://login.example/two/v2.0");
    let allow = json!({"issuers": ["https://login.example/{tenantid}/v2.0"], "groups": ["g"]});
    let said = run(&["access", &write(&agents(&allow), &both)]).json();
    assert_eq!(self::admitted(&said, "demo").len(), 2, "{said}");
}

#[test]
fn the_tools_matrix_is_the_reviewed_one() {
    let ran = run(&["access", "--policy", "policy"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let said = ran.json();
    let reviewed = fs::read_to_string(root().join("policy/tests/matrix.txt")).unwrap();
    let mut words = reviewed.lines().skip(1);
    let calls = said["calls"].as_array().unwrap();
    for call in calls {
        let row = words.next().unwrap();
        assert!(row.starts_with(call["tool"].as_str().unwrap()), "{row}");
        let decisions = call["decisions"].as_array().unwrap().iter();
        let outcomes: Vec<&str> = decisions
            .map(|cell| cell["outcome"].as_str().unwrap())
            .collect();
        let cells: Vec<&str> = row.split_whitespace().skip(2).collect();
        assert_eq!(outcomes, cells, "{row}");
    }
    assert_eq!(words.next(), None);
    assert_eq!(
        calls[0]["decisions"][0]["policies"],
        json!(["finance_refunds"])
    );
    assert_eq!(
        calls[0]["decisions"][7]["policies"],
        json!(["proven_users_only"])
    );
}

/// A table that is wider than the terminal becomes a list, whose lines do not grow with the number of agents or callers.
#[test]
fn a_wide_matrix_is_a_list() {
    let mut many = agents(&json!({"groups": ["g"]}));
    for number in 0..20 {
        many[format!("agent-{number:02}")] =
            json!({"runtime": RUNTIME, "allow": {"clients": ["web", "x"]}});
    }
    many["none"] = json!({"runtime": RUNTIME, "allow": {"clients": ["other"]}});
    let folder = write(
        &many,
        &json!([issuer("a", json!({"allowedClients": ["web", "x"]}))]),
    );
    let shown = |arguments: &[&str]| {
        let words = ["gatehouse", "access"].iter().chain(arguments);
        let (_, output, errors) = on_terminal(words.map(Into::into).collect(), Vec::new());
        assert_eq!(errors, "");
        output
    };
    let text = shown(&[&folder]);
    assert!(
        text.contains("\nagent-07\n  client web\n  client x\nagent-08\n"),
        "{text}"
    );
    assert!(
        text.contains("\ndemo\n  group g\nnone\n  no caller\n"),
        "{text}"
    );
    let policy = root().join("policy");
    let text = shown(&["--policy", policy.to_str().unwrap()]);
    let refund = "billing___refund\n  {\"order\":\"A-1\"}\n    error  finance/admin\n    error  finance/viewer\n";
    assert!(text.contains(refund), "{text}");
    let unknown = "billing___refnd\n  {\"order\":\"A-1\",\"amount\":500}\n    no caller\n";
    assert!(text.contains(unknown), "{text}");
}
