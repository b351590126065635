//! Issuers that are Cognito user pools: how they are recognised, and where their keys are.

use crate::aws::names::{is_pool_host, is_pool_id};
use crate::settings::Address;

/// Cognito's name of the groups claim.
pub(super) const GROUPS_CLAIM: &str = "cognito:groups";

/// Where a pool publishes its keys, below its issuer.
const KEYS_PATH: &str = "/.well-known/jwks.json";

/// Whether the issuer is a user pool of Cognito.
///
/// The host alone decides, so that a mistyped path cannot lose the token use check that comes with Cognito.
pub(super) fn is_issuer(issuer: &Address) -> bool {
    is_pool_host(&issuer.host().to_ascii_lowercase())
}

/// Whether the path is a pool id, such as `/us-east-1_Example01`.
pub(super) fn is_pool(issuer: &Address) -> bool {
    let path = issuer.uri().path();
    path.strip_prefix('/').is_some_and(is_pool_id)
}

/// The address of the pool's keys.
pub(super) fn keys(issuer: &Address) -> Option<Address> {
    Address::parse(&format!("{issuer}{KEYS_PATH}")).ok()
}
