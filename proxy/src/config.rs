//! The settings of the proxy: read once, every fault reported at once.

use std::time::Duration;

use shared::agents::{Agent, Agents, Protocol, ToolToken};
use shared::aws::arn::SecretArn;
use shared::aws::names::parse_table;
use shared::gate::Issuer;
use shared::issuers::TrustedIssuers;
use shared::settings::{self, AGENTS, Address, Fault, Files, Reader, Source, TRUSTED_ISSUERS};
use shared::token_endpoint::{parse_client_id, parse_scopes};
use shared::user_pool::UserPool;

use crate::access::authentication::{self, Authentication};
use crate::caller::cors::Origins;
use crate::caller::public_url::PublicUrl;

/// Origins of the pages that may call the door, separated by commas; none by default.
pub const ALLOWED_ORIGINS: &str = "ALLOWED_ORIGINS";
/// The SDK's own name for another address of Cognito. The issuer of [`USER_POOL_ID`] is then the id below this address.
pub const COGNITO_ENDPOINT: &str = "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER";
/// The DynamoDB table of denials: key `key`. None by default, and then no caller is shut out.
pub const DENIALS_TABLE: &str = "DENIALS_TABLE";
/// Whether callers must show a token: they must, unless it is exactly `false`.
pub const ENABLE_AUTH: &str = "ENABLE_AUTH";
/// The longest wait for an agent to begin its answer, in seconds since the request; 285 by default, at most 890.
pub const FIRST_BYTE_SECONDS: &str = "FIRST_BYTE_SECONDS";
/// The longest silence of an agent within its answer, in seconds; 840 by default, at most 890.
pub const IDLE_SECONDS: &str = "IDLE_SECONDS";
/// The longest body a caller may send, in bytes; 6291456 by default, which is also the most.
pub const MAX_BODY_BYTES: &str = "MAX_BODY_BYTES";
/// The machine client in whose name tool tokens are asked for.
pub const MACHINE_CLIENT_ID: &str = "MACHINE_CLIENT_ID";
/// The ARN of the secret that holds the machine client's secret: JSON text with the member `client_secret`.
pub const MACHINE_SECRET_ARN: &str = "MACHINE_SECRET_ARN";
/// The door's own address, without a slash at its end; https, or http on loopback. What API Gateway says by default.
pub const PUBLIC_URL: &str = "PUBLIC_URL";
/// The ARN of the secret that holds the door's signing key: JSON text, an ES256 private key as a JSON Web Key.
pub const SIGNING_SECRET_ARN: &str = "SIGNING_SECRET_ARN";
/// The token endpoint that tool tokens come from; https, or http on loopback.
pub const TOKEN_ENDPOINT: &str = "TOKEN_ENDPOINT";
/// The scopes of a tool token, separated by single spaces.
pub const TOOL_SCOPES: &str = "TOOL_SCOPES";
/// The DynamoDB table by which one turn of a conversation is taken at a time, and by which turns are counted: key
/// `session`. Required if an agent has `limits`; none by default.
pub const TURNS_TABLE: &str = "TURNS_TABLE";

/// The id of the user pool behind [`TOKEN_ENDPOINT`]. With it and [`SIGNING_SECRET_ARN`], the door states to the pool's
/// trigger who the callers of other issuers are; none by default, and then the pool's own users alone are proven.
pub const USER_POOL_ID: &str = "USER_POOL_ID";

/// Every setting of this function.
pub const SETTINGS: [&str; 17] = [
    AGENTS,
    ALLOWED_ORIGINS,
    COGNITO_ENDPOINT,
    DENIALS_TABLE,
    ENABLE_AUTH,
    FIRST_BYTE_SECONDS,
    IDLE_SECONDS,
    MACHINE_CLIENT_ID,
    MACHINE_SECRET_ARN,
    MAX_BODY_BYTES,
    PUBLIC_URL,
    SIGNING_SECRET_ARN,
    TOKEN_ENDPOINT,
    TOOL_SCOPES,
    TRUSTED_ISSUERS,
    TURNS_TABLE,
    USER_POOL_ID,
];

/// API Gateway closes a response that has been silent for five minutes; the door answers before that.
const DEFAULT_FIRST_BYTE_SECONDS: u64 = 285;
/// Comments keep an event stream open for as long as an agent thinks; a function has fifteen minutes in all.
const DEFAULT_IDLE_SECONDS: u64 = 840;
const MAX_SECONDS: u64 = 890;
/// Lambda takes an event of at most 6 MB.
const MAX_EVENT_BYTES: u64 = 6 * 1024 * 1024;

/// The proxy's settings.
pub struct Config {
    pub authentication: Authentication<TrustedIssuers>,
    pub agents: Agents,
    pub origins: Origins,
    pub limits: Limits,
    /// None: what API Gateway says of each request.
    pub public_url: Option<PublicUrl>,
    /// The digest of [`AGENTS`] and [`TRUSTED_ISSUERS`].
    pub settings: String,
    /// Where the keys are that the door signs with; without them it asserts nothing.
    pub signing: Option<SecretArn>,
    /// There if an agent asks for tool tokens.
    pub tool_tokens: Option<ToolTokenSettings>,
    /// The name of the table of turns.
    pub turns_table: Option<String>,
    /// The name of the table of denials.
    pub denials_table: Option<String>,
}

/// Where tool tokens come from, and in whose name they are asked for.
#[derive(Debug)]
pub struct ToolTokenSettings {
    pub endpoint: Address,
    pub client_id: String,
    pub secret: SecretArn,
    /// Separated by single spaces.
    pub scopes: String,
    /// The pool whose trigger is told who the callers of other issuers are.
    pub pool: Option<TokenPool>,
}

/// The user pool behind the token endpoint.
#[derive(Debug)]
pub struct TokenPool {
    pub id: String,
    /// The issuer names of its users' tokens.
    pub issuers: Vec<Address>,
}

/// How much and how long.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub body_bytes: usize,
    pub first_byte: Duration,
    pub idle: Duration,
}

impl Config {
    /// Reads all settings, and the files that settings name.
    ///
    /// # Errors
    /// Every fault of every setting.
    pub fn read(source: &Source<'_>) -> Result<Self, Vec<Fault>> {
        Self::read_with(source, &settings::file_system)
    }

    /// Reads all settings, with files from elsewhere than the file system.
    ///
    /// # Errors
    /// Every fault of every setting.
    pub fn read_with(source: &Source<'_>, files: &Files<'_>) -> Result<Self, Vec<Fault>> {
        let mut settings = Reader::with_documents(source, files);
        let is_off = settings.text(ENABLE_AUTH).as_deref() == Some("false");
        let authentication = Authentication::read(&mut settings, is_off);
        let agents = settings.required(AGENTS, |json| parse_agents(json, authentication.as_ref()));
        let origins = settings.optional(ALLOWED_ORIGINS, Origins::parse);
        let limits = Limits::read(&mut settings);
        let is_server = matches!(&authentication, Some(Authentication::Required(issuers)) if issuers.served.is_some());
        let public_url = if is_server {
            settings.required(PUBLIC_URL, parse_server)
        } else {
            settings.optional(PUBLIC_URL, PublicUrl::parse)
        };
        let has = |asks: fn(&Agent) -> bool| {
            let agents: Option<&Agents> = agents.as_ref();
            agents.is_some_and(|agents| agents.iter().any(asks))
        };
        let is_asked = has(|agent| agent.tool_token != ToolToken::None);
        // Sessions of MCP servers are sealed with keys that are derived from it.
        let is_sealed = has(|agent| agent.protocol() == Protocol::Mcp);
        let tool_tokens = ToolTokenSettings::read(&mut settings, is_asked);
        let signing = settings.required_if(is_sealed, SIGNING_SECRET_ARN, parse_secret);
        if let (Some(Authentication::Required(issuers)), Some(agents), Some(tool_tokens)) =
            (&authentication, &agents, &tool_tokens)
        {
            let can_sign = signing.is_some();
            let can_state = |issuer: &Issuer| can_sign && tool_tokens.can_state(issuer);
            settings.faults(agents.unprovable(&issuers.trust, can_state));
        }
        let is_limited = agents
            .as_ref()
            .is_some_and(|agents| agents.iter().any(|agent| agent.limits.is_some()));
        let turns_table = settings.required_if(is_limited, TURNS_TABLE, parse_table);
        let denials_table = settings.optional(DENIALS_TABLE, parse_table);
        let digest = settings.digest();
        let both = authentication.zip(agents);
        settings.finish(both.map(|(authentication, agents)| Self {
            authentication,
            agents,
            origins: origins.unwrap_or_default(),
            limits,
            public_url,
            settings: digest,
            signing,
            tool_tokens,
            turns_table,
            denials_table,
        }))
    }
}

impl ToolTokenSettings {
    /// Reads the settings. The first four are required if an agent asks for tool tokens; what is given is checked in any
    /// case.
    fn read(settings: &mut Reader<'_>, is_asked: bool) -> Option<Self> {
        let endpoint = settings.required_if(is_asked, TOKEN_ENDPOINT, Address::parse);
        let client_id = settings.required_if(is_asked, MACHINE_CLIENT_ID, parse_client_id);
        let secret = settings.required_if(is_asked, MACHINE_SECRET_ARN, parse_secret);
        let scopes = settings.required_if(is_asked, TOOL_SCOPES, parse_scopes);
        let cognito = settings.optional(COGNITO_ENDPOINT, Address::parse);
        let pool = settings.optional(USER_POOL_ID, parse_pool);
        Some(Self {
            endpoint: endpoint?,
            client_id: client_id?,
            secret: secret?,
            scopes: scopes?,
            pool: pool.map(|pool| TokenPool {
                issuers: pool.issuers(cognito.as_ref()),
                id: pool.id().to_owned(),
            }),
        })
    }

    /// Whether the callers of this issuer can be stated to the trigger: those of every issuer but the pool itself.
    fn can_state(&self, issuer: &Issuer) -> bool {
        let is_own = |pool: &TokenPool| pool.issuers.iter().any(|name| issuer.owns(name.as_str()));
        self.pool.as_ref().is_some_and(|pool| !is_own(pool))
    }
}

fn parse_pool(text: &str) -> Result<UserPool, &'static str> {
    UserPool::parse(text).ok_or("is not the id of a user pool, such as `us-east-1_Example01`")
}

/// The address of a door that is an authorization server. Its metadata stand at the root of the host, and with a path they
/// would stand before it (RFC 8414, section 3.1), where no route of this API can be.
fn parse_server(text: &str) -> Result<PublicUrl, String> {
    let url = PublicUrl::parse(text)?;
    if url.path().is_empty() {
        Ok(url)
    } else {
        Err(
            "has a path, and an entry of `TRUSTED_ISSUERS` has `authorizationServer` `door`"
                .to_owned(),
        )
    }
}

fn parse_secret(text: &str) -> Result<SecretArn, &'static str> {
    SecretArn::parse(text).ok_or("is not the ARN of a secret")
}

impl Limits {
    fn read(settings: &mut Reader<'_>) -> Self {
        let mut seconds =
            |name, default| Duration::from_secs(settings.number(name, default, 1..=MAX_SECONDS));
        let first_byte = seconds(FIRST_BYTE_SECONDS, DEFAULT_FIRST_BYTE_SECONDS);
        let idle = seconds(IDLE_SECONDS, DEFAULT_IDLE_SECONDS);
        let body_bytes = settings.number(MAX_BODY_BYTES, MAX_EVENT_BYTES, 1..=MAX_EVENT_BYTES);
        Self {
            body_bytes: usize::try_from(body_bytes).unwrap_or(usize::MAX),
            first_byte,
            idle,
        }
    }
}

/// The agents, each of which can be called as it is set up. One that cannot is a fault at the start rather than an error
/// at the first call: the operator who deployed it is there to read it.
fn parse_agents(
    json: &str,
    authentication: Option<&Authentication<TrustedIssuers>>,
) -> Result<Agents, Vec<Fault>> {
    let agents = Agents::parse(json)?;
    let mut faults = agents.contradictions();
    match authentication {
        Some(Authentication::Required(issuers)) => faults.extend(agents.faults(&issuers.trust)),
        Some(Authentication::Off) => {
            faults.extend(agents.iter().flat_map(authentication::needing_token));
        }
        None => {}
    }
    if faults.is_empty() {
        Ok(agents)
    } else {
        Err(faults)
    }
}

#[cfg(test)]
mod tests;
