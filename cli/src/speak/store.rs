//! The tokens that are kept: a file a sign-in, which its owner alone can read.
//!
//! A sign-in belongs to one door, one issuer and one client, and its tokens are sent to these alone. Files are replaced
//! whole (a new file, then a rename), and links are not followed.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared::settings;
use tokio::time::sleep;

use crate::failure::Failure;
use crate::speak::door::Door;
use crate::speak::random;

/// Far more than a few tokens need.
const MAX_FILE: u64 = 256 * 1024;
const MAX_FILES: usize = 1000;
const VERSION: u32 = 1;
/// A refresh takes as long as the issuer's answer may.
const LOCK_ATTEMPTS: u32 = 600;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// The folder of the sign-ins.
pub(crate) struct Store {
    folder: PathBuf,
}

/// A sign-in, as it is kept. It has no `Debug`: it is made of secrets.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    pub(crate) access_token: String,
    #[serde(rename = "as")]
    pub(crate) name: String,
    pub(crate) client_id: String,
    pub(crate) door: String,
    pub(crate) expires: u64,
    pub(crate) issuer: String,
    pub(crate) obtained: u64,
    pub(crate) refresh_token: Option<String>,
    /// The user's name, for people.
    pub(crate) shown: String,
    pub(crate) subject: String,
    version: u32,
}

impl SignIn {
    /// A sign-in that just happened.
    pub(crate) fn new(door: &Door, issuer: &str, client_id: &str) -> Self {
        Self {
            access_token: String::new(),
            name: door.name.clone(),
            client_id: client_id.to_owned(),
            door: door.address.clone(),
            expires: 0,
            issuer: issuer.to_owned(),
            obtained: 0,
            refresh_token: None,
            shown: String::new(),
            subject: String::new(),
            version: VERSION,
        }
    }
}

impl Store {
    /// `$XDG_STATE_HOME/gatehouse`, or `~/.local/state/gatehouse`. It need not be there yet.
    pub(crate) fn open() -> Result<Self, Failure> {
        let absolute = |name: &str| {
            let path = settings::environment(name).map(PathBuf::from);
            path.filter(|path| path.is_absolute())
        };
        let state = absolute("XDG_STATE_HOME");
        let state = state.or_else(|| Some(absolute("HOME")?.join(".local/state")));
        let state = state.ok_or_else(|| {
            Failure::usage(
                "there is no place for tokens: neither `HOME` nor `XDG_STATE_HOME` is an absolute path",
                "set one of them, or give a token with `--token-stdin`",
            )
        })?;
        let folder = state.join("gatehouse");
        Ok(Self { folder })
    }

    /// Makes sure that tokens can be kept, before anyone signs in for nothing.
    pub(crate) fn prepare(&self) -> Result<(), Failure> {
        let made = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder);
        made.map_err(|error| self.failed(&error))?;
        self.check_folder()?;
        let probe = self.folder.join(format!(".probe-{}", random::text()?));
        let written = create(&probe).and_then(|()| fs::remove_file(&probe));
        written.map_err(|error| self.failed(&error))
    }

    /// The sign-in of a door under its name.
    pub(crate) fn read(&self, door: &Door) -> Result<Option<SignIn>, Failure> {
        let found = self.load(&self.path(door))?;
        // A file that was moved here is of another door, and its tokens are not for this one.
        Ok(found.filter(|kept| kept.door == door.address && kept.name == door.name))
    }

    /// Every door that there is a sign-in for.
    pub(crate) fn doors(&self) -> Vec<String> {
        let Ok(files) = fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        let paths = files
            .take(MAX_FILES)
            .filter_map(|file| Some(file.ok()?.path()));
        let paths = paths.filter(|path| path.extension().is_some_and(|end| end == "json"));
        let kept = paths.filter_map(|path| self.load(&path).ok().flatten());
        kept.map(|kept| kept.door).collect()
    }

    /// Keeps a sign-in in place of the one before.
    pub(crate) fn write(&self, door: &Door, kept: &SignIn) -> Result<(), Failure> {
        let text = serde_json::to_string(kept).unwrap_or_default();
        let path = self.path(door);
        let new = self.folder.join(format!(".new-{}", random::text()?));
        let written = create_with(&new, text.as_bytes()).and_then(|()| fs::rename(&new, &path));
        written.map_err(|error| {
            // What was not renamed has tokens that no one will use.
            let _not_there = fs::remove_file(&new);
            self.failed(&error)
        })
    }

    /// Deletes a sign-in.
    pub(crate) fn delete(&self, door: &Door) -> Result<(), Failure> {
        match fs::remove_file(self.path(door)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(self.failed(&error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Waits until no other process changes this sign-in; dropping the file lets the next one in.
    pub(crate) async fn lock(&self, door: &Door) -> Result<File, Failure> {
        let path = self.path(door).with_extension("lock");
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
            "another `gatehouse` has been renewing this sign-in for half a minute",
            "end that process, and run this again",
        ))
    }

    fn path(&self, door: &Door) -> PathBuf {
        let name = random::name(&[&door.address, &door.name]);
        self.folder.join(format!("{name}.json"))
    }

    fn load(&self, path: &Path) -> Result<Option<SignIn>, Failure> {
        let text = match self.private(path) {
            Ok(text) => text,
            Err(Unread::Absent) => return Ok(None),
            Err(Unread::Failed(failure)) => return Err(failure),
        };
        let kept: Option<SignIn> = serde_json::from_str(&text).ok();
        let kept = kept.filter(|kept| kept.version == VERSION);
        kept.map(Some).ok_or_else(|| {
            Failure::usage(
                format!("`{}` is no sign-in of this version", path.display()),
                "delete it, and sign in again with `gatehouse login`",
            )
        })
    }

    /// The text of a file that its owner alone can read.
    fn private(&self, path: &Path) -> Result<String, Unread> {
        let failed = |error: &io::Error| {
            if error.kind() == ErrorKind::NotFound {
                Unread::Absent
            } else {
                Unread::Failed(self.failed(error))
            }
        };
        let named = fs::symlink_metadata(path).map_err(|error| failed(&error))?;
        self.check_folder().map_err(Unread::Failed)?;
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

    fn check_folder(&self) -> Result<(), Failure> {
        let folder = fs::symlink_metadata(&self.folder).map_err(|error| self.failed(&error))?;
        if folder.is_dir() && folder.mode() & 0o077 == 0 {
            Ok(())
        } else {
            Err(exposed(&self.folder))
        }
    }

    fn failed(&self, error: &io::Error) -> Failure {
        Failure::output(
            format!(
                "tokens cannot be kept in `{}`: {error}",
                self.folder.display()
            ),
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

fn create(path: &Path) -> io::Result<()> {
    create_with(path, b"")
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
