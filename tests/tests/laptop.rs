//! Tests of `local` as a person starts it: ports and passwords that stay, the lines of the start and of each call, the log
//! that the terminal tool reads, and set-ups that one variable makes.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tests::{Stack, binary, get, post};

use crate::journey::password_token;

/// A folder of one test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("gatehouse-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn keep(&self) -> String {
        self.0.join(".local").to_str().unwrap().to_owned()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _left_behind = fs::remove_dir_all(&self.0);
    }
}

/// A port that no program has at this moment, nor its neighbours. It lies below the ports that the system gives to those who
/// ask for any, so that the other tests do not take it between two starts.
fn free_port() -> u16 {
    let begin = 20_000 + u16::try_from(std::process::id() % 1000).unwrap() * 10;
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let mut ports = (begin..32_000).step_by(5);
    let found = ports.find(|first| (*first..first + 5).all(|port| is_free(&port)));
    found.unwrap()
}

/// The answer of `gatehouse why` in a folder whose `.local` has the log.
fn why(folder: &Path, id: &str) -> Value {
    let output = Command::new(binary("gatehouse"))
        .args(["why", id, "--json"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

#[tokio::test]
async fn what_was_pasted_works_after_a_restart() {
    let scratch = Scratch::new("restart");
    let (port, keep) = (free_port().to_string(), scratch.keep());
    let arguments = ["--port", &port, "--console-port", "0", "--keep", &keep];
    let first = Stack::start_with(&arguments, &[]);
    assert_eq!(first.url, format!("http://127.0.0.1:{port}"));
    let token = password_token(&first, "alice").await;
    let (url, printed, description) = (
        first.url.clone(),
        first.printed.clone(),
        first.description.clone(),
    );
    first.stop();
    let file = Path::new(&keep).join("stack.json");
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(
        fs::metadata(&keep).unwrap().permissions().mode() & 0o777,
        0o700
    );

    let second = Stack::start_with(&arguments, &[]);
    for name in [
        "url",
        "issuer",
        "passwords",
        "subjects",
        "directory",
        "tool_gateway",
    ] {
        assert_eq!(second.description[name], description[name], "{name}");
    }
    // The console's port is a free one here; nothing else may differ.
    let lines = |printed: &[String]| -> Vec<String> {
        let lines = printed.iter().filter(|line| !line.starts_with("console"));
        lines.cloned().collect()
    };
    assert_eq!(lines(&second.printed), lines(&printed));
    let whoami = get(&format!("{url}/whoami"), Some(&token)).await;
    assert_eq!(whoami.status, 200, "{}", whoami.text());
    second.stop();

    fs::write(&file, "{").unwrap();
    let third = Stack::start_with(&arguments, &[]);
    assert_ne!(third.description["passwords"], description["passwords"]);
    assert!(
        third.errors().contains("stack.json` is not used"),
        "{}",
        third.errors()
    );
    third.stop();
}

#[test]
fn a_start_says_six_lines_and_the_last_is_ready() {
    let scratch = Scratch::new("six");
    let keep = scratch.keep();
    let stack = Stack::start_with(&["--keep", &keep], &[]);
    let lines = &stack.printed[stack.printed.len() - 6..];
    let names: Vec<&str> = lines
        .iter()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(
        names,
        ["door", "sign", "console", "log", "try", "ready"],
        "{lines:?}"
    );
    assert!(lines[0].ends_with(&stack.url));
    for user in ["alice", "bob"] {
        let password = stack.description["passwords"][user].as_str().unwrap();
        assert!(
            lines[1].contains(&format!("{user} {password}")),
            "{}",
            lines[1]
        );
    }
    assert!(lines[2].contains(stack.description["console"].as_str().unwrap()));
    assert!(lines[3].contains("log.jsonl"));
    stack.stop();
}

#[tokio::test]
async fn each_call_is_one_line_and_the_log_tells_the_rest() {
    let scratch = Scratch::new("lines");
    let keep = scratch.keep();
    let stack = Stack::start_with(&["--keep", &keep, "--log", "lines"], &[]);
    let (alice, bob) = (
        password_token(&stack, "alice").await,
        password_token(&stack, "bob").await,
    );
    let call = |agent: &str, token: Option<&str>, prompt: &str| {
        let address = format!("{}/agents/{agent}/invocations", stack.url);
        let (token, turn) = (token.map(str::to_owned), json!({"prompt": prompt}));
        async move {
            let answer = post(&address, token.as_deref(), &turn).await.whole().await;
            answer.header("x-amzn-requestid").to_owned()
        }
    };
    let refused = call("finance", Some(&bob), "hello").await;
    stack.until(&format!(
        " bob POST finance 403 agent_group needs finance; has guest, staff  id {refused}"
    ));
    let answered = call("demo", Some(&alice), "hello").await;
    let line = stack.until(&answered);
    let line = line.lines().find(|line| line.ends_with(&answered)).unwrap();
    assert!(
        line.contains(" alice POST demo 200 ") && line.contains(" ms  id "),
        "{line}"
    );
    let failed = call("demo", Some(&alice), "fail").await;
    stack.until(&format!("it answered 500, application/json  id {failed}"));
    let bare = call("demo", None, "hello").await;
    stack.until(&format!(
        " - POST demo 401 no bearer token, or one that was refused before  id {bare}"
    ));
    // Nothing else is shown.
    let errors = stack.errors();
    assert!(errors.lines().all(|line| !line.contains('{')), "{errors}");

    let said = why(&scratch.0, &refused);
    assert_eq!(said["requests"][0]["reason"], "agent_group", "{said}");
    let said = why(&scratch.0, &failed);
    assert!(
        said.to_string()
            .contains("the agent failed: it answered 500"),
        "{said}"
    );
    for token in [&alice, &bob] {
        let log = fs::read_to_string(Path::new(&keep).join("log.jsonl")).unwrap();
        assert!(!log.contains(token.as_str()));
        for line in log.lines() {
            serde_json::from_str::<serde_json::Map<String, Value>>(line).unwrap();
        }
    }
    stack.stop();
}

#[test]
fn a_port_that_is_taken_is_named() {
    let scratch = Scratch::new("port");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    let output = Command::new(binary("local"))
        .args(["--console-port", "0", "--keep"])
        .arg(scratch.keep())
        .args(["--port", &port, "--template"])
        .arg(template)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(
        said.contains(&format!(
            "another program listens on port {port} of 127.0.0.1; end it, or choose another port"
        )),
        "{said}"
    );
}

/// In the form of the other lines: one of the log, or the last one.
#[test]
fn a_fault_at_the_start_is_told_once() {
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    for (form, begins) in [
        ("lines", "    the settings are wrong: "),
        ("json", "[AuthorizerFunction] {"),
    ] {
        let output = Command::new(binary("local"))
            .args(["--port", "0", "--log", form, "--template"])
            .arg(&template)
            .env("AGENTS", r#"{"demo": {"alow": 1}}"#)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        let told: Vec<&str> = said
            .lines()
            .filter(|line| line.contains("AGENTS.demo.alow"))
            .collect();
        assert_eq!(told.len(), 1, "{form}: {said}");
        assert!(told[0].starts_with(begins), "{form}: {said}");
        let last = "local: start the functions: function `AuthorizerFunction`: the process exited with code 64";
        assert!(said.contains(last), "{form}: {said}");
    }
}

#[tokio::test]
async fn one_variable_opens_the_door_and_what_is_printed_fits() {
    let stack = Stack::start(&[("ENABLE_AUTH", "false")]);
    let turn = json!({"prompt": "hello"});
    let answer = post(
        &format!("{}/agents/demo/invocations", stack.url),
        None,
        &turn,
    )
    .await;
    let answer = answer.whole().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let printed = stack.printed.join("\n");
    assert!(printed.contains("authentication is off"), "{printed}");
    assert!(
        !printed.contains("$TOKEN") && !printed.contains("password"),
        "{printed}"
    );
    stack.stop();
}

#[tokio::test]
async fn agents_of_ones_own_are_served_and_that_is_said() {
    let arn = "arn:aws:bedrock-agentcore:us-east-1:210987654321:runtime/helper-AbCdEf1234";
    let other = arn.replace("helper", "planner");
    let agents = json!({
        "helper": {"runtime": arn, "allow": {"groups": ["staff"]}},
        "planner": {"runtime": other, "allow": {"groups": ["staff"]}, "protocol": "a2a"},
    });
    let stack = Stack::start(&[("AGENTS", &agents.to_string())]);
    let token = password_token(&stack, "bob").await;
    let address = format!("{}/agents/helper/invocations", stack.url);
    let answer = post(&address, Some(&token), &json!({"prompt": "hello"}))
        .await
        .whole()
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let said = stack.errors();
    assert!(
        said.contains(&format!(
            "the agent `helper` (`{arn}`) is served by the demonstration agent"
        )),
        "{said}"
    );
    assert!(
        said.contains("nothing here speaks the protocol of the agent `planner`"),
        "{said}"
    );
    let printed = stack.printed.join("\n");
    assert!(
        printed.contains("/agents/helper/invocations") && !printed.contains("/agents/demo/"),
        "{printed}"
    );
    stack.stop();
}

#[tokio::test]
async fn a_users_token_may_be_short() {
    let stack = Stack::start_with(&["--user-token", "1"], &[]);
    let token = password_token(&stack, "alice").await;
    let address = format!("{}/whoami", stack.url);
    let claims = URL_SAFE_NO_PAD
        .decode(token.split('.').nth(1).unwrap())
        .unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let life = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
    assert_eq!(life, 1);
    // Clocks may differ, so the door takes it a little longer.
    let answer = get(&address, Some(&token)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    stack.stop();
}
