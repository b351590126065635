//! Tests of callers whose issuer is no user pool: what the door states of them reaches the policy.

use std::collections::BTreeMap;

use bytes::Bytes;
use hyper::http::Request;
use local::dynamodb::Row;
use local::stack::{Stack, StackSettings, TOOLS_AGENT};
use serde_json::{Value, json};
use tests::{Stack as Program, VendorIssuer, chain_settings, counted, get, send};

use crate::journey::password_token;
use crate::tools::ask;

/// One stable name at three issuers: an attacker may choose theirs.
const NAME: &str = "00u1examplename";

/// A stack that trusts these issuers beside its own pool, with these variables.
async fn stack(issuers: &[&VendorIssuer], variables: &[(&str, String)]) -> Stack {
    let variables = variables.iter().cloned();
    let settings = StackSettings {
        issuers: issuers.iter().map(|issuer| issuer.entry()).collect(),
        variables: variables
            .map(|(name, value)| (name.to_owned(), value))
            .collect::<BTreeMap<_, _>>(),
        ..chain_settings()
    };
    Stack::start(settings).await.unwrap()
}

/// Entra's finance role is finance at the tools; Okta's group of the same name is nothing there.
fn group_map(entra: &VendorIssuer) -> (&'static str, String) {
    let map = json!([{"group": "finance", "issuer": entra.name, "department": "finance", "role": "admin"}]);
    ("GROUP_MAP", map.to_string())
}

/// The tools that a client of MCP sees through the door.
async fn tools(stack: &Stack, token: &str) -> String {
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let request = Request::post(format!("{}/agents/{TOOLS_AGENT}/mcp", stack.url()))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .body(Bytes::from(message.to_string()))
        .unwrap();
    let answer = send(request).await.whole().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text().to_owned()
}

/// The claims of each tool token by which a refund was asked for, in order.
fn refunders(stack: &Stack) -> Vec<Value> {
    let calls = stack.tools().calls();
    calls
        .into_iter()
        .map(|call| Value::Object(call.claims))
        .collect()
}

/// A caller: their stable name, and their groups.
type Caller<'c> = (&'c str, &'c [&'c str]);

/// Alice gets a refund up to what the policy allows; bob does not see that there is such a tool.
async fn assert_decided(stack: &Stack, issuer: &VendorIssuer, alice: Caller<'_>, bob: Caller<'_>) {
    let token = |(subject, groups): Caller<'_>| issuer.token(subject, groups);
    let (alices, bobs) = (token(alice), token(bob));
    for (token, prompt, expected) in [
        (&alices, "refund 500", "Refunded 500 for order A-1."),
        (&alices, "refund 5000", "Refused by policy: "),
        (&bobs, "refund 500", "Refused by policy: "),
    ] {
        let said = ask(stack.url(), token, prompt).await;
        assert!(said.contains(expected), "{prompt}: {said}");
    }
    for (token, may_refund) in [(&alices, true), (&bobs, false)] {
        for seen in [
            ask(stack.url(), token, "tools").await,
            tools(stack, token).await,
        ] {
            assert!(seen.contains("notices___read"), "{seen}");
            assert_eq!(seen.contains("refund"), may_refund, "{seen}");
        }
    }
}

#[tokio::test]
async fn a_policy_decides_by_the_user_of_another_issuer() {
    let (entra, okta) = (VendorIssuer::entra().await, VendorIssuer::okta().await);
    let stack = stack(&[&entra, &okta], &[group_map(&entra)]).await;
    let okta_alice = format!("{}#okta-alice", okta.name);
    stack
        .directory()
        .put(&okta_alice, Row::new("finance", "admin"));
    let (staff, finance): (&[&str], &[&str]) = (&["staff"], &["staff", "finance"]);
    assert_decided(
        &stack,
        &entra,
        ("entra-alice", finance),
        ("entra-bob", staff),
    )
    .await;
    // By the directory alone: at Okta, the group says nothing to the tools.
    assert_decided(&stack, &okta, ("okta-alice", staff), ("okta-bob", finance)).await;
    let seen = refunders(&stack);
    let seen: Vec<_> = seen
        .iter()
        .map(|claims| json!([claims["user_id"], claims["department"], claims["role"]]))
        .collect();
    let expected = [
        (&entra, "entra-alice", "finance", "admin"),
        (&entra, "entra-alice", "finance", "admin"),
        (&entra, "entra-bob", "guest", "viewer"),
        (&okta, "okta-alice", "finance", "admin"),
        (&okta, "okta-alice", "finance", "admin"),
        (&okta, "okta-bob", "guest", "viewer"),
    ];
    let expected = expected.map(|(issuer, subject, department, role)| {
        json!([format!("{}#{subject}", issuer.name), department, role])
    });
    assert_eq!(seen, expected);
    counted("users of an Entra-shaped and an Okta-shaped issuer were told apart by policy");
    stack.stop().await;
}

/// The same name at the pool, at Entra and at Okta: three users, in the directory and at the tools.
#[tokio::test]
async fn one_name_at_three_issuers_is_three_users() {
    let (entra, okta) = (VendorIssuer::entra().await, VendorIssuer::okta().await);
    let stack = stack(&[&entra, &okta], &[group_map(&entra)]).await;
    let alice = stack.issuer().subject("alice").unwrap().to_owned();
    let own = stack.issuer().access_token("alice").unwrap();
    let staff: &[&str] = &["staff"];
    for (token, user_id, may_refund) in [
        (own, alice.clone(), true),
        (
            entra.token(&alice, staff),
            format!("{}#{alice}", entra.name),
            false,
        ),
        (
            okta.token(&alice, staff),
            format!("{}#{alice}", okta.name),
            false,
        ),
        // Whatever a subject reads like, it stands behind its issuer.
        (
            okta.token(&format!("{}#{NAME}", entra.name), staff),
            format!("{}#{}#{NAME}", okta.name, entra.name),
            false,
        ),
    ] {
        let said = ask(stack.url(), &token, "refund 5").await;
        assert_eq!(
            said.contains("Refunded 5 "),
            may_refund,
            "{user_id}: {said}"
        );
        let claims = refunders(&stack).pop().unwrap();
        assert_eq!(claims["user_id"], user_id);
    }
    stack.stop().await;
}

/// As a person starts it: a file of issuers, and a variable of the trigger's.
#[tokio::test]
async fn the_program_trusts_further_issuers_from_a_file() {
    let entra = VendorIssuer::entra().await;
    let file = std::env::temp_dir().join(format!("gatehouse-issuers-{}.json", std::process::id()));
    std::fs::write(&file, json!([entra.entry()]).to_string()).unwrap();
    let (name, map) = group_map(&entra);
    let arguments = ["--issuers", file.to_str().unwrap()];
    let stack = Program::start_with(&arguments, &[(name, &map)]);
    std::fs::remove_file(&file).unwrap();
    let printed = stack.printed.join("\n");
    assert!(printed.contains(entra.name), "{printed}");
    let said = ask(
        &stack.url,
        &entra.token(NAME, &["staff", "finance"]),
        "refund 5",
    )
    .await;
    assert!(said.contains("Refunded 5 "), "{said}");
    let seen = ask(&stack.url, &entra.token("bob", &["staff"]), "tools").await;
    assert!(
        seen.contains("notices___read") && !seen.contains("refund"),
        "{seen}"
    );
    let log = stack.errors();
    assert!(
        log.contains("\"issuer\":\"https://login.microsoftonline.com/"),
        "{log}"
    );
}

/// As a person starts it: their own issuer in the place of the local one, by one variable.
#[tokio::test]
async fn the_program_trusts_another_issuer_by_one_variable() {
    let entra = VendorIssuer::entra().await;
    let issuers = json!([entra.entry()]).to_string();
    let stack = Program::start(&[("TRUSTED_ISSUERS", &issuers)]);
    let printed = stack.printed.join("\n");
    assert!(
        printed.contains("the local users are not trusted"),
        "{printed}"
    );
    let said = ask(&stack.url, &entra.token(NAME, &["staff"]), "hello").await;
    assert!(said.contains("You asked: hello"), "{said}");
    // The agent and its tools know the user by issuer and subject.
    let seen = ask(&stack.url, &entra.token(NAME, &["staff"]), "tools").await;
    assert!(
        seen.contains("notices___read") && !seen.contains("refund"),
        "{seen}"
    );
    let who = get(
        &format!("{}/whoami", stack.url),
        Some(&entra.token(NAME, &["staff"])),
    )
    .await;
    let who = who.json();
    assert_eq!(
        (&who["issuer"], &who["subject"]),
        (&json!(entra.name), &json!(NAME))
    );
    // The local pool's own users are strangers to this door.
    let own = password_token(&stack, "alice").await;
    let refused = get(&format!("{}/whoami", stack.url), Some(&own)).await;
    assert_eq!(refused.status, 401, "{}", refused.text());
}
