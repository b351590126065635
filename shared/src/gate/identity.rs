//! Identity, [`Claims`] -> [`Identity`]: a verified caller.

use std::fmt;
use std::ops::Deref;

use super::claims::Claims;
use super::conditions;
use super::presented::{Payload, entries};
use super::refusal::Refusal;
use crate::json::Value;
use crate::rules::UnixTime;
use crate::text::is_printable;

/// OpenID Connect Core section 2 bounds a subject to 255 characters; other names get the same bound.
const MAX_NAME: usize = 255;

/// Who calls, as their issuer says, and proven: only the gate makes one. Every text in it is short and printable.
#[derive(Clone)]
pub struct Identity(Caller);

/// What is known of a caller.
#[derive(Clone, Default)]
pub struct Caller {
    /// The name by which the issuer of the exact `iss` is known: of several names the first; of several tenants the
    /// caller's own.
    pub issuer: String,
    /// The name of the issuer's entry in the settings; it differs from `issuer` where that entry has several tenants.
    pub trusted_as: String,
    /// The caller's stable name, unique within the issuer: `sub`, or the claim that the settings name for it.
    pub subject: String,
    /// The application the token was made for.
    pub client_id: Option<String>,
    pub username: Option<String>,
    /// Only an address that the issuer has verified.
    pub email: Option<String>,
    /// The name to show to people.
    pub name: Option<String>,
    pub scopes: Vec<String>,
    pub groups: Vec<String>,
    /// The issuer has left the groups out of the token, and says where they can be asked for. They are never fetched.
    pub groups_elsewhere: bool,
    /// At and after this time the identity no longer holds.
    pub expires: UnixTime,
    /// 32 hex digits that name the token in a log and cannot be turned back into it.
    pub token_id: String,
    /// The sign-in that the token comes from, by which its issuer names all tokens of one family: Cognito's `origin_jti`
    /// (Amazon Cognito Developer Guide, "Understanding the access token").
    pub family: Option<String>,
}

impl Identity {
    pub(super) fn from_claims(claims: Claims<'_, '_>) -> Result<Self, Refusal> {
        let (payload, expires) = claims.into_parts();
        let text = |name: &str| readable(payload.get(name)?);
        let scopes = scopes(payload.optional(&payload.rules.scope_claim));
        let subject = payload
            .optional(&payload.rules.subject_claim)
            .and_then(readable);
        let subject = subject.ok_or(Refusal::Subject)?;
        conditions::check(payload, &subject, &scopes)?;
        // Without it, users write the address themselves at some issuers, and so could write another's. It is a boolean
        // (OpenID Connect Core section 5.1); a text is another claim that happens to have its name.
        let is_verified = payload.get("email_verified") == Some(&Value::Bool(true));
        // Cognito's access tokens, Cognito's id tokens, everybody else's.
        let mut usernames = ["username", "cognito:username", "preferred_username"].into_iter();
        Ok(Self(Caller {
            trusted_as: payload.rules.issuer.name().to_owned(),
            issuer: payload.issuer.clone(),
            subject,
            client_id: payload
                .optional(&payload.rules.client_claim)
                .and_then(readable),
            username: usernames.find_map(text),
            email: text("email").filter(|_| is_verified),
            name: text("name"),
            scopes,
            groups: names(payload.optional(&payload.rules.groups_claim)),
            expires,
            groups_elsewhere: groups_elsewhere(payload),
            token_id: payload.token_id.clone(),
            family: text("origin_jti"),
        }))
    }

    /// The one identity of all callers while authentication is disabled: the only identity that proves nothing. It has
    /// no client, scope or group, so an agent that asks for one does not admit it; no trusted
    /// issuer has this name.
    pub fn anonymous() -> Self {
        Self(Caller {
            issuer: "anonymous".to_owned(),
            trusted_as: "anonymous".to_owned(),
            subject: "anonymous".to_owned(),
            expires: UnixTime::NEVER,
            ..Caller::default()
        })
    }
}

/// Lets a believed caller be read, never changed.
impl Deref for Identity {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

/// Names of people stay out of whatever prints this.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.0.token_id)
    }
}

/// A text that can be shown and compared. Whatever else a claim holds is as if it were absent: it can be no name of
/// anything in the settings, and a claim that no rule reads keeps no caller out.
fn readable(claim: &Value) -> Option<String> {
    let text = claim.as_str().filter(|text| is_printable(text, MAX_NAME));
    text.map(str::to_owned)
}

/// One name, or a list of them. An entry that is not readable is none of the names.
fn names(claim: Option<&Value>) -> Vec<String> {
    entries(claim).iter().filter_map(readable).collect()
}

/// One text of scopes with spaces between (RFC 6749, section 3.3), or a list. A scope has no space: an entry that has
/// one would read as two wherever the list is written as one text again.
fn scopes(claim: Option<&Value>) -> Vec<String> {
    let mut scopes = match claim {
        Some(Value::String(text)) => text
            .split(' ')
            .filter(|scope| is_printable(scope, MAX_NAME))
            .map(str::to_owned)
            .collect(),
        list => names(list),
    };
    scopes.retain(|scope| !scope.contains(' '));
    scopes
}

/// A claim that is not in the token is named with its source (OpenID Connect Core section 5.6.2); Microsoft Entra does
/// so with more than 200 groups ("Groups overage claim"), and writes `hasgroups` where there is no room for that
/// either.
pub(crate) fn groups_elsewhere(payload: &Payload<'_>) -> bool {
    let sources = payload
        .get("_claim_names")
        .and_then(|names| names.get("groups"));
    sources.is_some() || payload.get("hasgroups") == Some(&Value::Bool(true))
}
