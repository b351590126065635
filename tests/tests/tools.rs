//! Tests of tool calls: the caller's identity reaches the policy through token endpoint, trigger and agent.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use hyper::http::Request;
use local::cognito::{Issuer, IssuerSettings, TOOLS_SCOPE};
use local::dynamodb::Row;
use local::stack::{Stack, StackSettings};
use serde_json::{Value, json};
use tests::{Answer, Stack as Program, chain_settings, counted, now, post, send};
use tokio::time::{Instant, timeout};
use url::form_urlencoded;

use crate::journey::{password_token, sign_in};

/// Far above what any step takes; a test that reaches it hangs.
const PATIENCE: Duration = Duration::from_secs(60);
const CLAIMS_OF_A_USER: [&str; 3] = ["user_id", "department", "role"];

async fn stack(tool_token_seconds: u64) -> Stack {
    let settings = StackSettings {
        tool_token_seconds,
        ..chain_settings()
    };
    Stack::start(settings).await.unwrap()
}

/// What the agent of this door says to a prompt.
pub(crate) async fn ask(door: &str, token: &str, prompt: &str) -> String {
    let address = format!("{door}/agents/demo/invocations");
    let answer = post(&address, Some(token), &json!({ "prompt": prompt })).await;
    let answer = answer.whole().await;
    assert_eq!(answer.status, 200, "{prompt}: {}", answer.text());
    answer.text().to_owned()
}

/// Asks the token endpoint as the machine client that tools know, with this client metadata.
async fn tool_token(issuer: &Issuer, metadata: Option<&Value>) -> Answer {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials")
        .append_pair("client_id", issuer.tools_client())
        .append_pair("client_secret", &issuer.tools_secret())
        .append_pair("scope", TOOLS_SCOPE);
    if let Some(metadata) = metadata {
        form.append_pair("aws_client_metadata", &metadata.to_string());
    }
    let request = Request::post(format!("{}/oauth2/token", issuer.domain()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(form.finish()))
        .unwrap();
    send(request).await.whole().await
}

/// The token of a good answer, and its claims.
fn granted(answer: &Answer) -> (String, Value) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    let claims = token.split('.').nth(1).unwrap();
    let claims = URL_SAFE_NO_PAD.decode(claims).unwrap();
    (token, serde_json::from_slice(&claims).unwrap())
}

/// A message to the tools' gateway, as the bearer of this token.
async fn tools(stack: &Stack, token: &str, method: &str, parameters: &Value) -> Value {
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters});
    let request = Request::post(stack.tools().url())
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .body(Bytes::from(message.to_string()))
        .unwrap();
    let answer = send(request).await.whole().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn a_policy_at_the_end_decides_by_the_user_at_the_door() {
    let stack = Program::start(&[]);
    let alice = password_token(&stack, "alice").await;
    let bob = password_token(&stack, "bob").await;
    for (token, prompt, expected) in [
        (&alice, "refund 500", "Refunded 500 for order A-1."),
        (&alice, "refund 1000", "Refunded 1000 for order A-1."),
        (
            &alice,
            "refund 5000",
            "Refused by policy: No policy applies",
        ),
        (
            &alice,
            "refund 1001",
            "Refused by policy: No policy applies",
        ),
        (&alice, "search invoices", "Found: "),
        (&bob, "notices canteen", "Soup at noon"),
        (&bob, "search invoices", "Refused by policy: "),
        (&bob, "refund 500", "Refused by policy: "),
    ] {
        let said = ask(&stack.url, token, prompt).await;
        assert!(said.contains(expected), "{prompt}: {said}");
    }
    let seen = ask(&stack.url, &alice, "tools").await;
    assert!(seen.contains("billing___refund"), "{seen}");
    let seen = ask(&stack.url, &bob, "tools").await;
    assert!(seen.contains("notices___read"), "{seen}");
    assert!(!seen.contains("refund"), "{seen}");

    let bobs_row = format!(
        "{}/directory/{}",
        stack.description["directory"].as_str().unwrap(),
        stack.description["subjects"]["bob"].as_str().unwrap()
    );
    let finance = json!({"department": "finance", "role": "accountant"}).to_string();
    let moved = Request::put(&bobs_row).body(Bytes::from(finance)).unwrap();
    assert_eq!(send(moved).await.status, 200);
    // A token says what was true when it was made; a new sign-in brings a new one.
    let seen = ask(&stack.url, &bob, "tools").await;
    assert!(!seen.contains("refund"), "{seen}");
    let bob = password_token(&stack, "bob").await;
    let seen = ask(&stack.url, &bob, "tools").await;
    assert!(seen.contains("billing___refund"), "{seen}");
    let said = ask(&stack.url, &bob, "refund 500").await;
    assert!(said.contains("Refunded 500"), "{said}");
}

#[tokio::test]
async fn a_change_in_the_directory_is_seen_within_a_tool_tokens_life() {
    const LIFE: u64 = 3;
    let stack = stack(LIFE).await;
    let bob = stack.issuer().access_token("bob").unwrap();
    let seen = ask(stack.url(), &bob, "tools").await;
    assert!(!seen.contains("refund"), "{seen}");
    let subject = stack.issuer().subject("bob").unwrap();
    let moved = Instant::now();
    stack.directory().put(subject, Row::new("finance", "admin"));
    // The same user token, nothing restarted: only time passes.
    let change = async { while !ask(stack.url(), &bob, "tools").await.contains("refund") {} };
    timeout(PATIENCE, change).await.unwrap();
    let after = moved.elapsed();
    assert!(after < Duration::from_secs(2 * LIFE), "{after:?}");
    stack.stop().await;
}

fn proof(token: &str) -> Value {
    json!({ "user_token": token })
}

/// The claims of a good token of alice's with these changed.
fn altered(issuer: &Issuer, change: &Value) -> Value {
    let mut claims = issuer.access_claims("alice").unwrap();
    let members = change.as_object().unwrap().clone();
    claims.as_object_mut().unwrap().extend(members);
    claims
}

/// A token of the pool with these claims of alice's changed.
fn signed(issuer: &Issuer, change: &Value) -> String {
    let claims = altered(issuer, change);
    issuer.sign(&issuer.access_header(), &claims).unwrap()
}

/// Client metadata that names alice and proves nothing.
fn mere_names(issuer: &Issuer) -> Vec<(&'static str, Value)> {
    let alice = issuer.subject("alice").unwrap();
    vec![
        ("somebody's id", json!({ "user_id": alice })),
        ("a verified id", json!({ "verified_user_id": alice })),
        ("somebody's subject", json!({ "sub": alice })),
        ("a department", json!({"department": "finance"})),
    ]
}

/// Client metadata with tokens that are no proof.
async fn bad_tokens(issuer: &Issuer) -> Vec<(&'static str, Value)> {
    let stranger = Issuer::start(IssuerSettings::default()).await.unwrap();
    let theirs = stranger.access_token("alice").unwrap();
    let claims = altered(issuer, &json!({}));
    let forged = stranger.sign(&issuer.access_header(), &claims).unwrap();
    let past = json!({"iat": now() - 7200, "auth_time": now() - 7200, "exp": now() - 1});
    let (domain, client) = (issuer.domain(), issuer.console_client());
    let password = issuer.password("alice").unwrap();
    let tokens = sign_in(domain, client, "alice", password).await;
    let (no_user, _) = granted(&tool_token(issuer, None).await);
    let id_use = signed(issuer, &json!({"token_use": "id"}));
    let machine = issuer.machine_token(None).unwrap();
    vec![
        ("an expired token", proof(&signed(issuer, &past))),
        ("a token of another pool", proof(&theirs)),
        ("another pool's signature", proof(&forged)),
        ("an id token", proof(tokens["IdToken"].as_str().unwrap())),
        ("an id token with the access key", proof(&id_use)),
        ("a machine's token", proof(&machine)),
        ("a tool token", proof(&no_user)),
        ("no token", proof("")),
    ]
}

#[tokio::test]
async fn whoever_holds_the_machines_secret_is_still_nobody_without_proof() {
    let stack = stack(300).await;
    let issuer = stack.issuer();
    let mut cases = mere_names(issuer);
    cases.extend(bad_tokens(issuer).await);
    for (name, metadata) in &cases {
        let answer = tool_token(issuer, Some(metadata)).await;
        assert_eq!(answer.status, 400, "{name}: {}", answer.text());
        assert!(!answer.text().contains("access_token"), "{name}");
    }
    counted(&format!("{} bad proofs got no tool token", cases.len()));

    let good = proof(&signed(issuer, &json!({})));
    let (_, claims) = granted(&tool_token(issuer, Some(&good)).await);
    let alice = issuer.subject("alice").unwrap();
    assert_eq!(
        CLAIMS_OF_A_USER.map(|name| &claims[name]),
        [alice, "finance", "admin"]
    );
    stack.stop().await;
}

#[tokio::test]
async fn a_token_without_a_user_opens_no_tool() {
    let stack = stack(300).await;
    for metadata in [None, Some(json!({})), Some(json!({"trace": "anything"}))] {
        let (token, claims) = granted(&tool_token(stack.issuer(), metadata.as_ref()).await);
        let claimed = CLAIMS_OF_A_USER.map(|name| claims.get(name));
        assert_eq!(claimed, [None; 3], "{metadata:?}");
        let seen = tools(&stack, &token, "tools/list", &json!({})).await;
        assert_eq!(seen["result"]["tools"], json!([]), "{seen}");
        for (name, arguments) in [
            ("billing___refund", json!({"order": "A-1", "amount": 1})),
            ("search___find", json!({"query": "invoices"})),
            ("notices___read", json!({"topic": "canteen"})),
        ] {
            let call = json!({"name": name, "arguments": arguments});
            let answer = tools(&stack, &token, "tools/call", &call).await;
            assert_eq!(answer["result"]["isError"], true, "{name}: {answer}");
        }
    }
    assert_eq!(stack.tools().refunds(), []);
    stack.stop().await;
}

/// The two sides of the claim: what each answer says, and under whose identity each tool was called.
#[tokio::test(flavor = "multi_thread")]
async fn two_users_at_once_are_never_taken_for_each_other() {
    const REQUESTS: usize = 1000;
    const AT_ONCE: usize = 8;
    let stack = stack(300).await;
    let issuer = stack.issuer();
    let (alice, bob) = ("alice", "bob");
    let tokens = [alice, bob].map(|user| (user, issuer.access_token(user).unwrap()));
    let before = issuer.token_requests();
    let started = Instant::now();
    let turns = stream::iter(0..REQUESTS).map(|number| {
        let (user, token) = &tokens[number % 2];
        let prompt = format!("refund 1 {user}-{number}");
        let door = stack.url();
        async move { (number, *user, ask(door, token, &prompt).await) }
    });
    let answers: Vec<_> = turns.buffer_unordered(AT_ONCE).collect().await;
    let seconds = started.elapsed().as_secs();
    for (number, user, said) in &answers {
        let refunded = said.contains(&format!("Refunded 1 for order {user}-{number}."));
        let refused = said.contains("Refused by policy: ");
        assert_eq!(
            (refunded, refused),
            (*user == alice, *user == bob),
            "{number}: {said}"
        );
    }
    let calls = stack.tools().calls();
    assert_eq!(calls.len(), REQUESTS);
    for call in &calls {
        let user = call.input["order"]
            .as_str()
            .unwrap()
            .split('-')
            .next()
            .unwrap();
        assert_eq!(
            call.claims["user_id"],
            issuer.subject(user).unwrap(),
            "{call:?}"
        );
    }
    let asked = usize::try_from(issuer.token_requests() - before).unwrap();
    let processes = stack.function("ProxyFunction").unwrap().processes().len();
    assert!(
        asked >= 2 && asked <= 2 * processes,
        "{asked} by {processes} processes"
    );
    counted(&format!(
        "{REQUESTS} requests of two users in {seconds} s, none mixed up; {processes} proxies made {asked} token requests"
    ));
    stack.stop().await;
}
