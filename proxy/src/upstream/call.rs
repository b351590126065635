//! Parameters of the calls to an agent's platform.

use bytes::Bytes;
use http::header::HeaderMap;
use shared::agents::{Runtime, RuntimeArn};
use shared::gate::Permit;
use shared::session::SessionId;

use crate::access::authority::Authority;

/// One turn with an agent. There is none without a [`Permit`].
pub struct Turn<'t> {
    pub permit: &'t Permit,
    pub authority: Authority<'t>,
    pub runtime: &'t RuntimeArn,
    /// The name of the runtime's endpoint.
    pub qualifier: &'t str,
    pub session: &'t SessionId,
    /// What [`crate::caller::media`] wrote; nothing of the caller's own.
    pub accept: &'static str,
    /// What [`shared::headers::inward`] let through.
    pub headers: &'t HeaderMap,
    /// What the door itself says to the agent, such as a token for its tools.
    pub own: HeaderMap,
    pub body: Bytes,
}

/// A caller's session with an agent. There is none without a [`Permit`].
pub struct Session<'s> {
    pub permit: &'s Permit,
    pub authority: Authority<'s>,
    pub runtime: &'s RuntimeArn,
    /// The name of the runtime's endpoint.
    pub qualifier: &'s str,
    pub id: &'s SessionId,
}

impl<'s> Session<'s> {
    /// The session of this id at a runtime.
    pub fn of(
        permit: &'s Permit,
        authority: Authority<'s>,
        runtime: &'s Runtime,
        id: &'s SessionId,
    ) -> Self {
        Self {
            permit,
            authority,
            runtime: &runtime.arn,
            qualifier: &runtime.qualifier,
            id,
        }
    }
}
