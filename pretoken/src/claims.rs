//! Rules for claims: which names the trigger may set, and which values.

use shared::text::is_of;

/// The user's stable name (`sub`) in a machine token.
pub(crate) const USER_ID: &str = "user_id";
pub(crate) const DEPARTMENT: &str = "department";
pub(crate) const ROLE: &str = "role";

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

/// Cognito bounds neither; API Gateway takes 8 to 20 KB of headers in all, and a token shares them.
const MAX_CHARACTERS: usize = 128;

/// Whether a fixed claim may have this name.
pub(crate) fn is_free(name: &str) -> bool {
    let is_cognitos = name.starts_with("cognito:") || name.starts_with("dev:");
    is_plain(name) && !is_cognitos && !RESERVED.contains(&name) && !PERSONAL.contains(&name)
}

/// Whether a text may be a claim's value: 1 to 128 printable ASCII characters without quote and backslash, no space at
/// either end. Policies compare such texts inside JSON, where those two could end one value and begin another.
pub(crate) fn is_plain(text: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    is_of(text, MAX_CHARACTERS, allowed) && text.trim_matches(' ') == text
}
