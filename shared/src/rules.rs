//! The operator's rules: which issuers are trusted with what, and whom each agent admits. Plain data for the gate, read
//! from settings by [`crate::issuers`] and [`crate::agents`].

use std::fmt;

use crate::crypto::Algorithm;
use crate::text::is_of;

/// Seconds since 1970-01-01T00:00:00Z (the NumericDate of RFC 7519, section 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixTime(pub u64);

impl UnixTime {
    /// The last second that every reader of JSON tells exactly (RFC 8259, section 6), 285 million years away.
    pub const NEVER: Self = Self(9_007_199_254_740_991);
}

/// The trusted issuers; a token belongs to the one whose name its `iss` is, exactly.
#[derive(Debug)]
pub struct Trust(Vec<Rules>);

impl Trust {
    /// Takes the rules of each issuer; of two with the same name the first one counts.
    pub fn new(issuers: Vec<Rules>) -> Self {
        Self(issuers)
    }

    /// The rules of each issuer, in the order of the settings.
    pub fn issuers(&self) -> &[Rules] {
        &self.0
    }

    /// Finds an issuer by its exact name: no prefix, no normal form, no case folding.
    pub(crate) fn find(&self, issuer: &str) -> Option<(usize, &Rules)> {
        let mut issuers = self.0.iter().enumerate();
        issuers.find(|(_, rules)| rules.issuer == issuer)
    }
}

/// What the tokens of one issuer must be. An empty list asks for nothing.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The exact `iss`.
    pub issuer: String,
    pub algorithms: Vec<Algorithm>,
    pub token_use: Option<TokenUse>,
    pub allowed_clients: Vec<String>,
    pub allowed_audience: Vec<String>,
    pub allowed_scopes: Vec<String>,
    pub custom_claims: Vec<CustomClaim>,
    /// The name of the claim that lists the caller's groups.
    pub groups_claim: String,
    /// The name of the claim that holds the scopes.
    pub scope_claim: String,
    /// The name of the claim that names the client.
    pub client_claim: String,
    /// How far the issuer's clock may run ahead of ours, for `nbf` and `iat`; seconds.
    pub leeway_secs: u64,
    /// The most that `exp - iat` may be (`exp - now` where `iat` is absent); seconds.
    pub max_lifetime_secs: u64,
}

/// Cognito's `token_use`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenUse {
    Access,
    Id,
}

impl TokenUse {
    /// Reads the value of the setting and of the claim.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Access, Self::Id]
            .into_iter()
            .find(|token_use| token_use.name() == name)
    }

    /// The value of the setting and of the claim.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Id => "id",
        }
    }
}

/// One of AgentCore's custom claim conditions (`customJWTAuthorizer.customClaims`).
#[derive(Clone, Debug)]
pub struct CustomClaim {
    pub name: String,
    pub expects: Match,
}

/// AgentCore's operators: the first is for a text claim, the others are for a list of texts.
#[derive(Clone, Debug)]
pub enum Match {
    Equals(String),
    Contains(String),
    ContainsAny(Vec<String>),
}

/// The name of an agent in routes and settings: `[a-z0-9][a-z0-9-]{0,62}`, so that it needs no escaping anywhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentName(String);

impl AgentName {
    /// Reads a name, or nothing.
    pub fn parse(name: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let starts = name.bytes().next().is_some_and(plain);
        let is_name = starts && is_of(name, 63, |byte| plain(byte) || byte == b'-');
        is_name.then(|| Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AgentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whom an agent admits: every kind that is present must hold, and any entry of a kind suffices.
#[derive(Clone, Debug, Default)]
pub struct Admission {
    /// Exact names: each issuer says of its own callers what it likes, and may not speak for another's.
    pub issuers: Option<Vec<String>>,
    pub scopes: Option<Vec<String>>,
    pub groups: Option<Vec<String>>,
    pub clients: Option<Vec<String>>,
}
