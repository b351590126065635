//! The proof of the user for whom a machine acts, from its client metadata.
//!
//! Cognito passes the metadata on as the client sent it. Every holder of the client's secret can write anything there,
//! so a user's name in it proves nothing. A user's token, and what the door states of a user, prove what their signatures
//! cover.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use shared::denial::keys_of_caller;
use shared::log::Loggable;
use shared::statement_verifier::StatementVerifier;
use shared::user_claims::{DEPARTMENT, ROLE, USER_ID};
use tracing::field::display;
use tracing::warn;

use crate::error::TriggerError;
use crate::event::Person;
use crate::pool::{self, Pools};
use crate::statement;

/// The metadata key of a user's access token.
const USER_TOKEN: &str = "user_token";
/// The metadata key of what the door states of a user of another issuer.
const USER_STATEMENT: &str = "user_statement";
/// The metadata key of a user id that the client vouches for.
const VERIFIED_USER_ID: &str = "verified_user_id";

/// Parts of the names of other keys that look like a user's. They are not read, and a client that sends one may expect
/// that they are: FAST's agents, for example, send `verified_email`.
const LIKE_NAMING: [&str; 7] = [
    "behalf",
    "email",
    "identity",
    "principal",
    "subject",
    "token",
    "user",
];

/// Keys that name a user, one way or another. A client that sends one expects the token to be about that user: where it is
/// not taken as a proof, a token without the user would only hide the mistake.
const NAMING: [&str; 7] = [
    DEPARTMENT,
    ROLE,
    "sub",
    USER_ID,
    USER_STATEMENT,
    USER_TOKEN,
    VERIFIED_USER_ID,
];

/// What is taken as a proof of the user.
pub(crate) enum IdentityProof {
    /// An access token of a user of the same pool, or the door's statement about a user of another issuer.
    Token(TokenProof),
    /// The word of these clients.
    Asserted(BTreeSet<String>),
}

/// What a client shows of a user.
enum Shown<'m> {
    Token(&'m str),
    Statement(&'m str),
    Name(&'m str),
}

/// The app clients that a proof depends on. A pool may have other confidential clients, and whatever is shown a
/// user's token could otherwise have a token made in that user's name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TokenProof {
    /// Those that may show a user's token, or a statement about one.
    pub(crate) proving: BTreeSet<String>,
    /// Those whose users' tokens count; empty for all of the pool. The door itself says which clients of other issuers count.
    pub(crate) users: BTreeSet<String>,
}

impl IdentityProof {
    /// The user for whom the machine acts; none if the metadata names no user.
    ///
    /// # Errors
    /// The person is not proven, or it cannot be told.
    pub(crate) async fn person(
        &self,
        event: &Value,
        client: &str,
        pools: &Pools,
        statements: Option<&StatementVerifier>,
    ) -> Result<Option<Person>, TriggerError> {
        let Some(metadata) = metadata(event)? else {
            return Ok(None);
        };
        let Some(shown) = self.shown(metadata)? else {
            if NAMING.iter().any(|name| metadata.contains_key(*name)) {
                return Err(TriggerError::NoProof);
            }
            warn_of_unread(metadata, client);
            return Ok(None);
        };
        let person = match (self, shown) {
            (Self::Token(TokenProof { proving, .. }), _) if !proving.contains(client) => {
                return Err(TriggerError::ProvingClient);
            }
            (Self::Asserted(clients), _) if !clients.contains(client) => {
                return Err(TriggerError::Client);
            }
            (Self::Token(TokenProof { users, .. }), Shown::Token(token)) => {
                by_token(event, token, users, pools).await?
            }
            (Self::Token(_), Shown::Statement(text)) => {
                statement::prove(event, text, client, pools, statements).await?
            }
            (Self::Asserted(_), Shown::Name(name)) => Person::of_pool(name, Vec::new(), None)?,
            (Self::Token(_), Shown::Name(_))
            | (Self::Asserted(_), Shown::Token(_) | Shown::Statement(_)) => {
                return Err(TriggerError::NoProof);
            }
        };
        Ok(Some(person))
    }

    /// What the client shows in a key that is read; none if it shows nothing there.
    fn shown<'m>(
        &self,
        metadata: &'m Map<String, Value>,
    ) -> Result<Option<Shown<'m>>, TriggerError> {
        let text = |key: &str| match metadata.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(TriggerError::Metadata),
        };
        match self {
            Self::Asserted(_) => Ok(text(VERIFIED_USER_ID)?.map(Shown::Name)),
            Self::Token(_) => match (text(USER_TOKEN)?, text(USER_STATEMENT)?) {
                (None, None) => Ok(None),
                (Some(token), None) => Ok(Some(Shown::Token(token))),
                (None, Some(text)) => Ok(Some(Shown::Statement(text))),
                // They may be of two users, and no rule says which of the two the token is for.
                (Some(_), Some(_)) => Err(TriggerError::Metadata),
            },
        }
    }
}

/// Tells of a key that looks as if it named a user where none is proven: the token is then made without a user.
fn warn_of_unread(metadata: &Map<String, Value>, client: &str) {
    let is_like = |key: &&String| {
        let key = key.to_ascii_lowercase();
        LIKE_NAMING.iter().any(|part| key.contains(part))
    };
    if let Some(key) = metadata.keys().find(is_like) {
        let (key, client) = (display(Loggable(key)), display(Loggable(client)));
        warn!(
            key,
            client,
            "the client metadata may name a user, in a key that is not read, so the token has none: a user is proven by `user_token` or `user_statement`"
        );
    }
}

/// The client metadata; absent and null are none.
fn metadata(event: &Value) -> Result<Option<&Map<String, Value>>, TriggerError> {
    match event.pointer("/request/clientMetadata") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(metadata)) => Ok(Some(metadata)),
        Some(_) => Err(TriggerError::Metadata),
    }
}

/// Believes the user whose access token this is.
async fn by_token(
    event: &Value,
    token: &str,
    users: &BTreeSet<String>,
    pools: &Pools,
) -> Result<Person, TriggerError> {
    let door = pools.door(pool::of(event)?);
    let identity = door.identify(format!("Bearer {token}").as_bytes()).await?;
    // A machine's access token has no username, and its client is its subject. One of the two would do; neither is
    // promised by Cognito in so many words.
    let client = identity.client_id.as_ref();
    let is_user = identity.username.is_some() && client.is_some_and(|id| *id != identity.subject);
    if !is_user {
        return Err(TriggerError::Machine);
    }
    if !users.is_empty() && !client.is_some_and(|id| users.contains(id)) {
        return Err(TriggerError::UserClient);
    }
    let person = Person::of_pool(
        &identity.subject,
        identity.groups.clone(),
        Some(identity.token_id.clone()),
    )?;
    Ok(Person {
        keys: keys_of_caller(&identity),
        ..person
    })
}
