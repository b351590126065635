//! Claim checks, [`Signed`] -> [`Claims`]: audience, client, use and time.

use std::slice;

use super::presented::{Payload, entries};
use super::refusal::Refusal;
use super::signature::Signed;
use crate::json::Value;
use crate::rules::UnixTime;

/// Up to here every whole number is exact, and the year is 285428751.
const MAX_TIME: f64 = 9_007_199_254_740_991.0;

/// Claims that hold now, of a token that was made for one of our clients.
pub(super) struct Claims<'s, 't> {
    payload: &'s Payload<'t>,
    expires: UnixTime,
}

impl<'s, 't> Claims<'s, 't> {
    pub(super) fn check(signed: &'s Signed<'t>, now: UnixTime) -> Result<Self, Refusal> {
        let payload = signed.payload();
        // Where one entry trusts many tenants, the two claims that name the tenant must agree: `iss` alone is what the
        // key set of all tenants signs (Microsoft identity platform, "Access tokens", validation of the issuer).
        let issuer = payload.get("iss").and_then(Value::as_str);
        let tenant = issuer.and_then(|issuer| payload.rules.issuer.tenant(issuer));
        if tenant.is_some_and(|tenant| payload.get("tid").is_none_or(|id| id != tenant)) {
            return Err(Refusal::Tenant);
        }
        let expires = check_times(payload, now)?;
        let asked = payload.rules.token_use.map(|asked| asked.name());
        if asked.is_some_and(|asked| payload.get("token_use") != Some(&asked.into())) {
            return Err(Refusal::TokenUse);
        }
        if !is_for(&payload.rules.allowed_clients, client(payload)) {
            return Err(Refusal::Client);
        }
        if !is_for(&payload.rules.allowed_audience, entries(payload.get("aud"))) {
            return Err(Refusal::Audience);
        }
        Ok(Self { payload, expires })
    }

    pub(super) fn into_parts(self) -> (&'s Payload<'t>, UnixTime) {
        (self.payload, self.expires)
    }
}

fn check_times(payload: &Payload<'_>, now: UnixTime) -> Result<UnixTime, Refusal> {
    let expires = time(payload.get("exp").ok_or(Refusal::ExpiryMissing)?)?;
    let not_before = optional_time(payload, "nbf")?;
    let issued_at = optional_time(payload, "iat")?;
    // "On or after" it, the token must not be accepted (RFC 7519, section 4.1.4); no leeway prolongs a token's life.
    if expires <= now {
        return Err(Refusal::Expired);
    }
    let ahead = UnixTime(now.0.saturating_add(payload.rules.leeway_secs));
    if not_before.is_some_and(|time| time > ahead) {
        return Err(Refusal::NotYetValid);
    }
    if issued_at.is_some_and(|time| time > ahead) {
        return Err(Refusal::IssuedAhead);
    }
    let lifetime = expires.0.saturating_sub(issued_at.unwrap_or(now).0);
    if lifetime > payload.rules.max_lifetime_secs {
        return Err(Refusal::Lifetime);
    }
    Ok(expires)
}

/// A NumericDate may have a fraction (RFC 7519, section 2), which is dropped.
fn time(claim: &Value) -> Result<UnixTime, Refusal> {
    match claim.as_f64() {
        #[expect(clippy::as_conversions, reason = "between 0 and 2^53")]
        Some(time @ 0.0..=MAX_TIME) => Ok(UnixTime(time as u64)),
        Some(_) | None => Err(Refusal::TimeForm),
    }
}

fn optional_time(payload: &Payload<'_>, name: &str) -> Result<Option<UnixTime>, Refusal> {
    let claim = payload.get(name).filter(|claim| !claim.is_null());
    claim.map(time).transpose()
}

fn client<'p>(payload: &'p Payload<'_>) -> &'p [Value] {
    let client = payload.optional(&payload.rules.client_claim);
    client.map(slice::from_ref).unwrap_or_default()
}

/// True if nothing is required, or every entry is a string and one is allowed.
fn is_for(allowed: &[String], entries: &[Value]) -> bool {
    let mut names = entries.iter().filter_map(Value::as_str);
    let texts = entries.iter().all(Value::is_string);
    allowed.is_empty() || texts && names.any(|name| allowed.iter().any(|entry| entry == name))
}
