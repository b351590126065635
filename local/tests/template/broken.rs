//! Each fact broken in the templates' text: its proof must notice.

/// A table of mutations: in each proof and file, texts with what stands there instead, which the proof must notice.
macro_rules! breaks {
    ($($proof:literal in $file:ident { $($from:literal => $to:literal;)+ })+) => {
        &[$($(($proof, $file, $from, $to)),+),+]
    };
}

mod around;
mod door;
mod reach;
mod rotation;

use crate::door::{Door, MAIN, parsed, texts};
use crate::proofs::ALL;
use crate::scenarios;

const ARCHIVE: &str = "stacks/archive.yaml";
const CONSOLE: &str = "stacks/console.yaml";
const LOCKS: &str = "stacks/locks.yaml";
const MONITORING: &str = "stacks/monitoring.yaml";
const USERS: &str = "stacks/users.yaml";

/// The proof, the file, a text that is in it, what stands there instead.
type Break = (&'static str, &'static str, &'static str, &'static str);

fn breaks() -> impl Iterator<Item = &'static Break> {
    let rooms = [
        door::BREAKS,
        around::BREAKS,
        reach::BREAKS,
        rotation::BREAKS,
    ];
    rooms.into_iter().flatten()
}

#[test]
fn every_proof_notices_when_its_fact_is_broken() {
    let mut silent = Vec::new();
    for (name, file, from, to) in breaks() {
        let (_, proof) = ALL.iter().find(|(other, _)| other == name).unwrap();
        let mut texts = texts();
        let text = texts.get_mut(file).unwrap();
        assert!(text.contains(from), "{file}: {from}");
        *text = text.replacen(from, to, 1);
        let parsed = parsed(&texts);
        let notices = scenarios::all().iter().any(|(_, given)| {
            // A parameter that was renamed is no longer known to the set that gives it.
            let mut given = given.clone();
            given.retain(|name, _| parsed[MAIN]["Parameters"].get(name).is_some());
            !proof(&Door::new(&parsed, &given)).is_empty()
        });
        if !notices {
            silent.push(format!("{name}: {file}: {from} -> {to}"));
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

#[test]
fn every_proof_is_put_to_the_test() {
    for (name, _) in ALL {
        let is_broken = breaks().any(|(other, ..)| *other == name);
        assert!(is_broken, "{name}");
    }
}
