//! OAuth's protected resources (RFC 9728): the door, and each agent, so that a client who is refused finds out where to
//! get a token.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::agents::{Agent, Agents, Protocol};
use shared::gate::AgentName;
use shared::issuers::Advertised;

use crate::caller::public_url::PublicUrl;

/// Where the metadata of a resource stands: this between host and path (RFC 9728, section 3.1).
pub const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// What a token is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// All agents.
    Door,
    Agent(AgentName, Protocol),
}

impl Resource {
    /// The resource at a path below the door: nothing, or the path of an agent's route.
    pub fn at(path: &str) -> Option<Self> {
        if path.is_empty() {
            return Some(Self::Door);
        }
        let (name, route) = path.strip_prefix("/agents/")?.split_once('/')?;
        let protocol = match route {
            "a2a" => Protocol::A2a,
            "invocations" => Protocol::Http,
            "mcp" => Protocol::Mcp,
            _ => return None,
        };
        Some(Self::Agent(AgentName::parse(name)?, protocol))
    }

    fn path(&self) -> String {
        match self {
            Self::Door => String::new(),
            Self::Agent(name, protocol) => route(name, *protocol),
        }
    }

    /// The metadata document (RFC 9728, section 2); none if the resource is of no agent, or no token is asked for. It
    /// is the same for all callers, and says nothing of whom an agent admits but the scopes.
    pub fn metadata(
        &self,
        door: &PublicUrl,
        agents: &Agents,
        issuers: &[Advertised],
    ) -> Option<Value> {
        if issuers.is_empty() {
            return None;
        }
        let scopes = self.scopes(agents, issuers)?;
        let servers: Vec<&str> = issuers
            .iter()
            .map(|issuer| issuer.issuer.as_str())
            .collect();
        let mut metadata = json!({
            "authorization_servers": servers,
            "bearer_methods_supported": ["header"],
            "resource": format!("{}{}", door.as_str(), self.path()),
        });
        if let (Some(metadata), false) = (metadata.as_object_mut(), scopes.is_empty()) {
            metadata.insert("scopes_supported".to_owned(), json!(scopes));
        }
        Some(metadata)
    }
}

impl Resource {
    /// What a client asks the issuers for, to get a token that is good here; none if the resource is of no agent.
    pub fn scopes<'a>(
        &self,
        agents: &'a Agents,
        issuers: &'a [Advertised],
    ) -> Option<BTreeSet<&'a str>> {
        let agents: Vec<&Agent> = match self {
            Self::Door => agents.iter().collect(),
            Self::Agent(name, protocol) => {
                let agent = agents.get(name);
                vec![agent.filter(|agent| agent.protocol() == *protocol)?]
            }
        };
        let scopes = agents
            .into_iter()
            .flat_map(|agent| agent.admission.named_scopes());
        let scopes = scopes.flat_map(|scope| issuers.iter().map(|issuer| issuer.scope(scope)));
        Some(scopes.collect())
    }
}

/// The path at which an agent is called.
pub fn route(agent: &AgentName, protocol: Protocol) -> String {
    let route = match protocol {
        Protocol::A2a => "a2a",
        Protocol::Http => "invocations",
        Protocol::Mcp => "mcp",
    };
    format!("/agents/{agent}/{route}")
}

/// The address of the metadata of what is asked for at a path of the door, for a challenge. It is below the door's own
/// address, stage and all, for nothing but the stage is the door's.
pub fn metadata_url(door: &PublicUrl, path: &str) -> String {
    let path = Resource::at(path).map_or_else(String::new, |resource| resource.path());
    format!("{}{WELL_KNOWN}{path}", door.as_str())
}
