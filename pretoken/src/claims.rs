//! Rules for claims: the names that the trigger may set.

use shared::user_claims::{DEPARTMENT, ROLE, USER_ID, is_plain};

/// The claims that Cognito does not let a trigger set, or only through fields of their own (Cognito guide, "Pre token
/// generation Lambda trigger"). Names that begin with `cognito:` or `dev:` are reserved, too.
pub(crate) const RESERVED: [&str; 22] = [
    "acr",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "azp",
    "client_id",
    "device_key",
    "event_id",
    "exp",
    "iat",
    "identities",
    "iss",
    "jti",
    "nbf",
    "nonce",
    "origin_jti",
    "scope",
    "sub",
    "token_use",
    "username",
    "version",
];

/// The claims that say who a person is: a machine's token has them from a proof, or not at all.
const PERSONAL: [&str; 4] = [USER_ID, DEPARTMENT, ROLE, "preferred_username"];

/// Whether a fixed claim may have this name.
pub(crate) fn is_free(name: &str) -> bool {
    let is_cognitos = name.starts_with("cognito:") || name.starts_with("dev:");
    is_plain(name) && !is_cognitos && !RESERVED.contains(&name) && !PERSONAL.contains(&name)
}
