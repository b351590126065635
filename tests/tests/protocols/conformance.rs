//! The official conformance suite of MCP, at a server of the official SDK: straight, and through the door.

use std::collections::BTreeMap;
use std::fs;

use tests::{JavaScript, counted};

use super::page::{compare, javascript_version};

/// Of one check; the number distinguishes checks of one name.
type Checks = BTreeMap<(String, String, usize), String>;

/// What differs through the door, and why.
const DIFFERENCES: &[(&str, &str, &str)] = &[(
    "dns-rebinding-protection",
    "localhost-host-rebinding-rejected",
    "The check is for servers without authentication, and sends a foreign `Host` and `Origin`, here with a token. A page \
     that reaches the door under another name has no token: the door asks for one in a header, and takes no cookie. \
     Deployed, API Gateway answers no foreign `Host`.",
)];

#[tokio::test(flavor = "multi_thread")]
async fn the_door_changes_no_result_of_the_conformance_suite_but_those_explained() {
    let Some(javascript) = JavaScript::find("the conformance suite of MCP") else {
        return;
    };
    let server = javascript.serve("conforming.js", &[], "");
    let stack = super::stack(&server.url).await;
    let token = stack.issuer().access_token("alice").unwrap();
    // The suite itself shows no token.
    let address = format!("{}/agents/mcp", stack.url());
    let forwarder = javascript.serve("forwarder.js", &[&address], &token);
    let direct = checks(&javascript, &format!("{}/mcp", server.url)).await;
    let through = checks(&javascript, &format!("{}/mcp", forwarder.url)).await;
    stack.stop().await;
    let differing = differing(&direct, &through);
    compare("conformance", &table(&direct, &through));
    compare("differences", &explained(&differing));
    counted(&format!(
        "{} of {} checks of MCP's conformance suite passed through the door, {} without it",
        with(&through, "SUCCESS"),
        through.len(),
        with(&direct, "SUCCESS"),
    ));
}

/// The results of all scenarios; what only tells what was sent and received is no check.
async fn checks(javascript: &JavaScript, url: &str) -> Checks {
    let name = format!("conformance-{}-{}", std::process::id(), url.len());
    let folder = std::env::temp_dir().join(name);
    javascript.conformance(url, &folder).await;
    let mut checks = Checks::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let text = fs::read_to_string(entry.path().join("checks.json")).unwrap();
        let found: serde_json::Value = serde_json::from_str(&text).unwrap();
        for check in found.as_array().unwrap() {
            let [id, status] = ["id", "status"].map(|name| check[name].as_str().unwrap());
            if status != "INFO" {
                let key = (scenario(&name), id.to_owned());
                let number = (0..)
                    .find(|number| !checks.contains_key(&(key.0.clone(), key.1.clone(), *number)));
                checks.insert((key.0, key.1, number.unwrap()), status.to_owned());
            }
        }
    }
    fs::remove_dir_all(&folder).unwrap();
    assert!(checks.len() > 40, "{checks:?}");
    checks
}

/// `server-SCENARIO-TIME`: the time has 24 characters.
fn scenario(folder: &str) -> String {
    let name = folder.strip_prefix("server-").unwrap();
    name[..name.len() - 25].to_owned()
}

fn with(checks: &Checks, status: &str) -> usize {
    checks.values().filter(|found| *found == status).count()
}

fn table(direct: &Checks, through: &Checks) -> String {
    let version = javascript_version("@modelcontextprotocol/conformance");
    let mut table = format!(
        "| `@modelcontextprotocol/conformance` {version} | passed | warnings | failed |\n|---|---|---|---|\n"
    );
    for (name, checks) in [
        ("straight at the server", direct),
        ("through the door", through),
    ] {
        let counts =
            ["SUCCESS", "WARNING", "FAILURE"].map(|status| with(checks, status).to_string());
        table.push_str(&format!("| {name} | {} |\n", counts.join(" | ")));
    }
    table
}

/// Scenario, check, and both results.
fn differing(direct: &Checks, through: &Checks) -> Vec<[String; 4]> {
    let missing = "not reached".to_owned();
    let mut keys: Vec<_> = direct.keys().chain(through.keys()).collect();
    keys.sort();
    keys.dedup();
    let both = keys.into_iter().map(|key| {
        let [one, other] = [direct, through].map(|checks| checks.get(key).unwrap_or(&missing));
        [key.0.clone(), key.1.clone(), one.clone(), other.clone()]
    });
    both.filter(|[.., one, other]| one != other).collect()
}

/// The differences, each with its reason; one without, and a reason without a difference, is a failure.
fn explained(differing: &[[String; 4]]) -> String {
    let found: Vec<_> = differing
        .iter()
        .map(|[scenario, check, ..]| (scenario.as_str(), check.as_str()))
        .collect();
    let known: Vec<_> = DIFFERENCES
        .iter()
        .map(|(scenario, check, _)| (*scenario, *check))
        .collect();
    assert_eq!(found, known, "{differing:?}");
    let mut table =
        "| Scenario | Check | Straight | Through the door | Why |\n|---|---|---|---|---|\n"
            .to_owned();
    for ([scenario, check, one, other], (.., why)) in differing.iter().zip(DIFFERENCES) {
        let (one, other) = (one.to_lowercase(), other.to_lowercase());
        table.push_str(&format!(
            "| `{scenario}` | `{check}` | {one} | {other} | {why} |\n"
        ));
    }
    table
}
