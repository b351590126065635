//! The trigger's event. It stays JSON and is read member by member: Cognito may add to it at any time ("Customizing
//! user pool workflows with Lambda triggers"), and unknown members must be returned unchanged.

use serde_json::Value;
use shared::aws::names::is_app_client_id;
use shared::denial::{Key, Whom};
use shared::statement_verifier::Stated;
use shared::user_claims::{ISSUER_END, is_plain, is_user_id};

use crate::error::TriggerError;

/// What kind of token is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A machine's, by client credentials.
    Machine,
    /// A person's, in an event that can carry claims for the access token: version 2 or 3.
    Person,
    /// Any other: nothing is done.
    Other,
}

/// The trigger source of a machine's token.
const MACHINE: &str = "TokenGeneration_ClientCredentials";

/// The trigger sources of a person's token.
const PERSON: [&str; 5] = [
    "TokenGeneration_AuthenticateDevice",
    "TokenGeneration_Authentication",
    "TokenGeneration_HostedAuth",
    "TokenGeneration_NewPasswordChallenge",
    "TokenGeneration_RefreshTokens",
];

impl TokenKind {
    pub(crate) fn of(event: &Value) -> Self {
        let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
        let source = text("triggerSource");
        if source == MACHINE {
            Self::Machine
        } else if PERSON.contains(&source) && ["2", "3"].contains(&text("version")) {
            Self::Person
        } else {
            Self::Other
        }
    }
}

/// What is wrong with how the pool calls the trigger, as far as an event shows it. Cognito itself says nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attachment {
    /// As it must be.
    Good,
    /// As `V1_0` or `V2_0`: machines' tokens are then made without asking.
    Old,
    /// By a version or a source that is not known here.
    Unknown,
}

impl Attachment {
    pub(crate) fn of(event: &Value) -> Self {
        let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
        let source = text("triggerSource");
        let is_known = source == MACHINE || PERSON.contains(&source);
        match text("version") {
            "3" if is_known => Self::Good,
            "1" | "2" if is_known => Self::Old,
            _ => Self::Unknown,
        }
    }
}

/// A person whom a token is about: one who signs in, or one whom a machine has proven to act for.
pub(crate) struct Person {
    /// In the directory, and in the claim `user_id`; see [`is_user_id`].
    pub(crate) user_id: String,
    /// None for a user of the pool.
    pub(crate) issuer: Option<String>,
    /// Unique within the issuer, or the pool.
    pub(crate) subject: String,
    /// None: they are unknown, which is not the same as none.
    pub(crate) groups: Option<Vec<String>>,
    /// Names the token that proves them, if one does.
    pub(crate) token_id: Option<String>,
    /// The keys under which a denial of the token that proves them may stand; none without such a token.
    pub(crate) keys: Vec<Key>,
}

impl Person {
    /// The person who signs in.
    ///
    /// # Errors
    /// [`TriggerError::Event`].
    pub(crate) fn signing_in(event: &Value) -> Result<Self, TriggerError> {
        let subject = event.pointer("/request/userAttributes/sub");
        let subject = subject.and_then(Value::as_str).ok_or(TriggerError::Event)?;
        let groups = match groups(event)?.and_then(|groups| groups.get("groupsToOverride")) {
            None | Some(Value::Null) => Vec::new(),
            Some(groups) => texts(groups).ok_or(TriggerError::Event)?,
        };
        Self::of_pool(subject, groups, None)
    }

    /// A user of the pool.
    ///
    /// # Errors
    /// [`TriggerError::Subject`].
    pub(crate) fn of_pool(
        subject: &str,
        groups: Vec<String>,
        token_id: Option<String>,
    ) -> Result<Self, TriggerError> {
        // Cognito's subjects are UUIDs. One with this sign could be the id of another issuer's user.
        if !is_plain(subject) || subject.contains(ISSUER_END) {
            return Err(TriggerError::Subject);
        }
        Ok(Self {
            user_id: subject.to_owned(),
            issuer: None,
            subject: subject.to_owned(),
            groups: Some(groups),
            token_id,
            keys: Vec::new(),
        })
    }

    /// A user of another issuer, of whom the door states who they are.
    ///
    /// # Errors
    /// [`TriggerError::Subject`].
    pub(crate) fn stated(stated: Stated) -> Result<Self, TriggerError> {
        let Stated {
            subject,
            issuer,
            groups,
            token_id,
            client_id,
            ..
        } = stated;
        let user_id = format!("{issuer}{}{subject}", ISSUER_END);
        if !is_user_id(&user_id) {
            return Err(TriggerError::Subject);
        }
        let client = client_id.as_deref().map(|client| Whom::Client {
            issuer: &issuer,
            client,
        });
        let subject_of = Whom::Subject {
            issuer: &issuer,
            subject: &subject,
        };
        let keys = [Some(subject_of), client, Some(Whom::Token(&token_id))];
        let keys = keys.into_iter().flatten().map(Whom::key).collect();
        Ok(Self {
            user_id,
            issuer: Some(issuer),
            subject,
            groups,
            token_id: Some(token_id),
            keys,
        })
    }
}

/// The app client that asks.
///
/// # Errors
/// [`TriggerError::Event`].
pub(crate) fn client(event: &Value) -> Result<&str, TriggerError> {
    let client = event.pointer("/callerContext/clientId");
    let client = client.and_then(Value::as_str);
    client
        .filter(|client| is_app_client_id(client))
        .ok_or(TriggerError::Event)
}

/// The groups that Cognito would put into the token, in its own form; nothing where there are none.
///
/// # Errors
/// [`TriggerError::Event`].
pub(crate) fn groups(event: &Value) -> Result<Option<&Value>, TriggerError> {
    match event.pointer("/request/groupConfiguration") {
        None | Some(Value::Null) => Ok(None),
        Some(groups @ Value::Object(_)) => Ok(Some(groups)),
        Some(_) => Err(TriggerError::Event),
    }
}

fn texts(list: &Value) -> Option<Vec<String>> {
    let text = |entry: &Value| entry.as_str().map(str::to_owned);
    list.as_array()?.iter().map(text).collect()
}
