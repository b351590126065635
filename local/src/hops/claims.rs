//! Claims of a token as it says them. Nothing here is proven.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde_json::{Map, Value};

/// Longer tokens are not shown: API Gateway takes no longer headers.
const MAX_TOKEN: usize = 20_480;

/// The claims of a JWS in compact form (RFC 7515, section 7.1; RFC 7519, section 3).
pub(crate) fn claims_of(token: &str) -> Option<Map<String, Value>> {
    let mut parts = token.split('.');
    let (_header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if token.len() > MAX_TOKEN || parts.next().is_some() {
        return None;
    }
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&payload).ok()
}

/// The name of a token in the functions' log lines (`token_id` of docs/audit.md): the first half of the SHA-256, in hex, of
/// what is signed.
pub(crate) fn token_id(token: &str) -> Option<String> {
    let (signed, _signature) = token.rsplit_once('.')?;
    let hash = digest::digest(&digest::SHA256, signed.as_bytes());
    let half = hash.as_ref().iter().take(16);
    Some(half.fold(String::new(), |id, byte| format!("{id}{byte:02x}")))
}

/// The token of an `Authorization` header (RFC 6750, section 2.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `printf h.p | sha256sum` has it.
    #[test]
    fn a_token_is_named_by_what_is_signed() {
        let id = token_id("h.p.signature");
        assert_eq!(id.as_deref(), Some("51d8565d6e5e78f1d0ca89a5b420e30f"));
        assert_eq!(id, token_id("h.p.other"));
        assert_eq!(token_id("no dots"), None);
    }

    #[test]
    fn claims_are_read_only_from_three_parts() {
        let payload = URL_SAFE_NO_PAD.encode(r#"{"sub":"a"}"#);
        assert_eq!(claims_of(&format!("h.{payload}.s")).unwrap()["sub"], "a");
        for bad in [
            payload.clone(),
            format!("h.{payload}"),
            format!("h.{payload}.s.more"),
            "h.?.s".to_owned(),
            format!("h.{}.s", URL_SAFE_NO_PAD.encode("[1]")),
            format!("h.{payload}.{}", "s".repeat(MAX_TOKEN)),
        ] {
            assert!(claims_of(&bad).is_none(), "{bad}");
        }
    }
}
