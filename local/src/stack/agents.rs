//! The agents of a stack: in the data plane, and in what the functions are told of them.

use std::io;

use serde_json::{Value, json};

use super::{StackError, StackSettings};
use crate::agent::Agent;
use crate::agentcore_gateway::ToolGateway;
use crate::agentcore_runtime::{
    AgentUrl, Auth, DataPlane, DataPlaneSettings, Protocol, RuntimeSettings,
};
use crate::cognito::Issuer;
use crate::jwt_authorizer::JwtAuthorizerSettings;
use crate::lambda::{ACCOUNT, REGION};
use crate::sigv4::Credentials;

/// The agent that all staff may call.
pub const DEMO_AGENT: &str = "demo";
/// The agent that only finance may call.
pub const FINANCE_AGENT: &str = "finance";
/// The gateway of the tools, which all staff may call with a client of MCP.
pub const TOOLS_AGENT: &str = "tools";
/// Headers of a request that reach an agent, beside those that AgentCore itself passes on.
const PASSED: [&str; 4] = [
    "A2A-Extensions",
    "A2A-Version",
    "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Identity",
    "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Tool-Token",
];

/// A container behind the door, beside the agents that every stack has. All staff may call it.
#[derive(Clone, Debug)]
pub struct AgentSettings {
    /// As routes name it.
    pub name: String,
    /// Where it listens: `http://HOST:PORT`.
    pub url: String,
    /// What it speaks.
    pub protocol: Protocol,
    /// What its runtime takes.
    pub auth: AgentAuth,
}

/// What a runtime takes from the door.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AgentAuth {
    /// A signature.
    #[default]
    Iam,
    /// The caller's own token.
    Jwt,
}

/// The container of `demo` and `finance`: the user's own, or one that is started here.
pub(super) async fn agent(
    settings: &StackSettings,
    tools: &ToolGateway,
) -> Result<(Option<Agent>, AgentUrl), StackError> {
    if let Some(own) = &settings.agent_url {
        let url = AgentUrl::parse(own)?;
        url.reach(settings.agent_protocol).await?;
        return Ok((None, url));
    }
    let gateway = tools.url().parse().map_err(io::Error::other);
    let agent = Agent::start_with_tools(gateway.map_err(StackError::Agent)?).await;
    let agent = agent.map_err(StackError::Agent)?;
    let url = AgentUrl::parse(agent.url())?;
    Ok((Some(agent), url))
}

/// Every agent of the stack; the first two share a container.
pub(super) fn all(settings: &StackSettings, own: &AgentUrl) -> Vec<AgentSettings> {
    let own = [DEMO_AGENT, FINANCE_AGENT].map(|name| AgentSettings {
        name: name.to_owned(),
        url: own.to_string(),
        protocol: settings.agent_protocol,
        auth: AgentAuth::Iam,
    });
    own.into_iter().chain(settings.agents.clone()).collect()
}

/// What routes name: the agents, and the gateway.
pub(super) fn names(agents: Vec<AgentSettings>) -> Vec<String> {
    let names = agents.into_iter().map(|agent| agent.name);
    names.chain([TOOLS_AGENT.to_owned()]).collect()
}

/// AgentCore with a runtime for each agent.
pub(super) async fn data_plane(
    agents: &[AgentSettings],
    credentials: Credentials,
    issuer: &Issuer,
) -> Result<DataPlane, StackError> {
    let runtimes = agents.iter().map(|agent| runtime(agent, issuer));
    let settings = DataPlaneSettings {
        region: REGION.to_owned(),
        credentials,
        runtimes: runtimes.collect::<Result<_, _>>()?,
    };
    Ok(DataPlane::start(settings).await?)
}

fn runtime(agent: &AgentSettings, issuer: &Issuer) -> Result<RuntimeSettings, StackError> {
    let auth = match agent.auth {
        AgentAuth::Iam => Auth::Iam,
        AgentAuth::Jwt => Auth::Jwt(JwtAuthorizerSettings {
            discovery_url: issuer.discovery_url(),
            allowed_clients: vec![
                issuer.console_client().to_owned(),
                issuer.machine_client().to_owned(),
            ],
            ..JwtAuthorizerSettings::default()
        }),
    };
    let url = AgentUrl::parse(&agent.url)?;
    Ok(RuntimeSettings {
        header_allow_list: PASSED.map(str::to_owned).into(),
        protocol: agent.protocol,
        auth,
        ..RuntimeSettings::new(&runtime_arn(&agent.name), url)
    })
}

fn runtime_arn(name: &str) -> String {
    format!("arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:runtime/{name}-AbCdEf1234")
}

/// What the functions are told: the setting `AGENTS`. Where there are several issuers, each agent names all of them.
pub(super) fn document(
    agents: &[AgentSettings],
    tools: &ToolGateway,
    issuers: Option<Vec<String>>,
) -> Value {
    let entries = agents
        .iter()
        .map(|agent| (agent.name.clone(), entry(agent)));
    let tools = json!({
        "allow": {"groups": ["staff"]},
        "gateway": tools.url(),
        "toolToken": "user",
    });
    let tools = (TOOLS_AGENT.to_owned(), tools);
    let entries = entries.chain([tools]).map(|(name, mut entry)| {
        if let (Some(issuers), Some(allow)) = (&issuers, entry["allow"].as_object_mut()) {
            allow.insert("issuers".to_owned(), json!(issuers));
        }
        (name, entry)
    });
    Value::Object(entries.collect())
}

/// By group, not by scope: a token made by `InitiateAuth`, as the printed lines make it, has no scope of the door.
fn entry(agent: &AgentSettings) -> Value {
    json!({
        "allow": {"groups": [if agent.name == FINANCE_AGENT { "finance" } else { "staff" }]},
        "auth": match agent.auth {
            AgentAuth::Iam => "iam",
            AgentAuth::Jwt => "jwt",
        },
        "protocol": match agent.protocol {
            Protocol::Http => "http",
            Protocol::Mcp => "mcp",
            Protocol::A2a => "a2a",
        },
        "runtime": runtime_arn(&agent.name),
        "toolToken": if agent.name == DEMO_AGENT { "user" } else { "none" },
        "websocket": agent.auth == AgentAuth::Iam && agent.protocol == Protocol::Http,
    })
}
