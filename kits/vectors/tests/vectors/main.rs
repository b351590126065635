//! Tests of the vectors: the committed files are those of the definition, and the layer answers every case as they say.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

mod door;
mod layer;
mod log;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use shared::layer::ProofError;
use shared::settings::environment;
use vectors::Files;

/// The least number of cases, so that none gets lost unnoticed.
const LEAST: usize = 500;

fn committed(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_default()
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn vectors() -> Value {
    serde_json::from_str(&committed("vectors.json")).unwrap()
}

#[test]
fn the_files_are_those_of_the_definition() {
    let files = Files::build(&committed("signatures.json"));
    let names = ["vectors.json", "signatures.json"];
    for (name, text) in names.into_iter().zip([files.vectors, files.signatures]) {
        if environment("UPDATE_VECTORS").is_some() {
            fs::write(path(name), &text).unwrap();
        }
        let is_same = committed(name) == text;
        assert!(
            is_same,
            "`kits/vectors/{name}` is not what the definition gives; if it is meant: UPDATE_VECTORS=1 cargo test -p vectors"
        );
    }
}

#[test]
fn a_signature_that_does_not_verify_is_drawn_anew() {
    let signatures = committed("signatures.json");
    let first = Files::build(&signatures);
    let mut bent: BTreeMap<String, BTreeMap<String, String>> =
        serde_json::from_str(&signatures).unwrap();
    let of_key = bent.get_mut("k1").unwrap();
    let digest = of_key.keys().next().unwrap().clone();
    of_key.insert(digest, "A".repeat(86));
    let second = Files::build(&json!(bent).to_string());
    assert_ne!(first.signatures, second.signatures);
    assert_eq!(first.signatures, Files::build(&first.signatures).signatures);
}

#[test]
fn cases_are_many_named_once_and_of_every_reason() {
    let vectors = vectors();
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(vectors["count"], cases.len());
    assert!(cases.len() >= LEAST, "{} cases only", cases.len());
    let names: BTreeSet<&str> = cases
        .iter()
        .map(|case| case["id"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), cases.len());
    let steps = || {
        cases
            .iter()
            .flat_map(|case| case["steps"].as_array().unwrap())
    };
    let reasons: BTreeSet<&str> = steps()
        .filter_map(|step| step["expect"]["reason"].as_str())
        .collect();
    let proofs = ProofError::ALL.iter().map(|error| error.code());
    let expected: BTreeSet<&str> = proofs.chain(["keys_unavailable", "too_large"]).collect();
    assert_eq!(
        reasons, expected,
        "each reason has a case, and there is no other"
    );
}

#[test]
fn limits_are_those_of_the_layer() {
    use shared::assertion::{LIFETIME, MAX_BYTES};
    use shared::cache::{MAX_BACK_OFF, MIN_BACK_OFF};
    use shared::keys::SEARCH_REFILL;
    use shared::layer::{CARD, HARD_AGE, HEALTH, MAX_BODY, MAX_SEEN, SKEW, SOFT_AGE};
    let vectors = vectors();
    let limits = &vectors["limits"];
    for (name, value) in [
        ("skew", SKEW.as_secs()),
        ("lifetime", LIFETIME.as_secs()),
        ("max_assertion", MAX_BYTES.try_into().unwrap()),
        ("max_seen", MAX_SEEN.try_into().unwrap()),
        ("soft_age", SOFT_AGE.as_secs()),
        ("hard_age", HARD_AGE.as_secs()),
        ("search_refill", SEARCH_REFILL.as_secs()),
        ("min_back_off", MIN_BACK_OFF.as_secs()),
        ("max_back_off", MAX_BACK_OFF.as_secs()),
    ] {
        assert_eq!(limits[name], value, "{name}");
    }
    assert_eq!(vectors["settings"]["max_body"], MAX_BODY);
    assert_eq!(vectors["settings"]["open"], json!([HEALTH, CARD]));
}
