//! Proofs about every deployment, from the templates alone: for each set of parameters that matters, and each proof by
//! what breaks it.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

mod broken;
mod door;
mod proofs;
mod resolve;
mod scenarios;
mod yaml;

use door::{Door, parsed, texts};
use proofs::ALL;

#[test]
fn every_proof_holds_for_every_set_of_parameters() {
    let parsed = parsed(&texts());
    let mut faults = Vec::new();
    for (scenario, given) in scenarios::all() {
        let door = Door::new(&parsed, &given);
        for (name, proof) in ALL {
            let found = proof(&door);
            faults.extend(
                found
                    .iter()
                    .map(|fault| format!("{scenario}: {name}: {fault}")),
            );
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_set_of_parameters_is_allowed_and_the_senseless_ones_are_not() {
    let parsed = parsed(&texts());
    let broken = |given: &resolve::Parameters| {
        let template = &parsed[door::MAIN];
        resolve::broken_rules(template, &resolve::parameters(template, given))
    };
    for (scenario, given) in scenarios::all() {
        assert_eq!(broken(&given), Vec::<String>::new(), "{scenario}");
    }
    for (given, what) in scenarios::senseless() {
        let said = broken(&given);
        assert!(
            said.iter().any(|text| text.contains(what)),
            "{given:?}: {said:?}"
        );
    }
}
