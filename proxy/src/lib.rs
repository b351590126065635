//! The proxy of Gatehouse: a request that the door admits becomes a turn with an agent, streamed back as it comes.
//!
//! ```text
//! event -> route -> routes -> access -> turn -> upstream -> stream -> answer
//! lenient  exact    a file    the gate   |      one call    bounded,   allow-listed
//!                   each      again      |                  kept alive  headers
//!                                    tool token
//!                                    what the agent calls its tools with
//! ```

pub mod access;
pub mod answer;
pub mod app;
pub mod audit;
pub mod caller;
pub mod config;
pub mod invocation;
mod routes;
pub mod turn;
pub mod upstream;
