//! The proxy as the runtime drives it, against an AgentCore data plane on loopback and the real AWS SDK.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "a test that cannot go on has to stop"
)]

mod a2a;
mod agentcore;
mod answers;
mod assertion;
mod base_path;
mod bearer;
mod caller;
mod connections;
mod conversations;
mod counts;
mod crate_event;
mod denials;
mod door;
mod forwarding;
mod gateway;
mod heartbeats;
mod invocation;
mod mcp;
mod metadata;
mod open;
mod refusals;
mod statement;
mod tool_token;
mod turns;
mod upstream;
mod websocket;
