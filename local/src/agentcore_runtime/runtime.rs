//! One runtime, ready to be called.

use http::{HeaderName, Uri};

use super::agent_url;
use super::inbound::Inbound;
use super::protocol::Protocol;
use super::settings::{Auth, RuntimeSettings, StartError};
use super::turn;
use crate::jwt_authorizer::JwtAuthorizer;

/// Names on one allow-list (service model).
const MAX_ALLOW_LIST: usize = 20;

pub(super) struct Runtime {
    pub(super) arn: String,
    pub(super) protocol: Protocol,
    pub(super) inbound: Inbound,
    pub(super) allow_list: Vec<HeaderName>,
    /// Where its container is called.
    pub(super) invocations: Uri,
    /// Where its container shows its agent card.
    pub(super) card: Uri,
    /// Where its container takes WebSocket connections.
    pub(super) websocket: Uri,
    qualifiers: Vec<String>,
}

impl Runtime {
    pub(super) async fn start(settings: RuntimeSettings) -> Result<Self, StartError> {
        let RuntimeSettings {
            arn,
            agent,
            qualifiers,
            header_allow_list,
            protocol,
            auth,
        } = settings;
        if header_allow_list.len() > MAX_ALLOW_LIST {
            return Err(StartError::HeaderCount(arn));
        }
        let inbound = match auth {
            Auth::Iam => Inbound::Iam,
            Auth::Jwt(settings) => Inbound::Jwt(Box::new(JwtAuthorizer::start(settings).await?)),
        };
        let listed =
            |name: String| turn::allow_listed(&name, &inbound).ok_or(StartError::HeaderName(name));
        let allow_list = header_allow_list.into_iter().map(listed);
        Ok(Self {
            arn,
            protocol,
            allow_list: allow_list.collect::<Result<_, _>>()?,
            inbound,
            invocations: agent.uri(protocol.path())?,
            card: agent.uri(agent_url::CARD)?,
            websocket: agent.uri("/ws")?,
            qualifiers,
        })
    }

    pub(super) fn has_endpoint(&self, qualifier: &str) -> bool {
        self.qualifiers.iter().any(|known| known == qualifier)
    }
}

impl Protocol {
    /// Of the container ("Understand the AgentCore Runtime service contract", Developer Guide).
    const fn path(self) -> &'static str {
        match self {
            Self::Http => "/invocations",
            Self::Mcp => "/mcp",
            Self::A2a => "/",
        }
    }
}
