//! Things that stay from one start to the next: passwords, subjects and signing keys, in a file that only its owner can read.
//!
//! With them, what was pasted or signed in before a restart works after it. A file that is not as this program writes it is
//! not believed: then everything is made new, and that is said.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::cognito::{KeptKeys, UserSettings};
use crate::random;

const FILE: &str = "stack.json";
/// Two users and two keys take about four kilobytes.
const MAX_FILE: u64 = 64 * 1024;
/// Only the owner reads and writes.
const PRIVATE: u32 = 0o600;
/// The rights of everybody else.
const OTHERS: u32 = 0o077;

/// The file's content.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
struct Document {
    keys: Option<Keys>,
    users: BTreeMap<String, User>,
}

#[derive(Clone, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    access: String,
    id: String,
}

#[derive(Clone, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
struct User {
    password: String,
    subject: String,
}

/// Neither keys nor passwords are printed.
impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User")
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

/// The kept things of one folder.
#[derive(Debug)]
pub(super) struct Kept {
    path: PathBuf,
    document: Document,
    /// The notice about a file that is not believed.
    pub(super) note: Option<String>,
}

impl Kept {
    /// The content of the folder; none if there is no folder yet.
    pub(super) fn read(folder: &Path) -> Self {
        let path = folder.join(FILE);
        let (document, note) = match read(&path) {
            Ok(document) => (document, None),
            Err(why) => {
                let path = path.display();
                let note =
                    format!("`{path}` is not used ({why}): passwords, subjects and keys are new");
                (Document::default(), Some(note))
            }
        };
        Self {
            path,
            document,
            note,
        }
    }

    /// Nothing, of no folder: for a start that keeps nothing.
    pub(super) fn nothing() -> Self {
        Self {
            path: PathBuf::new(),
            document: Document::default(),
            note: None,
        }
    }

    /// The users, with what is kept of them, and new passwords and subjects for the others.
    pub(super) fn users(&self, mut users: Vec<UserSettings>) -> Vec<UserSettings> {
        for user in &mut users {
            let kept = self.document.users.get(&user.name);
            user.password = Some(kept.map_or_else(random::secret, |kept| kept.password.clone()));
            user.subject = Some(kept.map_or_else(random::uuid, |kept| kept.subject.clone()));
        }
        users
    }

    /// The signing keys, if there are some.
    pub(super) fn keys(&self) -> Option<KeptKeys> {
        let keys = self.document.keys.as_ref()?;
        let decode = |text: &str| STANDARD.decode(text).ok();
        Some(KeptKeys {
            access: decode(&keys.access)?,
            id: decode(&keys.id)?,
        })
    }

    /// Keeps these, unless they are kept already.
    pub(super) fn write(&self, users: &[UserSettings], keys: &KeptKeys) -> io::Result<()> {
        let users = users.iter().filter_map(|user| {
            let (password, subject) = (user.password.clone()?, user.subject.clone()?);
            Some((user.name.clone(), User { password, subject }))
        });
        let document = Document {
            keys: Some(Keys {
                access: STANDARD.encode(&keys.access),
                id: STANDARD.encode(&keys.id),
            }),
            users: users.collect(),
        };
        if document == self.document {
            return Ok(());
        }
        let text = serde_json::to_string(&document).map_err(io::Error::other)?;
        // A whole file or none: it takes its name last.
        let new = self.path.with_extension(random::uuid());
        let written = private().create_new(true).open(&new).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            fs::rename(&new, &self.path)
        });
        if written.is_err() {
            // It may not have been made at all.
            let _ = fs::remove_file(&new);
        }
        written
    }
}

/// The folder, made if it is not there, for its owner alone.
pub(super) fn folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// The options with which files of the folder are written.
pub(super) fn private() -> OpenOptions {
    let mut options = File::options();
    options.write(true).mode(PRIVATE);
    options
}

fn read(path: &Path) -> Result<Document, String> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Document::default()),
        Err(error) => return Err(error.to_string()),
    };
    if !found.is_file() {
        return Err("it is no file".to_owned());
    }
    if found.permissions().mode() & OTHERS != 0 {
        return Err("others can read or change it".to_owned());
    }
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MAX_FILE).read_to_string(&mut text));
    read.map_err(|error| error.to_string())?;
    let document: Document = serde_json::from_str(&text)
        .map_err(|_| "it is not as this program writes it".to_owned())?;
    // Passwords and subjects stand in lines that people paste into a shell.
    let is_plain = |text: &String| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (16..=64).contains(&text.len()) && text.bytes().all(plain)
    };
    let are_plain = document
        .users
        .values()
        .all(|user| is_plain(&user.password) && is_plain(&user.subject));
    if are_plain {
        Ok(document)
    } else {
        Err("a password or subject in it is not as this program makes them".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch() -> PathBuf {
        let path = std::env::temp_dir().join(format!("gatehouse-kept-{}", random::uuid()));
        folder(&path).unwrap();
        path
    }

    fn people() -> Vec<UserSettings> {
        ["alice", "bob"]
            .map(|name| UserSettings::new(name, &["staff"]))
            .into()
    }

    fn keys() -> KeptKeys {
        KeptKeys {
            access: b"access".to_vec(),
            id: b"id".to_vec(),
        }
    }

    fn secrets(users: &[UserSettings]) -> Vec<(Option<String>, Option<String>)> {
        users
            .iter()
            .map(|user| (user.password.clone(), user.subject.clone()))
            .collect()
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let folder = scratch();
        let kept = Kept::read(&folder);
        assert!(kept.note.is_none() && kept.keys().is_none());
        let users = kept.users(people());
        kept.write(&users, &keys()).unwrap();
        let mode = fs::metadata(folder.join(FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, PRIVATE);
        let again = Kept::read(&folder);
        assert_eq!(again.note, None);
        assert_eq!(secrets(&again.users(people())), secrets(&users));
        assert_eq!(again.keys().unwrap().access, b"access");
        // Nothing but the file itself is left.
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_is_not_as_it_was_written_is_not_believed() {
        let folder = scratch();
        let path = folder.join(FILE);
        let first = Kept::read(&folder);
        let users = first.users(people());
        first.write(&users, &keys()).unwrap();
        let good = fs::read_to_string(&path).unwrap();
        let password = users[0].password.as_ref().unwrap();
        for (text, mode, why) in [
            (good.clone(), 0o644, "others can read"),
            (String::new(), PRIVATE, "not as this program writes it"),
            (
                good.replace("users", "people"),
                PRIVATE,
                "not as this program writes it",
            ),
            (
                good.replace(password, "'; rm -r ~; echo '"),
                PRIVATE,
                "a password",
            ),
            (good.replace(password, ""), PRIVATE, "a password"),
        ] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let kept = Kept::read(&folder);
            let note = kept.note.clone().unwrap_or_default();
            assert!(note.contains(why), "{note}");
            assert_ne!(secrets(&kept.users(people())), secrets(&users));
            // What is made instead can be kept.
            kept.write(&kept.users(people()), &keys()).unwrap();
            assert_eq!(Kept::read(&folder).note, None);
        }
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/null", &path).unwrap();
        assert!(Kept::read(&folder).note.unwrap().contains("no file"));
        fs::remove_dir_all(folder).unwrap();
    }
}
