//! The private folder: files that their owner alone can read, replaced whole, with links not followed.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::sleep;

use crate::failure::Failure;
use crate::speak::random;

/// Far more than a few tokens need.
const MAX_FILE: u64 = 256 * 1024;
const MAX_FILES: usize = 1000;
/// A refresh takes as long as the issuer's answer may.
const LOCK_ATTEMPTS: u32 = 600;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// A folder of mode 0700, which need not be there yet.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    /// Makes the folder if it is not there, and sees that it can be written to.
    pub(crate) fn prepare(&self) -> Result<(), Failure> {
        let made = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0);
        made.map_err(|error| self.failed(&error))?;
        self.check()?;
        let probe = self.0.join(format!(".probe-{}", random::text()?));
        let written = create_with(&probe, b"").and_then(|()| fs::remove_file(&probe));
        written.map_err(|error| self.failed(&error))
    }

    /// The path of a file in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The files whose names end so.
    pub(crate) fn files(&self, end: &str) -> Vec<PathBuf> {
        let Ok(files) = fs::read_dir(&self.0) else {
            return Vec::new();
        };
        let paths = files
            .take(MAX_FILES)
            .filter_map(|file| Some(file.ok()?.path()));
        let has_end = |path: &PathBuf| path.extension().is_some_and(|extension| extension == end);
        paths.filter(has_end).collect()
    }

    /// The text of a file that its owner alone can read; nothing if it is not there.
    pub(crate) fn read(&self, path: &Path) -> Result<Option<String>, Failure> {
        match self.private(path) {
            Ok(text) => Ok(Some(text)),
            Err(Unread::Absent) => Ok(None),
            Err(Unread::Failed(failure)) => Err(failure),
        }
    }

    /// Writes a file in place of the one before.
    pub(crate) fn replace(&self, path: &Path, text: &str) -> Result<(), Failure> {
        let new = self.0.join(format!(".new-{}", random::text()?));
        let written = create_with(&new, text.as_bytes()).and_then(|()| fs::rename(&new, path));
        written.map_err(|error| {
            // What was not renamed has tokens that no one will use.
            let _not_there = fs::remove_file(&new);
            self.failed(&error)
        })
    }

    /// Deletes a file, if it is there.
    pub(crate) fn delete(&self, path: &Path) -> Result<(), Failure> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(self.failed(&error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Waits until no other process holds the lock of this name; dropping the file lets the next one in.
    pub(crate) async fn lock(&self, path: &Path) -> Result<File, Failure> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(path).map_err(|error| self.failed(&error))?;
        for _ in 0..LOCK_ATTEMPTS {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(fs::TryLockError::WouldBlock) => sleep(LOCK_PAUSE).await,
                Err(fs::TryLockError::Error(error)) => return Err(self.failed(&error)),
            }
        }
        Err(Failure::try_later(
            "another `gatehouse` has been changing this sign-in for half a minute",
            "end that process, and run this again",
        ))
    }

    fn private(&self, path: &Path) -> Result<String, Unread> {
        let failed = |error: &io::Error| {
            if error.kind() == ErrorKind::NotFound {
                Unread::Absent
            } else {
                Unread::Failed(self.failed(error))
            }
        };
        let named = fs::symlink_metadata(path).map_err(|error| failed(&error))?;
        self.check().map_err(Unread::Failed)?;
        let file = File::open(path).map_err(|error| failed(&error))?;
        let opened = file.metadata().map_err(|error| failed(&error))?;
        // Another file than the one that was named: a link, or one put there in between.
        let is_same = named.is_file() && (named.dev(), named.ino()) == (opened.dev(), opened.ino());
        if !is_same || opened.mode() & 0o077 != 0 {
            return Err(Unread::Failed(exposed(path)));
        }
        let mut text = String::new();
        let read = file.take(MAX_FILE).read_to_string(&mut text);
        read.map_err(|error| failed(&error))?;
        Ok(text)
    }

    fn check(&self) -> Result<(), Failure> {
        let folder = fs::symlink_metadata(&self.0).map_err(|error| self.failed(&error))?;
        if folder.is_dir() && folder.mode() & 0o077 == 0 {
            Ok(())
        } else {
            Err(exposed(&self.0))
        }
    }

    fn failed(&self, error: &io::Error) -> Failure {
        Failure::output(
            format!("tokens cannot be kept in `{}`: {error}", self.0.display()),
            "make the folder yours and writable, or name another with `XDG_STATE_HOME`",
        )
    }
}

enum Unread {
    Absent,
    Failed(Failure),
}

fn exposed(path: &Path) -> Failure {
    let path = path.display();
    Failure::output(
        format!(
            "`{path}` is a link, or others than its owner may read it: its tokens are not used"
        ),
        format!("run `gatehouse logout` where it was made, delete `{path}`, and sign in again"),
    )
}

fn create_with(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
