//! The whole chain in this process, so that a test can look into the doubles. The functions are processes as ever.

use std::collections::BTreeMap;

use local::agentcore::Protocol;
use local::stack::{AgentSettings, Stack, StackSettings};

use crate::function::binary;
use crate::stack::root;

/// What a stack is made from, where the test does not say otherwise.
pub fn chain_settings() -> StackSettings {
    StackSettings {
        template: root().join("template.yaml"),
        policy: root().join("policy"),
        functions: binary("proxy").parent().unwrap().to_owned(),
        port: 0,
        tool_token_seconds: 300,
        agent_url: None,
        agent_protocol: Protocol::Http,
        agents: Vec::new(),
        variables: BTreeMap::new(),
        echo_logs: false,
    }
}

/// A stack with further agents.
///
/// # Panics
/// If it does not start.
pub async fn chain(agents: Vec<AgentSettings>) -> Stack {
    let settings = StackSettings {
        agents,
        ..chain_settings()
    };
    Stack::start(settings).await.unwrap()
}
