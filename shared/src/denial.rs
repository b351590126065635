//! Denials: whom the door shuts out, until when, and why, as items of a DynamoDB table.
//!
//! A denial stands under one key, and its kind is part of the key. A function that decides about a turn asks for every key that
//! the turn has, in one question, so items under other keys never matter. One key has one denial: the later end wins
//! ([`Denial::put`]).

use serde_json::{Map, Value, json};

use crate::crypto::digest_of;
use crate::gate::{AgentName, Identity, UnixTime};
use crate::session::SessionId;
use crate::text::is_printable;

/// The attribute of the table's key.
pub const KEY: &str = "key";
/// The attribute of the end, in seconds since 1970; also the table's time to live.
pub const UNTIL: &str = "until";
/// The attribute of the time when the denial was written, in seconds since 1970.
pub const CREATED: &str = "created";
/// The attribute of the reason, for operators.
pub const REASON: &str = "reason";
/// The attribute of the operator who wrote the denial.
pub const AUTHOR: &str = "author";

/// Characters of a reason: one line of a log.
const MAX_REASON: usize = 256;
/// Characters of an author: a name, an address or the name of a role.
const MAX_AUTHOR: usize = 128;
/// Bytes of a partition key ("Quotas in Amazon DynamoDB").
const MAX_KEY: usize = 2048;
/// The last second of the year 9999. A greater number is one of milliseconds, by mistake, and would never end.
const MAX_TIME: u64 = 253_402_300_799;

/// Whom a denial is about. Names are those of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom<'w> {
    /// Every caller of an agent.
    Agent(&'w str),
    /// One caller, at one agent.
    AtAgent {
        agent: &'w str,
        issuer: &'w str,
        subject: &'w str,
    },
    /// Every caller of an application.
    Client { issuer: &'w str, client: &'w str },
    /// Every token of one sign-in: Cognito's `origin_jti`.
    Family {
        issuer: &'w str,
        origin_jti: &'w str,
    },
    /// One conversation of one caller with one agent, by the id of its runtime session.
    Session(&'w str),
    /// One caller.
    Subject { issuer: &'w str, subject: &'w str },
    /// One token.
    Token(&'w str),
}

/// The key of a denial. No two that differ in kind or in any name have the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    kind: &'static str,
    text: String,
}

/// One denial, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    reason: String,
    author: String,
    created: UnixTime,
    until: UnixTime,
}

/// The value of one attribute, as far as a denial has such values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute<'a> {
    Text(&'a str),
    /// A number, as DynamoDB writes it.
    Number(&'a str),
    Other,
}

/// Why something is no denial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DenialError {
    #[error(
        "`{UNTIL}` is not a time after `{CREATED}`, in whole seconds since 1970, before the year 10000"
    )]
    Until,
    #[error("`{CREATED}` is not a time in whole seconds since 1970, before the year 10000")]
    Created,
    #[error("`{REASON}` is not 1 to 256 printable characters")]
    Reason,
    #[error("`{AUTHOR}` is not 1 to 128 printable characters")]
    Author,
}

impl Whom<'_> {
    /// The key under which the denial stands.
    pub fn key(self) -> Key {
        let (kind, names) = match self {
            Self::Agent(agent) => ("agent", vec![agent]),
            Self::AtAgent {
                agent,
                issuer,
                subject,
            } => ("at-agent", vec![agent, issuer, subject]),
            Self::Client { issuer, client } => ("client", vec![issuer, client]),
            Self::Family { issuer, origin_jti } => ("family", vec![issuer, origin_jti]),
            Self::Session(session) => ("session", vec![session]),
            Self::Subject { issuer, subject } => ("subject", vec![issuer, subject]),
            Self::Token(token_id) => ("token", vec![token_id]),
        };
        Key::of(kind, &names)
    }
}

impl Key {
    /// A JSON list of the kind and the names has one reading, whatever the names contain, and an operator can write it by
    /// hand. One that is too long for DynamoDB gives way to a digest, which is no list.
    fn of(kind: &'static str, names: &[&str]) -> Self {
        let fields: Vec<&str> = [kind].iter().chain(names).copied().collect();
        let text = json!(fields).to_string();
        let text = if text.len() > MAX_KEY {
            format!("{kind} sha256 {}", digest_of("gatehouse denial 1", &fields))
        } else {
            text
        };
        Self { kind, text }
    }

    /// The kind of denial, for a log: a key has names of people in it.
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// The keys of a caller, whatever agent is called: subject, application, token and family.
pub fn keys_of_caller(caller: &Identity) -> Vec<Key> {
    let issuer = caller.issuer.as_str();
    let subject = Whom::Subject {
        issuer,
        subject: &caller.subject,
    };
    let token = Some(caller.token_id.as_str()).filter(|id| !id.is_empty());
    let client = caller.client_id.as_deref();
    let family = caller.family.as_deref();
    let all = [
        Some(subject),
        client.map(|client| Whom::Client { issuer, client }),
        token.map(Whom::Token),
        family.map(|origin_jti| Whom::Family { issuer, origin_jti }),
    ];
    all.into_iter().flatten().map(Whom::key).collect()
}

/// The keys of a call: the caller's, the agent's, the caller's at this agent, and the session's.
pub fn keys_of_call(caller: &Identity, agent: &AgentName, session: &SessionId) -> Vec<Key> {
    let agent = agent.as_str();
    let more = [
        Whom::Agent(agent),
        Whom::AtAgent {
            agent,
            issuer: &caller.issuer,
            subject: &caller.subject,
        },
        Whom::Session(session.as_str()),
    ];
    let mut keys = keys_of_caller(caller);
    keys.extend(more.map(Whom::key));
    keys
}

impl Denial {
    /// A denial that an operator writes.
    ///
    /// # Errors
    /// [`DenialError`]: it has no reason, no author or no end after its beginning.
    pub fn new(
        reason: &str,
        author: &str,
        created: UnixTime,
        until: UnixTime,
    ) -> Result<Self, DenialError> {
        if !is_printable(reason, MAX_REASON) {
            return Err(DenialError::Reason);
        }
        if !is_printable(author, MAX_AUTHOR) {
            return Err(DenialError::Author);
        }
        if created.0 > MAX_TIME {
            return Err(DenialError::Created);
        }
        if until <= created || until.0 > MAX_TIME {
            return Err(DenialError::Until);
        }
        Ok(Self {
            reason: reason.to_owned(),
            author: author.to_owned(),
            created,
            until,
        })
    }

    /// The denial that an item holds at this time; none if it has ended. DynamoDB deletes an item up to some days after
    /// its end, so an item that is still there may be over.
    ///
    /// The end is compared with the wall clock of the function that asks. A clock that is set ahead ends denials so much too early,
    /// one that is set back keeps them so much too long.
    ///
    /// # Errors
    /// [`DenialError`]: the item is no denial. It has no end that has passed, so it must not be taken for none.
    pub fn read<'a>(
        attribute: impl Fn(&str) -> Option<Attribute<'a>>,
        now: UnixTime,
    ) -> Result<Option<Self>, DenialError> {
        let time = |name| match attribute(name) {
            Some(Attribute::Number(digits)) => digits.parse().ok().map(UnixTime),
            Some(Attribute::Text(_) | Attribute::Other) | None => None,
        };
        let text = |name| match attribute(name) {
            Some(Attribute::Text(text)) => Some(text),
            Some(Attribute::Number(_) | Attribute::Other) | None => None,
        };
        let until = time(UNTIL).ok_or(DenialError::Until)?;
        // "At or after" the end it is over, as a token is (RFC 7519, section 4.1.4).
        if until <= now {
            return Ok(None);
        }
        let reason = text(REASON).ok_or(DenialError::Reason)?;
        let author = text(AUTHOR).ok_or(DenialError::Author)?;
        let created = time(CREATED).ok_or(DenialError::Created)?;
        Self::new(reason, author, created, until).map(Some)
    }

    /// The same for an item of DynamoDB's JSON: `{"until": {"N": "1792142078"}}`.
    ///
    /// # Errors
    /// As for [`Denial::read`].
    pub fn read_json(
        item: &Map<String, Value>,
        now: UnixTime,
    ) -> Result<Option<Self>, DenialError> {
        let attribute = |name: &str| {
            let value = item.get(name)?;
            let member = |kind: &str| value.get(kind).and_then(Value::as_str);
            let number = member("N").map(Attribute::Number);
            let text = member("S").map(Attribute::Text);
            Some(number.or(text).unwrap_or(Attribute::Other))
        };
        Self::read(attribute, now)
    }

    pub fn reason(&self) -> &str {
        &self.reason
    }

    pub fn author(&self) -> &str {
        &self.author
    }

    pub const fn created(&self) -> UnixTime {
        self.created
    }

    pub const fn until(&self) -> UnixTime {
        self.until
    }

    /// The item, in DynamoDB's JSON.
    pub fn item(&self, key: &Key) -> Value {
        json!({
            AUTHOR: {"S": self.author},
            CREATED: {"N": self.created.0.to_string()},
            KEY: {"S": key.as_str()},
            REASON: {"S": self.reason},
            UNTIL: {"N": self.until.0.to_string()},
        })
    }

    /// The input of `PutItem` that writes the denial, unless one of the same key ends later. DynamoDB then answers
    /// `ConditionalCheckFailedException` with that one, and if it replaces another, with the one that it replaces: a
    /// writer shows both.
    pub fn put(&self, table: &str, key: &Key) -> Value {
        json!({
            "ConditionExpression": "attribute_not_exists(#until) OR #until <= :until",
            "ExpressionAttributeNames": {"#until": UNTIL},
            "ExpressionAttributeValues": {":until": {"N": self.until.0.to_string()}},
            "Item": self.item(key),
            "ReturnValues": "ALL_OLD",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            "TableName": table,
        })
    }
}

/// The input of `DeleteItem` that lifts the denial of a key. DynamoDB answers with the item that there was.
pub fn lift(table: &str, key: &Key) -> Value {
    json!({
        "Key": {KEY: {"S": key.as_str()}},
        "ReturnValues": "ALL_OLD",
        "TableName": table,
    })
}

#[cfg(test)]
mod tests;
