//! Tests of the trace on the laptop's own port: every hop of a turn, each refusal where it happens, and no token in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use tests::Stack;
use tokio::time::timeout;

use crate::journey::password_token;
use crate::laptop_port::{ask, turn};

/// Hops are told at once; two processors shared with a compiler are slower.
const PATIENCE: Duration = Duration::from_secs(20);

/// The members of a hop.
const MEMBERS: [&str; 14] = [
    "at", "carries", "checks", "from", "hop", "ms", "outcome", "policies", "request", "seq",
    "status", "to", "trace", "v",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The events of the trace until the answer of this request.
async fn hops(stack: &Stack, request: &str) -> Vec<Value> {
    let mut feed = ask(stack, "GET", "/trace", &[], "").await;
    assert_eq!(feed.headers["content-type"], "text/event-stream");
    let mut text = String::new();
    let told = async {
        loop {
            let piece = feed.next().await.unwrap();
            text.push_str(std::str::from_utf8(&piece.bytes).unwrap());
            let lines = text.lines().filter_map(|line| line.strip_prefix("data: "));
            let events = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let own: Vec<Value> = events.filter(|event| event["request"] == request).collect();
            if own.iter().any(|event| event["hop"] == "answer") {
                return own;
            }
        }
    };
    timeout(PATIENCE, told).await.unwrap()
}

fn named<'h>(hops: &'h [Value], name: &str) -> &'h Value {
    let found: Vec<&Value> = hops.iter().filter(|hop| hop["hop"] == name).collect();
    assert_eq!(found.len(), 1, "{name}: {hops:#?}");
    found[0]
}

/// The properties of every hop.
fn assert_form(hops: &[Value], token: &str) {
    for hop in hops {
        let members: Vec<&String> = hop.as_object().unwrap().keys().collect();
        assert_eq!(members, MEMBERS, "{hop}");
        assert_eq!(hop["v"], 1);
        assert!(
            ["ok", "refused", "error"].contains(&hop["outcome"].as_str().unwrap()),
            "{hop}"
        );
        assert!(hop["at"].as_u64().unwrap() > 1_700_000_000_000, "{hop}");
    }
    // Neither the token, nor its signature, nor the beginning of any other token.
    let text = serde_json::to_string(hops).unwrap();
    let signature = token.rsplit('.').next().unwrap();
    assert!(
        !text.contains(signature) && !text.contains("eyJ"),
        "a token is in the trace"
    );
    assert_eq!(hops.last().unwrap()["hop"], "answer");
}

#[tokio::test]
async fn a_whole_turn_is_told_hop_by_hop() {
    let stack = Stack::start(&[]);
    let token = password_token(&stack, "alice").await;
    let answer = turn(&stack, "demo", Some(&token), "refund 500").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut hops = hops(&stack, answer.header("x-amzn-requestid")).await;
    assert_form(&hops, &token);
    hops.sort_by_key(|hop| (hop["at"].as_u64(), hop["seq"].as_u64()));
    let names: BTreeSet<&str> = hops
        .iter()
        .map(|hop| hop["hop"].as_str().unwrap())
        .collect();
    let expected = [
        "agent",
        "answer",
        "authorizer",
        "cedar",
        "gateway",
        "pretoken",
        "proxy",
        "runtime",
        "token",
        "tool_token",
    ];
    assert_eq!(names.into_iter().collect::<Vec<_>>(), expected);
    assert!(hops.iter().all(|hop| hop["outcome"] == "ok"), "{hops:#?}");
    assert_eq!(named(&hops, "answer")["status"], 200);
    assert_carried(&hops, &stack);
    assert_policies(named(&hops, "cedar"));
    recorded(&hops);
    // The second turn finds what is kept.
    let again = turn(&stack, "demo", Some(&token), "refund 500").await;
    let again = self::hops(&stack, again.header("x-amzn-requestid")).await;
    assert_eq!(
        named(&again, "authorizer")["checks"][0]["name"],
        "kept_answer"
    );
    assert_eq!(
        named(&again, "tool_token")["checks"][0]["name"],
        "kept_token"
    );
    stack.stop();
}

/// The caller's names at each hop.
fn assert_carried(hops: &[Value], stack: &Stack) {
    let subject = &stack.description["subjects"]["alice"];
    for name in ["token", "authorizer", "proxy"] {
        assert_eq!(
            named(hops, name)["carries"]["claims"]["username"],
            "alice",
            "{name}"
        );
    }
    let allowed = json!([{"expected": null, "found": "allowed", "name": "decision", "ok": true}]);
    for name in ["authorizer", "proxy"] {
        let hop = named(hops, name);
        assert_eq!(hop["checks"], allowed);
        assert!(hop["ms"].as_f64().is_some_and(|ms| ms > 0.0), "{hop}");
    }
    let added = &named(hops, "pretoken")["carries"]["claims"];
    let added = ["department", "role", "user_id"].map(|name| added[name].clone());
    assert_eq!(added, [json!("finance"), json!("admin"), subject.clone()]);
    for name in ["tool_token", "agent", "gateway"] {
        let carries = &named(hops, name)["carries"];
        assert_eq!(
            (&carries["kind"], &carries["subject"]),
            (&json!("tool_token"), subject),
            "{name}"
        );
    }
    let assertion = &named(hops, "runtime")["carries"];
    assert_eq!(
        (&assertion["kind"], &assertion["issuer"]),
        (&json!("assertion"), &json!(stack.url))
    );
}

/// The policies on the tool that was called, and no others.
fn assert_policies(cedar: &Value) {
    assert_eq!(cedar["carries"]["claims"]["tool"], "billing___refund");
    assert_eq!(cedar["carries"]["claims"]["input"]["amount"], 500);
    let policies = cedar["policies"].as_array().unwrap();
    let refunds = policies
        .iter()
        .find(|policy| policy["id"] == "finance_refunds")
        .unwrap();
    assert_eq!(
        (&refunds["applied"], &refunds["effect"]),
        (&json!(true), &json!("permit"))
    );
    assert!(
        refunds["text"]
            .as_str()
            .unwrap()
            .contains("context.input.amount <= 1000")
    );
    assert!(
        policies.iter().all(|policy| policy["id"] != "staff_search"),
        "{policies:?}"
    );
}

/// The recorded trace has the same hops with the same members; `UPDATE_TRACE=1` records it anew.
fn recorded(hops: &[Value]) {
    let file = root().join("web/fixtures/trace.json");
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    let updates = std::env::var("UPDATE_TRACE").is_ok();
    if updates {
        fs::write(&file, serde_json::to_string_pretty(hops).unwrap() + "\n").unwrap();
    }
    let kept: Vec<Value> = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let form = |hops: &[Value]| -> Vec<Value> {
        let form = |hop: &Value| {
            let claims = hop["carries"]["claims"].as_object();
            let claims: Option<Vec<String>> = claims.map(|claims| claims.keys().cloned().collect());
            let checks = hop["checks"].as_array().unwrap().iter();
            let checks: Vec<Value> = checks.map(|check| check["name"].clone()).collect();
            json!([
                hop["hop"],
                hop["from"],
                hop["to"],
                hop["carries"]["kind"],
                claims,
                checks,
                hop["outcome"]
            ])
        };
        let mut form: Vec<Value> = hops.iter().map(form).collect();
        form.sort_by_key(Value::to_string);
        form
    };
    assert_eq!(
        form(hops),
        form(&kept),
        "record it anew with UPDATE_TRACE=1"
    );
}

#[tokio::test]
async fn each_refusal_is_told_where_it_happens() {
    let stack = Stack::start(&[]);
    let bob = password_token(&stack, "bob").await;
    let refused = turn(&stack, "finance", Some(&bob), "hello").await;
    assert_eq!(refused.status, 403);
    let hops = hops(&stack, refused.header("x-amzn-requestid")).await;
    assert_form(&hops, &bob);
    let authorizer = named(&hops, "authorizer");
    let check =
        json!({"expected": "finance", "found": "guest, staff", "name": "agent_group", "ok": false});
    assert_eq!(
        (&authorizer["outcome"], &authorizer["checks"][0]),
        (&json!("refused"), &check)
    );
    assert!(hops.iter().all(|hop| hop["hop"] != "proxy"), "{hops:#?}");
    assert_eq!(
        (
            &named(&hops, "answer")["status"],
            &named(&hops, "answer")["outcome"]
        ),
        (&json!(403), &json!("refused"))
    );

    let bare = turn(&stack, "demo", None, "hello").await;
    let hops = self::hops(&stack, bare.header("x-amzn-requestid")).await;
    assert_eq!(named(&hops, "token")["outcome"], "refused");
    assert_eq!(hops.len(), 2, "{hops:#?}");

    let denied = turn(&stack, "demo", Some(&bob), "refund 500").await;
    assert_eq!(denied.status, 200);
    let hops = self::hops(&stack, denied.header("x-amzn-requestid")).await;
    let cedar = named(&hops, "cedar");
    assert_eq!(
        (&cedar["outcome"], &cedar["checks"][0]["found"]),
        (&json!("refused"), &json!("no policy permits it"))
    );
    assert!(
        cedar["policies"]
            .as_array()
            .unwrap()
            .iter()
            .all(|policy| policy["applied"] == false)
    );

    let failed = turn(&stack, "demo", Some(&bob), "fail").await;
    assert_eq!(failed.status, 502);
    let hops = self::hops(&stack, failed.header("x-amzn-requestid")).await;
    let agent = named(&hops, "agent");
    assert_eq!(
        (&agent["outcome"], &agent["checks"][0]["found"]),
        (&json!("error"), &json!("it answered 500, application/json"))
    );
    stack.stop();
}
