//! The settings of the proxy: read once, every fault reported at once.

use crate::cors::Origins;
use shared::agents::{Agent, Agents, Auth, Protocol, Target, ToolToken};
use shared::issuers::TrustedIssuers;
use shared::settings::{self, AGENTS, Address, Fault, Source, TRUSTED_ISSUERS};
use std::time::Duration;

/// Origins of the pages that may call the door, separated by commas; none by default.
pub const ALLOWED_ORIGINS: &str = "ALLOWED_ORIGINS";
/// The longest wait for an agent to begin its answer, in seconds; 285 by default, at most 890.
pub const FIRST_BYTE_SECONDS: &str = "FIRST_BYTE_SECONDS";
/// The longest silence of an agent within its answer, in seconds; 840 by default, at most 890.
pub const IDLE_SECONDS: &str = "IDLE_SECONDS";
/// The longest body a caller may send, in bytes; 6291456 by default, which is also the most.
pub const MAX_BODY_BYTES: &str = "MAX_BODY_BYTES";
/// The address under which callers reach the door, where it is known: refusals then point to what they need.
pub const PUBLIC_URL: &str = "PUBLIC_URL";

/// Every setting of this function.
pub const SETTINGS: [&str; 7] = [
    AGENTS,
    ALLOWED_ORIGINS,
    FIRST_BYTE_SECONDS,
    IDLE_SECONDS,
    MAX_BODY_BYTES,
    PUBLIC_URL,
    TRUSTED_ISSUERS,
];

/// API Gateway closes a response that has been silent for five minutes; the door answers before that.
const DEFAULT_FIRST_BYTE_SECONDS: u64 = 285;
/// Comments keep an event stream open for as long as an agent thinks; a function has fifteen minutes in all.
const DEFAULT_IDLE_SECONDS: u64 = 840;
const MAX_SECONDS: u64 = 890;
/// Lambda takes an event of at most 6 MB.
const MOST_BODY_BYTES: u64 = 6 * 1024 * 1024;

/// The proxy's settings.
pub struct Config {
    pub issuers: TrustedIssuers,
    pub agents: Agents,
    pub origins: Origins,
    /// Without a slash at its end.
    pub public_url: Option<String>,
    pub limits: Limits,
}

/// How much and how long.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub body_bytes: usize,
    pub first_byte: Duration,
    pub idle: Duration,
}

impl Config {
    /// Reads all settings.
    ///
    /// # Errors
    /// Every fault of every setting.
    pub fn read(source: &Source<'_>) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let issuers =
            settings::required(source, TRUSTED_ISSUERS, TrustedIssuers::parse, &mut faults);
        let agents = settings::required(source, AGENTS, parse_agents, &mut faults);
        let origins = settings::optional(source, ALLOWED_ORIGINS).unwrap_or_default();
        let origins = Origins::parse(&origins)
            .map_err(|problem| faults.push(Fault::malformed(ALLOWED_ORIGINS, problem)))
            .unwrap_or_default();
        let public_url = settings::optional(source, PUBLIC_URL).and_then(|text| {
            let url = public_url(&text);
            if url.is_none() {
                faults.push(Fault::malformed(
                    PUBLIC_URL,
                    "is not an https address without query",
                ));
            }
            url
        });
        let limits = Limits::read(source, &mut faults);
        match (issuers, agents) {
            (Some(issuers), Some(agents)) if faults.is_empty() => Ok(Self {
                issuers,
                agents,
                origins,
                public_url,
                limits,
            }),
            _ => Err(faults),
        }
    }
}

impl Limits {
    fn read(source: &Source<'_>, faults: &mut Vec<Fault>) -> Self {
        let mut seconds = |name, default| {
            Duration::from_secs(settings::optional_number(
                source,
                name,
                default,
                1..=MAX_SECONDS,
                faults,
            ))
        };
        let first_byte = seconds(FIRST_BYTE_SECONDS, DEFAULT_FIRST_BYTE_SECONDS);
        let idle = seconds(IDLE_SECONDS, DEFAULT_IDLE_SECONDS);
        let body_bytes = settings::optional_number(
            source,
            MAX_BODY_BYTES,
            MOST_BODY_BYTES,
            1..=MOST_BODY_BYTES,
            faults,
        );
        Self {
            body_bytes: usize::try_from(body_bytes).unwrap_or(usize::MAX),
            first_byte,
            idle,
        }
    }
}

/// The agents, each of a kind that this version calls. One that it does not is a fault at the start rather than an error
/// at the first call: whoever deployed it is there to read it.
fn parse_agents(json: &str) -> Result<Agents, Vec<Fault>> {
    let agents = Agents::parse(json)?;
    let faults: Vec<Fault> = agents.iter().flat_map(unsupported).collect();
    if faults.is_empty() {
        Ok(agents)
    } else {
        Err(faults)
    }
}

fn unsupported(agent: &Agent) -> Vec<Fault> {
    let Agent {
        name,
        target,
        auth,
        protocol,
        tool_token,
        admission: _,
    } = agent;
    let fault = |field| {
        Fault::malformed(
            format!("{AGENTS}.{name}.{field}"),
            "is not supported by this version",
        )
    };
    let fields = match target {
        Target::Gateway { url: _ } => vec![("gateway", true)],
        Target::Runtime {
            arn: _,
            qualifier: _,
        } => vec![
            ("auth", *auth != Auth::Iam),
            ("protocol", *protocol != Protocol::Http),
            ("toolToken", *tool_token != ToolToken::None),
        ],
    };
    fields
        .into_iter()
        .filter(|(_, is_unsupported)| *is_unsupported)
        .map(|(field, _)| fault(field))
        .collect()
}

/// An address to build others from, without a slash at its end. It will stand between quotes in a header.
fn public_url(text: &str) -> Option<String> {
    let address = Address::parse(text).ok()?;
    let is_plain = !address.has_query() && !text.contains('"');
    is_plain.then(|| text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests;
