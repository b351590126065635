//! Project Wycheproof's JWS vectors, unmodified, from the corpora beside the checkout.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use shared::gate::{self, KeySet, Refusal};

const VECTORS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/corpora/wycheproof/json_web_signature_test.json"
);

/// The vectors that the file calls valid and this gate refuses, with the reason.
const STRICTER: [(&[u64], &str); 3] = [
    (
        &[1, 348, 352, 357, 358, 359, 372, 373, 376, 377],
        "HMAC: no issuer can be trusted with a shared key",
    ),
    (&[347, 351], "P-521: not an algorithm of this gate"),
    (
        &[346, 350],
        "a PS384 signature of a key whose own `alg` binds it to PS256 (RFC 7517, section 4.4)",
    ),
];

#[derive(Default)]
struct Count {
    accepted: usize,
    refused: usize,
}

#[test]
fn wycheproof_signatures() {
    if !Path::new(VECTORS).exists() {
        println!(
            "skipped: Wycheproof vectors, because there is no corpora/wycheproof beside the checkout"
        );
        return;
    }
    let file: Value = serde_json::from_slice(&fs::read(VECTORS).unwrap()).unwrap();
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    let mut asked = 0;
    for group in file["testGroups"].as_array().unwrap() {
        let key = group.get("public").or(group.get("private")).unwrap();
        let keys = KeySet::parse(json!({ "keys": [key] }).to_string().as_bytes()).unwrap();
        for test in group["tests"].as_array().unwrap() {
            asked += 1;
            let algorithm = key["alg"].as_str().unwrap_or("none given").to_owned();
            let answer = verify(test["jws"].as_str().unwrap_or_default(), &keys);
            let id = test["tcId"].as_u64().unwrap();
            let stricter = STRICTER.iter().any(|(ids, _)| ids.contains(&id));
            let expected = test["result"] == "valid" && !stricter;
            assert_eq!(
                answer.is_ok(),
                expected,
                "vector {id}, {algorithm}: {answer:?}"
            );
            let count = counts.entry(algorithm).or_default();
            if answer.is_ok() {
                count.accepted += 1
            } else {
                count.refused += 1
            }
        }
    }
    assert_eq!(Some(asked), file["numberOfTests"].as_u64());
    for (algorithm, Count { accepted, refused }) in &counts {
        println!("counted: Wycheproof JWS {algorithm}: {accepted} accepted, {refused} refused");
    }
    for (ids, reason) in STRICTER {
        println!(
            "counted: Wycheproof JWS, valid and refused on purpose: {} ({reason})",
            ids.len()
        );
    }
    let rs256 = &counts["RS256"];
    assert_eq!((rs256.accepted, rs256.refused), (8, 225));
}

fn verify(jws: &str, keys: &KeySet) -> Result<(), Refusal> {
    gate::check_signature(format!("Bearer {jws}").as_bytes(), keys)
}
