//! `docs/request.md` against the proxy: its functions, their order, the log's fields, the codes, and the chart.

use std::collections::BTreeSet;

use crate::markdown::{code, rows, section};
use crate::read;

const PAPER: &str = "docs/request.md";

/// One row of the table of phases.
struct Phase {
    name: String,
    /// As the page writes it: `Type::function` or `module::function`.
    function: String,
    file: String,
    fields: Vec<String>,
    codes: Vec<String>,
}

fn phases() -> Vec<Phase> {
    let paper = read(PAPER);
    let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
    let rows = rows(section(&paper, "## The phases"));
    let phases = rows.iter().map(|row| {
        let (_, link) = row[1].split_once("](../").unwrap();
        Phase {
            name: row[0].to_owned(),
            function: code(row[1])[0].to_owned(),
            file: link.trim_end_matches(')').to_owned(),
            fields: owned(code(row[2])),
            codes: owned(code(row[3])),
        }
    });
    phases.collect()
}

/// The body of a function, by its name, up to the end of its block.
fn body<'s>(source: &'s str, name: &str) -> Option<&'s str> {
    let starts = ["(", "<"].map(|after| format!("fn {name}{after}"));
    let (before, rest) = starts.iter().find_map(|start| source.split_once(start))?;
    let line = before.rsplit('\n').next()?;
    let indent = line.len().saturating_sub(line.trim_start().len());
    rest.split(&format!("\n{}}}\n", " ".repeat(indent))).next()
}

/// Whether a text has this word, and not as a part of another.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.split(|letter| !is_part(letter))
        .any(|part| part == word)
}

#[test]
fn every_phase_is_a_function_of_the_proxy() {
    let phases = phases();
    assert!(phases.len() > 10, "{} phases found", phases.len());
    for phase in phases {
        let (owner, name) = phase.function.split_once("::").unwrap();
        let source = read(&phase.file);
        assert!(body(&source, name).is_some(), "{}", phase.function);
        // A type is of that file; a module is that file.
        let is_type = source.contains(&format!("impl {owner} {{"))
            || source.contains(&format!(" for {owner}<"))
            || source.contains(&format!("> {owner}<"));
        let is_module = phase.file.ends_with(&format!("/{owner}.rs"));
        assert!(is_type || is_module, "{} in {}", phase.function, phase.file);
    }
}

#[test]
fn the_phases_are_in_the_order_of_the_code() {
    let turn = read("proxy/src/turn.rs");
    let take = body(&turn, "take").unwrap();
    let phases = phases();
    let placed = phases.iter().filter_map(|phase| {
        let (_, name) = phase.function.split_once("::")?;
        let by_module = take.find(&format!("{}(", phase.function));
        let place = by_module.or_else(|| take.find(&format!(".{name}(")))?;
        Some((place, phase.name.as_str()))
    });
    let placed: Vec<(usize, &str)> = placed.collect();
    let names: Vec<&str> = placed.iter().map(|(_, name)| *name).collect();
    let inside = [
        "media types",
        "body",
        "control",
        "assertion",
        "tool token",
        "call",
    ];
    assert_eq!(names, inside);
    assert!(placed.is_sorted(), "{placed:?}");
    let dispatch = read("proxy/src/dispatch.rs");
    let handle = body(&dispatch, "handle").unwrap();
    let steps = ["Asked::read(", " begin(app", " answer(app", " end(app"];
    let steps = steps.map(|step| handle.find(step));
    assert!(
        steps.iter().all(Option::is_some) && steps.is_sorted(),
        "{steps:?}"
    );
}

/// Beside the route that the chart shows, the document says of each what it leaves out.
#[test]
fn every_route_is_in_the_document() {
    let document = read("docs/request.md");
    let source = read("proxy/src/caller/route.rs");
    let (_, routes) = source.split_once("pub enum Route {").unwrap();
    let (routes, _) = routes.split_once("\n}\n").unwrap();
    let named = routes.lines().filter_map(|line| {
        let (_, name) = line.trim().split_once("/// `")?;
        Some(name.split_once('`')?.0)
    });
    let named: Vec<&str> = named.collect();
    assert!(named.len() > 9, "{named:?}");
    for route in named {
        assert!(document.contains(&format!("`{route}")), "{route}");
    }
}

#[test]
fn every_field_is_one_of_the_log() {
    let record = read("shared/src/audit/answer.rs");
    let log = read("shared/src/audit/decision.rs");
    let lines = [
        body(&record, "write").unwrap(),
        body(&log, "write").unwrap(),
    ];
    for phase in phases() {
        assert!(!phase.fields.is_empty(), "{}", phase.name);
        let is_decision = usize::from(phase.file.ends_with("access.rs"));
        for field in phase.fields {
            let is_there = has_word(lines[is_decision], &field) || has_word(lines[0], &field);
            assert!(is_there, "{}: {field}", phase.name);
        }
    }
    assert!(!has_word(lines[0], "expected"), "the words are looked for");
}

#[test]
fn every_code_is_one_of_the_proxy() {
    let problems = read("proxy/src/caller/problem.rs");
    let ends = read("proxy/src/answer/ending.rs");
    let mut seen = BTreeSet::new();
    for phase in phases() {
        for code in phase.codes {
            let quoted = format!("\"{code}\"");
            let is_there = problems.contains(&quoted) || ends.contains(&quoted);
            assert!(is_there, "{}: {code}", phase.name);
            assert!(seen.insert(code), "{} ends twice with a code", phase.name);
        }
    }
}

#[test]
fn the_chart_shows_the_phases_in_their_order() {
    let chart = read("docs/request.svg");
    let drawn = chart.split("class=\"name\"").skip(1);
    let drawn = drawn.filter_map(|rest| {
        let (_, rest) = rest.split_once('>')?;
        let (name, rest) = rest.split_once("</text>")?;
        let (_, rest) = rest.split_once("class=\"fn\"")?;
        let (_, rest) = rest.split_once('>')?;
        let (function, _) = rest.split_once("</text>")?;
        Some((name.to_owned(), function.to_owned()))
    });
    let listed = phases().into_iter();
    let listed = listed.map(|phase| (phase.name, phase.function));
    assert_eq!(drawn.collect::<Vec<_>>(), listed.collect::<Vec<_>>());
}
