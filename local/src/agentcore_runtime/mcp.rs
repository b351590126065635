//! The platform's handling of MCP sessions ("MCP protocol contract", Developer Guide).
//!
//! `initialize` comes without an id, and the one in its answer is the session's: the server's own if
//! it keeps state. Any other message without an id gets one, which its server is told. A message of a
//! session is answered with a fresh id all the same, as the service has been seen to do, and that one
//! is worth nothing.

use http::{HeaderMap, HeaderValue};
use serde_json::Value;

use super::failure::{Failure, ServiceError};
use super::sessions::{Name, Sessions};
use super::turn::{MCP_SESSION_ID, Turn, new_value};

/// One message on its way.
pub(super) struct Exchange {
    id: Id,
    pub(super) compute: String,
}

enum Id {
    /// The server may choose.
    Open,
    /// Made here, and the session's from now on.
    Made(HeaderValue),
    /// Of the session it belongs to.
    Known,
}

impl Exchange {
    /// `headers` are those that the server gets.
    pub(super) fn begin(
        sessions: &Sessions,
        name: impl Fn(&HeaderValue) -> Name,
        turn: &Turn,
        body: &[u8],
        headers: &mut HeaderMap,
    ) -> Result<Self, Failure> {
        if let Some(id) = &turn.mcp_session_id {
            let compute = sessions.find(&name(id));
            let compute = compute.ok_or(ServiceError::ResourceNotFound)?;
            headers.insert(MCP_SESSION_ID, id.clone());
            return Ok(Self {
                id: Id::Known,
                compute,
            });
        }
        let compute = sessions.enter(name(&turn.session_id));
        if is_initialize(body) {
            return Ok(Self {
                id: Id::Open,
                compute,
            });
        }
        let made = new_value();
        headers.insert(MCP_SESSION_ID, made.clone());
        sessions.alias(name(&made), compute.clone());
        Ok(Self {
            id: Id::Made(made),
            compute,
        })
    }

    /// `headers` are those of the server's answer, which the caller gets.
    pub(super) fn end(
        self,
        sessions: &Sessions,
        name: impl Fn(&HeaderValue) -> Name,
        headers: &mut HeaderMap,
    ) {
        let id = match self.id {
            Id::Open => {
                let own = headers.get(MCP_SESSION_ID).cloned();
                let id = own.unwrap_or_else(new_value);
                sessions.alias(name(&id), self.compute);
                id
            }
            Id::Made(id) => id,
            Id::Known => new_value(),
        };
        headers.insert(MCP_SESSION_ID, id);
    }
}

/// The id of a JSON-RPC request; null where there is none.
pub(super) fn request_id(body: &[u8]) -> Value {
    member(body, "id").unwrap_or_default()
}

fn is_initialize(body: &[u8]) -> bool {
    member(body, "method").is_some_and(|method| method == "initialize")
}

fn member(body: &[u8], name: &str) -> Option<Value> {
    serde_json::from_slice::<Value>(body)
        .ok()?
        .get_mut(name)
        .map(Value::take)
}
