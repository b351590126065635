//! A key document of any bytes: it is refused, or each of its keys is either usable or skipped with a reason.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::gate::KeySet;

fuzz_target!(|document: &[u8]| {
    let Ok(keys) = KeySet::parse(document) else {
        return;
    };
    assert!(keys.usable() + keys.skipped().len() <= 100);
    for skipped in keys.skipped() {
        assert!(!skipped.reason.to_string().is_empty());
    }
});
