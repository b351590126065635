//! Rotations under load, hour after hour by a clock that is moved by hand: several instances of the door that read the
//! secret each in its own time, and verifiers that keep keys as PyJWT and HTTP caches do.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use shared::signing::SigningKeys;

use crate::vault::{Mood, Vault};

const STEP: Duration = Duration::from_secs(30);
/// How long a verifier keeps the keys: PyJWT's default, and what the door says of its answer.
const KEPT: Duration = Duration::from_secs(300);
const INSTANCES: usize = 3;
/// What each instance rests between two requests, in steps: a busy one, one that is asked now and then, an idle one.
const RESTS: [usize; INSTANCES] = [1, 7, 40];

/// A verifier. A strict one never asks again before its keys are old; another does for a key that it does not know.
struct Verifier {
    is_strict: bool,
    held: Option<(Duration, Vec<Value>)>,
}

impl Verifier {
    /// Whether it can verify what this key signed, asking this instance of the door if it must.
    async fn knows(&mut self, key: &Value, door: &SigningKeys, now: Duration) -> bool {
        let held = self.held.take().filter(|(since, _)| now - *since < KEPT);
        let is_known = held.as_ref().is_some_and(|(_, keys)| keys.contains(key));
        let held = match held {
            Some(held) if is_known || self.is_strict => held,
            Some(_) | None => (now, published(door).await),
        };
        let is_known = held.1.contains(key);
        self.held = Some(held);
        is_known
    }
}

async fn published(door: &SigningKeys) -> Vec<Value> {
    let ring = door.ring().await.unwrap();
    ring.published()["keys"].as_array().unwrap().clone()
}

/// Ten rotations of the secret, a quarter of an hour apart, one of them during an outage; every request of every
/// instance is verified by everybody, with keys from any instance.
#[tokio::test]
async fn rotations_go_unnoticed_by_every_kind_of_verifier() {
    let vault = Vault::start().await;
    vault.put("AWSCURRENT", "key 0");
    let mut doors = Vec::new();
    for _ in 0..INSTANCES {
        doors.push(vault.keys().await);
    }
    let mut verifiers = [false, true].map(|is_strict| {
        let held = None;
        Verifier { is_strict, held }
    });
    let (mut now, mut verified) = (Duration::ZERO, 0);
    let mut signers = BTreeMap::<String, u32>::new();
    for tick in 0..400_usize {
        let (rotation, phase) = (tick / 36, tick % 36);
        match phase {
            0 => vault.put("AWSPENDING", &format!("key {}", rotation + 1)),
            // The second rotation is stuck for a while, and the third is quick.
            1 if rotation % 3 == 2 => vault.finish(),
            20 if rotation % 3 == 1 => vault.finish(),
            4 if rotation % 3 == 0 => vault.finish(),
            30 => vault.set_mood(Mood::Down),
            32 => vault.set_mood(Mood::Well),
            _ => {}
        }
        for (index, door) in doors.iter().enumerate() {
            if tick % RESTS[index] != 0 {
                continue;
            }
            let ring = door.ring().await.unwrap();
            let signer = ring.signer(door.now());
            *signers.entry(signer.id().to_owned()).or_default() += 1;
            for verifier in &mut verifiers {
                let source = &doors[(tick + index) % INSTANCES];
                let knows = verifier.knows(signer.jwk(), source, now).await;
                let is_strict = verifier.is_strict;
                assert!(knows, "tick {tick}: {} (strict: {is_strict})", signer.id());
                verified += 1;
            }
        }
        vault.advance(STEP);
        now += STEP;
    }
    assert!(signers.len() >= 10, "every key has signed: {signers:?}");
    assert!(verified > 900, "{verified}");
}
