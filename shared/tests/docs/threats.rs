//! `docs/threats.md`: every attack class is answered, and every test it names is there.

use std::collections::BTreeSet;

use crate::markdown::{code, rows, section};
use crate::read;

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

/// How many pains of others are answered.
const PAINS: usize = 15;

/// What is wrong with the answer to an attack, if anything.
fn wrong(answer: &str, source: impl Fn(&str) -> String) -> Option<String> {
    let is_told = |word: &str| {
        answer
            .split_once(word)
            .is_some_and(|(_, reason)| reason.len() > 10)
    };
    let tests = code(answer)
        .into_iter()
        .filter_map(|text| text.split_once("::"));
    let tests: Vec<(&str, &str)> = tests.collect();
    if tests.is_empty() && !is_told("not applicable: ") {
        return Some("names no test and gives no reason".to_owned());
    }
    let missing = tests
        .iter()
        .find(|(file, test)| !has_test(&source(file), test));
    missing.map(|(file, test)| format!("`{file}` has no test `{test}`"))
}

/// Whether a source has a test of this name. Attributes stand directly above it, also those of a table or a property.
fn has_test(source: &str, test: &str) -> bool {
    let Some((before, _)) = source.split_once(&format!("fn {test}(")) else {
        return false;
    };
    let above = before.rsplit("\n\n").next().unwrap_or_default();
    above.contains("#[test]") || above.contains("#[tokio::test")
}

#[test]
fn every_attack_is_answered() {
    let paper = read("docs/threats.md");
    let rows = rows(section(&paper, "## Attacks"));
    let names = rows.iter().map(|row| row[0].to_owned());
    let expected = FAMILIES
        .iter()
        .flat_map(|(family, count)| (1..=*count).map(move |number| format!("{family}{number:02}")));
    assert_eq!(names.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    let beside = ["## By element", "## Besides"]
        .map(|heading| crate::markdown::rows(section(&paper, heading)))
        .concat();
    assert!(beside.len() > 30, "{} rows", beside.len());
    let mut tests = BTreeSet::new();
    let pains = crate::markdown::rows(section(&paper, "## Pains"));
    assert_eq!(pains.len(), PAINS);
    for row in rows.iter().chain(&beside).chain(&pains) {
        let answer = row.last().unwrap();
        assert_eq!(wrong(answer, read), None, "{}", row[0]);
        tests.extend(code(answer).into_iter().filter(|text| text.contains("::")));
    }
    assert!(tests.len() > 20, "{tests:?}");
}

#[test]
fn a_test_that_is_not_there_is_noticed() {
    let source = |_: &str| {
        "#[test]\nfn a() {}\n\nfn b() {}\n\n    #[tokio::test(start_paused = true)]\n    async fn c() {}\n".to_owned()
    };
    for good in [
        "`x.rs::a`",
        "`x.rs::a`, `x.rs::c`",
        "not applicable: nothing of it is here",
    ] {
        assert_eq!(wrong(good, source), None, "{good}");
    }
    for bad in [
        "",
        "by design",
        "later: with the rotation",
        "`x.rs::b`",
        "`x.rs::a`, `x.rs::d`",
        "not applicable",
    ] {
        assert!(wrong(bad, source).is_some(), "{bad}");
    }
}
