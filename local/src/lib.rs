//! Gatehouse on one machine: the cloud services around the functions, as doubles on loopback.

pub mod agent;
pub mod agentcore;
pub mod gateway;
pub mod issuer;
pub mod runtime;
pub mod stack;
pub mod template;

mod clock;
mod listen;
mod random;
mod trace;
mod watched;
