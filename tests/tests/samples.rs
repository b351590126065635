//! The samples of the documents, run as they stand: README's calls, and what identity.md verifies an assertion with; and the
//! package that it names for Node.

use std::path::{Path, PathBuf};
use std::process::{Command as StdCommand, Stdio};
use std::time::Duration;

use bytes::Bytes;
use hyper::http::{HeaderMap, Request};
use serde_json::{Value, json};
use tests::{Python, PythonServer, Stack, alter, chain_settings, counted, post, send, skipped};
use tokio::process::Command;
use tokio::time::timeout;

use crate::journey::password_token;

const IDENTITY: &str = "x-amzn-bedrock-agentcore-runtime-custom-identity";
const TOOL_TOKEN: &str = "x-amzn-bedrock-agentcore-runtime-custom-tool-token";
/// Far above what a sample takes; one that reaches it hangs.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The blocks of a language in a document.
fn samples(document: &str, language: &str) -> Vec<String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = std::fs::read_to_string(root.join(document)).unwrap();
    let opening = format!("```{language}\n");
    let blocks = text.split(&opening).skip(1);
    let blocks = blocks.filter_map(|block| block.split("```").next());
    blocks.map(str::to_owned).collect()
}

/// Writes a program where tests may.
fn write(name: &str, source: &str) -> PathBuf {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&file, source).unwrap();
    file
}

/// Node, or nothing where it is not there: then it is reported that `what` is skipped.
fn node(what: &str) -> Option<PathBuf> {
    if StdCommand::new("node").arg("--version").output().is_ok() {
        return Some("node".into());
    }
    skipped(&format!("{what}, because there is no Node"));
    None
}

/// What a program prints that is run with these variables.
async fn output(program: &Path, file: &Path, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(program);
    command
        .arg(file)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = timeout(TIMEOUT, command.output()).await.unwrap().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", file.display());
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn the_calls_of_the_readme_are_answered() {
    let stack = Stack::shared();
    let token = password_token(&stack, "alice").await;
    let variables = [("DOOR", stack.url.as_str()), ("TOKEN", token.as_str())];
    let python = samples("README.md", "python").remove(0);
    let mut scripts = samples("README.md", "js").into_iter();
    let (program, page) = (scripts.next().unwrap(), scripts.next().unwrap());
    let page = format!(
        "{page}\nconst {{ DOOR, TOKEN }} = process.env;\nconst show = (piece) => process.stdout.write(piece);\n\
         await ask(DOOR, TOKEN, \"Who am I?\", show);\nconsole.log(\"conversation: none\");\n"
    );
    let what = "the calls of the README";
    let python = Python::Agent
        .find(what)
        .map(|found| (found, write("call.py", &python)));
    let calls = [("call.mjs", program), ("page.mjs", page)];
    let calls = calls.map(|(name, source)| Some((node(what)?, write(name, &source))));
    let mut count = 0;
    for (program, file) in calls.into_iter().chain([python]).flatten() {
        let text = output(&program, &file, &variables).await;
        assert!(text.contains("That is all."), "{text}");
        assert!(text.contains("\nconversation: "), "{text}");
        count += 1;
    }
    counted(&format!("{count} calls of the README were answered"));
}

/// An assertion that the door made for alice, and the body that it is for.
struct Given {
    stack: local::stack::Stack,
    assertion: String,
    body: String,
}

impl Given {
    async fn new() -> Self {
        let stack = local::stack::Stack::start(chain_settings()).await.unwrap();
        let token = stack.issuer().access_token("alice").unwrap();
        let address = format!("{}/agents/demo/invocations", stack.url());
        let answer = post(&address, Some(&token), &json!({"prompt": "hello"})).await;
        assert_eq!(answer.whole().await.status, 200);
        let call = stack.data_plane().calls().pop().unwrap();
        let assertion = call.forwarded[IDENTITY].to_str().unwrap().to_owned();
        let body = String::from_utf8(call.body.to_vec()).unwrap();
        Self {
            stack,
            assertion,
            body,
        }
    }

    /// What is no assertion for this body.
    fn wrong(&self) -> [(&'static str, String, &str); 5] {
        let assertion = &self.assertion;
        let parts: Vec<&str> = assertion.split('.').collect();
        let body = self.body.as_str();
        let token = self.stack.issuer().access_token("alice").unwrap();
        [
            ("another body", assertion.clone(), "{}"),
            (
                "a changed signature",
                alter(assertion, assertion.len() - 2),
                body,
            ),
            ("an access token", token, body),
            ("no signature", format!("{}.{}.", parts[0], parts[1]), body),
            ("nothing", String::new(), body),
        ]
    }

    /// A program with the names that the samples take as given.
    fn program(&self, lines: &[&str]) -> String {
        let door = self.stack.url();
        format!("DOOR = \"{door}\"\nAGENT = \"demo\"\n{}", lines.join("\n"))
    }
}

/// A fetch handler behind the package's guard, which answers one request. The package's own tests run identity.md's lines
/// with a door of theirs; here the door is the door.
const GUARDED: &str = r#"
const { PACKAGE, DOOR, ASSERTION, BODY } = process.env;
const { caller, guard, IDENTITY } = await import(PACKAGE);
const answer = guard((request) => Response.json({ username: caller(request).username }), { door: DOOR, agent: "demo" });
const headers = ASSERTION === "" ? {} : { [IDENTITY]: ASSERTION };
const response = await answer(new Request("http://agent.example/invocations", { method: "POST", headers, body: BODY }));
console.log(JSON.stringify({ status: response.status, ...(await response.json()) }));
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_package_for_node_verifies_what_the_door_signs() {
    let Some(node) = node("the package for Node") else {
        return;
    };
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kits/typescript/dist/index.js");
    if !package.exists() {
        return skipped("the package for Node, because `make kits-typescript` has not built it");
    }
    let given = Given::new().await;
    let (package, door) = (package.to_str().unwrap(), given.stack.url());
    let file = write("verify.mjs", GUARDED);
    let verify = async |assertion: &str, body: &str| -> Value {
        let variables = [
            ("PACKAGE", package),
            ("DOOR", door),
            ("ASSERTION", assertion),
            ("BODY", body),
        ];
        let text = output(&node, &file, &variables).await;
        serde_json::from_str(&text).unwrap()
    };
    let verdict = verify(&given.assertion, &given.body).await;
    assert_eq!(verdict["username"], "alice", "{verdict}");
    for (what, assertion, body) in given.wrong() {
        let verdict = verify(&assertion, body).await;
        assert_eq!(verdict["status"], 403, "{what}: {verdict}");
    }
    given.stack.stop().await;
    counted(
        "the package for Node verified an assertion of the door's, and refused 5 that are none",
    );
}

/// Asks an agent as AgentCore would, with the headers that it passes on.
async fn invoke(agent: &str, headers: HeaderMap, body: &str) -> (u16, String) {
    let mut request = Request::post(format!("{agent}/invocations"))
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_owned()))
        .unwrap();
    request.headers_mut().extend(headers);
    let answer = send(request).await.whole().await;
    (answer.status.as_u16(), answer.text().to_owned())
}

fn shown(assertion: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(IDENTITY, assertion.parse().unwrap());
    headers.insert(TOOL_TOKEN, "t.o.k".parse().unwrap());
    headers
}

#[tokio::test(flavor = "multi_thread")]
async fn the_middleware_of_the_document_lets_in_whom_the_door_names() {
    let given = Given::new().await;
    let lines = samples("docs/identity.md", "python");
    // The package as it stands here: what is built of it is tested by `make kits`.
    let folders = ["../kits/python/src", "../python/agents"];
    let folders = folders.map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
    let paths = format!("import sys\nsys.path[:0] = {folders:?}\n");
    let serve = "from listening import serve\nserve(lambda _address: app)\n";
    let file = write("middleware.py", &given.program(&[&paths, &lines[1], serve]));
    let Some(agent) = PythonServer::start(Python::Agent, file.to_str().unwrap(), &[]) else {
        return given.stack.stop().await;
    };
    let (status, text) = invoke(&agent.url, shown(&given.assertion), &given.body).await;
    assert_eq!(
        (status, text.as_str()),
        (200, "{\"hello\": \"alice\"}"),
        "{text}"
    );
    for (what, assertion, body) in given.wrong() {
        let (status, text) = invoke(&agent.url, shown(&assertion), body).await;
        assert_eq!(status, 403, "{what}: {text}");
    }
    given.stack.stop().await;
    // A door that cannot be asked is no fault of the caller's; its keys are held by then, so another agent is asked.
    let again = PythonServer::start(Python::Agent, file.to_str().unwrap(), &[]).unwrap();
    let (status, text) = invoke(&again.url, shown(&given.assertion), &given.body).await;
    assert_eq!(status, 503, "{text}");
    counted("an agent of the Python SDK learnt its caller by the document's lines, and refused 5");
}
