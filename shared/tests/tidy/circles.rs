//! The import graph between the files of a crate, and the circles in it.

use std::collections::{BTreeMap, BTreeSet};

use crate::checks::tokens;

/// A module of a crate, by the names that lead to it: `["a", "b"]` is the file `a/b.rs`.
pub(crate) type Module = Vec<String>;

/// The modules of a crate, and those that each of them names.
pub(crate) type Graph = BTreeMap<Module, BTreeSet<Module>>;

/// Reads the graph of the sources of a crate. Tests are left out: where a file has them inside, they are its end.
pub(crate) fn graph(sources: &BTreeMap<Module, String>) -> Graph {
    let arrows = |module: &Module, source: &str| {
        let source = source.replace("#[cfg(test)]\nmod tests;\n", "");
        let (program, _tests) = source.split_once("#[cfg(test)]").unwrap_or((&source, ""));
        let named = paths(&tokens(program));
        let named = named
            .iter()
            .filter_map(|path| resolved(path, module, sources));
        named.filter(|named| named != module).collect()
    };
    let modules = sources.iter();
    modules
        .map(|(module, source)| (module.clone(), arrows(module, source)))
        .collect()
}

/// The circles: sets of modules each of which reaches every other.
pub(crate) fn circles(graph: &Graph) -> BTreeSet<BTreeSet<&Module>> {
    let reached: BTreeMap<&Module, BTreeSet<&Module>> = graph
        .keys()
        .map(|module| (module, reach(graph, module)))
        .collect();
    let circle = |module: &Module| {
        let others = reached[module].iter().copied();
        others
            .filter(|other| reached[other].contains(module))
            .collect::<BTreeSet<&Module>>()
    };
    let circles = graph.keys().map(circle);
    circles.filter(|circle| !circle.is_empty()).collect()
}

/// The graph of the rooms, which are the modules right below a crate's root.
pub(crate) fn rooms(graph: &Graph) -> Graph {
    let room = |module: &Module| module[..1].to_vec();
    let mut rooms = Graph::new();
    for (module, named) in graph {
        let named = named.iter().map(room);
        let others = named.filter(|named| *named != room(module));
        rooms.entry(room(module)).or_default().extend(others);
    }
    rooms
}

/// Whatever a module names, and what that names, and so on.
fn reach<'g>(graph: &'g Graph, from: &'g Module) -> BTreeSet<&'g Module> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(module) = open.pop() {
        let named = graph.get(module).into_iter().flatten();
        open.extend(named.filter(|named| reached.insert(*named)));
    }
    reached
}

/// Every path of two names or more, in `use` and elsewhere; `a::{b, c::d}` is `a::b` and `a::c::d`.
fn paths<'s>(tokens: &[&'s str]) -> Vec<Vec<&'s str>> {
    let mut found = Vec::new();
    let mut rest = tokens;
    while let [token, after @ ..] = rest {
        rest = after;
        if is_name(token) && after.first() == Some(&"::") {
            let count = tree(
                tokens.get(tokens.len() - after.len() - 1..),
                &[],
                &mut found,
            );
            rest = after.get(count.saturating_sub(1)..).unwrap_or_default();
        }
    }
    found
}

/// Reads one tree of paths, and returns how many tokens it has.
fn tree<'s>(
    tokens: Option<&[&'s str]>,
    before: &[&'s str],
    found: &mut Vec<Vec<&'s str>>,
) -> usize {
    let tokens = tokens.unwrap_or_default();
    let mut path = before.to_vec();
    let mut count = 0;
    while let Some(token) = tokens.get(count) {
        let is_next = count == 0 || tokens[count - 1] == "::";
        match *token {
            "::" => {}
            "{" if is_next => {
                count += 1;
                while tokens.get(count).is_some_and(|token| *token != "}") {
                    count += tree(tokens.get(count..), &path, found).max(1);
                }
                return count + 1;
            }
            name if is_next && is_name(name) => path.push(name),
            _ => break,
        }
        count += 1;
    }
    found.push(path);
    count
}

fn is_name(token: &str) -> bool {
    token.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
}

/// The module that a path leads to from within another; none if it leads out of the crate. The root is no module.
fn resolved(path: &[&str], from: &Module, sources: &BTreeMap<Module, String>) -> Option<Module> {
    let is_root = from == &["main"] || from == &["lib"];
    let own = if is_root { Module::new() } else { from.clone() };
    let (mut at, names) = match path {
        ["crate", names @ ..] => (Module::new(), names),
        ["self", names @ ..] => (own, names),
        ["super", ..] => {
            let ups = path.iter().take_while(|name| **name == "super").count();
            let kept = own.len().saturating_sub(ups);
            (own[..kept].to_vec(), &path[ups..])
        }
        [child, ..] => {
            let mut below = own.clone();
            below.push((*child).to_owned());
            sources.contains_key(&below).then_some((own, path))?
        }
        [] => return None,
    };
    for name in names {
        at.push((*name).to_owned());
        if !sources.contains_key(&at) {
            at.pop();
            break;
        }
    }
    (!at.is_empty()).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sources: &[(&str, &str)]) -> Vec<Vec<String>> {
        let module = |name: &str| name.split("::").map(str::to_owned).collect();
        let sources = sources
            .iter()
            .map(|(name, source)| (module(name), (*source).to_owned()));
        let graph = graph(&sources.collect());
        let circles = circles(&graph);
        let names = circles.iter().map(|circle| {
            let names = circle.iter().map(|module| module.join("::"));
            names.collect()
        });
        names.collect()
    }

    #[test]
    fn a_circle_is_found_however_it_is_spelt() {
        for (a, b) in [
            ("use crate::b::B;", "use crate::a::A;"),
            ("use crate::{b::B, c};", "use crate::{c, a::{self, A}};"),
            ("use super::b::B;", "fn f() -> super::a::A {}"),
            (
                "use crate::b;\nfn f() { b::f() }",
                "fn f() { crate::a::f() }",
            ),
            (
                "use crate::b::Bs as Cs;",
                "use std::{fmt, io};\nuse crate::a;",
            ),
        ] {
            let sources = [("main", "mod a;\nmod b;"), ("a", a), ("b", b), ("c", "")];
            assert_eq!(of(&sources), [["a", "b"]], "{a} {b}");
        }
        let room = [("a", "mod b;\nuse b::B;"), ("a::b", "use super::A;")];
        assert_eq!(of(&room), [["a", "a::b"]]);
        let three = [
            ("a", "use crate::b;"),
            ("b", "use crate::c;"),
            ("c", "use crate::a;"),
        ];
        assert_eq!(of(&three), [["a", "b", "c"]]);
    }

    #[test]
    fn a_circle_of_rooms_is_found_where_files_have_none() {
        let sources = [
            ("a", "use crate::b::B;"),
            ("a::c", ""),
            ("b", "use crate::a::c::C;"),
        ];
        assert!(of(&sources).is_empty());
        let module = |name: &str| name.split("::").map(str::to_owned).collect();
        let sources = sources.map(|(name, source)| (module(name), source.to_owned()));
        let rooms = rooms(&graph(&sources.into()));
        assert_eq!(circles(&rooms).len(), 1);
    }

    #[test]
    fn what_runs_one_way_is_no_circle() {
        for (a, b) in [
            ("use crate::b::B;", "use std::a::A;"),
            ("use crate::b::B;", "// use crate::a::A;"),
            (
                "use crate::b::B;",
                "#[cfg(test)]\nmod tests { use crate::a::A; }",
            ),
            ("use crate::b::B;", "use super::c::C;"),
        ] {
            let sources = [
                ("main", "use a::A;\nuse b::B;"),
                ("a", a),
                ("b", b),
                ("c", ""),
            ];
            assert!(of(&sources).is_empty(), "{a} {b}");
        }
        let room = [
            ("a", "mod b;\nmod c;\nuse b::B;"),
            ("a::b", "use super::c::C;"),
            ("a::c", ""),
        ];
        assert!(of(&room).is_empty());
    }
}
