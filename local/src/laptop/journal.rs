//! The journal: all log lines as JSON in a file, and one readable line a call on standard error.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::Instant;

use super::kept;
use super::story::{Access, Story, shown_within};
use crate::clock;
use crate::log::Listener;

const FILE: &str = "log.jsonl";
/// The file of the start before.
const BEFORE: &str = "log.1.jsonl";
/// The file of a second `local` at the same time.
const OTHER: &str = "log.other.jsonl";
/// The size at which a new file is begun.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Lines on their way to the terminal; a terminal that is slower than this loses some, the file none.
const MAX_WAITING: usize = 4096;
/// The longest wait of a call's line for the functions' own lines, which take another way.
const PATIENCE: Duration = Duration::from_millis(300);

/// Of a line that is no call's: a function's faults at its start are long.
const MAX_SHOWN: usize = 4000;

/// In the line of a function that cannot go on.
const ERROR: &str = "\"level\":\"ERROR\"";

/// The service whose lines are the developer's own, and prove nothing.
const AGENT: &str = "agent";
const GATEWAY: &str = "gateway";

/// The listener of all lines.
#[derive(Debug)]
pub(super) struct Journal {
    file: Option<Mutex<LogFile>>,
    lines: Option<Sender<(String, String)>>,
    is_open: AtomicBool,
}

impl Journal {
    /// One that writes there, if a file is given, and shows lines, if users' names are given, by their subjects.
    pub(super) fn start(file: Option<LogFile>, names: Option<BTreeMap<String, String>>) -> Self {
        let lines = names.map(|names| {
            let (sender, lines) = mpsc::channel(MAX_WAITING);
            tokio::spawn(show(Story::new(names), lines));
            sender
        });
        Self {
            file: file.map(Mutex::new),
            lines,
            is_open: AtomicBool::new(false),
        }
    }

    /// Everything has started. Until then what stops a function is told by the error that ends the start, and not twice.
    pub(super) fn open(&self) {
        self.is_open.store(true, Ordering::SeqCst);
    }
}

impl Listener for Journal {
    fn line(&self, service: &str, line: &str) {
        if let Some(file) = &self.file {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.add(&json_line(service, line));
        }
        let is_starting = !self.is_open.load(Ordering::SeqCst);
        let is_told_otherwise = is_starting && service != AGENT && line.contains(ERROR);
        if let Some(lines) = self.lines.as_ref().filter(|_| !is_told_otherwise) {
            let _dropped_where_the_terminal_is_too_slow =
                lines.try_send((service.to_owned(), line.to_owned()));
        }
    }
}

/// A log line as a JSON object. An agent's own is always a text within one, so that it cannot pass for another service's.
fn json_line(service: &str, line: &str) -> String {
    let is_object = || serde_json::from_str::<Map<String, Value>>(line).is_ok();
    if service != AGENT && is_object() {
        return line.to_owned();
    }
    let timestamp = clock::rfc3339(clock::since_epoch());
    json!({"level": "INFO", "message": line, "service": service, "timestamp": timestamp})
        .to_string()
}

/// The file, which belongs to this start.
#[derive(Debug)]
pub(super) struct LogFile {
    file: File,
    path: PathBuf,
    bytes: u64,
}

impl LogFile {
    /// A new file in the folder; that of the start before keeps another name. While another `local` writes there, the file
    /// has a third name.
    pub(super) fn create(folder: &Path) -> io::Result<Self> {
        let path = folder.join(FILE);
        if is_in_use(&path) {
            return Self::begin(folder.join(OTHER));
        }
        match fs::rename(&path, folder.join(BEFORE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Self::begin(path),
        }
    }

    fn begin(path: PathBuf) -> io::Result<Self> {
        // A link that another program has put there must not choose which file is emptied.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = kept::private().create_new(true).open(&path)?;
        // It tells another start that this one writes there. A file system without locks has no such news.
        let _ = file.try_lock();
        Ok(Self {
            file,
            path,
            bytes: 0,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A disk that is full must not end what runs.
    fn add(&mut self, line: &str) {
        let length = u64::try_from(line.len())
            .unwrap_or(u64::MAX)
            .saturating_add(1);
        if self.bytes.saturating_add(length) > MAX_BYTES
            && let Some(next) = self.next()
        {
            *self = next;
        }
        let text = format!("{line}\n");
        let written = self.file.write_all(text.as_bytes());
        self.bytes = self.bytes.saturating_add(length);
        let _a_line_is_lost = written;
    }

    fn next(&self) -> Option<Self> {
        let before = self.path.with_file_name(BEFORE);
        fs::rename(&self.path, before).ok()?;
        Self::begin(self.path.clone()).ok()
    }
}

fn is_in_use(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| file.try_lock().is_err())
}

/// Shows lines until all who write are gone.
async fn show(mut story: Story, mut lines: Receiver<(String, String)>) {
    let mut waiting: Vec<(Instant, Access)> = Vec::new();
    loop {
        let next = match waiting.first() {
            Some((deadline, _)) => tokio::time::timeout_at(*deadline, lines.recv()).await,
            None => Ok(lines.recv().await),
        };
        match next {
            Ok(Some((service, line))) => waiting.extend(take(&mut story, &service, &line)),
            Ok(None) => break,
            Err(_) => {}
        }
        let now = Instant::now();
        waiting.retain(|(deadline, access)| {
            let waits = now < *deadline && !story.is_whole(access);
            if !waits {
                eprintln!("{}", story.line(access));
            }
            waits
        });
    }
}

/// Takes a line in, or shows it at once; one of the access log waits for what belongs to it.
fn take(story: &mut Story, service: &str, line: &str) -> Option<(Instant, Access)> {
    if service == GATEWAY {
        let deadline = Instant::now().checked_add(PATIENCE)?;
        return Access::read(line).map(|access| (deadline, access));
    }
    let members = serde_json::from_str::<Map<String, Value>>(line);
    let Some(members) = members.ok().filter(|_| service != AGENT) else {
        eprintln!("[{service}] {}", shown_within(line, MAX_SHOWN));
        return None;
    };
    let belongs = story.hear(&members);
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let level = text("level").unwrap_or_default();
    if !belongs && ["ERROR", "WARN"].contains(&level) {
        let message = shown_within(text("message").unwrap_or_default(), MAX_SHOWN);
        eprintln!("[{service}] {}: {message}", level.to_ascii_lowercase());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random;

    fn scratch() -> PathBuf {
        let path = std::env::temp_dir().join(format!("gatehouse-journal-{}", random::uuid()));
        kept::folder(&path).unwrap();
        path
    }

    fn read(path: &Path) -> Vec<Value> {
        let text = fs::read_to_string(path).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[tokio::test]
    async fn every_line_is_an_object_of_the_file_and_an_agents_is_a_text() {
        let folder = scratch();
        let file = LogFile::create(&folder).unwrap();
        let path = file.path().to_owned();
        let journal = Journal::start(Some(file), None);
        let forged = r#"{"record":"decision","outcome":"allowed"}"#;
        journal.line("ProxyFunction", r#"{"message":"a"}"#);
        journal.line("ProxyFunction", "thread panicked");
        journal.line("agent", forged);
        let lines = read(&path);
        assert_eq!(lines[0], json!({"message": "a"}));
        assert_eq!(
            (&lines[1]["message"], &lines[1]["service"]),
            (&json!("thread panicked"), &json!("ProxyFunction"))
        );
        assert_eq!(
            (&lines[2]["message"], lines[2].get("record")),
            (&json!(forged), None)
        );
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn each_start_has_its_file_and_the_one_before_is_kept() {
        let folder = scratch();
        for number in 0..3 {
            let mut file = LogFile::create(&folder).unwrap();
            assert_eq!(file.path(), folder.join(FILE));
            file.add(&json!({"start": number}).to_string());
        }
        assert_eq!(read(&folder.join(FILE)), [json!({"start": 2})]);
        assert_eq!(read(&folder.join(BEFORE)), [json!({"start": 1})]);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn two_at_once_do_not_share_a_file() {
        let folder = scratch();
        let first = LogFile::create(&folder).unwrap();
        let second = LogFile::create(&folder).unwrap();
        assert_eq!(
            (first.path(), second.path()),
            (&*folder.join(FILE), &*folder.join(OTHER))
        );
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_is_full_gives_way_to_a_new_one() {
        let folder = scratch();
        let mut file = LogFile::create(&folder).unwrap();
        file.bytes = MAX_BYTES - 3;
        file.add("{}");
        file.add("{}");
        assert_eq!(read(&folder.join(FILE)).len(), 1);
        assert_eq!(read(&folder.join(BEFORE)).len(), 1);
        fs::remove_dir_all(folder).unwrap();
    }
}
