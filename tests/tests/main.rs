//! Black-box tests: the programs that are deployed, from outside.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

mod authorizer;
mod bad_tokens;
mod journey;
mod keys;
mod settings;
mod sign_in;
