//! Tests of the pages: what they show of the terminal tool is what it prints.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Cursor, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use cli::exit::Exit;
use cli::terminal::Terminal;
use mint::Key;
use serde_json::json;
use shared::settings;

use crate::program::{folder, root};

const PAGES: [&str; 2] = ["docs/operations.md", "docs/terminal.md"];

/// The time at which the pages' token is looked at.
const NOW: u64 = 1_792_142_078;

/// An output that is kept.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The files that the pages name: the recorded lines, a token of a user in the group `staff`, and its key document.
fn files(folder: &Path) {
    let key = Key::rsa("rsa-1");
    let claims = json!({
        "iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE", "sub": "5f1d3c2a-0000-4000-8000-000000000b0b",
        "client_id": "1example23456789", "token_use": "access", "cognito:groups": ["staff"],
        "iat": NOW - 60, "exp": NOW + 1740,
    });
    let token = key.token("RS256", &claims);
    fs::write(folder.join("token.txt"), token).unwrap();
    let document = mint::key_document(&[&key]).to_string();
    fs::write(folder.join("keys.json"), document).unwrap();
    let recorded = root().join("cli/tests/recorded.jsonl");
    fs::copy(recorded, folder.join("lines.log")).unwrap();
}

/// What the tool prints on a terminal for a command of a page.
fn printed(command: &str, folder: &Path) -> String {
    let (command, input) = match command.split_once(" < ") {
        Some((command, file)) => (command, fs::read(folder.join(file)).unwrap()),
        None => (command, Vec::new()),
    };
    let words = command.split(' ').map(|word| {
        let path = if word == "settings" {
            root().join(word)
        } else {
            folder.join(word)
        };
        if path.exists() {
            path.into_os_string()
        } else {
            word.into()
        }
    });
    let words = words.collect::<Vec<_>>();
    // `check` reads the folder `settings` by itself, and from elsewhere it has another name.
    let (exit, output, errors) = on_terminal(words, input);
    assert!(
        [Exit::Done, Exit::No].contains(&exit),
        "{command}: {errors}"
    );
    assert_eq!(errors, "", "{command}");
    output
}

/// The output of a command line on a terminal, and its exit code.
pub(crate) fn on_terminal(words: Vec<OsString>, input: Vec<u8>) -> (Exit, String, String) {
    let (kept, errors) = (Kept::default(), Kept::default());
    let mut terminal = Terminal::new(
        Box::new(Cursor::new(input)),
        Box::new(kept.clone()),
        Box::new(errors.clone()),
        true,
    );
    let exit = cli::run(words, &mut terminal);
    let text = |kept: &Kept| String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    (exit, text(&kept), text(&errors))
}

/// The page with the output of each of its commands as it is. A command and its output are a block that begins with `$`.
fn page(text: &str, folder: &Path) -> (String, usize) {
    let mut parts = text.split("```console\n");
    let mut page = parts.next().unwrap().to_owned();
    let mut count = 0;
    for part in parts {
        let (block, rest) = part.split_once("```").unwrap();
        let command = block.lines().next().unwrap();
        let output = printed(command.strip_prefix("$ ").unwrap(), folder);
        page.push_str(&format!("```console\n{command}\n{output}```{rest}"));
        count += 1;
    }
    (page, count)
}

/// `UPDATE_PAGES=1` writes the pages anew.
#[test]
fn every_page_shows_what_the_tool_prints() {
    let folder = folder();
    files(&folder);
    let mut total = 0;
    for name in PAGES {
        let path = root().join(name);
        let text = fs::read_to_string(&path).unwrap();
        let (page, count) = page(&text, &folder);
        total += count;
        if settings::environment("UPDATE_PAGES").is_some() {
            fs::write(&path, page).unwrap();
        } else {
            assert!(
                page == text,
                "{name} shows something else; UPDATE_PAGES=1 shows the difference"
            );
        }
    }
    assert!(total >= 5, "{total} commands");
}

/// The arguments and options of a verb, as its section has them.
fn options(verb: &clap::Command) -> String {
    let mut table = String::from("| Option | Meaning |\n|---|---|\n");
    let arguments = verb.get_arguments();
    let arguments = arguments.filter(|argument| {
        !argument.is_hide_set() && !["help", "json"].contains(&argument.get_id().as_str())
    });
    let mut count = 0;
    for argument in arguments {
        let takes_value = argument.get_action().takes_values();
        let values = argument.get_value_names().unwrap_or_default();
        let values: Vec<&str> = values.iter().map(|name| name.as_str()).collect();
        let value = if takes_value {
            values.join(" ")
        } else {
            String::new()
        };
        let name = match argument.get_long() {
            Some(long) => format!("--{long} {value}"),
            None => value,
        };
        let help = argument.get_help().unwrap().to_string();
        let name = name.trim().replace('|', "\\|");
        table.push_str(&format!("| `{name}` | {help}. |\n"));
        count += 1;
    }
    if count == 0 { String::new() } else { table }
}

const BEGIN: &str = "<!-- options of ";
const END: &str = "<!-- end of options -->";

/// `UPDATE_PAGES=1` writes the tables anew.
#[test]
fn every_option_is_explained_as_help_explains_it() {
    let path = root().join("docs/terminal.md");
    let text = fs::read_to_string(&path).unwrap();
    let mut command = cli::definitions();
    command.build();
    let mut parts = text.split(BEGIN);
    let mut page = parts.next().unwrap().to_owned();
    let mut shown = Vec::new();
    for part in parts {
        let (name, rest) = part.split_once(" -->").unwrap();
        let (_, rest) = rest.split_once(END).unwrap();
        let verb = command.find_subcommand(name).unwrap();
        page.push_str(&format!("{BEGIN}{name} -->\n{}{END}{rest}", options(verb)));
        shown.push(name);
    }
    if settings::environment("UPDATE_PAGES").is_some() {
        fs::write(&path, &page).unwrap();
    } else {
        assert!(
            page == text,
            "docs/terminal.md shows other options; UPDATE_PAGES=1 writes them"
        );
    }
    let verbs = command
        .get_subcommands()
        .filter(|verb| !options(verb).is_empty());
    for verb in verbs.map(clap::Command::get_name) {
        assert!(
            shown.contains(&verb),
            "docs/terminal.md has no options of `{verb}`"
        );
    }
}
