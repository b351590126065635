//! The trigger as it is deployed, called as Cognito calls it, with a key server and a table on loopback.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on has to stop"
)]

#[path = "main/cloud.rs"]
mod cloud;
#[path = "main/directory.rs"]
mod directory;
#[path = "main/events.rs"]
mod events;
#[path = "main/keys.rs"]
mod keys;
#[path = "main/machine.rs"]
mod machine;
#[path = "main/moto.rs"]
mod moto;
#[path = "main/person.rs"]
mod person;
#[path = "main/proofs.rs"]
mod proofs;
#[path = "main/scene.rs"]
mod scene;
#[path = "main/settings.rs"]
mod settings;
