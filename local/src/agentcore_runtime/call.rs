//! The record of what reached the data plane.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use tokio::sync::watch;

pub use crate::watched::Ended;

/// Calls kept; the oldest gives way.
const MAX_CALLS: usize = 1000;
/// Of each body, this much is kept.
const MAX_BODY: usize = 64 * 1024;

/// What a call was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `InvokeAgentRuntime`
    Invoke,
    /// `GetAgentCard`
    Card,
    /// `StopRuntimeSession`
    Stop,
    /// A WebSocket connection
    WebSocket,
}

/// One well-signed and well-formed request.
#[derive(Clone)]
pub struct Call {
    /// What it was for.
    pub operation: Operation,
    /// `x-amzn-RequestId` of the answer
    pub request_id: String,
    /// ARN
    pub runtime: String,
    /// The endpoint's name
    pub qualifier: String,
    /// As received, or made by the data plane if none was
    pub session_id: String,
    /// As received
    pub user_id: Option<String>,
    /// `Mcp-Session-Id` as received
    pub mcp_session_id: Option<String>,
    /// Which compute served it: another one for a session that was stopped and is used again
    pub compute: String,
    /// Every header of the request
    pub received: HeaderMap,
    /// The headers given to the container
    pub forwarded: HeaderMap,
    /// The first 64 KiB of the request's body
    pub body: Bytes,
    /// Bytes of the request's body
    pub body_length: usize,
    /// Of the answer, once it began
    pub status: Option<StatusCode>,
    /// Of the answer, once it is over
    pub ended: Option<Ended>,
}

/// Header values may hold credentials: they are not printed.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            operation,
            request_id,
            runtime,
            qualifier,
            status,
            ended,
            body_length,
            ..
        } = self;
        f.debug_struct("Call")
            .field("operation", operation)
            .field("request_id", request_id)
            .field("runtime", runtime)
            .field("qualifier", qualifier)
            .field("received", &self.received.keys().collect::<Vec<_>>())
            .field("forwarded", &self.forwarded.keys().collect::<Vec<_>>())
            .field("body_length", body_length)
            .field("status", status)
            .field("ended", ended)
            .finish_non_exhaustive()
    }
}

/// All calls so far, oldest first.
#[derive(Clone)]
pub(super) struct Ledger(Arc<watch::Sender<Vec<Call>>>);

impl Ledger {
    pub(super) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Vec::new())))
    }

    pub(super) fn add(&self, mut call: Call) {
        // A copy, so that a slice of a great body does not keep the whole of it.
        call.body = Bytes::copy_from_slice(call.body.get(..MAX_BODY).unwrap_or(&call.body));
        self.0.send_modify(|calls| {
            if calls.len() >= MAX_CALLS {
                calls.remove(0);
            }
            calls.push(call);
        });
    }

    pub(super) fn update(&self, request_id: &str, change: impl FnOnce(&mut Call)) {
        self.0.send_modify(|calls| {
            calls
                .iter_mut()
                .rev()
                .find(|call| call.request_id == request_id)
                .map(change);
        });
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.0.borrow().clone()
    }

    pub(super) async fn until(&self, mut condition: impl FnMut(&[Call]) -> bool) -> Vec<Call> {
        let mut changes = self.0.subscribe();
        let calls = changes.wait_for(|calls| condition(calls)).await;
        // The sender is ours, so it cannot have gone.
        calls.map(|calls| calls.clone()).unwrap_or_default()
    }
}
