//! One handwriting: the form of citations, the names of errors, the places of files, and the functions whose value must be
//! used.

use std::fs;

use crate::{root, sources};

/// The folder whose module is its `mod.rs`, so that the room and its door are in one place; others have a file beside them.
const DOOR: &str = "shared/src/gate/mod.rs";

/// Documents that cite, beside the sources.
const PAPERS: [&str; 5] = [
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "docs",
    "template.yaml",
];

/// The citations of RFCs in another form than `RFC 7515, section 4.1`, each with what follows it.
fn citations(source: &str) -> Vec<String> {
    let lines = source.lines().map(|line| {
        let line = line.trim_start();
        line.trim_start_matches(['/', '!', '#']).trim()
    });
    let text = lines.collect::<Vec<_>>().join(" ");
    let after = text.split("RFC ").skip(1);
    let wrong = after.filter(|after| {
        let number = after.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let is_number = number.len() < after.len();
        let next = number.trim_start_matches([',', ' ']);
        let begins_bare = next.starts_with(|letter: char| letter.is_ascii_digit());
        let is_bare = number.starts_with(", ") && begins_bare;
        let is_close = number.starts_with(' ') && names_a_part(next);
        is_number && (is_bare || is_close)
    });
    let shown = wrong.map(|after| after.chars().take(30).collect());
    shown.collect()
}

fn names_a_part(text: &str) -> bool {
    let word = text.split(' ').next().unwrap_or_default();
    ["section", "sections", "appendix"].contains(&word.to_ascii_lowercase().as_str())
}

/// The functions that say their value must be used, but for those that hand themselves on changed: to drop such a value
/// loses the change. Of every other function a dropped value is a line that does nothing, and a reader sees that.
fn needless_must_use(source: &str) -> Vec<&str> {
    let marked = source.split("#[must_use]").skip(1);
    let signatures = marked.filter_map(|after| {
        let (_, signature) = after.split_once("fn ")?;
        signature.split(['{', ';']).next()
    });
    let hands_itself_on =
        |signature: &str| signature.contains("self") && signature.contains("-> Self");
    signatures
        .filter(|signature| !hands_itself_on(signature))
        .collect()
}

/// Errors that have a word of their own in the glossary.
const OWN_WORDS: [&str; 2] = ["Outage", "Refusal"];

/// The error types whose name does not say so.
fn nameless_errors(source: &str) -> Vec<&str> {
    let derived = source.split("thiserror::Error").skip(1);
    let names = derived.filter_map(|after| {
        let mut words = after.split(|letter: char| !letter.is_alphanumeric());
        words.find(|word| ["enum", "struct"].contains(word))?;
        words.next()
    });
    names
        .filter(|name| !name.ends_with("Error") && !OWN_WORDS.contains(name))
        .collect()
}

/// Every document that cites.
fn papers() -> Vec<std::path::PathBuf> {
    let mut papers = Vec::new();
    for name in PAPERS {
        let path = root().join(name);
        if path.is_dir() {
            let entries = fs::read_dir(path).unwrap();
            let files = entries.map(|entry| entry.unwrap().path());
            papers.extend(files.filter(|file| file.extension().is_some_and(|it| it == "md")));
        } else {
            papers.push(path);
        }
    }
    papers
}

#[test]
fn rfcs_are_cited_in_one_form() {
    let mut wrong = Vec::new();
    for path in sources(root()).into_iter().chain(papers()) {
        // The examples below are no citations.
        if path.ends_with("shared/tests/tidy/hand.rs") {
            continue;
        }
        let found = citations(&fs::read_to_string(&path).unwrap());
        wrong.extend(
            found
                .iter()
                .map(|cited| format!("{}: {cited}", path.display())),
        );
    }
    assert!(
        wrong.is_empty(),
        "write `RFC 7515, section 4.1`: {wrong:#?}"
    );
}

#[test]
fn each_module_is_where_its_name_says() {
    let mut wrong = Vec::new();
    for path in sources(root()) {
        let source = fs::read_to_string(&path).unwrap();
        let is_moved = source
            .lines()
            .any(|line| line.trim_start().starts_with("#[path"));
        let is_folder = path.ends_with("mod.rs") && path != root().join(DOOR);
        if is_moved || is_folder {
            wrong.push(path);
        }
    }
    assert!(
        wrong.is_empty(),
        "`#[path]`, or a `mod.rs` that is not `{DOOR}`: {wrong:#?}"
    );
}

#[test]
fn only_what_hands_itself_on_must_be_used() {
    let mut wrong = Vec::new();
    for path in sources(root()) {
        if path.ends_with("shared/tests/tidy/hand.rs") {
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        let found = needless_must_use(&source).into_iter();
        wrong.extend(found.map(|signature| format!("{}: {signature}", path.display())));
    }
    assert!(wrong.is_empty(), "take `#[must_use]` away: {wrong:#?}");
}

#[test]
fn errors_are_named_as_errors() {
    let mut wrong = Vec::new();
    for path in sources(root()) {
        if path.ends_with("shared/tests/tidy/hand.rs") {
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        let found = nameless_errors(&source).into_iter();
        wrong.extend(found.map(|name| format!("{}: {name}", path.display())));
    }
    assert!(wrong.is_empty(), "end the names in `Error`: {wrong:#?}");
}

#[test]
fn other_handwritings_are_noticed() {
    for wrong in [
        "// RFC 7515, 4.1",
        "/// (RFC 7515 section 4)",
        "//! by RFC 7515\n//! section 4",
        "# RFC 7515 Appendix B",
        "    /// RFC 8414,\n    /// 3.1",
    ] {
        assert_eq!(citations(wrong).len(), 1, "{wrong}");
    }
    for good in [
        "// RFC 7515, section 4.1, and RFC 7519, sections 1 and 2",
        "/// RFC 7515 and others",
        "RFC 9457.",
        "//! RFC 7515,\n//! section 4",
        "the RFC says",
    ] {
        assert_eq!(citations(good), [""; 0], "{good}");
    }
    let needless = "#[must_use]\npub const fn a(&self) -> bool {";
    assert_eq!(needless_must_use(needless), ["a(&self) -> bool "]);
    let good = "#[must_use]\n#[inline]\npub fn with(mut self, a: A) -> Self {\n}\npub fn b() {}";
    assert_eq!(needless_must_use(good), [""; 0]);
    let errors = "#[derive(thiserror::Error)]\n/// A.\npub enum Broken {\n}\n#[derive(Debug, thiserror::Error)]\nstruct GoneError;\n#[derive(thiserror::Error)]\nenum Outage {}";
    assert_eq!(nameless_errors(errors), ["Broken"]);
}
