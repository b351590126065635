//! Configuration: the door and the name of the sign-in, from an option, a variable, the project's file or the user's file.

use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use shared::settings;

use crate::arguments::speak::Door as Given;
use crate::failure::Failure;
use crate::log::line::shown;
use crate::speak::door::{DEFAULT_NAME, Door, parse};
use crate::speak::store::Store;

/// The variable with the door's address.
pub(crate) const DOOR: &str = "GATEHOUSE_DOOR";
/// The file of a project. It may be a stranger's, so it says nothing that a token from elsewhere follows.
const PROJECT_FILE: &str = "gatehouse.toml";
const USER_FILE: &str = "gatehouse/config.toml";
/// A few lines are expected.
const MAX_FILE: u64 = 64 * 1024;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    door: Option<String>,
    #[serde(rename = "as")]
    name: Option<String>,
}

/// The door of a command, by the first that names one.
pub(crate) fn door(given: &Given) -> Result<Door, Failure> {
    let project = read(Path::new(PROJECT_FILE))?;
    let user = match user_file() {
        Some(path) => read(&path)?,
        None => File::default(),
    };
    let variable = settings::environment(DOOR).filter(|text| !text.is_empty());
    let address = given
        .door
        .clone()
        .or(variable)
        .map(|door| (door, true))
        .or_else(|| project.door.map(|door| (door, false)))
        .or_else(|| user.door.map(|door| (door, true)));
    let (address, is_users) = match address {
        Some(address) => address,
        None => (only_signed_in()?, false),
    };
    let name = given.name.clone().or(project.name).or(user.name);
    let is_name_given = name.is_some();
    let name = name.unwrap_or_else(|| DEFAULT_NAME.to_owned());
    if !shared::text::is_visible(&name, 100) {
        return Err(Failure::usage(
            "`--as` has spaces, signs that cannot be seen, or more than 100 letters",
            "give a short name, such as `alice`",
        ));
    }
    Ok(Door {
        address: parse(&address)?,
        name,
        is_name_given,
        is_users,
    })
}

/// The door of the only sign-ins that there are.
fn only_signed_in() -> Result<String, Failure> {
    let next =
        format!("give `--door URL`, set `{DOOR}`, or write `door = \"URL\"` to ./{PROJECT_FILE}");
    let mut doors = Store::open()?.doors();
    doors.sort();
    doors.dedup();
    match doors.as_slice() {
        [door] => Ok(door.clone()),
        [] => Err(Failure::usage("no door is named", next)),
        doors => Err(Failure::usage(
            format!(
                "no door is named, and there are sign-ins for {}",
                doors.join(", ")
            ),
            next,
        )),
    }
}

fn user_file() -> Option<PathBuf> {
    // Another folder than the user's own could be anyone's.
    let absolute = |name: &str| {
        let path = settings::environment(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let base = absolute("XDG_CONFIG_HOME");
    let base = base.or_else(|| Some(absolute("HOME")?.join(".config")))?;
    Some(base.join(USER_FILE))
}

fn read(path: &Path) -> Result<File, Failure> {
    let wrong = |why: String| {
        Failure::usage(
            format!("`{}` cannot be used: {why}", path.display()),
            "write `door = \"URL\"` and `as = \"NAME\"`, and nothing else, or delete it",
        )
    };
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if [ErrorKind::NotFound, ErrorKind::NotADirectory].contains(&error.kind()) => {
            return Ok(File::default());
        }
        Err(error) => return Err(wrong(error.to_string())),
    };
    let mut text = String::new();
    let read = file.take(MAX_FILE).read_to_string(&mut text);
    read.map_err(|error| wrong(error.to_string()))?;
    toml::from_str(&text).map_err(|error| wrong(shown(error.message())))
}
