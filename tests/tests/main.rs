//! Black-box tests: the programs that are deployed, from outside.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

mod a2a_client;
mod agent_sdk;
mod assertion;
mod authorization_server;
mod authorizer;
mod authorizer_events;
mod bad_tokens;
mod base_path;
mod bearers;
mod browsers;
mod conversations;
mod denials;
mod deployments;
mod faults;
mod hijack;
mod hygiene;
mod journey;
mod keys;
mod laptop;
mod laptop_port;
mod laptop_trace;
mod limits;
mod logs;
mod machine_secret;
mod mcp_client;
mod open;
mod openapi;
mod partners;
mod protocols;
mod samples;
mod scale;
mod session;
mod settings;
mod sign_in;
mod slips;
mod smoke;
mod stated;
mod streaming;
mod stubborn;
mod terminal;
mod tools;
mod turn_limits;
mod turns;
mod websocket_client;
mod why;
mod world;
