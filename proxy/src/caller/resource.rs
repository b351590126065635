//! OAuth's protected resources (RFC 9728): the door, and each agent, so that a client who is refused finds out where to
//! get a token.

use std::collections::{BTreeMap, BTreeSet};

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

    /// The metadata document (RFC 9728, section 2); none if no token is asked for.
    ///
    /// Strangers read it. A name that no agent has, and a protocol that an agent does not speak, are answered like an
    /// agent's own: see [`Self::scopes`]. It says nothing of whom an agent admits but the scopes.
    pub fn metadata(
        &self,
        door: &PublicUrl,
        agents: &Agents,
        issuers: &[Advertised],
    ) -> Option<Value> {
        if issuers.is_empty() {
            return None;
        }
        // The authorization server that a client is sent to, by the name that its metadata have.
        let server = |issuer: &Advertised| {
            let name = if issuer.is_served {
                door.as_str()
            } else {
                issuer.issuer.as_str()
            };
            name.to_owned()
        };
        let servers: Vec<String> = issuers.iter().map(server).collect();
        let clients: BTreeMap<String, &[String]> = issuers
            .iter()
            .filter(|issuer| !issuer.public_clients.is_empty())
            .map(|issuer| (server(issuer), issuer.public_clients.as_slice()))
            .collect();
        let resource = format!("{}{}", door.as_str(), self.path());
        let scopes = self.scopes(agents, issuers);
        Some(if clients.is_empty() {
            json!({
                "authorization_servers": servers,
                "bearer_methods_supported": ["header"],
                "resource": resource,
                "scopes_supported": scopes,
            })
        } else {
            // A member of our own, as RFC 9728, section 2 allows.
            json!({
                "authorization_servers": servers,
                "bearer_methods_supported": ["header"],
                "gatehouse_public_clients": clients,
                "resource": resource,
                "scopes_supported": scopes,
            })
        })
    }

    /// What a client asks the issuers for, to get a token that is good here.
    pub fn scopes<'a>(&self, agents: &'a Agents, issuers: &'a [Advertised]) -> BTreeSet<&'a str> {
        match self {
            Self::Door => {
                let all = agents.iter().map(|agent| of_agent(agent, issuers));
                let all: BTreeSet<&str> = all.flatten().collect();
                if all.is_empty() {
                    of_no_agent(issuers)
                } else {
                    all
                }
            }
            Self::Agent(name, _) => agents
                .get(name)
                .map_or_else(|| usual(agents, issuers), |agent| of_agent(agent, issuers)),
        }
    }
}

/// The agent's own scopes, each as the issuers give it.
pub fn of_agent<'a>(agent: &'a Agent, issuers: &'a [Advertised]) -> BTreeSet<&'a str> {
    let named = || agent.admission.named_scopes().map(String::as_str);
    let requested = issuers.iter().map(|issuer| issuer.requested(named()));
    requested.flatten().collect()
}

/// What a client asks the issuers for who calls no agent.
pub fn of_no_agent(issuers: &[Advertised]) -> BTreeSet<&str> {
    let requested = issuers
        .iter()
        .map(|issuer| issuer.requested(std::iter::empty()));
    requested.flatten().collect()
}

/// The scopes that most agents have. Strangers who try out names get them for a name that no agent has, so that where all
/// agents ask for the same they learn of none.
fn usual<'a>(agents: &'a Agents, issuers: &'a [Advertised]) -> BTreeSet<&'a str> {
    let mut counts: BTreeMap<BTreeSet<&str>, usize> = BTreeMap::new();
    for agent in agents.iter() {
        let count = counts.entry(of_agent(agent, issuers)).or_default();
        *count = count.saturating_add(1);
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.map_or_else(|| of_no_agent(issuers), |(scopes, _)| scopes)
}

/// The agent that a path of the door is about, whatever is asked of it.
pub fn named_agent(path: &str) -> Option<Resource> {
    let rest = path.strip_prefix("/agents/")?;
    let (name, _) = rest.split_once('/')?;
    Some(Resource::Agent(AgentName::parse(name)?, Protocol::Http))
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
