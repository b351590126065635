//! Advertised scopes, clients and issuers, for clients that look for a token (RFC 9728, section 2).

use std::collections::{BTreeMap, BTreeSet};

/// What is asked for where nothing else is: every OpenID provider has it (OpenID Connect Core 1.0, section 3.1.2.1). A
/// client that is told of no scope asks for all that the issuer lists, and is refused those that its registration lacks.
const OPENID: &str = "openid";

/// An issuer, as clients are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advertised {
    /// The exact `iss`, by which its metadata is found.
    pub issuer: String,
    /// Whether clients are sent to the door's metadata in its place.
    pub is_served: bool,
    /// The ids of its clients that people may use to sign in from a program without a secret: a hint, which admits no caller.
    pub public_clients: Vec<String>,
    /// The scopes of which a token must have one, whatever it is for.
    pub allowed_scopes: Vec<String>,
    /// AgentCore's `advertisedScopeMapping`: of each scope in a token, what a client asks for to get it.
    pub(super) scopes: BTreeMap<String, String>,
}

impl Advertised {
    /// What a client asks the issuer for to get this scope.
    pub fn scope<'s>(&'s self, scope: &'s str) -> &'s str {
        self.scopes.get(scope).map_or(scope, String::as_str)
    }

    /// What a client asks the issuer for to get a token for what names these scopes: them, those that the issuer's entry
    /// asks for, or `openid` if there are none of either.
    pub fn requested<'s>(&'s self, named: impl Iterator<Item = &'s str>) -> BTreeSet<&'s str> {
        let own = self.allowed_scopes.iter().map(String::as_str);
        let mut scopes: BTreeSet<&str> = named.chain(own).map(|scope| self.scope(scope)).collect();
        if scopes.is_empty() {
            scopes.insert(self.scope(OPENID));
        }
        scopes
    }
}
