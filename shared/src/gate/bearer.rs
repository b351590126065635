//! Bearer parser, `Authorization` header bytes -> [`Bearer`].

use super::refusal::Refusal;

/// A REST API takes 20480 bytes of headers in all, an HTTP API 10240 (API Gateway quotas), and a token shares them
/// with every other header: a longer one would not work everywhere that a shorter one does.
const MAX_BYTES: usize = 8192;

const SCHEME: &str = "bearer ";

/// The token text of a `Bearer` credential (RFC 6750, section 2.1): bounded, not empty, nothing else known of it.
pub(super) struct Bearer<'h>(&'h str);

impl<'h> Bearer<'h> {
    pub(super) fn parse(header: &'h [u8]) -> Result<Self, Refusal> {
        let header = str::from_utf8(header).map_err(|_| Refusal::NoBearer)?;
        let (scheme, token) = header
            .split_at_checked(SCHEME.len())
            .ok_or(Refusal::NoBearer)?;
        // Scheme names are case-insensitive, and one or more spaces may follow (RFC 9110, section 11.4).
        let token = token.trim_start_matches(' ');
        if !scheme.eq_ignore_ascii_case(SCHEME) || token.is_empty() {
            return Err(Refusal::NoBearer);
        }
        if token.len() > MAX_BYTES {
            return Err(Refusal::TokenTooLong);
        }
        Ok(Self(token))
    }

    pub(super) fn as_str(&self) -> &'h str {
        self.0
    }
}
