//! The operator's rules: which issuers are trusted with what, and whom each agent admits. Plain data for the gate, read
//! from settings by [`crate::issuers`] and [`crate::agents`].

use std::fmt;

use crate::crypto::Algorithm;
use crate::json::{Map, Value};
use crate::text::is_of;

/// Seconds since 1970-01-01T00:00:00Z (the NumericDate of RFC 7519, section 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixTime(pub u64);

impl UnixTime {
    /// The last second that every reader of JSON tells exactly (RFC 8259, section 6), 285 million years away.
    pub const NEVER: Self = Self(9_007_199_254_740_991);
}

/// The trusted issuers; a token belongs to the one that has its `iss` among its names, exactly.
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

    /// Whether a trusted issuer's callers are known by exactly this name of it.
    pub fn knows_callers_as(&self, name: &str) -> bool {
        let found = self.find(name);
        found.is_some_and(|(_, rules)| rules.issuer.known_as(name) == name)
    }

    /// Finds the issuer of an exact `iss`: no prefix, no normal form, no case folding.
    pub(crate) fn find(&self, iss: &str) -> Option<(usize, &Rules)> {
        let mut issuers = self.0.iter().enumerate();
        issuers.find(|(_, rules)| rules.issuer.owns(iss))
    }
}

/// Stands in a name for the id of a tenant, as Microsoft's metadata write it.
pub const TENANT: &str = "{tenantid}";

/// Who signs tokens, by the exact texts of their `iss`: each of its names; or, where it has tenants, each of its names with
/// the id of one of them in the place of [`TENANT`].
#[derive(Clone, Debug)]
pub struct Issuer {
    name: String,
    others: Vec<String>,
    tenants: Vec<String>,
}

impl Issuer {
    /// Takes its names, the one by which it is known first; nothing if there are none.
    pub fn new(names: Vec<String>, tenants: Vec<String>) -> Option<Self> {
        let mut names = names.into_iter();
        Some(Self {
            name: names.next()?,
            others: names.collect(),
            tenants,
        })
    }

    /// The first name, as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Every name, as it was given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        [&self.name]
            .into_iter()
            .chain(&self.others)
            .map(String::as_str)
    }

    /// The ids of its tenants; none if its names are whole.
    pub fn tenants(&self) -> &[String] {
        &self.tenants
    }

    /// Whether a token with this `iss` is one of its.
    pub fn owns(&self, iss: &str) -> bool {
        if self.tenants.is_empty() {
            self.names().any(|name| name == iss)
        } else {
            self.tenant(iss).is_some()
        }
    }

    /// The tenant in this `iss`, if the issuer has tenants and it is one of them.
    pub fn tenant<'i>(&self, iss: &'i str) -> Option<&'i str> {
        let mut tenants = self.names().filter_map(|name| {
            let (before, after) = name.split_once(TENANT)?;
            iss.strip_prefix(before)?.strip_suffix(after)
        });
        tenants.find(|found| self.tenants.iter().any(|tenant| tenant == found))
    }

    /// The one name by which callers with this `iss` are known: the issuer's first, filled with their tenant.
    pub(crate) fn known_as(&self, iss: &str) -> String {
        match self.tenant(iss) {
            Some(tenant) => self.name.replace(TENANT, tenant),
            None => self.name.clone(),
        }
    }

    /// The names by which its callers are known: its first, or that of each tenant.
    pub fn known_names(&self) -> Vec<String> {
        if self.tenants.is_empty() {
            return vec![self.name.clone()];
        }
        let of = |tenant: &String| self.name.replace(TENANT, tenant);
        self.tenants.iter().map(of).collect()
    }

    /// Every exact `iss` of its tokens.
    pub(crate) fn all(&self) -> Vec<String> {
        if self.tenants.is_empty() {
            return self.names().map(str::to_owned).collect();
        }
        let filled = |name: &str| {
            let of = |tenant: &String| name.replace(TENANT, tenant);
            self.tenants.iter().map(of).collect::<Vec<_>>()
        };
        self.names().flat_map(filled).collect()
    }
}

/// An issuer of one name.
impl From<&str> for Issuer {
    fn from(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            others: Vec::new(),
            tenants: Vec::new(),
        }
    }
}

/// The place of a claim: the name of a member of the claims, or the names that lead to it through objects. A name may hold
/// any sign, full stops and slashes too, so that a path is a list and no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimPath {
    first: String,
    inner: Vec<String>,
}

impl ClaimPath {
    /// Takes the names from the outside in; nothing if there are none.
    pub fn new(names: Vec<String>) -> Option<Self> {
        let mut names = names.into_iter();
        let first = names.next()?;
        let inner = names.collect();
        Some(Self { first, inner })
    }

    /// Whether this is the claim of that name itself.
    pub fn is(&self, name: &str) -> bool {
        self.inner.is_empty() && self.first == name
    }

    /// The claim, if there is one. `null` means that there is none; only objects have members.
    pub(crate) fn find<'c>(&self, claims: &'c Map<String, Value>) -> Option<&'c Value> {
        let mut names = self.inner.iter();
        let found = names.try_fold(claims.get(&self.first)?, |claim, name| {
            claim.as_object()?.get(name)
        })?;
        (!found.is_null()).then_some(found)
    }
}

impl From<&str> for ClaimPath {
    fn from(name: &str) -> Self {
        Self {
            first: name.to_owned(),
            inner: Vec::new(),
        }
    }
}

/// The name, or the names joined as a list.
impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.first)?;
        self.inner
            .iter()
            .try_for_each(|name| write!(f, " > {name}"))
    }
}

/// What the tokens of one issuer must be. An empty list asks for nothing.
#[derive(Clone, Debug)]
pub struct Rules {
    pub issuer: Issuer,
    pub algorithms: Vec<Algorithm>,
    /// Types of tokens (header `typ`) beside those of a JWT: in lower case, without `application/`.
    pub token_types: Vec<String>,
    pub token_use: Option<TokenUse>,
    pub allowed_clients: Vec<String>,
    pub allowed_audience: Vec<String>,
    pub allowed_scopes: Vec<String>,
    pub allowed_subjects: Vec<String>,
    pub custom_claims: Vec<CustomClaim>,
    pub required_claims: Vec<RequiredClaim>,
    /// The claim that lists the caller's groups.
    pub groups_claim: ClaimPath,
    /// The claim that holds the scopes.
    pub scope_claim: ClaimPath,
    /// The claim that names the client.
    pub client_claim: ClaimPath,
    /// The claim that names the caller. There is one an issuer, and no other in its place where it is missing: two kinds of
    /// callers could meet in one name.
    pub subject_claim: ClaimPath,
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

/// A condition of our own on one claim: the claim, or an entry of it if it is a list, is exactly one of these values.
#[derive(Clone, Debug)]
pub struct RequiredClaim {
    pub claim: ClaimPath,
    /// Texts, booleans and whole numbers. No value equals one of another type.
    pub any_of: Vec<Value>,
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

/// Whom an agent admits: every kind that is present must hold, and any entry of a kind suffices. Where there are further
/// sets, one of them must hold as well, whole.
#[derive(Clone, Debug, Default)]
pub struct Admission {
    /// Exact names: of an issuer as [`Issuer::name`] has it, or of one of its tenants. Each issuer says of its own callers
    /// what it likes, and may not speak for another's.
    pub issuers: Option<Vec<String>>,
    pub scopes: Option<Vec<String>>,
    pub groups: Option<Vec<String>>,
    pub clients: Option<Vec<String>>,
    pub any_of: Vec<Self>,
}

impl Admission {
    /// Every scope that it names, in its own list and in those of its sets.
    pub fn named_scopes(&self) -> impl Iterator<Item = &String> {
        let sets = self.any_of.iter().flat_map(|set| &set.scopes);
        self.scopes.iter().chain(sets).flatten()
    }
}
