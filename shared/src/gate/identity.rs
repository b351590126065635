//! Identity, [`Claims`] -> [`Identity`]: a verified caller.

use std::fmt;
use std::ops::Deref;

use super::claims::Claims;
use super::conditions;
use super::presented::Payload;
use super::refusal::Refusal;
use crate::json::Value;
use crate::rules::UnixTime;

/// OpenID Connect Core section 2 bounds a subject to 255 characters; other names get the same bound.
const MAX_NAME: usize = 255;

/// Who calls, as their issuer says, and proven: only the gate makes one. Every text in it is short and printable.
#[derive(Clone)]
pub struct Identity(Caller);

/// What is known of a caller.
#[derive(Clone, Default)]
pub struct Caller {
    /// The exact `iss`.
    pub issuer: String,
    /// The caller's stable name, unique within the issuer (`sub`).
    pub subject: String,
    /// The application the token was made for.
    pub client_id: Option<String>,
    pub username: Option<String>,
    pub email: Option<String>,
    /// The name to show to people.
    pub name: Option<String>,
    pub scopes: Vec<String>,
    pub groups: Vec<String>,
    /// At and after this time the identity no longer holds.
    pub expires: UnixTime,
    /// 32 hex digits that name the token in a log and cannot be turned back into it.
    pub token_id: String,
}

impl Identity {
    pub(super) fn from_claims(claims: Claims<'_>) -> Result<Self, Refusal> {
        let (payload, expires) = claims.into_parts();
        let text = |name: &str| printable(&payload, name);
        let scopes = scopes(payload.get(&payload.rules.scope_claim))?;
        let groups = texts(payload.get(&payload.rules.groups_claim));
        conditions::check(&payload, &scopes)?;
        // Cognito's access tokens, Cognito's id tokens, everybody else's.
        let usernames = ["username", "cognito:username", "preferred_username"];
        let usernames: Vec<_> = usernames.into_iter().map(text).collect::<Result<_, _>>()?;
        Ok(Self(Caller {
            issuer: payload.rules.issuer.clone(),
            subject: text("sub").ok().flatten().ok_or(Refusal::Subject)?,
            client_id: text(&payload.rules.client_claim)?,
            username: usernames.into_iter().flatten().next(),
            email: text("email")?,
            name: text("name")?,
            scopes,
            groups: groups.ok_or(Refusal::GroupsForm)?,
            expires,
            token_id: payload.token_id,
        }))
    }

    /// The one identity of all callers while authentication is disabled: the only identity that proves nothing. It has
    /// no client, scope or group, so an agent that asks for one does not admit it; no issuer's `iss`, an address, is
    /// this word.
    pub fn anonymous() -> Self {
        Self(Caller {
            issuer: "anonymous".to_owned(),
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

fn is_printable(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= MAX_NAME && !text.chars().any(char::is_control)
}

fn printable(payload: &Payload<'_>, name: &str) -> Result<Option<String>, Refusal> {
    match payload.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if is_printable(text) => Ok(Some(text.clone())),
        Some(_) => Err(Refusal::NameForm),
    }
}

/// One text of scopes with single spaces between (RFC 6749, section 3.3), or a list; absent is none.
fn scopes(claim: Option<&Value>) -> Result<Vec<String>, Refusal> {
    let split = |text: &str| text.split(' ').map(Value::from).collect();
    let scopes = match claim {
        Some(Value::String(text)) if text.is_empty() => Some(Vec::new()),
        Some(Value::String(text)) => texts(Some(&split(text))),
        other => texts(other),
    };
    scopes.ok_or(Refusal::ScopeForm)
}

/// A list of printable texts; absent is none.
fn texts(claim: Option<&Value>) -> Option<Vec<String>> {
    let text = |entry: &Value| Some(entry.as_str().filter(|text| is_printable(text))?.to_owned());
    match claim {
        None => Some(Vec::new()),
        Some(claim) => claim.as_array()?.iter().map(text).collect(),
    }
}
