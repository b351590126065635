//! Decisions: the reviewed matrix, and what Cedar is asked.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use local::agentcore_gateway::{Mode, ToolGateway, ToolGatewaySettings, Verdict};
use local::cognito::{Issuer, IssuerSettings};
use serde_json::{Value, json};

use crate::world::{World, checkout, said};

/// The claims behind a caller's name in the matrix.
fn claims(caller: &str) -> Value {
    let (user, profile) = match caller.strip_prefix("no user") {
        Some(rest) => (None, rest.strip_prefix(", ")),
        None if caller == "user only" => (Some("u"), None),
        None => (Some("u"), Some(caller)),
    };
    let profile = profile.map(|profile| profile.split_once('/').unwrap());
    let claims = [
        ("user_id", user),
        ("department", profile.map(|(department, _)| department)),
        ("role", profile.map(|(_, role)| role)),
    ];
    let claims = claims
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), json!(value?))));
    Value::Object(claims.collect())
}

struct Row {
    tool: String,
    input: Value,
    /// One a caller.
    decisions: Vec<String>,
}

/// Callers and rows. At least two blanks stand between columns.
fn matrix() -> (Vec<String>, Vec<Row>) {
    let text = fs::read_to_string(checkout().join("tests/matrix.txt")).unwrap();
    let cells = |line: &str| -> Vec<String> {
        let cells = line
            .split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty());
        cells.map(str::to_owned).collect()
    };
    let mut lines = text.lines();
    let callers = cells(lines.next().unwrap())[2..].to_vec();
    let rows = lines.map(|line| {
        let cells = cells(line);
        let [tool, input, decisions @ ..] = &cells[..] else {
            panic!("{line}")
        };
        assert_eq!(decisions.len(), callers.len(), "{line}");
        Row {
            tool: tool.clone(),
            input: serde_json::from_str(input).unwrap(),
            decisions: decisions.to_vec(),
        }
    });
    let rows = rows.collect();
    (callers, rows)
}

#[tokio::test]
async fn the_gateway_decides_as_the_reviewed_matrix_says() {
    let world = World::start().await;
    let (callers, rows) = matrix();
    let mut seen = BTreeSet::new();
    let mut permitted = BTreeSet::new();
    for (at, caller) in callers.iter().enumerate() {
        let token = world.token(&claims(caller));
        for row in &rows {
            let Row {
                tool,
                input,
                decisions,
            } = row;
            let answer = world.call(&token, tool, input).await;
            let decision = if answer.get("error").is_some() {
                // A tool that is not there is not called, whatever a policy would say.
                assert_eq!(answer["error"]["code"], -32602);
                "deny"
            } else {
                match world.gateway.calls().pop().unwrap().verdict {
                    Verdict::Permitted => "allow",
                    Verdict::Denied(_) => "deny",
                    Verdict::Undecided => "error",
                }
            };
            assert_eq!(decision, decisions[at], "{caller}: {tool} {input}");
            let denied = answer["result"]["isError"] == true;
            assert!(denied || decision == "allow" || answer.get("error").is_some());
            if decision == "allow" {
                permitted.insert((caller.clone(), tool.clone()));
            }
            seen.insert(decision.to_owned());
        }
        let shown: BTreeSet<String> = world.list(&token).await.into_iter().collect();
        let open = permitted.iter().filter(|(who, _)| who == caller);
        let open: BTreeSet<String> = open.map(|(_, tool)| tool.clone()).collect();
        assert_eq!(shown, open, "{caller} sees what some sample input opens");
    }
    assert_eq!(seen, ["allow", "deny", "error"].map(str::to_owned).into());
    assert!(callers.len() * rows.len() >= 100, "the matrix was read");
}

#[tokio::test]
async fn a_denial_is_a_result_in_agentcores_shape() {
    let world = World::start().await;
    let guest = world.token(&claims("guest/viewer"));
    let refund = json!({"order": "A-1", "amount": 500});
    let (text, is_error) = said(&world.call(&guest, "billing___refund", &refund).await);
    let expected = "AuthorizeActionException - Tool Execution Denied: Tool call not allowed due to policy enforcement \
                    [No policy applies to the request (denied by default).]";
    assert_eq!((text.as_str(), is_error), (expected, true));
    let nobody = world.token(&json!({}));
    let (text, _) = said(
        &world
            .call(&nobody, "notices___read", &json!({"topic": "x"}))
            .await,
    );
    assert!(
        text.ends_with("[Forbidden by: proven_users_only.]"),
        "{text}"
    );
    let finance = world.token(&claims("finance/admin"));
    let (text, _) = said(&world.call(&finance, "billing___refund", &json!({})).await);
    assert!(
        text.ends_with("[A policy could not be evaluated for this input.]"),
        "{text}"
    );
    assert_eq!(world.gateway.refunds(), []);
}

#[tokio::test]
async fn a_gateway_that_only_logs_shows_and_does_everything() {
    let world = World::start().await;
    let guest = world.token(&claims("guest/viewer"));
    let refund = json!({"order": "A-1", "amount": 5000});
    world.gateway.set_mode(Mode::LogOnly);
    assert_eq!(world.list(&guest).await.len(), 3);
    let (_, is_error) = said(&world.call(&guest, "billing___refund", &refund).await);
    assert!(!is_error && world.gateway.refunds().len() == 1);
    let verdict = world.gateway.calls().pop().unwrap().verdict;
    assert_eq!(verdict, Verdict::Denied(BTreeSet::new()));
    world.gateway.set_mode(Mode::Enforce);
    assert_eq!(world.list(&guest).await, ["notices___read"]);
}

/// A folder with one tool, `t___run`, of this input schema, and these policies.
fn folder(test: &str, schema: &Value, policies: &[&str]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("policy-{test}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("policies")).unwrap();
    let tools = json!({"t": [{"name": "run", "inputSchema": schema}]});
    fs::write(folder.join("tools.json"), tools.to_string()).unwrap();
    for (at, policy) in policies.iter().enumerate() {
        fs::write(folder.join(format!("policies/p{at}.cedar")), policy).unwrap();
    }
    folder
}

async fn verdict(world: &World, claims: &Value, input: &Value) -> Verdict {
    world.call(&world.token(claims), "t___run", input).await;
    world.gateway.calls().pop().unwrap().verdict
}

#[tokio::test]
async fn every_claim_is_a_text_and_a_list_is_its_json() {
    let policy = r#"permit (principal, action, resource) when {
        principal.getTag("groups") like "*\"admins\"*" && principal.getTag("level") == "3" &&
        principal.getTag("flag") == "true" && principal.getTag("name") == "a \"b\"" &&
        principal.getTag("object") == "{\"a\":1}" };"#;
    let world = World::with(folder("claims", &json!({"type": "object"}), &[policy])).await;
    let good = json!({"groups": ["x", "admins"], "level": 3, "flag": true, "name": "a \"b\"", "object": {"a": 1}});
    assert_eq!(verdict(&world, &good, &json!({})).await, Verdict::Permitted);
    let mut other = good.clone();
    other["groups"] = json!(["not-admins"]);
    assert_eq!(
        verdict(&world, &other, &json!({})).await,
        Verdict::Denied(BTreeSet::new())
    );
}

#[tokio::test]
async fn inputs_have_the_types_of_their_schema() {
    let schema = json!({"type": "object", "properties": {
        "price": {"type": "number"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "deep": {"type": "object", "properties": {"rate": {"type": "number"}}},
    }});
    let policy = r#"permit (principal, action in AgentCore::Action::"t", resource) when {
        context.input.price.lessThan(decimal("10.0")) && context.input.tags.contains("a") &&
        context.input.deep.rate == decimal("0.25") && context.input.plain == 7 && context.input.flag &&
        context.system.now > datetime("2026-01-01") && context.system.now < datetime("2100-01-01") };"#;
    let world = World::with(folder("inputs", &schema, &[policy])).await;
    let good =
        json!({"price": 9.5, "tags": ["a"], "deep": {"rate": 0.25}, "plain": 7, "flag": true});
    let decide = |name: &str, value: Value| {
        let mut input = good.clone();
        input[name] = value;
        input
    };
    for (input, expected) in [
        (good.clone(), Verdict::Permitted),
        (decide("price", json!(9)), Verdict::Permitted),
        (decide("price", json!(10)), Verdict::Denied(BTreeSet::new())),
        (decide("tags", json!([])), Verdict::Denied(BTreeSet::new())),
        (decide("price", Value::Null), Verdict::Undecided),
        (decide("plain", json!(7.5)), Verdict::Undecided),
        (decide("plain", json!(u64::MAX)), Verdict::Undecided),
        (decide("flag", json!("true")), Verdict::Undecided),
        (decide("more", json!([null])), Verdict::Undecided),
    ] {
        assert_eq!(
            verdict(&world, &json!({}), &input).await,
            expected,
            "{input}"
        );
    }
}

#[tokio::test]
async fn a_tool_is_hidden_only_if_no_input_opens_it() {
    let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}});
    let all = "permit (principal, action, resource);";
    let small = "permit (principal, action, resource) when { context.input.n < 10 };";
    let never_large = "forbid (principal, action, resource) when { context.input.n > 100 };";
    let mine = r#"permit (principal, action, resource) when { principal.hasTag("user_id") && context.input.n < 10 };"#;
    let no_input = "permit (principal, action, resource) when { !(context has input) };";
    let never = "forbid (principal, action, resource) when { context.input.n < 10 || true };";
    let broken =
        r#"forbid (principal, action, resource) when { principal.getTag("absent") == "x" };"#;
    let elsewhere = r#"permit (principal, action, resource == AgentCore::Gateway::"other");"#;
    for (name, policies, shown) in [
        ("none", &[][..], false),
        ("all", &[all], true),
        ("small", &[small], true),
        ("forbidden", &[all, never_large], true),
        ("mine", &[mine], false),
        // It is not worked out that no input passes; calling it is denied all the same.
        ("no-input", &[no_input], true),
        ("never", &[all, never], true),
        ("broken", &[all, broken], false),
        ("elsewhere", &[elsewhere], false),
    ] {
        let world = World::with(folder(name, &schema, policies)).await;
        let token = world.token(&json!({}));
        assert_eq!(!world.list(&token).await.is_empty(), shown, "{name}");
        let called = verdict(&world, &json!({}), &json!({"n": 1})).await;
        let denied = ["no-input", "never"].contains(&name) || !shown;
        assert_eq!(called != Verdict::Permitted, denied, "{name}");
    }
}

#[tokio::test]
async fn policies_and_tools_that_are_none_stop_it() {
    let issuer = Issuer::start(IssuerSettings::default()).await.unwrap();
    let start = async |policy: PathBuf, discovery_url: &str| {
        let settings = ToolGatewaySettings {
            discovery_url: discovery_url.to_owned(),
            allowed_clients: Vec::new(),
            policy,
        };
        let error = ToolGateway::start(settings).await.err().unwrap();
        let cause = std::error::Error::source(&error).unwrap();
        format!("{error}: {cause}")
    };
    let object = json!({"type": "object"});
    let discovery = issuer.discovery_url();
    let broken = start(folder("syntax", &object, &["permit ("]), &discovery).await;
    assert!(
        broken.starts_with("use the policies: `") && broken.contains("p0.cedar` is not a policy"),
        "{broken}"
    );
    let shapeless = start(folder("shapeless", &json!("object"), &[]), &discovery).await;
    assert!(
        shapeless.contains("`tools.json` is not an object of targets"),
        "{shapeless}"
    );
    let missing = start("nowhere".into(), &discovery).await;
    assert_eq!(missing, "use the policies: read `nowhere/tools.json`");
    let down = start(checkout(), "http://127.0.0.1:1/").await;
    assert_eq!(
        down,
        "use the issuer of the tool tokens: fetch `http://127.0.0.1:1/`"
    );
    let other = format!("{}/.well-known/jwks.json", issuer.url());
    let other = start(checkout(), &other).await;
    assert!(other.ends_with("is not what it should be"), "{other}");
}
