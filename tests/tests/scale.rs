//! Settings in files: many agents and issuers through the whole chain, and what is said of faults in them.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use mint::Key;
use serde_json::{Value, json};
use tests::{
    Answer, Settings, Stack, binary, claims, counted, get, many_agents, many_issuers, post,
    run_to_end,
};

/// A folder of one test, taken away at its end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::SeqCst);
        let name = format!("gatehouse-scale-{}-{count}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// Writes a file; the value of the setting that names it.
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        format!("file:{}", path.display())
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left_behind = fs::remove_dir_all(&self.0);
    }
}

async fn call(stack: &Stack, agent: &str, token: &str) -> Answer {
    let address = format!("{}/agents/{agent}/invocations", stack.url);
    let answer = post(&address, Some(token), &json!({"prompt": "fail midway"})).await;
    answer.whole().await
}

/// The agents that a caller is told of.
async fn told(stack: &Stack, token: &str) -> BTreeSet<String> {
    let answer = get(&format!("{}/whoami", stack.url), Some(token)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let agents = answer.json()["agents"].clone();
    serde_json::from_value(agents).unwrap()
}

/// Where keys never come from: one address where no program ever reads a request, though the system takes connections, and
/// one that refuses them.
fn dead_addresses() -> (TcpListener, [String; 2]) {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let unused = TcpListener::bind("127.0.0.1:0").unwrap();
    let addresses = [&silent, &unused].map(|listener| listener.local_addr().unwrap());
    (silent, addresses.map(|at| format!("http://{at}/keys")))
}

fn start(folder: &Folder, agents: &Value, issuers: &Value) -> Stack {
    let pretty = |document: &Value| serde_json::to_string_pretty(document).unwrap();
    Stack::start(&[
        ("AGENTS", &folder.file("agents.json", &pretty(agents))),
        (
            "TRUSTED_ISSUERS",
            &folder.file("issuers.json", &pretty(issuers)),
        ),
    ])
}

#[tokio::test]
async fn two_hundred_agents_and_thirty_issuers_pass_through_the_whole_chain() {
    let key = Key::p256("one");
    let folder = Folder::new();
    let (_silent, addresses) = dead_addresses();
    let (agents, issuers) = (many_agents(200), many_issuers(&key, &addresses, 30));
    assert_eq!(agents.as_object().unwrap().len(), 200);
    assert_eq!(issuers.as_array().unwrap().len(), 30);
    let stack = start(&folder, &agents, &issuers);
    let alice = key.token("ES256", &claims());
    let mut guest = claims();
    guest["cognito:groups"] = json!([]);
    let guest = key.token("ES256", &guest);
    // Every agent with an even number admits staff, the others admit no caller.
    for (token, agent, expected) in [
        (&alice, "demo", 200),
        (&alice, "agent-002", 200),
        (&alice, "agent-198", 200),
        (&alice, "agent-003", 403),
        (&alice, "agent-199", 403),
        (&alice, "agent-200", 404),
        (&guest, "demo", 403),
        (&guest, "agent-002", 403),
        (&guest, "agent-200", 404),
    ] {
        let answer = call(&stack, agent, token).await;
        match expected {
            200 => assert_eq!(answer.status, 200, "{agent}: {}", answer.text()),
            403 => answer.assert_problem(403, "forbidden"),
            _ => answer.assert_problem(404, "unknown_agent"),
        }
    }
    let admitting = agents.as_object().unwrap().iter().filter(|(_, agent)| {
        let groups = agent["allow"]["groups"].as_array().unwrap();
        groups.contains(&json!("staff")) || groups.contains(&json!("finance"))
    });
    let admitting: BTreeSet<String> = admitting.map(|(name, _)| name.clone()).collect();
    assert!(admitting.len() > 90 && admitting.len() < 110);
    assert_eq!(told(&stack, &alice).await, admitting);
    assert_eq!(told(&stack, &guest).await, BTreeSet::new());
    assert_eq!(
        get(&format!("{}/whoami", stack.url), None).await.status,
        401
    );
    counted("200 agents and 30 issuers from files, through the whole chain");
}

const FAULTY: &str = r#"{
  "demo": {
    "runtime": "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/demo-AbCdEf1234",
    "allow": {
      "groups": []
    }
  },
  "finance": {
    "runtime": "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/finance-AbCdEf1234"
  }
}
"#;

#[tokio::test]
async fn a_fault_in_a_file_stops_both_functions_by_file_line_and_path() {
    let folder = Folder::new();
    let settings = Settings::none()
        .with("AGENTS", &folder.file("agents.json", FAULTY))
        .with(
            "TRUSTED_ISSUERS",
            &folder.file("issuers.json", "[\n{},\n]\n"),
        );
    let agents = folder.path("agents.json");
    let expected = [
        format!(
            "`{}` line 3, column 1: `TRUSTED_ISSUERS` is not JSON",
            folder.path("issuers.json")
        ),
        format!("`{agents}` line 5: `AGENTS.demo.allow.groups` is an empty list"),
        format!("`{agents}` line 8: `AGENTS.finance.allow` is missing"),
    ];
    for function in ["authorizer", "proxy"] {
        let (status, log) = run_to_end(function, settings.clone()).await;
        assert_eq!(status, 64, "{log:?}");
        let line: Value = serde_json::from_str(log.last().unwrap()).unwrap();
        let message = line["message"].as_str().unwrap();
        let told = message.strip_prefix("the settings are wrong: ").unwrap();
        assert_eq!(told, expected.join("; "), "{function}");
    }
}

/// As `AGENTS=file:agents.json make local` does it: the path starts where the program was started.
#[test]
fn a_fault_in_a_file_stops_local_which_says_so() {
    let folder = Folder::new();
    folder.file("agents.json", FAULTY);
    let template = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    for (path, expected) in [
        (
            "agents.json",
            format!(
                "`{}` line 8: `AGENTS.finance.allow` is missing",
                folder.path("agents.json")
            ),
        ),
        (
            "none.json",
            format!(
                "`AGENTS` is in the file `{}`, which does not exist",
                folder.path("none.json")
            ),
        ),
        ("", "`AGENTS` is `file:` without a path".to_owned()),
    ] {
        let output = Command::new(binary("local"))
            .args(["--port", "0", "--template"])
            .arg(&template)
            .env("AGENTS", format!("file:{path}"))
            .current_dir(&folder.0)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(!output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(&expected), "{expected} in: {said}");
        assert!(!String::from_utf8(output.stdout).unwrap().contains("ready"));
    }
}
