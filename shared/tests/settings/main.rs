//! `TRUSTED_ISSUERS` and `AGENTS`: what is read of good ones, and every fault of bad ones, by its path.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "a test may fail, and a table is as long as it is"
)]

mod agents;
mod files;
mod issuer_faults;
mod issuer_names;
mod issuers;
mod limits;
mod remarks;
mod requesters;
mod schema;
mod trust;

use serde_json::Value;
use shared::settings::Fault;

/// The faults as an operator reads them.
fn said(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(Fault::to_string).collect()
}

/// The object with some members changed; `null` takes a member out.
fn with(mut object: Value, changes: Value) -> Value {
    let members = object.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    object
}
