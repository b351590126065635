//! The layer, behind a door that is a key server on loopback: what it lets in, what it turns away, and when it cannot tell.

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
