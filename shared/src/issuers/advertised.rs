//! Advertised scopes and issuers, for clients that look for a token (RFC 9728, section 2).

use std::collections::BTreeMap;

/// An issuer, as clients are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advertised {
    /// The exact `iss`, by which its metadata is found.
    pub issuer: String,
    /// The name under which the issuer gives a scope, where that is another than the token's.
    scopes: BTreeMap<String, String>,
}

impl Advertised {
    /// `scopes` is AgentCore's `advertisedScopeMapping`: of each scope in a token, what a client asks for to get it.
    pub(super) fn new(issuer: &str, scopes: Vec<(String, String)>) -> Self {
        Self {
            issuer: issuer.to_owned(),
            scopes: scopes.into_iter().collect(),
        }
    }

    /// What a client asks the issuer for to get this scope.
    pub fn scope<'s>(&'s self, scope: &'s str) -> &'s str {
        self.scopes.get(scope).map_or(scope, String::as_str)
    }
}
