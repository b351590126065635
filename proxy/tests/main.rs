//! The proxy as the runtime drives it, against an AgentCore data plane on loopback and the real AWS SDK.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on has to stop"
)]

#[path = "main/a2a.rs"]
mod a2a;
#[path = "main/agentcore.rs"]
mod agentcore;
#[path = "main/answers.rs"]
mod answers;
#[path = "main/assertion.rs"]
mod assertion;
#[path = "main/base_path.rs"]
mod base_path;
#[path = "main/bearer.rs"]
mod bearer;
#[path = "main/caller.rs"]
mod caller;
#[path = "main/connections.rs"]
mod connections;
#[path = "main/conversations.rs"]
mod conversations;
#[path = "main/door.rs"]
mod door;
#[path = "main/forwarding.rs"]
mod forwarding;
#[path = "main/gateway.rs"]
mod gateway;
#[path = "main/heartbeats.rs"]
mod heartbeats;
#[path = "main/invocation.rs"]
mod invocation;
#[path = "main/mcp.rs"]
mod mcp;
#[path = "main/metadata.rs"]
mod metadata;
#[path = "main/open.rs"]
mod open;
#[path = "main/refusals.rs"]
mod refusals;
#[path = "main/tool_token.rs"]
mod tool_token;
#[path = "main/turns.rs"]
mod turns;
#[path = "main/upstream.rs"]
mod upstream;
#[path = "main/websocket.rs"]
mod websocket;
