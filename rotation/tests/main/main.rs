//! The rotation as Lambda runs it, against an emulator of Secrets Manager and against moto's.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod doubt;
mod machine;
mod machine_world;
mod moto;
mod scene;
mod steps;
