//! The trigger as it is deployed, called as Cognito calls it, with a key server and a table on loopback.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "a test that cannot go on has to stop"
)]

mod cloud;
mod denials;
mod directory;
mod events;
mod keys;
mod machine;
mod moto;
mod person;
mod proofs;
mod scene;
mod settings;
mod stated_users;
mod statements;
mod stating;
