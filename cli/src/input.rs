//! Inputs of a command: files and standard input, each with a bound, and the token.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use shared::secret::Secret;
use shared::settings;

use crate::arguments::Logs;
use crate::aws;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// The variable that may hold a token where neither a file nor standard input can be given, as in a pipeline of CI.
pub(crate) const TOKEN: &str = "GATEHOUSE_TOKEN";

/// Longer than any header that API Gateway takes, and than any key document in use.
const MAX_SMALL: u64 = 1024 * 1024;

/// A day's lines of a busy door.
const MAX_LOG: u64 = 512 * 1024 * 1024;

/// The path that means standard input.
const STANDARD_INPUT: &str = "-";

/// The text of a log.
pub(crate) fn log(path: &Path, terminal: &mut Terminal) -> Result<String, Failure> {
    let text = read(path, MAX_LOG, terminal)?;
    // A stranger's bytes may be in a line, which is then not JSON.
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The lines that a command reads: of a file, or of log groups.
pub(crate) fn lines(logs: &Logs, since: &str, terminal: &mut Terminal) -> Result<String, Failure> {
    if logs.group.is_empty() {
        log(&logs.logs, terminal)
    } else {
        aws::logs(&logs.group, since)
    }
}

/// A small file.
pub(crate) fn small(path: &Path, terminal: &mut Terminal) -> Result<Vec<u8>, Failure> {
    read(path, MAX_SMALL, terminal)
}

/// A text for an agent.
pub(crate) fn words(path: &Path, terminal: &mut Terminal) -> Result<String, Failure> {
    let text = String::from_utf8(small(path, terminal)?);
    text.map_err(|_| {
        Failure::usage(
            format!("`{}` is not text in UTF-8", path.display()),
            "give text, or a JSON body with `--data`",
        )
    })
}

/// The token: of the file, of the variable, or of standard input.
pub(crate) fn token(file: Option<&Path>, terminal: &mut Terminal) -> Result<Secret, Failure> {
    let text = match (file, settings::environment(TOKEN)) {
        (Some(file), _) => text(&small(file, terminal)?)?,
        (None, Some(token)) => token,
        (None, None) if terminal.is_input_typed() => return Err(no_token()),
        (None, None) => text(&small(Path::new(STANDARD_INPUT), terminal)?)?,
    };
    let text = text.trim();
    let token = text
        .strip_prefix("Authorization:")
        .map_or(text, str::trim_start);
    let token = token.strip_prefix("Bearer ").unwrap_or(token).trim();
    if token.is_empty() {
        return Err(no_token());
    }
    Ok(Secret::new(token.to_owned()))
}

fn no_token() -> Failure {
    Failure::usage(
        "there is no token",
        format!("write it to standard input, name its file with `--token-file`, or set `{TOKEN}`"),
    )
}

fn text(bytes: &[u8]) -> Result<String, Failure> {
    let text = std::str::from_utf8(bytes).map(str::to_owned);
    text.map_err(|_| {
        Failure::usage(
            "the token is not text",
            "give the token alone, as the issuer wrote it",
        )
    })
}

fn read(path: &Path, most: u64, terminal: &mut Terminal) -> Result<Vec<u8>, Failure> {
    let shown = path.display();
    let mut bytes = Vec::new();
    // One byte more than may be there shows that there is too much.
    let bound = most.saturating_add(1);
    let read = if path == Path::new(STANDARD_INPUT) {
        terminal.input().take(bound).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(bound).read_to_end(&mut bytes))
    };
    let length = read.map_err(|error| {
        Failure::usage(
            format!("cannot read `{shown}`: {error}"),
            "name a file that is there, or `-` for standard input",
        )
    })?;
    if u64::try_from(length).is_ok_and(|length| length <= most) {
        Ok(bytes)
    } else {
        Err(Failure::usage(
            format!("`{shown}` has more than {most} bytes"),
            "give a part of it",
        ))
    }
}
