//! `gatehouse local`: starts the program of the local stack in the place of this one.

use std::env;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use shared::settings;

use crate::arguments::Local;
use crate::failure::Failure;

/// The program, as it is built.
const BESIDE: &str = "local";
/// The same in `PATH`, where another program might have the shorter name.
const IN_PATH: &str = "gatehouse-local";

/// Gives this process over to the program: its output, its signals and its exit code are the program's. It comes back only
/// if that fails.
pub(crate) fn start(asked: &Local) -> Failure {
    let Some(program) = find() else {
        return Failure::unreachable(
            format!(
                "there is no local stack here: neither `{BESIDE}` beside this program nor `{IN_PATH}` in `PATH`"
            ),
            "run `make local` in the repository, or install the package `gatehouse-local`",
        );
    };
    let error = Command::new(&program).args(&asked.options).exec();
    Failure::unreachable(
        format!("cannot start `{}`: {error}", program.display()),
        "make the file one that may be run, or build it anew with `make local`",
    )
}

fn find() -> Option<PathBuf> {
    let own = env::current_exe().ok();
    let beside = own.as_deref().and_then(std::path::Path::parent);
    let beside = beside.map(|folder| folder.join(BESIDE));
    let path = settings::environment("PATH").unwrap_or_default();
    let in_path: Vec<PathBuf> = env::split_paths(&path)
        // An empty or relative part would mean whatever folder this runs in.
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(IN_PATH))
        .collect();
    beside
        .into_iter()
        .chain(in_path)
        .find(|file| file.is_file())
}
