//! Tidy tests: what the gate may name, how long a file may get, what is linked.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot read the tree has failed"
)]

mod checks;
mod circles;
mod hand;
mod imports;
mod language;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use shared::settings;

use checks::{BESIDE, STAGES};

/// The crates in which no file names, by whatever way round, itself: each can be read from the bottom up.
const WITHOUT_CIRCLES: [&str; 7] = [
    "authorizer",
    "cli",
    "policy",
    "pretoken",
    "proxy",
    "rotation",
    "shared",
];

/// An hour's reading: the lines of the folder's files that are neither blank nor comments, as `checks::code` counts them.
const GATE_LINES: usize = 700;
const STAGE_LINES: usize = 120;
const FILE_LINES: usize = 450;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Every Rust source below a folder, build products and installed tools left out.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_str().unwrap();
        if path.is_dir() {
            if !name.starts_with('.') && !["target", "node_modules"].contains(&name) {
                found.extend(sources(&path));
            }
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
    found
}

/// The names of the crates that are part of a deployed package, its own left out.
fn linked(package: &str, features: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--quiet",
            "--edges=normal",
            "--prefix=none",
            "--no-dedupe",
        ])
        .args(["--target=aarch64-unknown-linux-gnu", "--package", package])
        .args(features)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let names = text
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    names
        .filter(|name| *name != package)
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_gate_is_small_pure_and_runs_one_way() {
    let mut wrong = Vec::new();
    let mut total = 0;
    let mut stages = BTreeSet::new();
    for path in sources(&root().join("shared/src/gate")) {
        let stage = path.file_stem().unwrap().to_str().unwrap();
        let source = fs::read_to_string(&path).unwrap();
        let lines = checks::code(&source).count();
        total += lines;
        if lines > STAGE_LINES {
            wrong.push(format!("{stage} has {lines} lines of code"));
        }
        wrong.extend(checks::wrong_arrows(stage, &source));
        wrong.extend(
            checks::impurities(&source)
                .iter()
                .map(|name| format!("{stage} is not pure: {name}")),
        );
        wrong.extend(
            checks::printed_structs(&source)
                .iter()
                .map(|name| format!("{stage} prints `{name}`")),
        );
        stages.insert(stage.to_owned());
    }
    if total > GATE_LINES {
        wrong.push(format!("the gate has {total} lines of code"));
    }
    let known: BTreeSet<String> = STAGES
        .iter()
        .chain(&["mod"])
        .map(ToString::to_string)
        .collect();
    assert_eq!(stages, known, "a stage that has no place in the order");
    for name in BESIDE {
        let source = read(&format!("shared/src/{name}.rs"));
        wrong.extend(checks::arrows_back(name, &source));
        wrong.extend(
            checks::impurities(&source)
                .iter()
                .map(|word| format!("{name} is not pure: {word}")),
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    #[expect(
        clippy::print_stdout,
        reason = "the closing lines of the test run gather counts"
    )]
    {
        println!("counted: the gate has {total} lines of code");
    }
}

/// The sources of a crate by the names of their modules; its own binaries, which are crates apart, and tests left out.
fn modules(package: &str) -> BTreeMap<Vec<String>, String> {
    let folder = root().join(package).join("src");
    let name = |path: &Path| {
        let path = path.strip_prefix(&folder).unwrap().with_extension("");
        let names = path.iter().map(|name| name.to_str().unwrap().to_owned());
        names.filter(|name| name != "mod").collect::<Vec<String>>()
    };
    let files = sources(&folder).into_iter();
    let files = files.map(|path| (name(&path), fs::read_to_string(&path).unwrap()));
    files
        .filter(|(names, _)| names[0] != "bin" && !names.contains(&"tests".to_owned()))
        .collect()
}

#[test]
fn no_files_name_each_other_in_a_circle() {
    for package in WITHOUT_CIRCLES {
        let graph = circles::graph(&modules(package));
        let arrows: usize = graph.values().map(BTreeSet::len).sum();
        assert!(arrows > 5, "{package} has {arrows} arrows only");
        let circles = circles::circles(&graph);
        assert!(circles.is_empty(), "{package}: {circles:#?}");
    }
}

/// Files of one emulator may name each other; emulators may not, by whatever way round.
#[test]
fn no_emulators_name_each_other_in_a_circle() {
    let rooms = circles::rooms(&circles::graph(&modules("local")));
    assert!(rooms.len() > 10, "local has {} rooms only", rooms.len());
    let circles = circles::circles(&rooms);
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn one_room_names_the_cryptography() {
    for path in sources(&root().join("shared/src")) {
        let found = checks::signature_code(&fs::read_to_string(&path).unwrap());
        let is_crypto = [
            "shared/src/crypto.rs",
            "shared/src/crypto/random.rs",
            "shared/src/crypto/seal.rs",
            "shared/src/crypto/signing.rs",
        ]
        .iter()
        .any(|file| path.ends_with(file));
        assert_eq!(
            !found.is_empty(),
            is_crypto,
            "{}: {found:?}",
            path.display()
        );
    }
}

/// The one identity that proves nothing is made where the setting for it is obeyed, and nowhere else.
#[test]
fn one_place_lets_in_the_unknown() {
    let name = ["Identity::", "anonymous"].concat();
    let programs = fs::read_dir(root()).unwrap();
    let rooms = programs.map(|room| room.unwrap().path().join("src"));
    let files = rooms
        .filter(|room| room.is_dir())
        .flat_map(|room| sources(&room));
    let using = files.filter(|path| {
        let source = fs::read_to_string(path).unwrap();
        // Tests may ask what it is.
        let (program, _tests) = source.split_once("#[cfg(test)]").unwrap_or((&source, ""));
        program.contains(&name)
    });
    let using: Vec<PathBuf> = using.collect();
    assert_eq!(using, [root().join("proxy/src/access.rs")]);
}

#[test]
fn no_file_is_too_long_to_read() {
    let files = sources(root());
    assert!(
        files.len() > 50,
        "the walk found {} sources only",
        files.len()
    );
    let lines = |path: &PathBuf| fs::read_to_string(path).unwrap().lines().count();
    let long: Vec<_> = files
        .into_iter()
        .filter(|path| lines(path) > FILE_LINES)
        .collect();
    assert!(long.is_empty(), "over {FILE_LINES} lines: {long:#?}");
}

/// The list is for reviewers: another crate is a decision, visible in the difference. A variable regenerates it.
#[test]
fn the_auth_crate_links_what_is_listed() {
    const LIST: &str = "shared/tests/dependencies.txt";
    let always = linked("shared", &[]);
    let fetch: BTreeSet<String> = linked("shared", &["--features=fetch"])
        .difference(&always)
        .cloned()
        .collect();
    if settings::environment("UPDATE_DEPENDENCIES").is_some() {
        let section = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join("\n");
        let text = format!(
            "[always]\n{}\n\n[fetch]\n{}\n",
            section(always),
            section(fetch)
        );
        fs::write(root().join(LIST), text).unwrap();
        return;
    }
    let list = read(LIST);
    let (first, second) = list.split_once("[fetch]\n").unwrap();
    let names = |text: &str| {
        text.lines()
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let wrong = [
        checks::differences(&names(first.strip_prefix("[always]\n").unwrap()), &always),
        checks::differences(&names(second), &fetch),
    ];
    assert!(
        wrong.concat().is_empty(),
        "{wrong:#?}\nif it is meant: UPDATE_DEPENDENCIES=1 cargo test -p shared --test tidy"
    );
}

#[test]
fn the_authorizer_links_no_aws_sdk() {
    let linked = linked("authorizer", &[]);
    assert!(linked.contains("lambda_runtime"), "{linked:?}");
    assert_eq!(checks::sdk_crates(&linked), Vec::<&String>::new());
}
