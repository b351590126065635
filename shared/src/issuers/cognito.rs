//! What is known of an issuer from its being a Cognito user pool.

use crate::settings::Address;

/// Cognito's name of the groups claim.
pub(super) const GROUPS_CLAIM: &str = "cognito:groups";

/// Where a pool publishes its keys, below its issuer.
const KEYS_PATH: &str = "/.well-known/jwks.json";

/// Whether the host is one of Cognito's: `cognito-idp.{region}`, or `issuer-cognito-idp.{region}` for pools whose issuer
/// configuration is `UPDATED`, below `amazonaws.com` or, in China, `amazonaws.com.cn`.
///
/// The host alone decides, so that a mistyped path cannot lose the token use check that comes with Cognito.
pub(super) fn is_issuer(issuer: &Address) -> bool {
    let host = issuer.host().to_ascii_lowercase();
    let Some(name) = host
        .strip_suffix(".amazonaws.com")
        .or_else(|| host.strip_suffix(".amazonaws.com.cn"))
    else {
        return false;
    };
    ["cognito-idp.", "issuer-cognito-idp.", "cognito-idp-fips."]
        .iter()
        .filter_map(|service| name.strip_prefix(service))
        .any(|region| !region.is_empty() && !region.contains('.'))
}

/// Whether the path is a pool id, such as `/us-east-1_Example01`.
pub(super) fn is_pool(issuer: &Address) -> bool {
    let path = issuer.uri().path();
    let id = path.strip_prefix('/').unwrap_or_default();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    id.contains('_') && id.bytes().all(allowed)
}

/// The address of the pool's keys.
pub(super) fn keys(issuer: &Address) -> Option<Address> {
    Address::parse(&format!("{issuer}{KEYS_PATH}")).ok()
}
