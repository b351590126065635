//! The whole chain in this process, so that a test can look into the emulators. The functions are processes as ever.

use local::stack::{AgentSettings, Stack, StackSettings};

use crate::function::binary;
use crate::stack::root;

/// Where the official MCP client waits for its user to come back.
const MCP_CALLBACK: &str = "http://127.0.0.1:12345/callback";

/// What a stack is made from, where the test does not say otherwise.
pub fn chain_settings() -> StackSettings {
    let functions = binary("proxy").parent().unwrap().to_owned();
    let mut settings = StackSettings::new(root().join("template.yaml"), functions);
    settings.return_urls.push(MCP_CALLBACK.to_owned());
    settings
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
