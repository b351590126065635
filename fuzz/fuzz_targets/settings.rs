//! Settings documents of any text: they are taken, or every fault has a path and a sentence, and both readings agree.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::agents::Agents;
use shared::issuers::TrustedIssuers;

fuzz_target!(|text: &str| {
    match TrustedIssuers::parse(text) {
        Ok(issuers) => assert!(issuers.trust.issuers().iter().all(|rules| !rules.algorithms.is_empty())),
        Err(faults) => assert!(!faults.is_empty() && faults.iter().all(|fault| !fault.to_string().is_empty())),
    }
    match Agents::parse(text) {
        Ok(agents) => {
            for agent in agents.iter() {
                assert!(agents.get(&agent.name).is_some());
            }
        }
        Err(faults) => assert!(!faults.is_empty() && faults.iter().all(|fault| !fault.to_string().is_empty())),
    }
});
