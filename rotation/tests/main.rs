//! The rotation as Lambda runs it, against an emulator of Secrets Manager and against moto's.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

#[path = "main/doubt.rs"]
mod doubt;
#[path = "main/machine.rs"]
mod machine;
#[path = "main/machine_world.rs"]
mod machine_world;
#[path = "main/moto.rs"]
mod moto;
#[path = "main/scene.rs"]
mod scene;
#[path = "main/steps.rs"]
mod steps;
