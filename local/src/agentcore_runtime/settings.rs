//! The settings of the data plane: its agents, and their callers.

use std::io;

use super::agent_url::{AgentUrl, AgentUrlError};
use super::protocol::Protocol;
use crate::jwt_authorizer::{IssuerError, JwtAuthorizerSettings};
use crate::sigv4::Credentials;

/// The data plane of one region.
#[derive(Clone)]
pub struct DataPlaneSettings {
    /// The region that requests must be signed for.
    pub region: String,
    /// Whose signature is accepted.
    pub credentials: Credentials,
    /// The agents; any other ARN is unknown.
    pub runtimes: Vec<RuntimeSettings>,
}

/// One agent runtime.
#[derive(Clone)]
pub struct RuntimeSettings {
    /// As it stands, decoded, in the path of a request.
    pub arn: String,
    /// Where its container listens.
    pub agent: AgentUrl,
    /// Names of its endpoints.
    pub qualifiers: Vec<String>,
    /// Further request headers that its container may see, beside the service's own; at most 20.
    pub header_allow_list: Vec<String>,
    /// What its container speaks.
    pub protocol: Protocol,
    /// Who may call it.
    pub auth: Auth,
}

impl RuntimeSettings {
    /// An HTTP runtime for signed requests, with the endpoint `DEFAULT` and an empty allow-list.
    pub fn new(arn: &str, agent: AgentUrl) -> Self {
        Self {
            arn: arn.to_owned(),
            agent,
            qualifiers: vec!["DEFAULT".to_owned()],
            header_allow_list: Vec::new(),
            protocol: Protocol::Http,
            auth: Auth::Iam,
        }
    }
}

/// Who may call a runtime. A version of one takes either, never both.
#[derive(Clone, Debug, Default)]
pub enum Auth {
    /// Callers who sign with the data plane's credentials.
    #[default]
    Iam,
    /// Callers with a token (`customJWTAuthorizer`).
    Jwt(JwtAuthorizerSettings),
}

/// Why the data plane did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no free port.
    #[error("bind a loopback port")]
    Bind(#[source] io::Error),
    /// AgentCore restricts the name, or it is no header name.
    #[error("`{0}` may not be on a header allow-list")]
    HeaderName(String),
    /// The list is longer than AgentCore's.
    #[error("the header allow-list of `{0}` has more than 20 names")]
    HeaderCount(String),
    /// An agent's address cannot be completed.
    #[error("build the address of an agent")]
    Agent(#[from] AgentUrlError),
    /// The issuer of a runtime's callers cannot be used.
    #[error("use the issuer of a runtime's tokens")]
    Issuer(#[from] IssuerError),
}
