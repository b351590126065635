//! Issuers whose tokens anyone can ask for, and conditions that such a requester meets alone.

use crate::gate::{ClaimPath, Rules};
use crate::settings::Members;

/// Issuers that serve everybody, or every program of an account or a cluster, and write the audience that the requester
/// asks for: an audience then says for whom a token is meant, and nothing of whose it is. Each is a host, or the first and
/// the last part of one.
const ISSUERS: [(&str, &str); 8] = [
    ("accounts.google.com", ""),
    ("gitlab.com", ""),
    ("kubernetes.default.svc", ""),
    ("kubernetes.default.svc.cluster.local", ""),
    ("oauth.id.jumpcloud.com", ""),
    ("token.actions.githubusercontent.com", ""),
    ("oidc.eks.", ".amazonaws.com"),
    ("", ".tokens.sts.global.api.aws"),
];

/// Claims that a requester chooses, or that all of an issuer's tokens share.
const CHOSEN: [&str; 2] = ["aud", "iss"];

/// Faults an entry whose conditions anyone can meet who can ask its issuer for a token.
pub(super) fn check(entry: &Members<'_>, rules: &Rules) {
    if rules.issuer.names().any(is_open_to_requesters) && !is_narrowed(rules) {
        entry.own_fault(
            "admits anyone who asks its issuer for a token: the requester chooses the audience there, so one of \
             `allowedClients`, `allowedSubjects`, `customClaims` and `requiredClaims` must say whose tokens are meant, by \
             another claim than `aud`",
        );
    }
}

fn is_open_to_requesters(name: &str) -> bool {
    let (_scheme, rest) = name.split_once("://").unwrap_or(("", name));
    let host = rest.split(['/', ':', '?']).next().unwrap_or_default();
    let host = host.to_ascii_lowercase();
    ISSUERS.iter().any(|(first, last)| match (*first, *last) {
        (whole, "") => host == whole,
        (first, last) => host.starts_with(first) && host.ends_with(last),
    })
}

/// Whether a condition asks for more than the requester chooses. Scopes are none: these issuers write none.
fn is_narrowed(rules: &Rules) -> bool {
    let is_chosen = |claim: &ClaimPath| CHOSEN.iter().any(|name| claim.is(name));
    let by_client = !rules.allowed_clients.is_empty() && !is_chosen(&rules.client_claim);
    let by_subject = !rules.allowed_subjects.is_empty() && !is_chosen(&rules.subject_claim);
    let mut custom = rules.custom_claims.iter();
    let mut required = rules.required_claims.iter();
    by_client
        || by_subject
        || custom.any(|claim| !CHOSEN.contains(&claim.name.as_str()))
        || required.any(|required| !is_chosen(&required.claim))
}
