//! The issuer that is one user pool: every access token of its own.

use super::cognito;
use super::rules::{LEEWAY_SECS, LIFETIME_SECS};
use super::{KeyAddress, KeySource, RemoteKeys, TrustedIssuers};
use crate::gate::{Algorithm, Rules, TokenUse, Trust};
use crate::settings::Address;

impl TrustedIssuers {
    /// Believes every access token of one user pool, whatever client it was made for: for a function that serves the
    /// pool itself and asks who its users are. A pool may go by several issuer names.
    pub fn of_pool(issuers: &[Address]) -> Self {
        let known = |issuer: &Address| Some((rules(issuer), source(issuer)?));
        let (rules, sources) = issuers.iter().filter_map(known).unzip();
        Self {
            trust: Trust::new(rules),
            sources,
            advertised: Vec::new(),
            served: None,
            notes: Vec::new(),
        }
    }
}

/// What every access token of a pool is.
fn rules(issuer: &Address) -> Rules {
    Rules {
        issuer: issuer.as_str().into(),
        algorithms: vec![Algorithm::RS256],
        token_types: Vec::new(),
        token_use: Some(TokenUse::Access),
        allowed_clients: Vec::new(),
        allowed_audience: Vec::new(),
        allowed_scopes: Vec::new(),
        allowed_subjects: Vec::new(),
        custom_claims: Vec::new(),
        required_claims: Vec::new(),
        groups_claim: cognito::GROUPS_CLAIM.into(),
        scope_claim: "scope".into(),
        client_claim: "client_id".into(),
        subject_claim: "sub".into(),
        leeway_secs: LEEWAY_SECS,
        max_lifetime_secs: LIFETIME_SECS,
    }
}

fn source(issuer: &Address) -> Option<KeySource> {
    Some(KeySource::Remote(RemoteKeys {
        issuer: issuer.to_string(),
        address: KeyAddress::Document(cognito::keys(issuer)?),
        authorities: None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_of_a_pool_has_its_rules_and_its_keys() {
        let names = ["cognito-idp", "issuer-cognito-idp"]
            .map(|service| format!("https://{service}.us-east-1.amazonaws.com/us-east-1_Ab"));
        let issuers: Vec<_> = names.iter().flat_map(|name| Address::parse(name)).collect();
        let trusted = TrustedIssuers::of_pool(&issuers);
        let found = trusted.trust.issuers().iter().zip(&trusted.sources);
        let found = found.map(|(rules, source)| {
            assert_eq!(rules.token_use, Some(TokenUse::Access));
            assert_eq!(rules.algorithms, [Algorithm::RS256]);
            match source {
                KeySource::Remote(RemoteKeys {
                    issuer,
                    address: KeyAddress::Document(address),
                    authorities: None,
                }) => {
                    assert_eq!(*issuer, rules.issuer.name());
                    address.to_string()
                }
                KeySource::Inline(_) | KeySource::Remote(_) => panic!("no key document"),
            }
        });
        let keys = names.map(|name| format!("{name}/.well-known/jwks.json"));
        assert_eq!(found.collect::<Vec<_>>(), keys);
    }
}
