//! What each route does, a file a route; [`crate::caller::route`] says which one a request asks for.

mod a2a;
pub(crate) mod conversations;
pub(crate) mod health;
mod invocations;
mod keys;
mod mcp;
mod metadata;
mod websocket;
mod whoami;
