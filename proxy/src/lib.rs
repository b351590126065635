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
pub mod agent_card;
pub mod answer;
mod assertion;
pub mod authentication;
mod base_path;
pub mod config;
pub mod cors;
pub mod event;
pub mod handler;
pub mod heard;
pub mod invocation;
pub mod media;
mod message;
pub mod problem;
pub mod public_url;
pub mod record;
mod request;
pub mod reserved;
pub mod resource;
pub mod route;
mod routes;
pub mod sealed;
pub mod sse;
pub mod stream;
pub mod tool_call;
pub mod tool_token;
pub mod trace;
mod turn;
pub mod turns;
pub mod upstream;
