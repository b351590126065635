//! Parts of the tests, which they run in processes of their own.

use std::time::Duration;

use mint::Key;
use serde_json::json;
use shared::audit::{Decision, Verdict};
use shared::clock::Clock;
use shared::explanation::Explanation;
use shared::gate::{self, Identity, Refusal};
use shared::issuers::TrustedIssuers;
use shared::log::{self, RequestIds};
use shared::metrics::{self, Metric};
use shared::settings::Fault;
use shared::start;
use tracing::{Level, debug, error, info, info_span, warn};
#[test]
#[ignore = "is run as a process by other tests"]
fn levels() {
    log::start();
    log::start();
    for_each_level();
    tracing::trace!(target: "proxy::handler", "ours, trace");
    assert!(!tracing::enabled!(target: "proxy::handler", Level::TRACE));
}

fn for_each_level() {
    debug!(target: "authorizer::handler", "ours, debug");
    info!(target: "proxy", "ours, info");
    warn!(target: "shared::keys", "ours, warn");
    error!(target: "shared::keys", "ours, error");
    debug!(target: "hyper::proto", "theirs, debug");
    info!(target: "aws_config", "theirs, info");
    info!(target: "proxying", "theirs, a name that begins like ours");
    warn!(target: "rustls", "theirs, warn");
    error!(target: "lambda_runtime", "theirs, error");
    error!(target: "lambda_runtime::layers::panic", "a handler's own answer, repeated");
    error!(target: "lambda_runtime::layers::panic", error = "boom", "theirs, panic");
}

#[test]
#[ignore = "is run as a process by other tests"]
fn fields() {
    log::start();
    let invocation = info_span!(target: "lambda_runtime", "invoke", requestId = "r-1", other = 1);
    invocation.in_scope(|| {
        let inner = info_span!(target: "proxy", "inner");
        inner.in_scope(
            || info!(target: "proxy", count = 3_u64, ratio = 1.5, ok = true, "in a request"),
        );
    });
    info!(
        target: "proxy",
        level = "ERROR", timestamp = "never", request_id = "r-2", text = "a\n\"b\"",
        "outside: {}", 7
    );
    info!(target: "proxy", long = "x".repeat(1_000_000), debugged = ?Some(1), "long");
}

#[test]
#[ignore = "is run as a process by other tests"]
fn decisions() {
    log::start();
    const NOTHING: Explanation = Explanation {
        issuer: None,
        token_id: None,
        expected: None,
        found: None,
        hint: None,
    };
    let alice = identity("alice-1");
    let mail = identity("alice@example.com");
    let refused = Verdict::Refused(Refusal::AgentGroup, Some(&alice), &NOTHING);
    let why = Explanation {
        issuer: Some("https://issuer.example".to_owned()),
        token_id: Some("0".repeat(32)),
        expected: Some("now 9".to_owned()),
        found: Some("exp = 8".to_owned()),
        hint: Some("get another"),
    };
    for (id, action, verdict) in [
        ("r-1", "GET /whoami", Verdict::Allowed(&alice)),
        ("r-2", "invoke demo", Verdict::Allowed(&mail)),
        (
            "r-3",
            "invoke demo",
            Verdict::Refused(Refusal::Expired, None, &why),
        ),
        ("r-4", "invoke demo", refused),
        ("r-5", "invoke \"\n", Verdict::Outage("keys_unavailable")),
        (
            "r-6",
            "invoke nobody",
            Verdict::Missing("unknown_agent", &alice),
        ),
    ] {
        let decision = Decision {
            ids: &RequestIds::new("i-1", Some(id), Some("Ux=")),
            action,
            agent: None,
            denied: &[],
            duration: Duration::from_micros(1500),
        };
        decision.write(&verdict);
    }
}

/// Lines of a request that its own records do not write.
#[test]
#[ignore = "is run as a process by other tests"]
fn ids() {
    log::start();
    let invocation = info_span!(target: "lambda_runtime", "invoke", requestId = "i-1");
    invocation.in_scope(|| {
        info!(target: "proxy", "of an invocation");
        RequestIds::new("i-1", Some("r-1"), Some("Ux="))
            .span()
            .in_scope(|| info!(target: "proxy", "of a request"));
    });
    info!(target: "proxy", "of neither");
}

#[test]
#[ignore = "is run as a process by other tests"]
fn metric() {
    metrics::emit(
        &[("function", "proxy"), ("outcome", "allowed")],
        &[
            Metric::count("requests", 1),
            Metric::time("duration", Duration::from_micros(1234)),
            Metric::bytes("sent", 5_000_000_000),
        ],
    );
}

#[test]
#[ignore = "is run as a process by other tests"]
fn stop() {
    let faults = [
        Fault::missing("AGENTS"),
        Fault::malformed("PORT", "is not a number"),
    ];
    let _: () = start::config(|_| Err(faults.into()));
}

fn identity(subject: &str) -> Identity {
    let now = Clock::system().now();
    let key = Key::p256("key");
    let claims = json!({
        "iss": "https://issuer.example", "sub": subject, "client_id": "app", "email": "alice@example.com", "email_verified": true,
        "exp": now.0.saturating_add(60),
    });
    let entry = json!([{
        "discoveryUrl": "https://issuer.example/.well-known/openid-configuration",
        "allowedClients": ["app"], "algorithms": ["ES256"],
    }]);
    let issuers = TrustedIssuers::parse(&entry.to_string()).unwrap();
    let header = format!("Bearer {}", key.token("ES256", &claims));
    let presented = gate::present(header.as_bytes(), &issuers.trust).unwrap();
    let document = mint::key_document(&[&key]).to_string();
    let keys = gate::KeySet::parse(document.as_bytes()).unwrap();
    gate::identify(presented, &keys, now).ok().unwrap()
}
