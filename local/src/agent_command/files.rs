//! A folder's source files, compared by time and size until one changes.
//!
//! They are polled: events of the file system would need one more dependency a platform, and do not come from folders that
//! a container or another machine shares.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A person does not notice it, and a thousand files take a few milliseconds.
const POLL: Duration = Duration::from_millis(400);
/// Entries that are looked at; a folder with more is not one agent's.
const MAX_ENTRIES: usize = 20_000;
/// Folders of what is installed or built. Those with a full stop in front are left out as well.
const LEFT_OUT: [&str; 4] = ["__pycache__", "node_modules", "site-packages", "target"];
/// Endings of what a person edits. What an agent itself writes (logs, databases, JSON) must not start it again.
const SOURCES: [&str; 17] = [
    "cjs", "cts", "env", "go", "java", "js", "jsx", "kt", "mjs", "mts", "py", "rs", "toml", "ts",
    "tsx", "yaml", "yml",
];

type Snapshot = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

pub(super) struct Files {
    folder: PathBuf,
    seen: Snapshot,
    /// Changed, but not said yet: who waited for it may have given up meanwhile.
    changed: Option<String>,
}

impl Files {
    /// The files as they are now.
    pub(super) async fn below(folder: PathBuf) -> Self {
        let seen = snapshot(folder.clone()).await;
        Self {
            folder,
            seen,
            changed: None,
        }
    }

    /// Waits until a file is not as it was last time, and until all of them rest again: an editor or a compiler writes
    /// several in a row. Gives the file's path below the folder. It may be given up and called again.
    pub(super) async fn change(&mut self) -> String {
        loop {
            tokio::time::sleep(POLL).await;
            let now = snapshot(self.folder.clone()).await;
            if let Some(changed) = difference(&self.seen, &now) {
                let name = changed.strip_prefix(&self.folder).unwrap_or(changed);
                self.changed = Some(name.display().to_string());
                self.seen = now;
            } else if let Some(changed) = self.changed.take() {
                return changed;
            }
        }
    }
}

/// The first file that is new, gone or another.
fn difference<'s>(before: &'s Snapshot, now: &'s Snapshot) -> Option<&'s PathBuf> {
    let changed = now
        .iter()
        .find(|(path, state)| before.get(*path) != Some(*state));
    let gone = before.keys().find(|path| !now.contains_key(*path));
    changed.map(|(path, _)| path).or(gone)
}

async fn snapshot(folder: PathBuf) -> Snapshot {
    let read = tokio::task::spawn_blocking(move || read(&folder)).await;
    // It does not panic.
    read.unwrap_or_default()
}

/// A file that cannot be read counts as absent: while an editor replaces it, it is missing for a moment.
fn read(folder: &Path) -> Snapshot {
    let mut snapshot = Snapshot::new();
    let mut folders = vec![folder.to_owned()];
    let mut entries = 0_usize;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            entries = entries.saturating_add(1);
            if entries > MAX_ENTRIES {
                return snapshot;
            }
            let path = entry.path();
            // A link to a folder is not followed: it may lead back.
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() {
                if is_of_a_person(&path) {
                    folders.push(path);
                }
            } else if is_source(&path)
                && let Ok(metadata) = fs::metadata(&path)
            {
                snapshot.insert(path, (metadata.modified().ok(), metadata.len()));
            }
        }
    }
    snapshot
}

fn is_of_a_person(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| !name.starts_with('.') && !LEFT_OUT.contains(&name))
        // A virtual environment of Python's may have any name.
        && !folder.join("pyvenv.cfg").exists()
}

fn is_source(file: &Path) -> bool {
    let ending = file.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| SOURCES.contains(&ending))
        || file.file_name().is_some_and(|name| name == ".env")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of the test's own, empty.
    fn folder(test: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("gatehouse-{test}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn sources_are_seen_and_what_is_installed_or_written_is_not() {
        let folder = folder("files");
        fs::create_dir(folder.join("environment")).unwrap();
        fs::write(folder.join("environment/pyvenv.cfg"), "").unwrap();
        for (file, is_seen) in [
            ("agent.py", true),
            (".env", true),
            ("deep/er/tool.ts", true),
            ("log.jsonl", false),
            ("state.json", false),
            ("node_modules/a/index.js", false),
            (".git/hook.py", false),
            ("environment/lib/module.py", false),
            ("__pycache__/agent.py", false),
        ] {
            let path = folder.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "one").unwrap();
            assert_eq!(read(&folder).contains_key(&path), is_seen, "{file}");
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_new_a_longer_and_a_removed_file_are_changes() {
        let folder = folder("changes");
        let file = folder.join("agent.py");
        let none = read(&folder);
        fs::write(&file, "one").unwrap();
        let one = read(&folder);
        fs::write(&file, "one and two").unwrap();
        let two = read(&folder);
        for (before, now) in [(&none, &one), (&one, &two), (&two, &none)] {
            assert_eq!(difference(before, now), Some(&file));
            assert_eq!(difference(now, now), None);
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
