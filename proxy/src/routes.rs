//! What each route does, a file a route; [`crate::route`] says which one a request asks for.

mod a2a;
pub(crate) mod conversations;
mod health;
mod invocations;
mod keys;
mod mcp;
mod metadata;
mod websocket;
mod whoami;
