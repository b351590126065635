//! Good tokens, the settings that trust them, and what is done to them.

use std::time::UNIX_EPOCH;

use mint::Key;
use serde_json::{Value, json};

/// The issuer whose keys stand in the settings.
pub const ISSUER: &str = "https://issuer.example.com";
/// The one client it lets in.
pub const CLIENT: &str = "console";

/// Seconds since 1970.
pub fn now() -> u64 {
    UNIX_EPOCH.elapsed().unwrap().as_secs()
}

/// The claims of alice's access token, with Cognito's names for them.
pub fn claims() -> Value {
    json!({
        "iss": ISSUER,
        "sub": "5f1d3c2a-0000-4000-8000-00000000a11c",
        "client_id": CLIENT,
        "token_use": "access",
        "scope": "openid gatehouse/invoke",
        "username": "alice",
        "cognito:groups": ["finance", "staff"],
        "iat": now(),
        "exp": now() + 3600,
    })
}

/// `TRUSTED_ISSUERS` with one issuer of these keys. Whatever `more` has is added to its entry, or replaces it.
pub fn trusted(keys: &[&Key], more: &Value) -> Value {
    let mut entry = json!({
        "discoveryUrl": format!("{ISSUER}/.well-known/openid-configuration"),
        "allowedClients": [CLIENT],
        "algorithms": ["ES256", "RS256"],
        "tokenUse": "access",
        "groupsClaim": "cognito:groups",
        "jwks": mint::key_document(keys),
    });
    for (name, value) in more.as_object().unwrap() {
        entry[name] = value.clone();
    }
    json!([entry])
}

/// The token with the character at `index` changed for another of the same alphabet.
pub fn alter(token: &str, index: usize) -> String {
    let mut characters: Vec<char> = token.chars().collect();
    characters[index] = if characters[index] == 'A' { 'B' } else { 'A' };
    characters.into_iter().collect()
}
