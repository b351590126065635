//! Tests of the documents: what they say of settings, errors and attacks is compared with the code, both ways.

#![expect(
    clippy::indexing_slicing,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "a test that cannot read the tree has failed"
)]

mod audit;
mod deploy;
mod errors;
mod issuers;
mod links;
mod local;
mod markdown;
mod request;
mod settings;
mod threats;

use std::fs;
use std::path::Path;

/// The folder of the workspace.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A file of the workspace.
fn read(path: &str) -> String {
    let text = fs::read_to_string(root().join(path));
    assert!(text.is_ok(), "cannot read {path}: {text:?}");
    text.unwrap()
}
