//! The data plane as AWS's own client sees it, the demonstration agent behind it, and hand-made
//! requests where that client would not do wrong.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may fail by panic, and signs with the system's time"
)]

mod faults;
mod requests;
mod signature;
mod stream;
mod world;
