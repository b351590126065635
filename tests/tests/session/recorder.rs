//! A terminal whose every line is kept, with the tool in front of its `PATH` and a local stack in a terminal of its own.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use rexpect::process::WaitStatus;
use rexpect::reader::Options;
use rexpect::session::{PtySession, spawn_with_options};
use serde_json::Value;
use tests::binary;

/// Far above what any step takes.
const PATIENCE_MS: u64 = 60_000;
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// The sign-in page's visitor, as `npm run build:test` compiles it.
const BROWSER: &str = "web/build/test/browser/visitor.js";

/// A session under way.
pub(super) struct Recorder {
    folder: PathBuf,
    path: OsString,
    local: PtySession,
    /// The output of `local` until it was ready
    started: String,
    description: Value,
    transcript: String,
    /// Texts that must not be in the transcript
    secrets: Vec<String>,
    began: Instant,
}

/// A line that was typed, and what came of it.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) said: String,
    pub(super) code: i32,
}

/// A line whose program may still run.
pub(super) struct Running {
    terminal: PtySession,
    line: String,
    said: String,
}

impl Running {
    /// Waits for a text.
    pub(super) fn until(&mut self, text: &str) {
        self.said += &self.terminal.exp_string(text).unwrap();
        self.said += text;
    }

    pub(super) fn said(&self) -> &str {
        &self.said
    }

    pub(super) fn is_running(&self) -> bool {
        self.terminal.process().status() == Some(WaitStatus::StillAlive)
    }
}

impl Recorder {
    /// Starts `gatehouse local` in a new folder, and waits until it is ready.
    pub(super) fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("gatehouse-session-{}", std::process::id()));
        for part in ["home", "settings"] {
            fs::create_dir_all(folder.join(part)).unwrap();
        }
        let installed = variable("GATEHOUSE_BIN");
        let tools = installed.as_ref().map_or_else(
            || binary("gatehouse").parent().unwrap().to_owned(),
            |folder| std::path::absolute(folder).unwrap(),
        );
        let paths = variable("PATH").unwrap_or_default();
        let paths = [tools].into_iter().chain(std::env::split_paths(&paths));
        let path = std::env::join_paths(paths).unwrap();
        // What is installed brings the template with it.
        let root = fs::canonicalize(ROOT).unwrap();
        let template = format!(" --template {}/template.yaml", root.display());
        let template = installed.map_or(template, |_| String::new());
        let line =
            format!("gatehouse local --port 0 --keep .local --describe stack.json{template}");
        let began = Instant::now();
        // In the shell's own place, so that its end is the session's to see.
        let mut local = terminal(command(&folder, &path, &format!("exec {line}")));
        let mut started = local.exp_string("ready http").unwrap();
        started += "ready http";
        started += &local.exp_char('\n').unwrap();
        let description = fs::read(folder.join("stack.json")).unwrap();
        let description: Value = serde_json::from_slice(&description).unwrap();
        let transcript = format!("$ {line} &\n{started}\n");
        Self {
            folder,
            path,
            local,
            started,
            description,
            transcript,
            secrets: Vec::new(),
            began,
        }
    }

    /// The door.
    pub(super) fn url(&self) -> &str {
        self.described("url")
    }

    /// A member of the description that `local` writes.
    pub(super) fn described(&self, name: &str) -> &str {
        self.description[name].as_str().unwrap()
    }

    pub(super) fn subject(&self, user: &str) -> &str {
        self.description["subjects"][user].as_str().unwrap()
    }

    pub(super) fn has_aws_cli(&self) -> bool {
        let mut asked = command(&self.folder, &self.path, "aws --version");
        let asked = asked
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        asked.status().unwrap().success()
    }

    pub(super) fn write(&self, file: &str, document: &Value) {
        fs::write(self.folder.join(file), document.to_string()).unwrap();
    }

    /// Types a line.
    pub(super) fn begin(&mut self, line: &str) -> Running {
        self.begin_with(line, [])
    }

    fn begin_with<'a>(
        &self,
        line: &str,
        variables: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Running {
        let mut command = command(&self.folder, &self.path, line);
        command.envs(variables);
        Running {
            terminal: terminal(command),
            line: line.to_owned(),
            said: String::new(),
        }
    }

    /// Waits for the end of a line's program, and keeps what it said.
    pub(super) fn end(&mut self, mut running: Running) -> Ran {
        running.said += &running.terminal.exp_eof().unwrap();
        let ended = running.terminal.process().wait().unwrap();
        let WaitStatus::Exited(_, code) = ended else {
            panic!("{ended:?} of `{}`: {}", running.line, running.said);
        };
        let said = running.said.replace('\r', "");
        self.transcript += &format!("$ {}\n{said}", running.line);
        if code != 0 {
            self.transcript += &format!("(exit code {code})\n");
        }
        self.transcript.push('\n');
        Ran { said, code }
    }

    /// Types a line and waits for its end.
    pub(super) fn run(&mut self, line: &str) -> Ran {
        let running = self.begin(line);
        self.end(running)
    }

    /// The same, where the line opens a browser, in which this user signs in.
    pub(super) fn browse(&mut self, user: &str, line: &str) -> Ran {
        let complaints = self.folder.join("browser.log");
        let password = self.description["passwords"][user].as_str().unwrap();
        let visitor = format!("node {}", Path::new(ROOT).join(BROWSER).display());
        let variables = [
            ("BROWSER", visitor.as_str()),
            ("VISITOR_LOG", complaints.to_str().unwrap()),
            ("VISITOR_NAME", user),
            ("VISITOR_PASSWORD", password),
        ];
        let mut running = self.begin_with(line, variables);
        match running.terminal.exp_eof() {
            Ok(said) => running.said += &said,
            Err(error) => panic!(
                "{error}\n{}",
                fs::read_to_string(&complaints).unwrap_or_default()
            ),
        }
        let ran = self.end(running);
        self.note_secrets(line);
        ran
    }

    /// The same, with the rights of an operator at the emulated services.
    pub(super) fn operate(&mut self, line: &str) -> Ran {
        let variables = self.description["aws"].as_object().unwrap();
        let variables = variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()));
        let running = self.begin_with(line, variables);
        self.end(running)
    }

    /// The access token of the sign-in of a line, and what is kept where it can be read.
    fn note_secrets(&mut self, login: &str) {
        let name = login
            .split_once(" --as ")
            .map(|(_, rest)| rest.split(' ').next().unwrap());
        let name = name.map(|name| format!(" --as {name}")).unwrap_or_default();
        let mut asked = self.begin(&format!("gatehouse token{name}"));
        let token = asked.terminal.exp_eof().unwrap().trim().to_owned();
        assert_eq!(token.matches('.').count(), 2, "{login}");
        self.secrets.push(token);
        for entry in fs::read_dir(self.folder.join("home/.local/state/gatehouse")).unwrap() {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            let kept = serde_json::from_str::<Value>(&text).unwrap_or_default();
            let refresh = kept["refresh_token"].as_str().map(str::to_owned);
            self.secrets.extend(refresh);
        }
        self.secrets.sort();
        self.secrets.dedup();
    }

    /// Ends `local` with Ctrl-C, and writes the transcript, in which there is no secret.
    pub(super) fn finish(mut self) {
        self.local.send_control('c').unwrap();
        let calls = self.local.exp_eof().unwrap();
        let ended = self.local.process().wait().unwrap();
        assert!(matches!(ended, WaitStatus::Exited(_, 0)), "{ended:?}");
        assert!(
            calls.contains(" alice ") && calls.contains(" bob "),
            "{calls}"
        );
        self.transcript += &format!("What `gatehouse local` said meanwhile:\n{calls}");
        let mut kept = self.transcript.replace('\r', "");
        for password in self.description["passwords"].as_object().unwrap().values() {
            assert!(self.started.contains(password.as_str().unwrap()));
            kept = kept.replace(password.as_str().unwrap(), "PASSWORD");
        }
        // An access token of each of the two, and a refresh token where it is not sealed.
        assert!(self.secrets.len() >= 3, "{}", self.secrets.len());
        for part in self.secrets.iter().flat_map(|secret| secret.split('.')) {
            assert!(
                !part.is_empty() && !kept.contains(part),
                "a token is in the transcript"
            );
        }
        assert!(!kept.contains("eyJ"), "a token is in the transcript");
        let target = binary("gatehouse")
            .ancestors()
            .nth(2)
            .unwrap()
            .join("session");
        fs::create_dir_all(&target).unwrap();
        kept += &format!("\n{} seconds\n", self.began.elapsed().as_secs());
        fs::write(target.join("transcript.txt"), kept).unwrap();
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.folder);
    }
}

/// A shell with one line, which knows nothing of the tests' own environment but where programs are.
fn command(folder: &Path, path: &OsString, line: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", line])
        .env_clear()
        .env("HOME", folder.join("home"))
        .env("PATH", path)
        .env("TERM", "xterm")
        .envs(variable("CHROMIUM").map(|chromium| ("CHROMIUM", chromium)))
        .current_dir(folder);
    command
}

fn terminal(command: Command) -> PtySession {
    let options = Options::new()
        .timeout_ms(Some(PATIENCE_MS))
        .strip_ansi_escape_codes(true);
    spawn_with_options(command, options).unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "asks about the test run, not about a function"
)]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
