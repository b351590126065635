//! The agents of a stack: in the data plane, and in what the functions are told of them.

use std::io;

use serde_json::{Value, json};

use super::set_up::{OwnRuntime, SetUp};
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

    /// Tells the demonstration agent which door to believe, and by which names it may be called.
    pub(super) fn trust(&self, door: &str, set_up: &SetUp) {
        if let Some(agent) = &self.agent {
            let own = set_up.own_agents().map(|(name, _)| name.as_str());
            let names: Vec<&str> = [DEMO_AGENT, FINANCE_AGENT].into_iter().chain(own).collect();
            agent.trust(door, &names);
        }
    }

    /// Runtimes for what `AGENTS` names and the stack does not know, by the first container that speaks their protocol.
    pub(super) fn own_runtimes(
        &self,
        set_up: &mut SetUp,
        known: &[RuntimeSettings],
        issuer: &Issuer,
    ) -> Vec<RuntimeSettings> {
        let mut added: Vec<RuntimeSettings> = Vec::new();
        for own in set_up.runtimes().to_vec() {
            let mut all = known.iter().chain(&added);
            if all.any(|runtime| runtime.arn == own.arn) {
                continue;
            }
            let containers = [&self.demo, &self.finance];
            let mut containers = containers.into_iter();
            let container = containers.find(|(_, speaks)| *speaks == own.protocol);
            let OwnRuntime { name, arn, .. } = &own;
            let Some((url, _)) = container else {
                set_up.note(format!(
                    "nothing here speaks the protocol of the agent `{name}`, so calls to it fail; start it with `AGENT_CMD` \
                     and `AGENT_PROTOCOL`"
                ));
                continue;
            };
            let by = if self.is_own(url) {
                "your agent"
            } else {
                "the demonstration agent"
            };
            set_up.note(format!("the agent `{name}` (`{arn}`) is served by {by}"));
            added.push(own_runtime(own, url, issuer));
        }
        added
    }

    fn is_own(&self, url: &AgentUrl) -> bool {
        let demonstration = self.agent.as_ref().map(Agent::url);
        demonstration.is_none_or(|demonstration| url.to_string() != demonstration)
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
            listeners: settings.listeners.clone(),
        };
        Ok(Some(OwnAgent::start(command.clone(), place).await?))
    }
}

/// An address for a process that is started later. Nothing else is given the port meanwhile, unless it asks for it.
async fn free_address() -> Result<AgentUrl, StackError> {
    let bound = Bound::loopback().await.map_err(StackError::Agent)?;
    Ok(AgentUrl::parse(&bound.origin())?)
}

/// A runtime for each agent.
pub(super) fn runtimes(
    agents: &[AgentSettings],
    issuer: &Issuer,
) -> Result<Vec<RuntimeSettings>, StackError> {
    let runtimes = agents.iter().map(|agent| runtime(agent, issuer));
    runtimes.collect()
}

/// AgentCore with these runtimes.
pub(super) async fn data_plane(
    settings: &StackSettings,
    runtimes: Vec<RuntimeSettings>,
    credentials: Credentials,
) -> Result<DataPlane, StackError> {
    let plane = DataPlaneSettings {
        region: REGION.to_owned(),
        credentials,
        runtimes,
    };
    let (hops, listeners) = (settings.hops.clone(), settings.listeners.clone());
    Ok(DataPlane::start_watched(plane, hops, listeners).await?)
}

fn runtime(agent: &AgentSettings, issuer: &Issuer) -> Result<RuntimeSettings, StackError> {
    let url = AgentUrl::parse(&agent.url)?;
    Ok(RuntimeSettings {
        header_allow_list: PASSED.map(str::to_owned).into(),
        protocol: agent.protocol,
        auth: auth(agent.auth, issuer),
        ..RuntimeSettings::new(&runtime_arn(&agent.name), url)
    })
}

/// A runtime that `AGENTS` names.
fn own_runtime(own: OwnRuntime, url: &AgentUrl, issuer: &Issuer) -> RuntimeSettings {
    let taken = if own.takes_tokens {
        AgentAuth::Jwt
    } else {
        AgentAuth::Iam
    };
    let runtime = RuntimeSettings::new(&own.arn, url.clone());
    let endpoints = runtime.qualifiers.iter().cloned();
    RuntimeSettings {
        qualifiers: endpoints.chain(own.qualifier).collect(),
        header_allow_list: PASSED.map(str::to_owned).into(),
        protocol: own.protocol,
        auth: auth(taken, issuer),
        ..runtime
    }
}

fn auth(auth: AgentAuth, issuer: &Issuer) -> Auth {
    match auth {
        AgentAuth::Iam => Auth::Iam,
        AgentAuth::Jwt => Auth::Jwt(JwtAuthorizerSettings {
            discovery_url: issuer.discovery_url(),
            allowed_clients: vec![
                issuer.console_client().to_owned(),
                issuer.machine_client().to_owned(),
            ],
            ..JwtAuthorizerSettings::default()
        }),
    }
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

/// The setting `AGENTS` for a door that asks no caller for a token: nothing in it may be made of a caller's token. An agent that
/// asks for a group admits no caller then.
pub(super) fn open_document(agents: &[AgentSettings]) -> Value {
    let agents = agents.iter().filter(|agent| agent.auth == AgentAuth::Iam);
    let entries = agents.map(|agent| {
        let mut entry = entry(agent);
        if let Some(members) = entry.as_object_mut() {
            members.insert("toolToken".to_owned(), json!("none"));
            members.insert("websocket".to_owned(), json!(false));
            if agent.name != FINANCE_AGENT {
                members.insert("allow".to_owned(), json!({}));
            }
        }
        (agent.name.clone(), entry)
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
