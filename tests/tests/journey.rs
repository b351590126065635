//! Tests of a person's first steps: start it, paste the printed lines, and look at the answers.

use std::process::{Command as StdCommand, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::http::{Method, Request};
use serde_json::{Value, json};
use tests::{Answer, Arrival, Stack, get, post, send, skipped};
use tokio::io::AsyncReadExt;
use tokio::process::Command;

/// The demonstration agent speaks for 800 ms; what arrives over half of that was not kept back.
const WHILE_IT_SPEAKS: Duration = Duration::from_millis(400);

/// What a pasted line printed.
struct Output {
    arrivals: Vec<Arrival>,
    text: String,
}

/// Runs lines as a shell does that they are pasted into.
async fn paste(lines: &[&str]) -> Output {
    let mut shell = Command::new("sh")
        .args(["-c", &lines.join("\n")])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut output = shell.stdout.take().unwrap();
    let started = Instant::now();
    let (mut arrivals, mut text) = (Vec::new(), Vec::new());
    let mut buffer = [0; 16 * 1024];
    loop {
        let length = output.read(&mut buffer).await.unwrap();
        if length == 0 {
            break;
        }
        text.extend_from_slice(&buffer[..length]);
        arrivals.push(Arrival {
            after: started.elapsed(),
            bytes: Bytes::copy_from_slice(&buffer[..length]),
        });
    }
    assert!(shell.wait().await.unwrap().success());
    Output {
        arrivals,
        text: String::from_utf8(text).unwrap(),
    }
}

/// Time between the first piece and the last.
fn spread(arrivals: &[Arrival]) -> Duration {
    let times = arrivals.iter().map(|arrival| arrival.after);
    times.clone().max().unwrap() - times.min().unwrap()
}

/// The printed lines to paste: each user's token line, and the calls.
struct Printed<'s> {
    alice: &'s str,
    bob: &'s str,
    whoami: &'s str,
    demo: &'s str,
    finance: &'s str,
    tools: &'s str,
    without_token: &'s str,
}

impl<'s> Printed<'s> {
    fn of(stack: &'s Stack) -> Self {
        let lines = &stack.printed;
        let token_of = |user: &str| {
            let at = lines
                .iter()
                .position(|line| line.starts_with(user))
                .unwrap();
            assert!(lines[at].contains("password"), "{}", lines[at]);
            lines[at + 1].trim()
        };
        let call = |parts: [&str; 2]| {
            let mut calls = lines.iter().map(|line| line.trim());
            calls
                .find(|line| {
                    line.starts_with("curl") && parts.iter().all(|part| line.contains(part))
                })
                .unwrap_or_else(|| panic!("{parts:?} in {lines:#?}"))
        };
        Self {
            alice: token_of("alice (finance/admin)"),
            bob: token_of("bob (guest)"),
            whoami: call(["/whoami", "$TOKEN"]),
            demo: call(["-N", "/agents/demo/"]),
            finance: call(["-N", "/agents/finance/"]),
            tools: call(["/agents/tools/mcp", "tools/list"]),
            without_token: call(["-i", "/whoami"]),
        }
    }
}

#[tokio::test]
async fn the_printed_lines_work_when_they_are_pasted() {
    if StdCommand::new("curl").arg("--version").output().is_err() {
        skipped("the printed lines, because there is no curl");
        return;
    }
    let stack = Stack::shared();
    let lines = Printed::of(&stack);
    for (user, token) in [("alice", lines.alice), ("bob", lines.bob)] {
        let whoami = paste(&[token, lines.whoami]).await.text;
        let whoami: Value = serde_json::from_str(&whoami).unwrap();
        assert_eq!(whoami["username"], user, "{whoami}");
        let answer = paste(&[token, lines.demo]).await;
        assert!(
            answer
                .text
                .ends_with("data: {\"text\":\"That is all.\"}\n\n"),
            "{}",
            answer.text
        );
        assert!(answer.arrivals.len() >= 3, "{:?}", answer.arrivals);
        assert!(
            spread(&answer.arrivals) > WHILE_IT_SPEAKS,
            "{:?}",
            answer.arrivals
        );
    }
    let answer = paste(&[lines.alice, lines.finance]).await.text;
    assert!(
        answer.ends_with("data: {\"text\":\"That is all.\"}\n\n"),
        "{answer}"
    );
    let answer = paste(&[lines.bob, lines.finance]).await.text;
    let problem: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(
        (&problem["status"], &problem["code"]),
        (&json!(403), &json!("forbidden"))
    );
    assert_tools_are_listed(&lines).await;
    let answer = paste(&[lines.without_token])
        .await
        .text
        .to_ascii_lowercase();
    assert!(answer.starts_with("http/1.1 401"), "{answer}");
    assert!(
        answer.contains("\nwww-authenticate: bearer realm=\"gatehouse\"\r\n"),
        "{answer}"
    );
}

/// Who may ask for a refund sees that there is one.
async fn assert_tools_are_listed(lines: &Printed<'_>) {
    for (token, sees_refund) in [(lines.alice, true), (lines.bob, false)] {
        let listed = paste(&[token, lines.tools]).await.text;
        let listed: Value = serde_json::from_str(&listed).unwrap();
        let tools = listed["result"]["tools"].as_array().unwrap();
        let refund = tools.iter().any(|tool| tool["name"] == "billing___refund");
        assert_eq!(refund, sees_refund, "{listed}");
    }
}

/// A token as the printed lines get it.
pub(crate) async fn password_token(stack: &Stack, user: &str) -> String {
    let description = &stack.description;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (domain, client) = (&description["domain"], &description["console_client"]);
    let password = &description["passwords"][user];
    let tokens = sign_in(&text(domain), &text(client), user, &text(password)).await;
    text(&tokens["AccessToken"])
}

/// The tokens of Cognito's `InitiateAuth`.
pub(crate) async fn sign_in(domain: &str, client: &str, user: &str, password: &str) -> Value {
    let request = json!({
        "AuthFlow": "USER_PASSWORD_AUTH",
        "ClientId": client,
        "AuthParameters": {"USERNAME": user, "PASSWORD": password},
    });
    let request = Request::post(format!("{domain}/"))
        .header("content-type", "application/x-amz-json-1.1")
        .header(
            "x-amz-target",
            "AWSCognitoIdentityProviderService.InitiateAuth",
        )
        .body(Bytes::from(request.to_string()))
        .unwrap();
    let mut answer = send(request).await.whole().await.json();
    answer["AuthenticationResult"].take()
}

#[tokio::test]
async fn an_answer_arrives_in_pieces_while_the_agent_speaks() {
    let stack = Stack::shared();
    let token = password_token(&stack, "alice").await;
    let address = format!("{}/agents/demo/invocations", stack.url);
    let answer = post(&address, Some(&token), &json!({"prompt": "Who am I?"})).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "text/event-stream");
    assert!(answer.headers.contains_key("x-conversation-id"));
    assert!(!answer.headers.contains_key("content-length"));
    let arrivals = answer.arrivals().await;
    assert!(arrivals.len() >= 5, "{arrivals:?}");
    assert!(spread(&arrivals) > WHILE_IT_SPEAKS, "{arrivals:?}");
}

#[tokio::test]
async fn who_may_call_what_through_the_whole_chain() {
    let stack = Stack::shared();
    let alice = password_token(&stack, "alice").await;
    let bob = password_token(&stack, "bob").await;
    let agent = |name: &str| format!("{}/agents/{name}/invocations", stack.url);
    let turn = json!({"prompt": "hello"});
    for (token, name, expected) in [
        (&alice, "demo", Ok(())),
        (&alice, "finance", Ok(())),
        (&bob, "demo", Ok(())),
        (&bob, "finance", Err((403, "forbidden"))),
        (&alice, "unknown", Err((404, "unknown_agent"))),
        (&bob, "unknown", Err((404, "unknown_agent"))),
    ] {
        let answer = post(&agent(name), Some(token), &turn).await.whole().await;
        match expected {
            Ok(()) => assert_eq!(answer.status, 200, "{}", answer.text()),
            Err((status, code)) => answer.assert_problem(status, code),
        }
    }
    for name in ["demo", "finance", "unknown"] {
        let answer = post(&agent(name), None, &turn).await.whole().await;
        answer.assert_problem(401, "unauthorized");
        assert_eq!(
            answer.header("www-authenticate"),
            "Bearer realm=\"gatehouse\""
        );
    }
}

#[tokio::test]
async fn whoami_tells_the_identity_and_the_agents_that_admit_it() {
    let stack = Stack::shared();
    for (user, agents) in [
        ("alice", json!(["demo", "finance", "tools"])),
        ("bob", json!(["demo", "tools"])),
    ] {
        let token = password_token(&stack, user).await;
        let answer = get(&format!("{}/whoami", stack.url), Some(&token)).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("cache-control"), "no-store");
        let whoami = answer.json();
        assert_eq!(whoami["username"], user, "{whoami}");
        assert_eq!(whoami["issuer"], stack.description["issuer"], "{whoami}");
        assert_eq!(whoami["agents"], agents, "{whoami}");
        assert!(!answer.text().contains(token.as_str()));
    }
}

#[tokio::test]
async fn what_is_open_and_what_is_not_there() {
    let stack = Stack::shared();
    let health = get(&format!("{}/healthz", stack.url), None).await;
    let token = password_token(&stack, "alice").await;
    let whoami = get(&format!("{}/whoami", stack.url), Some(&token)).await;
    let settings = whoami.json()["settings"].take();
    // As the functions are built: `version` of the auth crate.
    let version = option_env!("GATEHOUSE_VERSION").unwrap_or(env!("CARGO_PKG_VERSION"));
    assert_eq!(
        (health.status.as_u16(), health.json()),
        (
            200,
            json!({"status": "ok", "settings": settings["proxy"], "version": version})
        )
    );
    assert_eq!(settings["authorizer"], settings["proxy"]);
    assert_eq!(settings["proxy"].as_str().unwrap().len(), 16);
    for path in [
        "/",
        "/nothing",
        "/agents",
        "/agents/demo",
        "/agents/demo/",
        "/agents/demo/other",
        "/agents/demo/invocations/more",
        "/AGENTS/demo/invocations",
        "/agents/demo%2Finvocations",
        "/agents/../agents/demo/invocations",
        "//agents/demo/invocations",
    ] {
        for token in [None, Some(token.as_str())] {
            let address = format!("{}{path}", stack.url);
            let answer = post(&address, token, &json!({"prompt": "hello"})).await;
            answer.whole().await.assert_problem(404, "not_found");
        }
    }
    // No hop decodes a name: this is not the agent `demo`.
    let address = format!("{}/agents/%64emo/invocations", stack.url);
    let answer = post(&address, Some(&token), &json!({"prompt": "hello"})).await;
    answer.whole().await.assert_problem(404, "not_found");
}

/// What a browser asks before a page of `origin` may call the door.
async fn preflight(stack: &Stack, path: &str, origin: &str) -> Answer {
    let request = Request::builder()
        .method(Method::OPTIONS)
        .uri(format!("{}{path}", stack.url))
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        );
    send(request.body(Bytes::new()).unwrap())
        .await
        .whole()
        .await
}

#[tokio::test]
async fn a_preflight_needs_no_token_and_knows_its_origins() {
    let console = "https://console.example.com";
    let stack = Stack::start(&[("ALLOWED_ORIGINS", console)]);
    for (path, method) in [
        ("/agents/demo/invocations", "POST"),
        ("/whoami", "GET"),
        ("/healthz", "GET"),
    ] {
        let answer = preflight(&stack, path, console).await;
        assert_eq!(
            (answer.status.as_u16(), answer.body.len()),
            (204, 0),
            "{path}"
        );
        assert_eq!(
            answer.header("access-control-allow-origin"),
            console,
            "{path}"
        );
        assert!(
            answer
                .header("access-control-allow-methods")
                .contains(method),
            "{path}"
        );
        assert!(
            answer
                .header("access-control-allow-headers")
                .contains("authorization"),
            "{path}"
        );
        assert_eq!(
            answer.header("access-control-allow-credentials"),
            "",
            "{path}"
        );
        let stranger = preflight(&stack, path, "https://console.example.com.evil.example").await;
        assert_eq!(stranger.status, 204, "{path}");
        assert_eq!(stranger.header("access-control-allow-origin"), "", "{path}");
    }
    // A page must be able to read why it was refused.
    let refused = get(&format!("{}/whoami", stack.url), None).await;
    assert_eq!(refused.header("access-control-allow-origin"), "*");
}

#[test]
fn ctrl_c_ends_everything() {
    let stack = Stack::start(&[]);
    let status = stack.stop();
    assert_eq!(status.code(), Some(0), "{status}");
}
