//! The order of imports: the standard library, other crates, this crate, modules of this file; a blank line between.

use std::collections::BTreeSet;
use std::fs;

use shared::settings;

use crate::{root, sources};

/// The source with its imports in order; each run of imports is put in order by itself, and what is handed on by `pub use`
/// is no part of one. Within a block the order is rustfmt's.
fn ordered(source: &str) -> String {
    let modules: BTreeSet<&str> = source.lines().filter_map(module).collect();
    let mut text = String::new();
    let mut run: Vec<(u8, String)> = Vec::new();
    let mut blank = 0;
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("use ") {
            let mut import = line.to_owned();
            while !import.ends_with(';') {
                let more = lines.next().unwrap();
                import = format!("{import}\n{more}");
            }
            run.push((block(&import, &modules), import));
            blank = 0;
        } else if line.is_empty() && !run.is_empty() {
            blank += 1;
        } else {
            text.push_str(&written(&mut run));
            text.push_str(&"\n".repeat(std::mem::take(&mut blank)));
            text.push_str(line);
            text.push('\n');
        }
    }
    text.push_str(&written(&mut run));
    text
}

/// A run of imports, block by block. The run is empty afterwards.
fn written(run: &mut Vec<(u8, String)>) -> String {
    run.sort_by_key(|(block, _)| *block);
    let mut text = String::new();
    let mut before = None;
    for (block, import) in run.drain(..) {
        if before.is_some_and(|before| before != block) {
            text.push('\n');
        }
        before = Some(block);
        text.push_str(&import);
        text.push('\n');
    }
    text
}

/// The module that a line declares.
fn module(line: &str) -> Option<&str> {
    let (_, declared) = line.strip_suffix(';')?.rsplit_once("mod ")?;
    let is_top = line.starts_with("mod ") || line.starts_with("pub");
    is_top.then_some(declared)
}

/// The block that an import belongs to.
fn block(import: &str, modules: &BTreeSet<&str>) -> u8 {
    let path = import.trim_start_matches("use ").trim_start_matches("::");
    let first = path.split([':', ';', ' ']).next().unwrap();
    match first {
        "std" | "core" | "alloc" => 0,
        "crate" | "super" | "self" => 2,
        first if modules.contains(first) => 3,
        _ => 1,
    }
}

/// A variable puts all imports in order; `cargo fmt` then sorts within the blocks.
#[test]
fn imports_are_in_order() {
    let mut wrong = Vec::new();
    for path in sources(root()) {
        let source = fs::read_to_string(&path).unwrap();
        let ordered = ordered(&source);
        if ordered == source {
            continue;
        }
        if settings::environment("UPDATE_IMPORTS").is_some() {
            fs::write(&path, ordered).unwrap();
        } else {
            wrong.push(path);
        }
    }
    assert!(
        wrong.is_empty(),
        "{wrong:#?}\nput them in order: UPDATE_IMPORTS=1 cargo test -p shared --test tidy imports; cargo fmt --all"
    );
}

#[test]
fn imports_are_put_in_order() {
    let source = "//! A.\n\nmod b;\npub(crate) mod c;\n\nuse crate::d::D;\nuse b::{\n    B,\n    E,\n};\nuse serde::{F, G};\n\nuse ::http::H;\nuse std::io;\nuse super::I;\n\npub use c::C;\n\nuse core::fmt;\nfn f() {}\n";
    let expected = "//! A.\n\nmod b;\npub(crate) mod c;\n\nuse std::io;\n\nuse serde::{F, G};\nuse ::http::H;\n\nuse crate::d::D;\nuse super::I;\n\nuse b::{\n    B,\n    E,\n};\n\npub use c::C;\n\nuse core::fmt;\nfn f() {}\n";
    assert_eq!(ordered(source), expected);
    assert_eq!(ordered(expected), expected);
}
