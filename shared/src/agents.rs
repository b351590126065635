//! The setting `AGENTS` -> [`Agents`]: the agents behind the door, and whom each one admits.

mod admission;
mod contradictions;
mod forwarding;
mod limits;
mod trust;

use std::collections::BTreeMap;

use crate::aws::arn::Arn;
use crate::gate::{Admission, AgentName};
use crate::settings::{AGENTS, Address, Fault, Faults, Form, Json, Members, Path};
use crate::text::is_word;

pub use limits::TurnLimits;

/// The endpoint of a runtime that is called unless the settings name another (AgentCore's own default).
const DEFAULT_QUALIFIER: &str = "DEFAULT";

const RUNTIME: Form = Form {
    says: "the ARN of an AgentCore runtime: `arn:aws:bedrock-agentcore:{region}:{account}:runtime/{id}`",
    holds: |text| RuntimeArn::parse(text).is_some(),
};

/// The name of a runtime's endpoint.
const QUALIFIER: Form = Form {
    says: "the name of an endpoint: `[A-Za-z][A-Za-z0-9_]{0,47}`",
    holds: |text| {
        text.starts_with(|first: char| first.is_ascii_alphabetic()) && is_word(text, 48, b"_")
    },
};

/// The agents behind the door.
#[derive(Debug)]
pub struct Agents(BTreeMap<AgentName, Agent>);

#[derive(Clone, Debug)]
pub struct Agent {
    pub name: AgentName,
    pub target: Target,
    pub auth: Auth,
    pub tool_token: ToolToken,
    /// The headers of callers that travel to it, in lower case.
    pub forward_headers: Vec<String>,
    pub admission: Admission,
    /// How much each caller may take of it; without limits if none.
    pub limits: Option<TurnLimits>,
}

/// What an agent's name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Gateway(Gateway),
    Runtime(Runtime),
}

/// An AgentCore gateway; it speaks MCP and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// Its MCP endpoint.
    pub url: Address,
}

/// An AgentCore runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runtime {
    pub arn: RuntimeArn,
    /// The name of the endpoint that is called.
    pub qualifier: String,
    pub speaks: Speaks,
}

/// The protocol of the agent in a runtime, with what only that protocol has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    A2a,
    /// AG-UI too.
    Http {
        /// Whether callers are given addresses of WebSockets to it. Only a runtime that takes signatures has them.
        websocket: bool,
    },
    Mcp,
}

/// How the door shows itself to the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// With a SigV4 signature of its own role.
    Iam,
    /// With the caller's own token.
    Jwt,
}

/// The protocols by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    A2a,
    /// AG-UI too.
    Http,
    Mcp,
}

impl Protocol {
    const ALL: [Self; 3] = [Self::A2a, Self::Http, Self::Mcp];

    /// As the settings and `/whoami` spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A2a => "a2a",
            Self::Http => "http",
            Self::Mcp => "mcp",
        }
    }
}

/// Which token for its tools an agent is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolToken {
    /// A machine token without claims of a user.
    Machine,
    None,
    /// A machine token that carries the proven user.
    User,
}

/// `arn:{partition}:bedrock-agentcore:{region}:{account}:runtime/{id}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeArn {
    text: String,
    region: String,
}

impl Agents {
    /// Reads the setting.
    ///
    /// # Errors
    /// Every fault of the document, each with its path.
    pub fn parse(json: &str) -> Result<Self, Vec<Fault>> {
        let json = Json::parse(AGENTS, json).map_err(|fault| vec![fault])?;
        let faults = Faults::with_remarks();
        let mut agents = BTreeMap::new();
        let entries = Members::open(AGENTS, json, &faults).map(Members::into_objects);
        for (name, entry) in entries.unwrap_or_default() {
            if let Some(agent) = entry.and_then(|entry| read_agent(&name, entry)) {
                agents.insert(agent.name.clone(), agent);
            }
        }
        faults.or_value(Self(agents))
    }

    pub fn get(&self, name: &AgentName) -> Option<&Agent> {
        self.0.get(name)
    }

    /// Finds an agent by a name that a stranger gave.
    pub fn find(&self, name: &str) -> Option<&Agent> {
        self.get(&AgentName::parse(name)?)
    }

    /// All agents, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = &Agent> {
        self.0.values()
    }
}

impl Agent {
    /// Where one of its fields stands in the settings, for faults.
    pub fn path(&self, field: &str) -> Path {
        Path::from(AGENTS).member(self.name.as_str()).member(field)
    }

    pub const fn protocol(&self) -> Protocol {
        self.target.protocol()
    }

    /// Whether a header of callers travels to it; the name is in lower case.
    pub fn forwards(&self, header: &str) -> bool {
        self.forward_headers.iter().any(|listed| listed == header)
    }
}

impl Target {
    pub const fn protocol(&self) -> Protocol {
        match self {
            Self::Gateway(_) => Protocol::Mcp,
            Self::Runtime(runtime) => runtime.speaks.protocol(),
        }
    }

    /// The runtime, if it is one whose agent speaks this.
    pub fn runtime(&self, protocol: Protocol) -> Option<&Runtime> {
        match self {
            Self::Runtime(runtime) if runtime.speaks.protocol() == protocol => Some(runtime),
            Self::Runtime(_) | Self::Gateway(_) => None,
        }
    }
}

impl Speaks {
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::A2a => Protocol::A2a,
            Self::Http { websocket: _ } => Protocol::Http,
            Self::Mcp => Protocol::Mcp,
        }
    }
}

impl RuntimeArn {
    /// Reads the ARN of a runtime; the endpoint is not part of it.
    pub fn parse(text: &str) -> Option<Self> {
        let arn = Arn::parse(text, "bedrock-agentcore")?;
        let id = arn.resource.strip_prefix("runtime/")?;
        is_word(id, 128, b"-_").then(|| Self {
            text: text.to_owned(),
            region: arn.region.to_owned(),
        })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The region of the runtime, where it has to be called.
    pub fn region(&self) -> &str {
        &self.region
    }
}

/// Reads one agent. Every member is looked at, whatever is wrong with the others.
fn read_agent(name: &str, mut entry: Members<'_>) -> Option<Agent> {
    let name = AgentName::parse(name);
    if name.is_none() {
        entry.own_fault("is not an agent name: `[a-z0-9][a-z0-9-]{0,62}`");
    }
    let place = read_place(&mut entry);
    let auth = entry.one_of("auth", "`iam`, `jwt`", |name| match name {
        "iam" => Some(Auth::Iam),
        "jwt" => Some(Auth::Jwt),
        _ => None,
    });
    let auth = auth.unwrap_or(Auth::Iam);
    let protocol = read_protocol(&mut entry, place.as_ref());
    let tool_token = entry.one_of(
        "toolToken",
        "`none`, `user`, `machine`",
        |name| match name {
            "machine" => Some(ToolToken::Machine),
            "none" => Some(ToolToken::None),
            "user" => Some(ToolToken::User),
            _ => None,
        },
    );
    let websocket = entry.flag("websocket").unwrap_or(false);
    if websocket && (auth, protocol) != (Auth::Iam, Protocol::Http) {
        let problem = "is for runtimes with `auth` `iam` and `protocol` `http`";
        entry.fault("websocket", problem);
    }
    let is_gateway = matches!(place, Some(Place::Gateway { .. }));
    let forward_headers = forwarding::read(&mut entry, is_gateway);
    let admission = admission::read(&mut entry);
    let limits = limits::read(&mut entry);
    entry.finish();
    Some(Agent {
        name: name?,
        target: place?.speaking(protocol, websocket),
        auth,
        tool_token: tool_token.unwrap_or(ToolToken::None),
        forward_headers,
        admission: admission?,
        limits,
    })
}

/// Where an agent is, before it is known what it speaks.
enum Place {
    Gateway { url: Address },
    Runtime { arn: RuntimeArn, qualifier: String },
}

impl Place {
    fn speaking(self, protocol: Protocol, websocket: bool) -> Target {
        match self {
            Self::Gateway { url } => Target::Gateway(Gateway { url }),
            Self::Runtime { arn, qualifier } => Target::Runtime(Runtime {
                arn,
                qualifier,
                speaks: match protocol {
                    Protocol::A2a => Speaks::A2a,
                    Protocol::Http => Speaks::Http { websocket },
                    Protocol::Mcp => Speaks::Mcp,
                },
            }),
        }
    }
}

fn read_place(entry: &mut Members<'_>) -> Option<Place> {
    let has_gateway = entry.has("gateway");
    let has_runtime = entry.has("runtime");
    if has_gateway == has_runtime {
        entry.own_fault("does not have exactly one of `runtime` and `gateway`");
    }
    if has_gateway && entry.has("qualifier") {
        entry.fault("qualifier", "is for runtimes, not for gateways");
    }
    let qualifier = entry.text("qualifier", &QUALIFIER);
    let gateway = entry.text("gateway", &Form::ANY);
    let url = gateway.and_then(|text| read_url(entry, &text));
    let arn = entry.text("runtime", &RUNTIME);
    let arn = arn.and_then(|text| RuntimeArn::parse(&text));
    match (arn, url) {
        (Some(arn), _) => Some(Place::Runtime {
            arn,
            qualifier: qualifier.unwrap_or_else(|| DEFAULT_QUALIFIER.to_owned()),
        }),
        (None, Some(url)) => Some(Place::Gateway { url }),
        (None, None) => None,
    }
}

fn read_protocol(entry: &mut Members<'_>, place: Option<&Place>) -> Protocol {
    let protocol = entry.one_of("protocol", "`http`, `mcp`, `a2a`", |name| {
        let mut all = Protocol::ALL.into_iter();
        all.find(|protocol| protocol.as_str() == name)
    });
    let is_gateway = matches!(place, Some(Place::Gateway { .. }));
    if is_gateway && protocol.is_some_and(|protocol| protocol != Protocol::Mcp) {
        let problem = "is not `mcp`, which is all that a gateway speaks";
        entry.fault("protocol", problem);
    }
    protocol.unwrap_or(if is_gateway {
        Protocol::Mcp
    } else {
        Protocol::Http
    })
}

fn read_url(entry: &Members<'_>, text: &str) -> Option<Address> {
    match Address::parse(text) {
        Ok(url) if url.has_query() => {
            entry.fault("gateway", "has a query");
            None
        }
        Ok(url) => Some(url),
        Err(error) => {
            entry.fault("gateway", error.to_string());
            None
        }
    }
}
