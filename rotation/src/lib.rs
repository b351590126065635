//! The rotation of the key the door signs with: a function that AWS Secrets Manager calls four times for each new key.
//!
//! ```text
//! event -> createSecret -> setSecret -> testSecret ----> finishSecret
//! strict   a new key,      nothing      it signs, and    it becomes AWSCURRENT
//!          AWSPENDING                   is verified
//! ```
//!
//! Each step may be repeated, may fail at any point and be tried again, and may come when it is not its turn: it looks
//! at what there is, and does what is missing or says why it cannot.
//!
//! What makes a rotation go unnoticed is not here but in how keys are used ([`shared::signing`]): a new key is
//! published as soon as it is pending, and signs nothing before it is [`shared::signing::SETTLING`] old. That is why
//! these steps need not wait for each other, and why the next rotation may not begin before that.

mod event;
mod failure;
pub mod handler;
mod steps;
mod vault;

pub use event::Step;
pub use failure::Failure;
