//! The identity assertion: a signed statement about one call, by which the door tells an agent who its caller is.
//!
//! It is a JWT (RFC 7519) of a type of its own, so that it can never be taken for an access token, by this door's gate
//! or by any other verifier that follows RFC 8725, section 3.11. It travels in [`crate::headers::IDENTITY`], and how it
//! is verified stands in `docs/identity.md`.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::gate::{AgentName, Identity, UnixTime};

/// The `typ` of its header.
pub const TYPE: &str = "gatehouse-identity+jwt";

/// How long it holds: from the door to the agent, a cold start of the agent included.
pub const LIFETIME: Duration = Duration::from_secs(60);

/// The longest that AgentCore passes on: 4 KB a header ("Pass custom headers to Amazon Bedrock AgentCore Runtime").
pub const MAX_BYTES: usize = 4096;

/// Where a member is too long to fit, it is left out whole and named in `omitted`; the one that matters least first. A
/// list that was cut would look like one that is complete.
pub const OMITTED: &str = "omitted";
const OPTIONAL: [&str; 6] = ["groups", "scope", "name", "email", "username", "client_id"];

/// One call, and who makes it.
pub struct Call<'c> {
    /// The door's own address.
    pub door: &'c str,
    pub agent: &'c AgentName,
    pub caller: &'c Identity,
    /// The runtime session it belongs to, as AgentCore tells the agent.
    pub session: &'c str,
    /// Method and path at the agent.
    pub method: &'static str,
    pub path: &'static str,
    pub body: &'c [u8],
    /// The id of the request in the door's log. Lambda gives no two requests the same.
    pub request_id: &'c str,
}

/// Even what must be said does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the caller's names are too long")]
pub struct ClaimsTooLongError;

impl Call<'_> {
    /// The claims, as they fit together with a signature into [`MAX_BYTES`], and what of them had to be left out.
    ///
    /// # Errors
    /// They do not fit.
    pub fn claims(
        &self,
        now: UnixTime,
    ) -> Result<(Value, &'static [&'static str]), ClaimsTooLongError> {
        (0..=OPTIONAL.len())
            .filter_map(|count| OPTIONAL.get(..count))
            .map(|omitted| (self.without(omitted, now), omitted))
            .find(|(claims, _)| claims.to_string().len() <= MAX_CLAIMS_BYTES)
            .ok_or(ClaimsTooLongError)
    }

    fn without(&self, omitted: &[&str], now: UnixTime) -> Value {
        let caller = self.caller;
        let mut claims = json!({
            "aud": self.agent.as_str(),
            "body_sha256": body_hash(self.body),
            "client_id": caller.client_id,
            "email": caller.email,
            "exp": now.0.saturating_add(LIFETIME.as_secs()),
            "groups": caller.groups,
            "iat": now.0,
            "iss": self.door,
            "jti": self.request_id,
            "method": self.method,
            "name": caller.name,
            "path": self.path,
            "scope": caller.scopes.join(" "),
            "session": self.session,
            "sub": caller.subject,
            "sub_issuer": caller.issuer,
            "username": caller.username,
        });
        if let Some(members) = claims.as_object_mut() {
            members.retain(|name, value| !value.is_null() && !omitted.contains(&name.as_str()));
            if !omitted.is_empty() {
                members.insert(OMITTED.to_owned(), json!(omitted));
            }
        }
        claims
    }
}

/// What of [`MAX_BYTES`] is left for the claims: base64 makes four characters of three bytes; a header of at most 200
/// bytes, a signature of 64 (86 characters), and two full stops stand beside them.
const MAX_CLAIMS_BYTES: usize = (MAX_BYTES - 270 - 86 - 2) / 4 * 3;

/// The claim `body_sha256`: SHA-256 of the body's bytes, base64url without padding.
pub fn body_hash(body: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, body))
}
