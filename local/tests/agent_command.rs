//! The developer's own agent, which `local` starts by a command: what it is given, when it starts again, how it ends, and what is
//! said when it does not come up. The agents are a few lines of Python's standard library.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::Duration;

use local::agent_command::{AgentCommand, AgentCommandError};
use local::agentcore_runtime::Protocol;
use local::stack::{Stack, StackError, StackSettings};
use serde_json::Value;

/// Answers `GET /ping`, ends itself at `GET /end`, and prints what it is given.
const AGENT: &str = r#"
import http.server, os, subprocess, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/end":
            os._exit(3)
        self.send_response(200 if self.path == "/ping" else 404)
        self.end_headers()
    def log_message(self, *_):
        pass
for name in ("PORT", "GATEHOUSE_DOOR", "GATEHOUSE_AGENT", "GATEHOUSE_KEYS", "GATEHOUSE_GATEWAY", "GATEHOUSE_WITHOUT_DOOR"):
    print(name, os.environ.get(name, "none"))
print("HELLO")
CHILD
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"#;
/// The other program that an agent may start, and that must not outlive it.
const CHILD: &str = r#"subprocess.Popen(["sleep", "1000"])"#;

fn template() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml")
}

/// A folder of the test's own with the echo function under the names that the template gives to its functions.
fn functions(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("command-{test}"));
    fs::create_dir_all(&folder).unwrap();
    for name in [
        "authorizer",
        "machine_rotation",
        "proxy",
        "pretoken",
        "signing_rotation",
    ] {
        let link = folder.join(name);
        let _ = fs::remove_file(&link);
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_echo_function"), link).unwrap();
    }
    folder
}

/// A folder of the test's own with an agent that says hello in these words.
fn agent(test: &str, hello: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("agent-{test}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    write(&folder, hello);
    folder
}

fn write(folder: &Path, hello: &str) {
    let source = AGENT.replace("HELLO", hello).replace("CHILD", CHILD);
    fs::write(folder.join("agent.py"), source).unwrap();
}

fn program(test: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command
        .arg("--template")
        .arg(template())
        .arg("--functions")
        .arg(functions(test))
        .args(["--port", "0", "--log", "json", "--paste"])
        .env("GATEHOUSE_WITHOUT_DOOR", "no-caller-is-verified")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// `local` with an agent, ready.
struct Local {
    child: Child,
    errors: BufReader<ChildStderr>,
    printed: String,
}

impl Local {
    fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut printed = String::new();
        while !printed
            .lines()
            .last()
            .is_some_and(|line| line.starts_with("ready "))
        {
            let length = output.read_line(&mut printed).unwrap();
            assert_ne!(length, 0, "it ended: {printed}");
        }
        let errors = BufReader::new(child.stderr.take().unwrap());
        Self {
            child,
            errors,
            printed,
        }
    }

    /// The next line of the agent, or about it, that begins so; the rest of it.
    fn said(&mut self, beginning: &str) -> String {
        let beginning = format!("[agent] {beginning}");
        let mut seen = String::new();
        loop {
            let mut line = String::new();
            let length = self.errors.read_line(&mut line).unwrap();
            assert_ne!(length, 0, "it ended before `{beginning}`: {seen}");
            if let Some(rest) = line.strip_prefix(&beginning) {
                return rest.trim().to_owned();
            }
            seen += &line;
        }
    }

    fn signal(&mut self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status();
        assert!(sent.unwrap().success());
        self.child.wait().unwrap();
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A pipe with a name. It is at its end when no process has it open for writing.
fn pipe(folder: &Path) -> PathBuf {
    let pipe = folder.join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    pipe
}

#[test]
fn it_is_told_the_addresses_that_it_needs() {
    let folder = agent("told", "hello");
    let described = folder.join("description.json");
    let mut command = program("told");
    command.arg("--agent").arg("python3 agent.py");
    command.arg("--agent-folder").arg(&folder);
    command.arg("--describe").arg(&described);
    let mut local = Local::start(&mut command);
    let described: Value = serde_json::from_slice(&fs::read(described).unwrap()).unwrap();
    let door = described["url"].as_str().unwrap();
    assert!(local.said("PORT ").parse::<u16>().unwrap() > 0);
    assert_eq!(local.said("GATEHOUSE_DOOR "), door);
    assert_eq!(local.said("GATEHOUSE_AGENT "), "demo");
    let keys = format!("{door}/.well-known/jwks.json");
    assert_eq!(local.said("GATEHOUSE_KEYS "), keys);
    let gateway = described["tool_gateway"].as_str().unwrap();
    assert_eq!(local.said("GATEHOUSE_GATEWAY "), gateway);
    assert_eq!(local.said("GATEHOUSE_WITHOUT_DOOR "), "none");
    let printed = &local.printed;
    assert!(printed.contains("Your agent, which the door calls `demo`:"));
    assert!(!printed.contains("refund 5000"), "not of the demonstration");
}

#[test]
fn it_starts_again_when_its_files_change_and_not_when_it_writes() {
    let folder = agent("again", "first");
    let mut command = program("again");
    command.env("AGENT_CMD", "python3 agent.py");
    command.env("AGENT_DIR", &folder);
    let mut local = Local::start(&mut command);
    let port = local.said("PORT ");
    local.said("first");
    fs::write(folder.join("state.json"), "{}").unwrap();
    write(&folder, "second");
    local.said("`agent.py` changed, so the agent starts again");
    assert_eq!(local.said("PORT "), port, "the door knows it by this one");
    local.said("second");
    local.said("the agent answers again");
    // It ends by itself, and comes back with the next change.
    let mut stream = std::net::TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    std::io::Write::write_all(&mut stream, b"GET /end HTTP/1.1\r\n\r\n").unwrap();
    let said = local.said("the agent ended (");
    assert_eq!(
        said,
        "exit status: 3); it starts again when one of its files changes"
    );
    fs::write(folder.join("agent.py"), "raise SystemExit(4)").unwrap();
    local.said("`agent.py` changed");
    assert!(
        local
            .said("`python3 agent.py` ended (exit status: 4) before it answered; ")
            .ends_with("correct it and start again; it starts again when one of its files changes")
    );
    write(&folder, "third");
    local.said("third");
    local.said("the agent answers again");
}

/// What the agent started is gone with it, and all of it with `local`, however that ends.
#[test]
fn it_ends_with_local() {
    for signal in ["INT", "TERM", "KILL"] {
        let folder = agent(&format!("ends-{signal}"), "hello");
        let pipe = pipe(&folder);
        let mut command = program("ends");
        // The shell, the agent and its child have the pipe open.
        command.env("AGENT_CMD", "exec 9>pipe; python3 agent.py; true");
        command.env("AGENT_DIR", &folder);
        let reader = std::thread::spawn(move || {
            let mut nothing = String::new();
            File::open(pipe).unwrap().read_to_string(&mut nothing)
        });
        let mut local = Local::start(&mut command);
        local.said("hello");
        local.signal(signal);
        // The end of the pipe is that of the last of them.
        assert_eq!(reader.join().unwrap().unwrap(), 0, "{signal}");
    }
}

fn fails(test: &str, command: &str, folder: &Path) -> String {
    let mut local = program(test);
    local.env("AGENT_CMD", command).env("AGENT_DIR", folder);
    let Output { status, stderr, .. } = local.output().unwrap();
    assert_eq!(status.code(), Some(1));
    String::from_utf8(stderr).unwrap()
}

#[test]
fn what_does_not_come_up_is_said_with_its_output() {
    let folder = agent("fails", "hello");
    let said = fails("fails", "no-such-program agent.py", &folder);
    let expected = "local: start the agent of `AGENT_CMD`: the shell does not find the command of \
                    `no-such-program agent.py`; run it in a terminal first";
    assert!(said.contains(expected), "{said}");
    let said = fails("fails", "echo so it is >&2; exit 5", &folder);
    assert!(said.contains("[agent] so it is\n"), "{said}");
    let expected = "`echo so it is >&2; exit 5` ended (exit status: 5) before it answered";
    assert!(said.contains(expected), "{said}");
    let said = fails("fails", "true", Path::new("/nowhere"));
    assert!(
        said.contains("`/nowhere` is not a folder; set `AGENT_DIR`"),
        "{said}"
    );
}

async fn outcome(test: &str, command: &str, protocol: Protocol) -> AgentCommandError {
    let folder = agent(test, "hello");
    let mut settings = StackSettings::new(template(), functions(test));
    settings.agent_command = Some(AgentCommand {
        start_timeout: Duration::from_secs(2),
        ..AgentCommand::new(command.to_owned(), folder)
    });
    settings.agent_protocol = protocol;
    match Stack::start(settings).await {
        Err(StackError::AgentCommand(error)) => error,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it started"),
    }
}

#[tokio::test]
async fn an_agent_that_never_listens_is_given_up() {
    let error = outcome("silent", "exec sleep 1000", Protocol::Http).await;
    let said = error.to_string();
    assert!(matches!(error, AgentCommandError::Silent { .. }), "{said}");
    assert!(said.starts_with("`exec sleep 1000` runs, but does not answer at `http://127.0.0.1:"));
    assert!(said.ends_with(
        "within 2 seconds; let the agent listen on the port that the variable `PORT` names"
    ));
}

#[tokio::test]
async fn an_agent_of_another_protocol_is_told_so() {
    let error = outcome("misfit", "python3 agent.py", Protocol::A2a).await;
    let said = error.to_string();
    assert!(matches!(error, AgentCommandError::Misfit(..)), "{said}");
    assert!(said.contains("compare `AGENT_PROTOCOL`"), "{said}");
}

#[test]
fn contradictions_are_faults() {
    for (variables, expected) in [
        (
            &[("AGENT_CMD", "true"), ("AGENT_URL", "http://127.0.0.1:1")][..],
            "there are two agents of your own, by `AGENT_URL` and by `AGENT_CMD` or `--agent`; remove one of them",
        ),
        (
            &[("AGENT_PROTOCOL", "mcp")],
            "`AGENT_PROTOCOL` is about an agent of your own, and there is none; name it by `AGENT_CMD` or `AGENT_URL`",
        ),
        (
            &[("AGENT_DIR", "/")],
            "`AGENT_DIR` is about the command of `AGENT_CMD`, and there is none; set it, or remove the variable",
        ),
        (
            &[("AGENT_CMD", "true"), ("AGENT_PROTOCOL", "smtp")],
            "`AGENT_PROTOCOL` is not `http`, `agui`, `mcp` or `a2a`",
        ),
    ] {
        let output = program("faults").envs(variables.iter().copied()).output();
        let said = String::from_utf8(output.unwrap().stderr).unwrap();
        assert!(said.contains(&format!("local: {expected}")), "{said}");
    }
}
