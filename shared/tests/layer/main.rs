//! Tests of the layer, behind a key server on loopback: accepted, rejected, and undecidable requests.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod outage;
#[path = "../keys/parts.rs"]
#[expect(dead_code, reason = "the tests of issuers' keys use the rest")]
mod parts;
mod proofs;
mod scene;
#[path = "../keys/server.rs"]
#[expect(dead_code, reason = "the tests of issuers' keys use the rest")]
mod server;
