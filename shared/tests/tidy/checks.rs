//! The checks of the tidy tests: text -> findings. Each is shown to find something.

use std::collections::BTreeSet;

/// The stages of the gate in the order in which a caller passes them: each may name those before it.
pub(crate) const STAGES: [&str; 10] = [
    "refusal",
    "bearer",
    "token",
    "presented",
    "keys",
    "signature",
    "claims",
    "conditions",
    "identity",
    "decision",
];

/// What the gate may name of the rest of the crate: as pure as the gate itself, and each may name those before it alone,
/// so that no arrow leads back into the gate. `code_table` declares the refusals, `text` bounds a key id, `jws` takes a
/// token apart and `jwk` a key: what the gate asks of their form, a layer behind the door asks as well.
pub(crate) const BESIDE: [&str; 7] = [
    "text",
    "json",
    "code_table",
    "crypto",
    "jwk",
    "jws",
    "rules",
];

/// What the gate may name of the standard library: nothing that knows the time, the process or the world.
const STD: [&str; 3] = ["fmt", "ops", "slice"];

/// The same, however it is spelt or imported, and whatever has nothing to do with tokens.
const WORDS: [&str; 21] = [
    "Instant",
    "SystemTime",
    "dbg",
    "env",
    "eprint",
    "eprintln",
    "fs",
    "http",
    "hyper",
    "io",
    "lambda_runtime",
    "log",
    "net",
    "option_env",
    "print",
    "println",
    "process",
    "rand",
    "thread",
    "tokio",
    "tracing",
];

/// The one struct of the gate that may derive `Debug`: the identity inside it prints itself, and says next to nothing.
const PRINTABLE: [&str; 1] = ["Permit"];

/// The lines of a source that are neither blank nor comments.
pub(crate) fn code(source: &str) -> impl Iterator<Item = &str> {
    let lines = source.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with("//"))
}

/// A source as the compiler reads it: names, `::`, and every other sign by itself. Four empty ones stand around it, so
/// that a name always has neighbours.
pub(crate) fn tokens(source: &str) -> Vec<&str> {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut tokens = vec![""];
    for mut rest in code(source) {
        while let Some(first) = rest.chars().next() {
            let length = match rest.find(|letter| !is_part(letter)) {
                Some(0) if rest.starts_with("::") => 2,
                Some(0) => first.len_utf8(),
                Some(length) => length,
                None => rest.len(),
            };
            let (token, after) = rest.split_at(length);
            tokens.push(token);
            rest = after.trim_start();
        }
    }
    tokens.extend(["", "", ""]);
    tokens
}

/// What follows `root::`, wherever a path begins with that root.
fn below<'s>(source: &'s str, root: &str) -> Vec<&'s str> {
    let tokens = tokens(source);
    let named = tokens.windows(4).filter_map(|window| match window {
        [before, word, "::", name] if *word == root && *before != "::" => Some(*name),
        _ => None,
    });
    named.collect()
}

/// The names that a stage may not use, because they come after it or are of another room.
pub(crate) fn wrong_arrows(stage: &str, source: &str) -> Vec<String> {
    let before: Vec<&str> = STAGES
        .into_iter()
        .take_while(|other| *other != stage)
        .collect();
    // The door of the room is no stage, and names its stages without `super`.
    let before = if stage == "mod" { &[][..] } else { &before };
    let of_gate = below(source, "super")
        .into_iter()
        .filter(|name| !before.contains(name));
    let of_crate = below(source, "crate")
        .into_iter()
        .filter(|name| !BESIDE.contains(name));
    let wrong = of_gate.chain(of_crate);
    wrong
        .map(|name| format!("{stage} must not name `{name}`"))
        .collect()
}

/// The names of the crate that a file beside the gate may not use: the gate's own, and those of whatever is not pure.
pub(crate) fn arrows_back(name: &str, source: &str) -> Vec<String> {
    let before = BESIDE.into_iter().take_while(|other| *other != name);
    // A macro names itself.
    let may_name: Vec<&str> = before.chain([name]).collect();
    let named = below(source, "crate").into_iter();
    let wrong = named.filter(|name| !may_name.contains(name));
    wrong
        .map(|wrong| format!("{name} must not name `{wrong}`"))
        .collect()
}

/// The names of a pure file that lead out into the world.
pub(crate) fn impurities(source: &str) -> Vec<String> {
    let of_std = ["std", "core", "alloc"]
        .map(|root| below(source, root))
        .concat();
    let of_std = of_std.into_iter().filter(|name| !STD.contains(name));
    let words = tokens(source)
        .into_iter()
        .filter(|word| WORDS.contains(word));
    of_std
        .chain(words)
        .map(|name| format!("`{name}`"))
        .collect()
}

/// The structs that derive `Debug` and so would print what they hold.
pub(crate) fn printed_structs(source: &str) -> Vec<String> {
    let tokens = tokens(source);
    let between: Vec<&[&str]> = tokens.split(|token| *token == "struct").collect();
    let printed = between.windows(2).filter_map(|window| {
        let [before, after] = window else { return None };
        let attributes = before.rsplit(|token| ["}", ";"].contains(token)).next()?;
        let name = after.first()?;
        let is_printed = attributes.contains(&"Debug") && !PRINTABLE.contains(name);
        is_printed.then(|| name.to_string())
    });
    printed.collect()
}

/// The uses of cryptography that belong into `crypto.rs`. Hashing alone needs no secret, and is allowed.
pub(crate) fn signature_code(source: &str) -> Vec<String> {
    let tokens = tokens(source);
    let named = tokens.windows(4).filter_map(|window| match window {
        [_, "jsonwebtoken", ..] => Some("jsonwebtoken"),
        ["::", "aws_lc_rs", ..] | [_, "aws_lc_rs", "::", "digest"] => None,
        [_, "aws_lc_rs", ..] => Some("aws_lc_rs"),
        _ => None,
    });
    named.map(str::to_owned).collect()
}

/// The AWS SDK's crates among these. `aws-lc` is cryptography, `aws_lambda_events` types of events, and neither part of it.
pub(crate) fn sdk_crates(linked: &BTreeSet<String>) -> Vec<&String> {
    let aws = linked
        .iter()
        .filter(|name| name.starts_with("aws-") || name.starts_with("aws_"));
    let is_sdk = |name: &&String| !name.starts_with("aws-lc-") && *name != "aws_lambda_events";
    aws.filter(is_sdk).collect()
}

/// What is on one side only.
pub(crate) fn differences(listed: &BTreeSet<String>, linked: &BTreeSet<String>) -> Vec<String> {
    let new = linked
        .difference(listed)
        .map(|name| format!("{name} is linked and not listed"));
    let old = listed
        .difference(linked)
        .map(|name| format!("{name} is listed and not linked"));
    new.chain(old).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [&str; 0] = [];

    #[test]
    fn arrows_run_one_way() {
        for (stage, source, name) in [
            ("claims", "use super::identity::Identity;", "identity"),
            ("claims", "use super::claims::Claims;", "claims"),
            ("claims", "use super::{keys, identity};", "{"),
            ("claims", "use super::*;", "*"),
            (
                "claims",
                "fn f(of: &super::decision::Permit) {}",
                "decision",
            ),
            ("claims", "use crate::clock::Clock;", "clock"),
            ("claims", "use crate::gate::Identity;", "gate"),
            ("mod", "use super::keys::KeyStore;", "keys"),
        ] {
            assert_eq!(
                wrong_arrows(stage, source),
                [format!("{stage} must not name `{name}`")]
            );
        }
        let good = "use super::refusal::Refusal;\nuse crate::json::{self, Value};\n// super::identity\npub(super) fn f() {}";
        assert_eq!(wrong_arrows("claims", good), NONE);
    }

    #[test]
    fn no_arrow_leads_back_into_the_gate() {
        for (name, source, wrong) in [
            ("rules", "use crate::gate::Algorithm;", "gate"),
            ("rules", "use crate::clock::Clock;", "clock"),
            ("json", "fn f(of: &crate::rules::Rules) {}", "rules"),
            ("json", "use crate::{gate, text};", "{"),
        ] {
            assert_eq!(
                arrows_back(name, source),
                [format!("{name} must not name `{wrong}`")]
            );
        }
        assert_eq!(arrows_back("rules", "use crate::crypto::Algorithm;"), NONE);
    }

    #[test]
    fn what_is_pure_names_nothing_of_the_world() {
        for impure in [
            "use std::time::Duration;",
            "let now = SystemTime::now();",
            "use std::{collections, net};",
            "fn f() { let x = core::time::Duration::ZERO; }",
            "tracing::info!(x);",
            "println!(\"{x}\");",
            "let port = env!(\"PORT\");",
            "use tokio::net::TcpStream;",
        ] {
            assert_ne!(impurities(impure), NONE, "{impure}");
        }
        let good = "use std::fmt;\n/// std::time\nlet times = std::slice::from_ref(&timed);";
        assert_eq!(impurities(good), NONE);
    }

    #[test]
    fn a_derived_debug_is_seen() {
        let source = "#[derive(Clone)]\nstruct A;\n#[derive(Clone, Debug)]\n/// B.\npub(super) struct B<'h>(&'h str);";
        assert_eq!(printed_structs(source), ["B"]);
        let good = "#[derive(Debug)]\nenum A { B }\nstruct C;\n#[derive(Debug)]\nstruct Permit;";
        assert_eq!(printed_structs(good), NONE);
    }

    #[test]
    fn cryptography_is_seen_and_hashing_is_not() {
        for (source, name) in [
            ("use jsonwebtoken::DecodingKey;", "jsonwebtoken"),
            ("use aws_lc_rs::{digest, signature};", "aws_lc_rs"),
            ("let key = aws_lc_rs::signature::ED25519;", "aws_lc_rs"),
        ] {
            assert_eq!(signature_code(source), [name]);
        }
        let good = "use aws_lc_rs::digest::digest;\nrustls::crypto::aws_lc_rs::default_provider();";
        assert_eq!(signature_code(good), NONE);
    }

    #[test]
    fn crates_are_compared_both_ways() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let linked = names(&[
            "aws-config",
            "aws-lc-rs",
            "aws_lambda_events",
            "aws_x",
            "serde",
        ]);
        assert_eq!(sdk_crates(&linked), ["aws-config", "aws_x"]);
        let found = differences(&names(&["a", "b"]), &names(&["b", "c"]));
        assert_eq!(
            found,
            ["c is linked and not listed", "a is listed and not linked"]
        );
    }

    #[test]
    fn comments_and_blank_lines_are_no_code() {
        let source = "\n// a\n  /// b\n//! c\n  d(); // e\n\n";
        assert_eq!(code(source).collect::<Vec<_>>(), ["d(); // e"]);
    }
}
