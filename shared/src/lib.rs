//! The auth crate of Gatehouse: token verification, authorization, and the settings and keys that both need.
//!
//! ```text
//! bytes       Bearer      Token         Signed        Claims       Identity      Permit
//! header --> bearer --> token ------> signature --> claims ----> identity --> decision
//!            bounded    well formed   issuer signed  ours, now    a caller     may call this agent
//!                          ^ unproven | proven v          keys, rules, now: handed in, never fetched
//! ```
//!
//! [`gate`] decides and is pure: it reads no clock, variable, socket or log. Everything beside it, the shell, talks to
//! the world and hands the gate what it needs.

pub mod account;
pub mod agents;
pub mod assertion;
pub mod audit;
pub mod authorities;
pub mod aws;
#[cfg(any(feature = "fetch", feature = "secrets"))]
pub mod cache;
pub mod clock;
mod code_table;
mod crypto;
pub mod denial;
#[cfg(feature = "denials")]
pub mod denials;
pub mod documents;
#[cfg(feature = "fetch")]
pub mod door;
#[cfg(feature = "fetch")]
pub mod door_keys;
pub mod explanation;
#[cfg(feature = "fetch")]
pub mod fetch;
pub mod gate;
pub mod group_map;
pub mod headers;
pub mod issuers;
mod json;
mod jwk;
mod jws;
mod key_report;
#[cfg(feature = "fetch")]
pub mod keys;
#[cfg(feature = "layer")]
pub mod layer;
pub mod log;
pub mod metrics;
#[cfg(feature = "fetch")]
pub mod percent;
#[cfg(feature = "platform")]
pub mod platform;
pub mod rules;
pub mod secret;
#[cfg(feature = "secrets")]
pub mod secrets;
pub mod session;
pub mod settings;
#[cfg(feature = "secrets")]
pub mod signing;
pub mod start;
pub mod statement;
#[cfg(feature = "fetch")]
pub mod statement_verifier;
pub mod text;
#[cfg(feature = "fetch")]
pub mod token_endpoint;
pub mod user_claims;
pub mod user_pool;
pub mod version;
