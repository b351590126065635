//! The gateway of the tools, and the agent that uses it, with the policies that are deployed.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail by panic"
)]

mod agent;
mod callers;
mod policies;
mod protocol;
mod world;
