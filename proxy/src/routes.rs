//! The routes, one file each; [`crate::caller::route`] says which one a request asks for.

pub(crate) mod a2a;
pub(crate) mod conversations;
pub(crate) mod health;
pub(crate) mod invocations;
pub(crate) mod keys;
pub(crate) mod mcp;
pub(crate) mod metadata;
pub(crate) mod websocket;
pub(crate) mod whoami;
