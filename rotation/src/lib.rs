//! The rotation of the secrets that this product has of its own: a function that AWS Secrets Manager calls four times for
//! each new version.
//!
//! ```text
//! event -> createSecret -> setSecret -> testSecret ----> finishSecret
//! strict   the next one,   nothing      it does its      it becomes AWSCURRENT
//!          AWSPENDING                   service
//! ```
//!
//! Each step may be repeated, may fail at any point and be tried again, and may come when it is not its turn: it looks
//! at what there is, and does what is missing or says why it cannot.
//!
//! There are two kinds of secret, and a function for each, which may touch that one and no other: the key the door signs
//! with ([`SigningSecret`]), and the secret of the machine client ([`MachineSecret`]).

mod app_client;
mod error;
mod event;
pub mod handler;
mod kind;
mod machine_secret;
mod signing_secret;
mod steps;
mod vault;

pub use error::RotationError;
pub use event::Step;
pub use kind::Kind;
pub use machine_secret::{MachineClient, MachineSecret};
pub use signing_secret::SigningSecret;
