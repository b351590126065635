//! AWS: the names of its resources, and the set-up of its clients.

pub mod arn;
#[cfg(feature = "platform")]
pub mod clients;
pub mod names;
