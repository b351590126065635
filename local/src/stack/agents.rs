//! The agents of a stack: in the data plane, and in what the functions are told of them.

use std::io;

use serde_json::{Value, json};

use super::{StackError, StackSettings};
use crate::agent::Agent;
use crate::agent_command::{OwnAgent, Place};
use crate::agentcore_gateway::ToolGateway;
use crate::agentcore_runtime::{
    AgentUrl, Auth, DataPlane, DataPlaneSettings, Protocol, RuntimeSettings,
};
use crate::cognito::Issuer;
use crate::jwt_authorizer::JwtAuthorizerSettings;
use crate::lambda::{ACCOUNT, REGION};
use crate::listen::Bound;
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

/// The containers of `demo` and `finance`. An address of the user's own serves both. A command serves `demo` alone: an
/// assertion is for one agent, and the command's process is told one name.
pub(super) struct Containers {
    pub(super) agent: Option<Agent>,
    demo: (AgentUrl, Protocol),
    finance: (AgentUrl, Protocol),
}

impl Containers {
    pub(super) async fn start(
        settings: &StackSettings,
        tools: &ToolGateway,
    ) -> Result<Self, StackError> {
        let protocol = settings.agent_protocol;
        if let Some(own) = &settings.agent_url {
            let url = AgentUrl::parse(own)?;
            url.reach(protocol).await?;
            let (demo, finance) = ((url.clone(), protocol), (url, protocol));
            return Ok(Self {
                agent: None,
                demo,
                finance,
            });
        }
        let gateway = tools.url().parse().map_err(io::Error::other);
        let agent = Agent::start_with_tools(gateway.map_err(StackError::Agent)?).await;
        let agent = agent.map_err(StackError::Agent)?;
        let finance = (AgentUrl::parse(agent.url())?, Protocol::Http);
        let demo = match &settings.agent_command {
            None => finance.clone(),
            Some(_) => (free_address().await?, protocol),
        };
        Ok(Self {
            agent: Some(agent),
            demo,
            finance,
        })
    }

    /// Where the container of `demo` listens.
    pub(super) fn demo_url(&self) -> String {
        self.demo.0.to_string()
    }

    /// Every agent of the stack.
    pub(super) fn agents(&self, settings: &StackSettings) -> Vec<AgentSettings> {
        let own = [(DEMO_AGENT, &self.demo), (FINANCE_AGENT, &self.finance)];
        let own = own.map(|(name, (url, protocol))| AgentSettings {
            name: name.to_owned(),
            url: url.to_string(),
            protocol: *protocol,
            auth: AgentAuth::Iam,
        });
        own.into_iter().chain(settings.agents.clone()).collect()
    }

    /// Starts the agent of a command, if there is one, and waits until it answers.
    pub(super) async fn own_agent(
        &self,
        settings: &StackSettings,
        [door, public_url]: [&str; 2],
        tools: &ToolGateway,
    ) -> Result<Option<OwnAgent>, StackError> {
        let Some(command) = &settings.agent_command else {
            return Ok(None);
        };
        let (url, protocol) = self.demo.clone();
        let port = url.port().to_string();
        // Without an address of its own the door signs the one that it is called by.
        let issuer = if public_url.is_empty() {
            door
        } else {
            public_url
        };
        let place = Place {
            url,
            protocol,
            variables: vec![
                ("PORT", port),
                ("GATEHOUSE_AGENT", DEMO_AGENT.to_owned()),
                ("GATEHOUSE_DOOR", issuer.to_owned()),
                ("GATEHOUSE_GATEWAY", tools.url().to_owned()),
                ("GATEHOUSE_KEYS", format!("{door}/.well-known/jwks.json")),
            ],
            echo: settings.echo_logs,
        };
        Ok(Some(OwnAgent::start(command.clone(), place).await?))
    }
}

/// An address for a process that is started later. Nothing else is given the port meanwhile, unless it asks for it.
async fn free_address() -> Result<AgentUrl, StackError> {
    let bound = Bound::loopback().await.map_err(StackError::Agent)?;
    Ok(AgentUrl::parse(&bound.origin())?)
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
        let allow = entry.get_mut("allow").and_then(Value::as_object_mut);
        if let (Some(issuers), Some(allow)) = (&issuers, allow) {
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
