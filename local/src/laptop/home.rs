//! The files that the stack is made from, found beside the program: in an installed package, or in a repository.

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder of an installed package, from that of the program.
const INSTALLED: &str = "../share/gatehouse-local";
/// The folder of the functions in it.
const FUNCTIONS: &str = "functions";
/// The file that both places have.
const TEMPLATE: &str = "template.yaml";
/// The file that only this repository has beside a template: another project's template is not taken for ours.
const OWN_MANIFEST: &str = "local/Cargo.toml";
/// From `target/debug`, or from `target/TRIPLE/debug`, to the repository.
const MAX_STEPS: usize = 3;

/// The folder of a program.
#[derive(Debug)]
pub(super) struct Home {
    folder: PathBuf,
}

/// The reason why a program has no template.
#[derive(Debug)]
pub(super) struct HomeError {
    folder: PathBuf,
}

impl Home {
    /// That of this program. The current folder does not count: it may be another's.
    pub(super) fn own() -> Result<Self, String> {
        let unknown = |error| format!("cannot tell where this program is: {error}");
        let program = env::current_exe().map_err(unknown)?;
        // On macOS the path may be a link, such as pipx makes.
        let program = fs::canonicalize(program).map_err(unknown)?;
        let folder = program.parent().ok_or("this program has no folder")?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// The template of the package, or of the repository.
    pub(super) fn template(&self) -> Result<PathBuf, HomeError> {
        let is_own =
            |home: &&Path| home.join(TEMPLATE).is_file() && home.join(OWN_MANIFEST).is_file();
        let repository = || {
            let mut above = self.folder.ancestors().skip(1).take(MAX_STEPS);
            above.find(is_own).map(Path::to_owned)
        };
        let home = self.installed().or_else(repository);
        let home = home.ok_or_else(|| HomeError {
            folder: self.folder.clone(),
        })?;
        Ok(home.join(TEMPLATE))
    }

    /// The folder of the built functions: of the package, or that of the program.
    pub(super) fn functions(&self) -> PathBuf {
        let installed = self.installed();
        installed.map_or_else(|| self.folder.clone(), |home| home.join(FUNCTIONS))
    }

    fn installed(&self) -> Option<PathBuf> {
        let home = fs::canonicalize(self.folder.join(INSTALLED)).ok()?;
        home.join(TEMPLATE).is_file().then_some(home)
    }
}

impl fmt::Display for HomeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder = self.folder.display();
        write!(
            f,
            "there is no `{TEMPLATE}` for the program in `{folder}`: neither in `{INSTALLED}` from there, nor in a repository \
             above it; install `gatehouse-local` again, or name one with `--template FILE`"
        )
    }
}

impl std::error::Error for HomeError {}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::random;

    /// An empty folder of a test, removed at the end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new() -> Self {
            let folder = env::temp_dir().join(format!("gatehouse-home-{}", random::uuid()));
            fs::create_dir(&folder).unwrap();
            Self(fs::canonicalize(folder).unwrap())
        }

        /// Of a program in a folder below.
        fn home(&self, name: &str) -> Home {
            let folder = self.0.join(name);
            fs::create_dir_all(&folder).unwrap();
            Home { folder }
        }

        fn file(&self, name: &str) -> PathBuf {
            let file = self.0.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, "").unwrap();
            file
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn a_program_of_a_package_has_its_files_in_share() {
        let scratch = Scratch::new();
        let template = scratch.file("share/gatehouse-local/template.yaml");
        let home = scratch.home("bin");
        assert_eq!(home.functions(), template.with_file_name("functions"));
        assert_eq!(home.template().unwrap(), template);
    }

    #[test]
    fn a_program_of_a_target_folder_has_its_files_in_the_repository() {
        let scratch = Scratch::new();
        scratch.file("local/Cargo.toml");
        let template = scratch.file("template.yaml");
        for built in ["target/debug", "target/x86_64-unknown-linux-gnu/release"] {
            let home = scratch.home(built);
            assert_eq!(home.functions(), scratch.0.join(built));
            assert_eq!(home.template().unwrap(), template, "{built}");
        }
    }

    #[test]
    fn a_template_of_others_is_not_taken() {
        let scratch = Scratch::new();
        // A project of SAM, with a virtual environment in it whose package is not whole.
        scratch.file("template.yaml");
        scratch.file("venv/share/gatehouse-local/LICENSE");
        let home = scratch.home("venv/bin");
        let said = home.template().unwrap_err().to_string();
        assert!(said.contains("/venv/bin`"), "{said}");
        assert!(said.contains("install `gatehouse-local` again"), "{said}");
        // A repository further above than a target folder can be.
        scratch.file("local/Cargo.toml");
        assert!(scratch.home("target/a/b/debug").template().is_err());
    }
}
