//! Places of files: a folder as it is, or as it was in a revision of Git.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use policy::{FolderTexts, Source};
use shared::settings::{self, AGENTS, Fault, FileError, MAX_FILE_BYTES, TRUSTED_ISSUERS};

use super::tools;
use crate::failure::Failure;
use crate::settings::DoorSettings;

/// The place of files.
pub(crate) enum Place {
    Folder(PathBuf),
    Revision(Revision),
}

/// A folder in a revision. Nothing is checked out.
pub(crate) struct Revision {
    folder: PathBuf,
    /// As it was given, for messages.
    name: String,
    /// The whole id of the tree, so that no name is read twice.
    tree: String,
}

/// The documents of a door, and the text of the issuers.
pub(crate) struct Door {
    pub(crate) settings: DoorSettings,
    pub(crate) issuers: String,
}

impl Place {
    /// A folder if there is one of this name, else a revision of the given folder.
    pub(crate) fn find(name: &str, folder: &Path) -> Result<Self, Failure> {
        if Path::new(name).is_dir() {
            return Ok(Self::Folder(PathBuf::from(name)));
        }
        Revision::find(name, folder).map(Self::Revision)
    }

    /// Reads `agents.json` and `issuers.json`.
    pub(crate) fn door(&self) -> Result<Door, Failure> {
        let source = |name: &str| match name {
            AGENTS => Some(format!("file:{}", self.shown("agents.json"))),
            TRUSTED_ISSUERS => Some(format!("file:{}", self.shown("issuers.json"))),
            _ => None,
        };
        let files = |path: &str| match self {
            Self::Folder(_) => settings::file_system(path),
            Self::Revision(revision) if path.ends_with("agents.json") => {
                revision.file("agents.json")
            }
            Self::Revision(revision) => revision.file("issuers.json"),
        };
        let settings = DoorSettings::read_from(&source, &files).map_err(|faults| {
            let faults: Vec<String> = faults.iter().map(Fault::to_string).collect();
            Failure::usage(
                format!("the settings are wrong: {}", faults.join("; ")),
                "correct them; `gatehouse check` lists the faults of a folder",
            )
        })?;
        let issuers = files(&self.shown("issuers.json")).unwrap_or_default();
        let issuers = String::from_utf8_lossy(&issuers).into_owned();
        Ok(Door { settings, issuers })
    }

    /// Reads the policies, and what they are about.
    pub(crate) fn policies(&self) -> Result<FolderTexts, Failure> {
        match self {
            Self::Folder(folder) => {
                FolderTexts::read(folder).map_err(|error| tools::faulty(&error))
            }
            Self::Revision(revision) => revision.policies(),
        }
    }

    /// A file as messages name it.
    pub(crate) fn shown(&self, file: &str) -> String {
        match self {
            Self::Folder(folder) => folder.join(file).display().to_string(),
            Self::Revision(revision) => revision.shown(file),
        }
    }
}

impl Revision {
    fn find(name: &str, folder: &Path) -> Result<Self, Failure> {
        let unknown = |why: &str| {
            let shown = name.escape_debug();
            Failure::usage(
                format!("`{shown}` is neither a folder nor a revision of Git: {why}"),
                "name a folder, a commit, a branch or a tag, such as `origin/main`",
            )
        };
        if !fs::metadata(folder).is_ok_and(|folder| folder.is_dir()) {
            return Err(unknown(&format!("`{}` is no folder", folder.display())));
        }
        let tree = format!("{name}^{{tree}}");
        let arguments = [
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &tree,
        ];
        let output = git(folder, &arguments).map_err(|why| unknown(&why))?;
        let tree = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if !output.status.success() || tree.is_empty() {
            return Err(unknown("Git does not know it here"));
        }
        Ok(Self {
            folder: folder.to_owned(),
            name: name.to_owned(),
            tree,
        })
    }

    fn shown(&self, file: &str) -> String {
        format!("{}:{}", self.name, self.folder.join(file).display())
    }

    /// The file of the folder, as it was.
    fn file(&self, file: &str) -> Result<Vec<u8>, FileError> {
        let object = format!("{}:./{file}", self.tree);
        let output = git(&self.folder, &["cat-file", "blob", &object]);
        let output = output.ok().filter(|output| output.status.success());
        let content = output.ok_or(FileError::Absent)?.stdout;
        match u64::try_from(content.len()) {
            Ok(length) if length <= MAX_FILE_BYTES => Ok(content),
            Ok(_) | Err(_) => Err(FileError::TooLarge),
        }
    }

    fn policies(&self) -> Result<FolderTexts, Failure> {
        let text = |file: &str| {
            let content = self.file(file).map_err(|error| {
                let why = settings::unreadable(error);
                Failure::usage(
                    format!("`{}` {why}", self.shown(file)),
                    "name a revision that has the policies at the same place",
                )
            })?;
            Ok(String::from_utf8_lossy(&content).into_owned())
        };
        let list = ["ls-tree", "--name-only", "-z", &self.tree, "./policies/"];
        let listed = git(&self.folder, &list).map(|output| output.stdout);
        let listed = listed.unwrap_or_default();
        let listed = String::from_utf8_lossy(&listed);
        let names = listed.split('\0').filter(|name| name.ends_with(".cedar"));
        let sources: Result<Vec<Source>, Failure> = names
            .map(|path| {
                let name = path.rsplit('/').next().unwrap_or(path);
                let file = format!("policies/{name}");
                let text = text(&file)?;
                let file = self.shown(&file);
                Ok(Source { file, text })
            })
            .collect();
        Ok(FolderTexts {
            tools: text("tools.json")?,
            claims: text("claims.json")?,
            matrix: None,
            sources: sources?,
        })
    }
}

/// Runs Git in a folder.
fn git(folder: &Path, arguments: &[&str]) -> Result<Output, String> {
    let mut command = Command::new("git");
    let command = command.arg("-C").arg(folder).args(arguments);
    command
        .output()
        .map_err(|error| format!("cannot run `git`: {error}"))
}
