//! `gatehouse local`: starts the program of the local stack in the place of this one.

use std::env;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use shared::settings;

use crate::arguments::Local;
use crate::failure::Failure;

/// The program, as its package installs it.
const INSTALLED: &str = "gatehouse-local";
/// The same, as it is built: only beside this program, as another program in `PATH` might have this name.
const BUILT: &str = "local";

/// Gives this process over to the program: its output, its signals and its exit code are the program's. It comes back only
/// if that fails.
pub(crate) fn start(asked: &Local) -> Failure {
    let Some(program) = find() else {
        return Failure::unreachable(
            format!(
                "there is no local stack here: neither `{INSTALLED}` nor `{BUILT}` beside this program, nor `{INSTALLED}` in \
                 `PATH`"
            ),
            "install `gatehouse[local]` in the place of `gatehouse`, or run `make local` in the repository",
        );
    };
    let error = Command::new(&program).args(&asked.options).exec();
    Failure::unreachable(
        format!("cannot start `{}`: {error}", program.display()),
        "make the file one that may be run, or build it anew with `make local`",
    )
}

fn find() -> Option<PathBuf> {
    // On macOS the path may be a link, such as pipx makes.
    let own = env::current_exe().and_then(fs::canonicalize).ok();
    let beside = own.as_deref().and_then(Path::parent);
    let beside = [INSTALLED, BUILT]
        .into_iter()
        .filter_map(|name| Some(beside?.join(name)));
    let path = settings::environment("PATH").unwrap_or_default();
    let in_path: Vec<PathBuf> = env::split_paths(&path)
        // An empty or relative part would mean whatever folder this runs in.
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(INSTALLED))
        .collect();
    beside.chain(in_path).find(|file| file.is_file())
}
