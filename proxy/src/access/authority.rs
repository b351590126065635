//! The authority in whose name an agent is called.

use http::header::{self, HeaderName, HeaderValue};
use shared::agents::Auth;
use shared::gate::Permit;
use shared::secret::Secret;
use shared::session::UserId;

/// The credentials with which an agent is called.
#[derive(Clone, Copy)]
pub enum Authority<'t> {
    /// The door's own role, whose signature AgentCore checks; the caller is named by a user id.
    Role,
    /// The caller's, by the token they showed, which AgentCore checks once more.
    Caller(&'t Secret),
    /// The machine client's, by the tool token that carries the caller, or no user; only gateways take it.
    Tool(&'t Secret),
}

impl<'t> Authority<'t> {
    /// How the door shows itself to this agent; `bearer` is the caller's token that was believed.
    pub const fn of(auth: Auth, bearer: &'t Secret) -> Self {
        match auth {
            Auth::Iam => Self::Role,
            Auth::Jwt => Self::Caller(bearer),
        }
    }

    /// The caller's name for AgentCore; with a token it takes that from the token.
    pub(crate) fn user_id(self, permit: &Permit) -> Option<String> {
        match self {
            Self::Role => Some(UserId::derive(permit.identity()).as_str().to_owned()),
            Self::Caller(_) | Self::Tool(_) => None,
        }
    }

    /// The header that shows a token.
    pub(crate) fn header(self) -> Option<(HeaderName, HeaderValue)> {
        let token = match self {
            Self::Role => return None,
            Self::Caller(token) | Self::Tool(token) => token,
        };
        let text = Secret::new(format!("Bearer {}", token.reveal()));
        let mut value = HeaderValue::from_str(text.reveal()).ok()?;
        value.set_sensitive(true);
        Some((header::AUTHORIZATION, value))
    }
}
