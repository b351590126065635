//! The rotation as Lambda runs it, against a double of Secrets Manager and against moto's.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

#[path = "main/moto.rs"]
mod moto;
#[path = "main/scene.rs"]
mod scene;
#[path = "main/steps.rs"]
mod steps;
