//! The tokens that are kept: a file a sign-in, which its owner alone can read, sealed where the system has a keyring.
//!
//! A sign-in belongs to one door, one issuer and one client, and its tokens are sent to these alone. Files are replaced
//! whole (a new file, then a rename), and links are not followed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;
use shared::settings;

use crate::failure::Failure;
use crate::speak::door::Door;
use crate::speak::folder::Folder;
use crate::speak::keyring::{KEY_ENDS, Keyring};
use crate::speak::random;
use crate::speak::sealed::{self, OpenError, Sealed};
use crate::speak::sign_in::{self, Kept, SignIn};

/// The end of the names of sign-ins.
const FILES: &str = "json";
/// Held while a key is made or deleted.
const KEY_LOCK: &str = "keyring.lock";

/// The folder of the sign-ins, and the keyring with their key.
pub(crate) struct Store {
    folder: Folder,
    keyring: Keyring,
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
        // Another folder has another key.
        let account = random::name(&[&folder.to_string_lossy()]);
        Ok(Self {
            folder: Folder(folder),
            keyring: Keyring::of_system(format!("sign-ins-{account}")),
        })
    }

    /// Makes sure that tokens can be kept, before anyone signs in for nothing.
    pub(crate) fn prepare(&self) -> Result<(), Failure> {
        self.folder.prepare()
    }

    /// Makes sure that the keyring can be used; otherwise says why not.
    pub(crate) async fn probe(&self) -> Result<(), String> {
        self.keyring.probe().await
    }

    /// True if there is a file for the sign-in of a door.
    pub(crate) fn is_there(&self, door: &Door) -> bool {
        fs::symlink_metadata(self.path(door)).is_ok()
    }

    /// The sign-in of a door under its name.
    pub(crate) async fn read(&self, door: &Door) -> Result<Option<SignIn>, Failure> {
        let found = self.load(&self.path(door))?;
        // A file that was moved here is of another door, and its tokens are not for this one.
        match found.filter(|loaded| loaded.is_of(door)) {
            None => Ok(None),
            Some(Loaded::Open(kept)) => Ok(Some(kept)),
            Some(Loaded::Sealed(sealed)) => self.open_sealed(door, &sealed).await.map(Some),
        }
    }

    /// True if the sign-in of a door is sealed.
    pub(crate) fn is_sealed(&self, door: &Door) -> bool {
        let loaded = self.load(&self.path(door)).ok().flatten();
        matches!(loaded, Some(Loaded::Sealed(_)))
    }

    async fn open_sealed(&self, door: &Door, sealed: &Sealed) -> Result<SignIn, Failure> {
        let sign_in = format!("the sign-in for `{}` as `{}`", door.address, door.name);
        let again = format!("sign in again: `gatehouse login{}`", door.options());
        let key = self.keyring.key().await.map_err(|why| {
            Failure::output(
                format!("the system's keyring, whose key seals {sign_in}, cannot be used: {why}"),
                format!("unlock it, or {again} with `--store file`"),
            )
        })?;
        let key = key.ok_or_else(|| {
            Failure::not_let_in(
                format!("the key that seals {sign_in} is not in the system's keyring any more: {KEY_ENDS}"),
                format!("{again}; with `--store file`, it needs no key"),
            )
        })?;
        match sealed.open(&key) {
            Ok(mut kept) => {
                kept.kept = Kept::Keyring;
                Ok(kept)
            }
            Err(OpenError::OtherKey) => Err(Failure::not_let_in(
                format!("{sign_in} is sealed with another key than the system's keyring has"),
                again,
            )),
            Err(OpenError::Changed) => Err(Failure::output(
                format!(
                    "`{}` was changed since it was sealed: its tokens are not used",
                    self.path(door).display()
                ),
                again,
            )),
        }
    }

    /// Every door that there is a sign-in for.
    pub(crate) fn doors(&self) -> Vec<String> {
        let kept = self.folder.files(FILES).into_iter();
        let kept = kept.filter_map(|path| self.load(&path).ok().flatten());
        kept.map(|kept| kept.door().to_owned()).collect()
    }

    /// Keeps a sign-in in place of the one before.
    pub(crate) async fn write(&self, door: &Door, kept: &SignIn) -> Result<(), Failure> {
        let was_sealed = self.is_sealed(door);
        if !was_sealed && kept.kept == Kept::File {
            return self.replace(door, &text_of(kept)?);
        }
        let _locked = self.folder.lock(&self.folder.path(KEY_LOCK)).await?;
        match kept.kept {
            Kept::File => {
                self.replace(door, &text_of(kept)?)?;
                self.drop_key().await
            }
            Kept::Keyring => {
                let key = self.keyring.key_or_new().await.map_err(|why| {
                    Failure::output(
                        format!("the system's keyring does not keep the key for the tokens: {why}"),
                        "unlock it, or keep them unsealed with `--store file`",
                    )
                })?;
                let sealed = Sealed::seal(kept, &key).ok_or_else(unwritable)?;
                self.replace(door, &text_of(&sealed)?)
            }
        }
    }

    fn replace(&self, door: &Door, text: &str) -> Result<(), Failure> {
        self.folder.replace(&self.path(door), text)
    }

    /// Deletes a sign-in, and the key if it sealed no other one.
    pub(crate) async fn delete(&self, door: &Door) -> Result<(), Failure> {
        let was_sealed = self.is_sealed(door);
        let _locked = if was_sealed {
            Some(self.folder.lock(&self.folder.path(KEY_LOCK)).await?)
        } else {
            None
        };
        self.folder.delete(&self.path(door))?;
        if was_sealed {
            self.drop_key().await
        } else {
            Ok(())
        }
    }

    /// Deletes the key if no sign-in is sealed any more.
    async fn drop_key(&self) -> Result<(), Failure> {
        // A file that cannot be read may be sealed.
        let is_open = |path: PathBuf| matches!(self.load(&path), Ok(None | Some(Loaded::Open(_))));
        if !self.folder.files(FILES).into_iter().all(is_open) {
            return Ok(());
        }
        self.keyring.delete().await.map_err(|why| {
            Failure::output(
                format!(
                    "the tokens are deleted, and their key stays in the system's keyring: {why}"
                ),
                "delete the entry `gatehouse` there; without the tokens it opens nothing",
            )
        })
    }

    /// Waits until no other process changes this sign-in; dropping the file lets the next one in.
    pub(crate) async fn lock(&self, door: &Door) -> Result<File, Failure> {
        self.folder
            .lock(&self.path(door).with_extension("lock"))
            .await
    }

    /// The file of a sign-in.
    pub(crate) fn path(&self, door: &Door) -> PathBuf {
        let name = random::name(&[&door.address, &door.name]);
        self.folder.path(&format!("{name}.{FILES}"))
    }

    fn load(&self, path: &Path) -> Result<Option<Loaded>, Failure> {
        let Some(text) = self.folder.read(path)? else {
            return Ok(None);
        };
        Loaded::parse(&text).map(Some).ok_or_else(|| {
            Failure::usage(
                format!("`{}` is no sign-in of this version", path.display()),
                "delete it, and sign in again with `gatehouse login`",
            )
        })
    }
}

/// A sign-in as it is in its file.
enum Loaded {
    Open(SignIn),
    Sealed(Sealed),
}

impl Loaded {
    fn parse(text: &str) -> Option<Self> {
        let document: Value = serde_json::from_str(text).ok()?;
        let version = document.get("version").and_then(Value::as_u64)?;
        if version == u64::from(sign_in::VERSION) {
            serde_json::from_value(document).ok().map(Self::Open)
        } else if version == u64::from(sealed::VERSION) {
            serde_json::from_value(document).ok().map(Self::Sealed)
        } else {
            None
        }
    }

    fn door(&self) -> &str {
        match self {
            Self::Open(kept) => &kept.door,
            Self::Sealed(sealed) => &sealed.door,
        }
    }

    fn is_of(&self, door: &Door) -> bool {
        let name = match self {
            Self::Open(kept) => &kept.name,
            Self::Sealed(sealed) => &sealed.name,
        };
        (self.door(), name) == (&door.address, &door.name)
    }
}

fn text_of(kept: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(kept).map_err(|_| unwritable())
}

fn unwritable() -> Failure {
    Failure::output(
        "the tokens cannot be written as a sign-in",
        "sign in again; nothing was kept",
    )
}

#[cfg(test)]
mod tests;
