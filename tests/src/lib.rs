//! Support for the end-to-end tests: the built programs, driven from outside, and tokens that no code of theirs made.
//!
//! Nothing here is shared with the functions under test. They run as processes behind the emulators of `local`, as they
//! run behind the real services.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

mod chain;
mod event;
mod function;
mod http;
mod many;
mod stack;
mod system;
mod token;
mod vendor;

pub use chain::{chain, chain_settings};
pub use event::{ProxyRequest, STAGE, authorizer_events};
pub use function::{
    DEMO_ARN, FINANCE_ARN, Lambda, Outcome, Reply, Settings, agents, binary, credentials,
    data_plane, data_plane_at, run_to_end,
};
pub use http::{Answer, Arrival, Streaming, get, post, send};
pub use many::{many_agents, many_issuers};
pub use python::{
    JavaScript, JavaScriptServer, Python, PythonFilter, PythonServer, counted, journey,
    schemathesis, skipped,
};
pub use stack::{CALLBACK, Stack, StackSettings};
pub use system::{Memory, children, is_alive, memory};
pub use token::{CLIENT, ISSUER, alter, claims, now, trusted};
pub use vendor::VendorIssuer;
