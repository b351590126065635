//! Claims of a token as it says them. Nothing here is proven.

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

/// The token of an `Authorization` header (RFC 6750, section 2.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

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
