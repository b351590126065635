//! The proxy of Gatehouse: a request that the door admits becomes a turn with an agent, streamed back as it comes.
//!
//! ```text
//! event -> route -> access -> handler -> upstream -> stream -> answer
//! lenient  exact    the gate   translates  one signed  bounded,   allow-listed
//!                   again          |       call        kept alive  headers
//!                              tool token
//!                              what the agent calls its tools with
//! ```

pub mod access;
pub mod answer;
pub mod config;
pub mod cors;
pub mod event;
pub mod handler;
pub mod media;
pub mod problem;
pub mod record;
pub mod route;
pub mod sse;
pub mod stream;
pub mod tool_token;
pub mod upstream;
