//! Tests of rotations of the machine client's secret, while every call requests a tool token.

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use hyper::http::Request;
use local::cognito::{Issuer, TOOLS_SCOPE};
use local::secrets_manager::{SecretStore, Step};
use local::stack::Stack;
use serde_json::json;
use tests::{chain_settings, counted, post, send};
use url::form_urlencoded;

/// Requests at once: more than one process of the proxy serves them.
const AT_ONCE: usize = 4;
const REQUESTS: usize = 24;
const HOUR: u64 = 3600;

/// Turns of alice's, each with a new token of hers: a new proof, for which the proxy asks for a new tool token.
async fn load(stack: &Stack) -> usize {
    let before = stack.issuer().token_requests();
    let turns = stream::iter(0..REQUESTS).map(|_| async {
        let token = stack.issuer().access_token("alice").unwrap();
        let address = format!("{}/agents/demo/invocations", stack.url());
        let answer = post(&address, Some(&token), &json!({"prompt": "refund 1"})).await;
        let answer = answer.whole().await;
        let refunded = answer.text().contains("Refunded 1 for order A-1.");
        assert!(refunded, "{} {}", answer.status, answer.text());
    });
    let answered = turns.buffer_unordered(AT_ONCE).count().await;
    let asked = usize::try_from(stack.issuer().token_requests() - before).unwrap();
    assert!(
        asked >= answered,
        "{asked} token requests for {answered} calls"
    );
    answered
}

/// Whether the token endpoint takes the machine client with this secret.
async fn takes(issuer: &Issuer, secret: &str) -> bool {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials")
        .append_pair("client_id", issuer.tools_client())
        .append_pair("client_secret", secret)
        .append_pair("scope", TOOLS_SCOPE);
    let request = Request::post(format!("{}/oauth2/token", issuer.domain()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(form.finish()))
        .unwrap();
    let answer = send(request).await.whole().await;
    let refused = answer.json()["error"] == "invalid_client";
    assert!(refused || answer.status == 200, "{}", answer.text());
    !refused
}

/// As if so much time had passed since the last rotation.
fn wait(stack: &Stack, seconds: u64) {
    let secrets = stack.secrets();
    secrets.age(stack.machine_secret(), seconds).unwrap();
    stack.issuer().age_tools_secrets(seconds);
}

// The load and the rotation run side by side.
#[tokio::test(flavor = "multi_thread")]
async fn tools_are_called_without_a_gap_while_the_secret_rotates() {
    let stack = Stack::start(chain_settings()).await.unwrap();
    let (issuer, secrets, arn) = (stack.issuer(), stack.secrets(), stack.machine_secret());
    let rotation = stack.function("MachineRotationFunction").unwrap();
    let mut seen = issuer.tools_secrets();
    let first = issuer.tools_secret();
    let mut calls = load(&stack).await;
    assert!(
        secrets.rotate(arn).await.is_err(),
        "somebody may hold the one before"
    );
    // The try is over: another takes its place.
    wait(&stack, HOUR);
    let version = secrets.begin_rotation(arn).unwrap();
    for step in Step::ALL {
        for _ in 0..2 {
            let event = SecretStore::rotation_event(arn, &version, step).to_string();
            rotation.invoke(Bytes::from(event)).await.unwrap();
        }
        calls += load(&stack).await;
    }
    let second = issuer.tools_secret();
    assert_ne!(first, second);
    assert!(takes(issuer, &first).await && takes(issuer, &second).await);
    wait(&stack, HOUR);
    let (rotated, more) = tokio::join!(secrets.rotate(arn), load(&stack));
    rotated.unwrap();
    calls += more + load(&stack).await;
    assert!(!takes(issuer, &first).await && takes(issuer, &second).await);
    seen.extend(issuer.tools_secrets());
    let logs = rotation.recent_logs().join("\n");
    assert!(logs.contains("finishSecret"), "{logs}");
    assert!(seen.iter().all(|secret| !logs.contains(secret)));
    stack.stop().await;
    counted(&format!(
        "{calls} calls of tools, 0 failed, across two rotations of the machine client's secret"
    ));
}
