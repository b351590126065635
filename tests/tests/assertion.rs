//! Tests of the assertion: the lines of the document, run as they stand, against assertions that the door made; and a
//! rotation of its key, under load.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use hyper::http::StatusCode;
use local::agentcore_runtime::Call;
use local::secrets_manager::{Fault, SecretStore, Step};
use local::stack::Stack;
use serde_json::{Value, json};
use tests::{Python, PythonFilter, alter, chain_settings, counted, get, post};
use tokio::time::timeout;

use crate::journey::sign_in;

const IDENTITY: &str = "x-amzn-bedrock-agentcore-runtime-custom-identity";
/// Requests at once: more than one process of the proxy serves them.
const AT_ONCE: usize = 4;
const REQUESTS: usize = 40;
/// How long a key is published before it signs, in seconds, as docs/identity.md has it.
const SETTLING: u64 = 15 * 60;
/// Of that, what is left when the processes start: enough for some of the old key's.
const LAST_SECONDS: u64 = 10;
/// Far above what any step takes; a test that reaches it hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// A verifier of the agent `demo`, made of the lines of the document; nothing where there is no Python for it.
fn verifier(door: &str, name: &str) -> Option<PythonFilter> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let document = std::fs::read_to_string(root.join("docs/identity.md")).unwrap();
    let (_, section) = document.split_once("## Verifying the assertion").unwrap();
    let (_, lines) = section.split_once("```python\n").unwrap();
    let (lines, _) = lines.split_once("```").unwrap();
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&file, lines).unwrap();
    let arguments = [file.to_str().unwrap(), door, "demo"];
    PythonFilter::start(Python::Agent, "verify_assertion.py", &arguments)
}

async fn alice(stack: &Stack) -> String {
    let issuer = stack.issuer();
    let (client, password) = (issuer.console_client(), issuer.password("alice").unwrap());
    let tokens = sign_in(issuer.domain(), client, "alice", password).await;
    tokens["AccessToken"].as_str().unwrap().to_owned()
}

async fn ask(stack: &Stack, token: &str, prompt: &str) -> (u16, String) {
    let address = format!("{}/agents/demo/invocations", stack.url());
    let answer = post(&address, Some(token), &json!({ "prompt": prompt })).await;
    let answer = answer.whole().await;
    (answer.status.as_u16(), answer.text().to_owned())
}

/// What the agent was given of a call: the assertion, and the body.
fn given(call: &Call) -> (String, String) {
    let assertion = call.forwarded[IDENTITY].to_str().unwrap().to_owned();
    (assertion, String::from_utf8(call.body.to_vec()).unwrap())
}

// The verifier asks the door for its keys while this thread waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn the_lines_of_the_document_verify_what_the_door_signs() {
    let stack = Stack::start(chain_settings()).await.unwrap();
    let Some(mut verifier) = verifier(stack.url(), "document.py") else {
        return stack.stop().await;
    };
    let token = alice(&stack).await;
    let (status, answer) = ask(&stack, &token, "whoami").await;
    assert_eq!(status, 200, "{answer}");
    // The demonstration agent verifies it in its own way.
    assert!(answer.contains("You are alice"), "{answer}");
    let call = stack.data_plane().calls().pop().unwrap();
    let (assertion, body) = given(&call);
    let mut verify =
        |assertion: &str, body: &str| verifier.ask(&json!({"assertion": assertion, "body": body}));
    let verdict = verify(&assertion, &body);
    assert!(verdict.get("claims").is_some(), "{verdict}");
    let claims = &verdict["claims"];
    assert_eq!(claims["username"], "alice");
    assert_eq!(claims["sub"].as_str(), stack.issuer().subject("alice"));
    assert_eq!(claims["sub_issuer"].as_str(), Some(stack.issuer().url()));
    assert_eq!(claims["session"], call.session_id);
    let parts: Vec<&str> = assertion.split('.').collect();
    for (what, assertion, body) in [
        ("another body", assertion.clone(), "{}"),
        (
            "a changed signature",
            alter(&assertion, assertion.len() - 2),
            &body,
        ),
        ("an access token", token.clone(), &body),
        ("no signature", format!("{}.{}.", parts[0], parts[1]), &body),
        ("nothing", String::new(), &body),
    ] {
        let verdict = verify(&assertion, body);
        assert!(verdict.get("error").is_some(), "{what}: {verdict}");
    }
    // The door itself takes it for no access token.
    let (status, _) = ask(&stack, &assertion, "whoami").await;
    assert_eq!(status, 401);
    stack.stop().await;
    counted(
        "the Python package verified an assertion by the document's lines, and refused 5 that are none",
    );
}

/// Turns of alice's, each of which must be answered, and its assertion verified; the agent verifies it, too. The ids of the
/// keys that signed them.
async fn load(stack: &Stack, token: &str, verifier: &mut PythonFilter) -> Vec<String> {
    let mut ids = Vec::new();
    while ids.len() < REQUESTS {
        let before = stack.data_plane().calls().len();
        let turns = (0..AT_ONCE).map(|_| ask(stack, token, "whoami"));
        for (status, answer) in join_all(turns).await {
            let is_good = status == 200 && answer.contains("You are alice");
            assert!(is_good, "{status} {answer}");
        }
        let calls = stack.data_plane().calls();
        assert_eq!(calls.len(), before + AT_ONCE);
        // At once, for an assertion holds for a minute, and a busy machine is slow.
        for call in &calls[before..] {
            let (assertion, body) = given(call);
            let verdict = verifier.ask(&json!({"assertion": assertion, "body": body}));
            assert!(verdict.get("claims").is_some(), "{verdict}");
            ids.push(key_id(&assertion));
        }
    }
    ids
}

fn key_id(assertion: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(assertion.split('.').next().unwrap());
    let header: Value = serde_json::from_slice(&header.unwrap()).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

async fn published(stack: &Stack) -> Vec<String> {
    let keys = get(&format!("{}/.well-known/jwks.json", stack.url()), None).await;
    let keys = keys.json();
    let id = |key: &Value| key["kid"].as_str().unwrap().to_owned();
    keys["keys"].as_array().unwrap().iter().map(id).collect()
}

/// Four steps with pauses, each of them again and again, while requests flow; then Secrets Manager goes away.
// The verifier asks the door for its keys while this thread waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_and_an_outage_go_unnoticed() {
    let stack = Stack::start(chain_settings()).await.unwrap();
    let Some(mut verifier) = verifier(stack.url(), "rotation.py") else {
        return stack.stop().await;
    };
    let token = alice(&stack).await;
    let (secrets, arn) = (stack.secrets(), stack.signing_secret());
    let rotation = stack.function("RotationFunction").unwrap();
    assert_eq!(published(&stack).await.len(), 1);
    load(&stack, &token, &mut verifier).await;
    let version = secrets.begin_rotation(arn).unwrap();
    let early = SecretStore::rotation_event(arn, &version, Step::Finish);
    let early = rotation.invoke(bytes::Bytes::from(early.to_string())).await;
    assert!(early.is_err(), "a step before its turn");
    for step in Step::ALL {
        for _ in 0..2 {
            let event = SecretStore::rotation_event(arn, &version, step).to_string();
            rotation.invoke(bytes::Bytes::from(event)).await.unwrap();
        }
        load(&stack, &token, &mut verifier).await;
    }
    let down = Fault::Error(StatusCode::BAD_REQUEST, "InternalServiceError");
    secrets.set_fault(Some(down));
    load(&stack, &token, &mut verifier).await;
    let verified = 6 * REQUESTS;
    stack.stop().await;
    counted(&format!(
        "the Python package verified {verified} assertions, 0 failed, across a rotation and an outage of Secrets Manager"
    ));
}

/// The new key's last seconds of settling, in processes that have it from their start.
// The verifier asks the door for its keys while this thread waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_takes_over_from_the_old_one_under_load() {
    let stack = Stack::start(chain_settings()).await.unwrap();
    let Some(mut verifier) = verifier(stack.url(), "settled.py") else {
        return stack.stop().await;
    };
    let token = alice(&stack).await;
    let (secrets, arn) = (stack.secrets(), stack.signing_secret());
    secrets.rotate(arn).await.unwrap();
    secrets.age(arn, SETTLING - LAST_SECONDS).unwrap();
    // The function that publishes the keys and the one that signs with them each read the secret at their start.
    for function in ["OpenRoutesFunction", "ProxyFunction"] {
        stack.function(function).unwrap().replace().await;
    }
    let published = published(&stack).await;
    let [new, old] = &published[..] else {
        panic!("{published:?}")
    };
    let switch = async {
        let mut seen = Vec::new();
        while seen.last() != Some(new) {
            seen.extend(load(&stack, &token, &mut verifier).await);
        }
        seen
    };
    let seen = timeout(PATIENCE, switch).await.expect("the new key signs");
    assert!(seen.iter().all(|id| id == new || id == old), "{seen:?}");
    let by_old = seen.iter().filter(|id| *id == old).count();
    stack.stop().await;
    counted(&format!(
        "the Python package verified {} assertions, 0 failed, while a new key took over after {by_old} of the old one's",
        seen.len()
    ));
}
