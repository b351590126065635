//! The two documents in files: how they are read, and how faults in them are told.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use serde_json::json;
use shared::agents::Agents;
use shared::issuers::TrustedIssuers;
use shared::settings::{AGENTS, FileError, MAX_FILE_BYTES, Reader, TRUSTED_ISSUERS, file_system};

use crate::said;

const ARN: &str = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/demo-AbCdEf1234";
const PATH: &str = "settings/agents.json";

/// What files there are, by their paths.
type Table<'t> = BTreeMap<&'t str, Result<&'t [u8], FileError>>;

/// Reads both documents and what is in them, as the functions do.
fn read(agents: &str, issuers: &str, files: &Table<'_>) -> Vec<String> {
    let source = |name: &str| match name {
        AGENTS => Some(agents.to_owned()),
        TRUSTED_ISSUERS => Some(issuers.to_owned()),
        _ => None,
    };
    let files = |path: &str| {
        let content = files.get(path).copied().unwrap_or(Err(FileError::Absent))?;
        Ok(content.to_owned())
    };
    let mut settings = Reader::with_documents(&source, &files);
    let issuers = settings.required(TRUSTED_ISSUERS, TrustedIssuers::parse);
    let agents = settings.required(AGENTS, Agents::parse);
    if let (Some(issuers), Some(agents)) = (issuers, agents) {
        settings.faults(agents.faults(&issuers.trust));
    }
    said(&settings.finish(Some(())).err().unwrap_or_default())
}

const ISSUERS: &str = r#"[{"discoveryUrl": "https://a.example/.well-known/openid-configuration", "allowedClients": ["c"]}]"#;

/// The faults of `AGENTS` in a file of this content, with good issuers in their variable.
fn faults(content: &[u8]) -> Vec<String> {
    let files = BTreeMap::from([(PATH, Ok(content))]);
    read(&format!("file:{PATH}"), ISSUERS, &files)
}

#[test]
fn a_good_file_is_as_good_as_its_content() {
    let content = json!({"demo": {"runtime": ARN, "allow": {}}}).to_string();
    assert_eq!(faults(content.as_bytes()), [""; 0]);
    let marked = format!("\u{feff}{content}");
    assert_eq!(faults(marked.as_bytes()), [""; 0]);
    let both = BTreeMap::from([("a", Ok(content.as_bytes())), ("b", Ok(ISSUERS.as_bytes()))]);
    assert_eq!(read("file:a", "file:b", &both), [""; 0]);
}

#[test]
fn each_fault_of_a_file_names_file_line_and_path() {
    let long = "n".repeat(200);
    let content = format!(
        r#"{{
  "demo": {{
    "runtime": "{ARN}",
    "allow": {{
      "groups": [
        "staff",
        ""
      ],
      "users": []
    }}
  }},
  "finance": {{
    "runtime": "{ARN}"
  }},
  "a.b[0]": {{"runtime": "{ARN}", "allow": {{}}}},
  "{long}": {{
    "runtime": "{ARN}", "allow": {{}}, "surprise": 1
  }},
  "twice": {{"runtime": "{ARN}", "allow": {{}}}},
  "twice": {{"runtime": "{ARN}", "allow": {{}}}},
  "auth": {{"auth": {{"auth": 1}}}}
}}
"#
    );
    let name = "is not an agent name: `[a-z0-9][a-z0-9-]{0,62}`";
    let shown = "n".repeat(64);
    let expected = [
        (
            7,
            "AGENTS.demo.allow.groups[1]` is not 1 to 255 printable characters".to_owned(),
        ),
        (
            9,
            "AGENTS.demo.allow.users` is not a known field".to_owned(),
        ),
        (12, "AGENTS.finance.allow` is missing".to_owned()),
        (15, format!("AGENTS.a.b[0]` {name}")),
        (16, format!("AGENTS.{shown}` {name}")),
        (17, format!("AGENTS.{shown}.surprise` is not a known field")),
        (20, "AGENTS.twice` is given twice".to_owned()),
        (
            21,
            "AGENTS.auth` does not have exactly one of `runtime` and `gateway`".to_owned(),
        ),
        (21, "AGENTS.auth.auth` is an object, not a text".to_owned()),
        (21, "AGENTS.auth.allow` is missing".to_owned()),
    ]
    .map(|(line, fault)| format!("`{PATH}` line {line}: `{fault}"));
    let mut found = faults(content.as_bytes());
    found.sort();
    let mut expected = expected.to_vec();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn the_faults_are_those_of_the_variable() {
    for content in [
        "demo",
        "[]",
        "{",
        r#"{"demo": "x"}"#,
        r#"{"demo": {"allow": {"groups": []}}}"#,
        r#"{"$comment": 1, "$other": {}}"#,
    ] {
        let inline = read(content, ISSUERS, &BTreeMap::new());
        assert!(!inline.is_empty(), "{content}");
        let of_file = faults(content.as_bytes());
        let place = format!("`{PATH}` line 1");
        let plain = of_file.iter().map(|fault| {
            let (before, fault) = fault.split_once(": ").unwrap();
            match before.strip_prefix(&place).unwrap().strip_prefix(", ") {
                Some(column) => format!("{fault} (line 1, {column})"),
                None => fault.to_owned(),
            }
        });
        assert_eq!(plain.collect::<Vec<_>>(), inline, "{content}");
    }
}

#[test]
fn a_syntax_error_has_its_line_and_its_column() {
    let table = [
        ("{\n  \"demo\": {\n    allow\n", 3, 5),
        ("\u{feff}{\"a\": 1,}", 1, 9),
        ("{}\n\n{}", 3, 1),
    ];
    for (content, line, column) in table {
        let expected = format!("`{PATH}` line {line}, column {column}: `AGENTS` is not JSON");
        assert_eq!(faults(content.as_bytes()), [expected], "{content:?}");
    }
}

#[test]
fn what_two_documents_contradict_has_its_line_too() {
    let agents = format!(
        "{{\n\"demo\": {{\"runtime\": \"{ARN}\",\n\"allow\": {{\"issuers\": [\"https://a.example\",\n\"https://b.example\"]}}}}}}"
    );
    let expected =
        "`settings/agents.json` line 4: `AGENTS.demo.allow.issuers[1]` is not a trusted issuer";
    assert_eq!(faults(agents.as_bytes()), [expected]);
}

#[test]
fn each_document_is_placed_in_its_own_file() {
    let files: Table<'_> =
        BTreeMap::from([("a", Ok(&b"\n[]"[..])), ("i", Ok(&b"\n\n[{}, 1]"[..]))]);
    let found = read("file:a", "file:i", &files);
    assert_eq!(
        found,
        [
            "`i` line 3: `TRUSTED_ISSUERS[0].discoveryUrl` is missing",
            "`i` line 3: `TRUSTED_ISSUERS[0]` admits anyone: one of `allowedAudience`, `allowedClients`, `allowedScopes`, `allowedSubjects`, `customClaims`, `requiredClaims` is required",
            "`i` line 3: `TRUSTED_ISSUERS[1]` is a number, not an object",
            "`a` line 2: `AGENTS` is a list, not an object",
        ]
    );
    let found = read("[]", "file:i", &files);
    assert_eq!(found.last().unwrap(), "`AGENTS` is a list, not an object");
}

#[test]
fn a_file_that_cannot_be_read_is_one_fault() {
    let absent = "does not exist; a relative path starts at the working directory of the function";
    let too_large = format!("is larger than {MAX_FILE_BYTES} bytes; shorten it");
    let not_utf_8 = "is not UTF-8 text from line 3 on; save it as UTF-8";
    let denied = FileError::Unreadable(io::ErrorKind::PermissionDenied);
    let blank: &[u8] = b"\xef\xbb\xbf \n";
    let files: Table<'_> = BTreeMap::from([
        ("large", Err(FileError::TooLarge)),
        ("folder", Err(FileError::Irregular)),
        ("shut", Err(denied)),
        ("latin", Ok(&b"{\n\"a\":\n\"\xe4\"}"[..])),
        ("utf-16", Ok(&b"\xff\xfe{\0"[..])),
        ("empty", Ok(&b""[..])),
        ("blank", Ok(blank)),
    ]);
    for (path, problem) in [
        ("none", absent),
        ("large", too_large.as_str()),
        (
            "folder",
            "is a folder, a pipe or a device; name a regular file",
        ),
        (
            "shut",
            "cannot be read: permission denied; let the function's user read it",
        ),
        ("latin", not_utf_8),
        (
            "utf-16",
            "is not UTF-8 text from line 1 on; save it as UTF-8",
        ),
        ("empty", "is empty; write a JSON document into it"),
        ("blank", "is empty; write a JSON document into it"),
    ] {
        let setting = format!("file:{path}");
        for (name, found) in [
            (AGENTS, read(&setting, ISSUERS, &files)),
            (TRUSTED_ISSUERS, read("{}", &setting, &files)),
        ] {
            let expected = format!("`{name}` is in the file `{path}`, which {problem}");
            assert_eq!(found, [expected]);
        }
    }
    let expected = "`AGENTS` is `file:` without a path; write the path of a JSON file behind it";
    assert_eq!(read("file:", ISSUERS, &files), [expected]);
}

#[test]
fn a_path_is_told_without_control_characters_and_shortened() {
    let path = format!("a\n{}", "b".repeat(1000));
    let found = read(&format!("file:{path}"), ISSUERS, &BTreeMap::new());
    let shown = format!("a\\n{}", "b".repeat(253));
    assert_eq!(found.len(), 1);
    assert!(found[0].contains(&format!("`{shown}`")), "{found:?}");
}

#[test]
fn nothing_of_a_file_is_echoed_but_names() {
    let secret = "hunter2-hunter2";
    for content in [
        secret.to_owned(),
        format!(r#"{{"demo": "{secret}"}}"#),
        format!(r#"{{"demo": {{"runtime": "{secret}", "allow": {{"groups": "{secret}"}}}}}}"#),
        format!("{{\"demo\": \"{secret}\u{1}\"}}"),
    ] {
        let found = faults(content.as_bytes());
        assert!(!found.is_empty(), "{content}");
        assert!(!found.concat().contains(secret), "{found:?}");
    }
    let mut bytes = secret.as_bytes().to_vec();
    bytes.push(0xff);
    assert!(!faults(&bytes).concat().contains(secret));
}

#[test]
fn a_setting_of_another_name_has_no_line() {
    let source = |name: &str| (name == AGENTS).then(|| "file:a".to_owned());
    let mut settings = Reader::with_documents(&source, &|_| Ok(b"{}".to_vec()));
    settings.fault("ALLOWED_ORIGINS", "is missing");
    assert_eq!(settings.text(AGENTS).as_deref(), Some("{}"));
    assert_eq!(settings.text(TRUSTED_ISSUERS), None);
    let faults = settings.finish(Some(())).unwrap_err();
    assert_eq!(said(&faults), ["`ALLOWED_ORIGINS` is missing"]);
}

#[test]
fn the_reader_has_the_texts_of_files_for_the_documents_alone() {
    let source = |name: &str| match name {
        AGENTS => Some("file:a".to_owned()),
        TRUSTED_ISSUERS => Some("file:none".to_owned()),
        "OTHER" => Some("file:a".to_owned()),
        _ => None,
    };
    let files = |path: &str| match path {
        "a" => Ok(b"\xef\xbb\xbf{}".to_vec()),
        _ => Err(FileError::Absent),
    };
    let mut settings = Reader::with_documents(&source, &files);
    assert_eq!(settings.text(AGENTS).as_deref(), Some("{}"));
    assert_eq!(settings.text(TRUSTED_ISSUERS), None);
    assert_eq!(settings.text("OTHER").as_deref(), Some("file:a"));
    assert!(settings.is_given(TRUSTED_ISSUERS));
    // Of a file that cannot be read, nothing else needs to be said.
    let issuers = settings.required(TRUSTED_ISSUERS, TrustedIssuers::parse);
    assert!(issuers.is_none());
    assert_eq!(settings.finish(Some(())).unwrap_err().len(), 1);
}

/// A folder of this test run, taken away at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("gatehouse-settings-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left_behind = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_file_system_gives_regular_files_of_a_bounded_size() {
    let folder = Folder::new();
    let most = usize::try_from(MAX_FILE_BYTES).unwrap();
    for (name, size, expected) in [
        ("small", 2, Ok(2)),
        ("most", most, Ok(most)),
        ("more", most + 1, Err(FileError::TooLarge)),
    ] {
        let path = folder.path(name);
        fs::write(&path, vec![b' '; size]).unwrap();
        let found = file_system(&path).map(|content| content.len());
        assert_eq!(found, expected, "{name}");
    }
    let link = folder.path("link");
    std::os::unix::fs::symlink(folder.path("small"), &link).unwrap();
    assert_eq!(file_system(&link).unwrap(), b"  ");
    // Neither waits for a writer, nor reads without end.
    let socket = folder.path("socket");
    let _listening = UnixListener::bind(&socket).unwrap();
    for path in [folder.path(""), socket, "/dev/zero".to_owned()] {
        assert_eq!(file_system(&path), Err(FileError::Irregular), "{path}");
    }
    assert_eq!(file_system(&folder.path("none")), Err(FileError::Absent));
    let below = file_system(&folder.path("small/below"));
    assert_eq!(
        below,
        Err(FileError::Unreadable(io::ErrorKind::NotADirectory))
    );
    assert_eq!(
        file_system("a\0b"),
        Err(FileError::Unreadable(io::ErrorKind::InvalidInput))
    );
}

#[test]
fn a_relative_path_starts_at_the_working_directory() {
    // Cargo runs tests in the folder of their package.
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    assert_eq!(
        file_system("Cargo.toml").unwrap(),
        fs::read(manifest).unwrap()
    );
}
