//! `docs/threats.md`: every attack class is answered, every test it names exists, and every link leads to that test.

use std::collections::BTreeSet;

use crate::markdown::{code, rows, section};
use crate::read;

const PAPER: &str = "docs/threats.md";

/// How many attack classes each family has.
const FAMILIES: [(char, u32); 7] = [
    ('A', 15),
    ('B', 13),
    ('C', 11),
    ('D', 12),
    ('E', 17),
    ('F', 14),
    ('G', 9),
];

/// How many complaints of others are answered.
const COMPLAINTS: usize = 15;

/// A reason is longer than a word.
const SHORTEST_REASON: usize = 10;

/// The entries of a section: each list item with the items inside it, as one line.
fn entries(section: &str) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    let mut is_inside = false;
    for line in section.lines() {
        if let Some(first) = line.strip_prefix("- ") {
            entries.push(first.to_owned());
            is_inside = true;
        } else if line.starts_with("  ") && is_inside {
            let entry = entries.last_mut().unwrap();
            entry.push(' ');
            entry.push_str(line.trim());
        } else {
            is_inside = false;
        }
    }
    entries
}

/// The tests that an entry links to, as file and name: [`name`][file].
fn tests(entry: &str) -> Vec<(&str, &str)> {
    let links = entry.split("[`").skip(1).filter_map(|rest| {
        let (test, rest) = rest.split_once("`][")?;
        let (file, _) = rest.split_once(']')?;
        Some((file, test))
    });
    links.collect()
}

/// What is wrong with an entry, if anything.
fn wrong(entry: &str, source: impl Fn(&str) -> String) -> Option<String> {
    let is_reasoned = |word: &str| {
        let reason = entry.split_once(word).map(|(_, reason)| reason.trim());
        reason.is_some_and(|reason| reason.len() > SHORTEST_REASON)
    };
    let tests = tests(entry);
    if tests.is_empty()
        && !["Not applicable: ", "No test: "]
            .into_iter()
            .any(is_reasoned)
    {
        return Some("names no test and gives no reason".to_owned());
    }
    let missing = tests
        .iter()
        .find(|(file, test)| !has_test(&source(file), test));
    missing.map(|(file, test)| format!("`{file}` has no test `{test}`"))
}

/// Whether a source has a test of this name. Attributes stand directly above it, also those of a table or a property; the
/// console's tests are named by a sentence.
fn has_test(source: &str, test: &str) -> bool {
    if source.contains(&format!("\ntest(\"{test}\", ")) {
        return true;
    }
    let Some((before, _)) = source.split_once(&format!("fn {test}(")) else {
        return false;
    };
    let above = before.rsplit("\n\n").next().unwrap_or_default();
    above.contains("#[test]") || above.contains("#[tokio::test")
}

#[test]
fn every_attack_is_answered() {
    let paper = read(PAPER);
    let entries_of = |heading: &str| entries(section(&paper, heading));
    let attacks = entries_of("## Attacks");
    let name = |entry: &String| entry.split("**").nth(1).unwrap_or_default().to_owned();
    let names: Vec<String> = attacks.iter().map(name).collect();
    let expected = FAMILIES
        .iter()
        .flat_map(|(family, count)| (1..=*count).map(move |number| format!("{family}{number:02}")));
    assert_eq!(names, expected.collect::<Vec<_>>());
    let beside = ["## By element", "## Other attacks"]
        .map(entries_of)
        .concat();
    assert!(beside.len() > 60, "{} entries", beside.len());
    let complaints = entries_of("## Common complaints");
    assert_eq!(complaints.len(), COMPLAINTS);
    let mut linked = BTreeSet::new();
    for entry in [&attacks, &beside, &complaints].into_iter().flatten() {
        assert_eq!(wrong(entry, read), None, "{entry}");
        linked.extend(tests(entry));
    }
    assert!(linked.len() > 150, "{} tests", linked.len());
}

/// A link's name is the path of its file, so that a reader of the bare text sees where the test is.
#[test]
fn every_link_to_a_test_leads_to_its_file() {
    let paper = read(PAPER);
    let definitions = paper.lines().filter_map(|line| {
        let (name, target) = line.strip_prefix('[')?.split_once("]: ")?;
        Some((name, target))
    });
    let definitions: Vec<(&str, &str)> = definitions.collect();
    for (name, target) in &definitions {
        assert_eq!(format!("../{name}"), **target);
    }
    let names: Vec<&str> = definitions.into_iter().map(|(name, _)| name).collect();
    let linked: BTreeSet<&str> = tests(&paper).into_iter().map(|(file, _)| file).collect();
    assert_eq!(names, linked.into_iter().collect::<Vec<_>>());
}

#[test]
fn an_entry_is_read_with_all_that_is_inside_it() {
    let section =
        "Text\n\n- **A** b\n  c.\n  - Shown by: [`d`][x.rs],\n    [`e`][y.rs]\n- F\n\n  no entry\n";
    let entries = entries(section);
    assert_eq!(
        entries,
        ["**A** b c. - Shown by: [`d`][x.rs], [`e`][y.rs]", "F"]
    );
    assert_eq!(tests(&entries[0]), [("x.rs", "d"), ("y.rs", "e")]);
}

#[test]
fn a_test_that_is_not_there_is_noticed() {
    let source = |_: &str| {
        "#[test]\nfn a() {}\n\nfn b() {}\n\n    #[tokio::test(start_paused = true)]\n    async fn c() {}\n\ntest(\"it is said\", () => {});\n".to_owned()
    };
    for good in [
        "[`a`][x.rs]",
        "[`a`][x.rs], [`c`][x.rs]",
        "[`it is said`][x.ts]",
        "Not applicable: nothing of it is here",
        "No test: it is someone else's",
    ] {
        assert_eq!(wrong(good, source), None, "{good}");
    }
    for bad in [
        "",
        "by design",
        "Answer: with the rotation",
        "[`b`][x.rs]",
        "[`a`][x.rs], [`d`][x.rs]",
        "[`it is`][x.ts]",
        "Not applicable: no",
    ] {
        assert!(wrong(bad, source).is_some(), "{bad}");
    }
}

/// The methods of `template.yaml` without an authorizer, as method, path and logical id of the function.
fn open_methods(template: &str) -> BTreeSet<(String, String, String)> {
    let mut found = BTreeSet::new();
    let (mut function, mut path, mut method) = ("", "", "");
    for line in template.lines() {
        let name = line
            .strip_prefix("  ")
            .and_then(|rest| rest.strip_suffix(':'));
        if let Some(name) = name.filter(|name| !name.starts_with(' ')) {
            function = name;
        }
        match line.trim().split_once(": ") {
            Some(("Path", of)) => path = of,
            Some(("Method", of)) => method = of,
            Some(("Authorizer", "NONE")) => {
                found.insert((method.to_owned(), path.to_owned(), function.to_owned()));
            }
            _ => {}
        }
    }
    found
}

#[test]
fn the_open_methods_are_those_of_the_template() {
    let listed = read(PAPER);
    let rows = rows(section(&listed, "## Open methods"));
    let listed = rows.iter().filter_map(|row| match row[..] {
        [method, path, function, _] if method.starts_with('`') && path.starts_with("`/") => {
            let one = |cell| code(cell)[0].to_owned();
            Some((one(method), one(path), one(function)))
        }
        _ => None,
    });
    let open = open_methods(&read("template.yaml"));
    assert_eq!(listed.collect::<BTreeSet<_>>(), open);
    // They may only become fewer: strangers reach them. A new one is argued for in `tests/deployment`.
    assert!((1..=18).contains(&open.len()), "{open:?}");
}
