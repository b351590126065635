//! The data plane as AWS's own client sees it, the demonstration agent behind it, and hand-made
//! requests where that client would not do wrong.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test may fail by panic, and signs with the system's time"
)]

mod a2a;
mod bearers;
mod container;
mod faults;
mod mcp;
mod requests;
mod sessions;
mod signature;
mod stream;
mod websocket;
mod world;
