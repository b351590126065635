//! The caller statement: signed claims about one caller, by which the door proves to a user pool's trigger whom a machine
//! token is for, where the caller's own token is not the pool's.
//!
//! It is a JWT (RFC 7519) with a type of its own, and its audience, the id of a pool, is no agent's name: neither it nor
//! an assertion can be taken for the other, and no verifier that follows RFC 8725, section 3.11 takes either for an
//! access token. `docs/identity.md` lists its members.

use std::time::Duration;

use serde_json::{Value, json};

use crate::assertion::ClaimsTooLongError;
use crate::gate::{Identity, UnixTime};

/// The `typ` of its header.
pub const TYPE: &str = "gatehouse-statement+jwt";

/// How long it holds: the token endpoint's way to the trigger, with the three attempts of five seconds that Cognito makes.
pub const LIFETIME: Duration = Duration::from_secs(60);

/// The longest one. Cognito documents no limit of its own for `aws_client_metadata`; a bearer token, which the same
/// parameter carries for callers of the pool, is at most as long.
pub const MAX_BYTES: usize = 8192;

/// One caller, and for whom the statement about them is.
pub struct Statement<'s> {
    /// The door's own address.
    pub door: &'s str,
    /// The id of the user pool whose trigger reads it.
    pub pool: &'s str,
    /// The app client that shows it.
    pub machine_client: &'s str,
    pub caller: &'s Identity,
    /// The id of the request in the door's log.
    pub request_id: &'s str,
}

impl Statement<'_> {
    /// The claims, as they fit together with a signature into [`MAX_BYTES`]. Without `groups` the caller's groups are
    /// unknown: their issuer left them out of the token, or there is no room for all of them. A list that was cut would
    /// look like one that is complete, and the first group of `GROUP_MAP` that it has would be another.
    ///
    /// # Errors
    /// They do not fit, even without groups.
    pub fn claims(&self, now: UnixTime) -> Result<Value, ClaimsTooLongError> {
        let caller = self.caller;
        let end = now.0.saturating_add(LIFETIME.as_secs());
        let mut claims = json!({
            "aud": self.pool,
            // The statement must not outlive the token that it is made of.
            "exp": end.min(caller.expires.0),
            "groups": caller.groups,
            "iat": now.0,
            "iss": self.door,
            "jti": self.request_id,
            "machine_client": self.machine_client,
            "sub": caller.subject,
            "sub_issuer": caller.issuer,
            "token_id": caller.token_id,
        });
        let fits = |claims: &Value| claims.to_string().len() <= MAX_CLAIMS_BYTES;
        if let Some(members) = claims.as_object_mut() {
            let client = caller.client_id.clone();
            members.extend(client.map(|client| ("client_id".to_owned(), client.into())));
            // Where another claim is read as groups, such as roles, those are complete.
            if caller.groups_elsewhere && caller.groups.is_empty() {
                members.remove("groups");
            }
        }
        if !fits(&claims)
            && let Some(members) = claims.as_object_mut()
        {
            members.remove("groups");
        }
        fits(&claims).then_some(claims).ok_or(ClaimsTooLongError)
    }
}

/// What of [`MAX_BYTES`] is left for the claims: base64 makes four characters of three bytes; a header of at most 200
/// bytes, a signature of 64 (86 characters), and two full stops stand beside them.
const MAX_CLAIMS_BYTES: usize = (MAX_BYTES - 270 - 86 - 2) / 4 * 3;
