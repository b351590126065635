//! A door, seen from a terminal: which one, how to sign in, where tokens are kept, and what it answers.
//!
//! ```text
//! door (address) --> discovery (RFC 9728, RFC 8414) --> browser | device | machine --> tokens --> store (sealed, keyring)
//!                                                       store, refreshed if due ------> token --> web --> answer | problem
//! ```

pub(crate) mod a2a;
pub(crate) mod agent;
pub(crate) mod browser;
pub(crate) mod clock;
pub(crate) mod configuration;
pub(crate) mod device;
pub(crate) mod discovery;
pub(crate) mod door;
pub(crate) mod events;
pub(crate) mod folder;
pub(crate) mod http;
pub(crate) mod keyring;
pub(crate) mod loopback;
pub(crate) mod machine;
pub(crate) mod mcp;
pub(crate) mod problem;
pub(crate) mod random;
pub(crate) mod said;
pub(crate) mod sealed;
pub(crate) mod session;
pub(crate) mod show;
pub(crate) mod sign_in;
pub(crate) mod store;
pub(crate) mod token;
pub(crate) mod typed;
pub(crate) mod web;
pub(crate) mod who;
