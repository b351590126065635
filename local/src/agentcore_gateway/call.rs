//! The record of the tool calls that reached the policy engine.

use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};

use super::engine::Verdict;

/// Calls kept; the oldest gives way.
const MAX_CALLS: usize = 1000;

/// One `tools/call` of a tool that is there, by a caller who was let in.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall {
    /// `TARGET___TOOL`
    pub tool: String,
    /// `context.input`
    pub input: Map<String, Value>,
    /// Of the caller's token.
    pub claims: Map<String, Value>,
    /// `X-Amzn-Bedrock-AgentCore-Policy-Session-Id` as received
    pub policy_session: Option<String>,
    /// What was decided.
    pub verdict: Verdict,
}

/// All calls so far, oldest first.
#[derive(Default)]
pub(super) struct Ledger(Mutex<Vec<ToolCall>>);

impl Ledger {
    pub(super) fn add(&self, call: ToolCall) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.len() >= MAX_CALLS {
            calls.remove(0);
        }
        calls.push(call);
    }

    pub(super) fn calls(&self) -> Vec<ToolCall> {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.clone()
    }
}
