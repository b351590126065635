//! The whole chain: the program `local`, started as a person would start it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::function::binary;
use crate::system;

/// It starts in a second or two; two processors shared with a compiler are slower.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// A line of a log is written at once.
const LINE_TIMEOUT: Duration = Duration::from_secs(20);
/// Ending is a matter of milliseconds.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);

/// Where the sign-in page may send people back to, beside the default.
pub const CALLBACK: &str = "http://localhost:12345/callback";

/// Variables for `local` beside its defaults.
pub type StackSettings<'a> = &'a [(&'a str, &'a str)];

/// What is written to a standard error, and the news of another line.
#[derive(Default)]
struct Errors {
    text: Mutex<String>,
    more: Condvar,
}

/// A running `local`. Dropping it ends it.
pub struct Stack {
    child: Child,
    /// Where the door is: `http://127.0.0.1:PORT`, with the stage behind it if it has one
    pub url: String,
    /// What it printed until it was ready, the last line included
    pub printed: Vec<String>,
    /// What it describes itself as, for programs
    pub description: Value,
    errors: Arc<Errors>,
    /// Disconnected when its outputs are closed, and so when it has ended
    ended: Mutex<Receiver<()>>,
}

impl Stack {
    /// Starts it and waits for its ready line.
    ///
    /// # Panics
    /// If there is none.
    pub fn start(settings: StackSettings<'_>) -> Self {
        Self::start_with(&[], settings)
    }

    /// Starts it with further arguments.
    ///
    /// # Panics
    /// If there is no ready line.
    pub fn start_with(arguments: &[&str], settings: StackSettings<'_>) -> Self {
        let describe = scratch_file();
        let mut child = Command::new(binary("local"))
            .arg("--template")
            .arg(root().join("template.yaml"))
            // Free ports, nothing kept, all log lines as they are, and the lines to paste.
            .args(["--port", "0", "--log", "json", "--paste"])
            .arg("--return-url")
            .arg(CALLBACK)
            .arg("--describe")
            .arg(&describe)
            .args(arguments)
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (errors, ended) = collect(child.stderr.take().unwrap());
        let printed = read_until_ready(child.stdout.take().unwrap());
        let Some(url) = printed.last().and_then(|line| line.strip_prefix("ready ")) else {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("not ready: {printed:?}\n{}", text(&errors.text));
        };
        let description = std::fs::read(&describe).unwrap();
        std::fs::remove_file(&describe).unwrap();
        Self {
            child,
            url: url.to_owned(),
            printed,
            description: serde_json::from_slice(&description).unwrap(),
            errors,
            ended: Mutex::new(ended),
        }
    }

    /// The one of this test run that has no settings of its own. It ends with the last test that holds it.
    ///
    /// # Panics
    /// If it does not start.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Stack>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let stack = Arc::new(Self::start(&[]));
            *shared = Arc::downgrade(&stack);
            stack
        })
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to its standard error so far: its functions' logs, each line after its function's name.
    pub fn errors(&self) -> String {
        text(&self.errors.text)
    }

    /// The same, once this text is in it.
    ///
    /// # Panics
    /// If it does not come.
    pub fn until(&self, says: &str) -> String {
        let errors = self.errors.text.lock().unwrap();
        let waits = |errors: &mut String| !errors.contains(says);
        let waited = self
            .errors
            .more
            .wait_timeout_while(errors, LINE_TIMEOUT, waits);
        let (errors, waited) = waited.unwrap();
        assert!(!waited.timed_out(), "`{says}` is not in {errors}");
        errors.clone()
    }

    /// Presses Ctrl-C and waits for its end. What it had started must be gone with it.
    ///
    /// # Panics
    /// If it does not end, or leaves a process behind.
    pub fn stop(mut self) -> ExitStatus {
        let children = system::children(self.pid());
        assert!(!children.is_empty(), "the functions run as processes");
        let status = self.interrupt().unwrap();
        let left = children
            .into_iter()
            .filter(|&child| system::is_alive(child));
        let left: Vec<u32> = left.collect();
        assert!(left.is_empty(), "processes are left: {left:?}");
        status
    }

    fn interrupt(&mut self) -> Result<ExitStatus, String> {
        if let Ok(Some(status)) = self.child.try_wait() {
            return Ok(status);
        }
        let command = format!("kill -INT {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &command]).status();
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let timely = ended.recv_timeout(STOP_TIMEOUT) == Err(RecvTimeoutError::Disconnected);
        drop(ended);
        if !timely {
            self.child.kill().map_err(|error| error.to_string())?;
        }
        let status = self.child.wait().map_err(|error| error.to_string())?;
        if timely {
            Ok(status)
        } else {
            Err(format!("`local` does not stop: {sent:?}"))
        }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if let Err(error) = self.interrupt() {
            self.errors
                .text
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push_str(&error);
        }
    }
}

/// The lines of its standard output, the ready line last; all of them if there is none in time.
fn read_until_ready(output: ChildStdout) -> Vec<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // Once it is ready there is no listener; its output is read all the same.
            let _nobody = sender.send(line);
        }
    });
    let started = Instant::now();
    let mut printed = Vec::new();
    while let Ok(line) = lines.recv_timeout(START_TIMEOUT.saturating_sub(started.elapsed())) {
        let ready = line.starts_with("ready ");
        printed.push(line);
        if ready {
            break;
        }
    }
    printed
}

/// Keeps what is written there. The receiver is disconnected at its end.
fn collect(output: ChildStderr) -> (Arc<Errors>, Receiver<()>) {
    let collected = Arc::<Errors>::default();
    let kept = Arc::clone(&collected);
    let (at_end, ended) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let mut text = kept.text.lock().unwrap_or_else(PoisonError::into_inner);
            text.push_str(&line);
            text.push('\n');
            kept.more.notify_all();
        }
        drop(at_end);
    });
    (collected, ended)
}

fn text(collected: &Mutex<String>) -> String {
    collected
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// A unique path.
fn scratch_file() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!(
        "gatehouse-{}-{}.json",
        process::id(),
        COUNT.fetch_add(1, Ordering::SeqCst)
    );
    std::env::temp_dir().join(name)
}
