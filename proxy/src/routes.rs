//! What each route does, a file a route; [`crate::route`] says which one a request asks for.

mod conversations;
pub(crate) mod health;
mod invocations;
mod keys;
mod websocket;
mod whoami;
