//! The table of denials, as functions ask it: every key of a call in one consistent read, each time anew. Nothing is cached, so
//! a denial holds for every turn that begins after it was written.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use tracing::{error, warn};

use crate::clock::Clock;
use crate::denial::{Attribute, Denial, KEY, Key};
use crate::log::{Loggable, service_failure};

/// A batch that was not read whole is asked for once more: DynamoDB leaves out keys when it throttles or fails in part
/// ("BatchGetItem", Amazon DynamoDB API Reference).
const MAX_QUESTIONS: usize = 2;

/// The table of denials. A copy is of the same one.
#[derive(Clone)]
pub struct Denials(Arc<Table>);

struct Table {
    client: Client,
    name: String,
    clock: Clock,
}

/// Why a call is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shut {
    /// There is a denial.
    Denied,
    /// It cannot be told.
    Outage,
}

type Item = HashMap<String, AttributeValue>;

impl Denials {
    /// The table of this name; nothing is connected yet.
    pub fn new(table: String, client: Client, clock: Clock) -> Self {
        Self(Arc::new(Table {
            client,
            name: table,
            clock,
        }))
    }

    /// Asks for the denials of these keys, for the request of this id.
    ///
    /// # Errors
    /// One of them holds, or it cannot be told whether one does.
    pub async fn ask(&self, keys: &[Key], request_id: &str) -> Result<(), Shut> {
        let Self(table) = self;
        let mut left: Vec<Item> = keys.iter().map(item_key).collect();
        for _ in 0..MAX_QUESTIONS {
            let (found, unread) = table.read(left, request_id).await?;
            table.check(keys, &found, request_id)?;
            if unread.is_empty() {
                return Ok(());
            }
            left = unread;
        }
        error!(
            request_id,
            error = "unprocessed keys",
            "cannot tell whether a caller is denied"
        );
        Err(Shut::Outage)
    }
}

fn item_key(key: &Key) -> Item {
    let text = AttributeValue::S(key.as_str().to_owned());
    [(KEY.to_owned(), text)].into()
}

impl Table {
    /// The items of these keys, and the keys that were not read.
    async fn read(
        &self,
        keys: Vec<Item>,
        request_id: &str,
    ) -> Result<(Vec<Item>, Vec<Item>), Shut> {
        let asked = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            // An older reading might not have a denial that was written a moment ago.
            .consistent_read(true)
            .build();
        let asked = asked.map_err(|_| Shut::Outage)?;
        let get = self.client.batch_get_item();
        let answer = get.request_items(&self.name, asked).send().await;
        let answer = answer.map_err(|error| {
            error!(
                request_id,
                error = service_failure(error.code(), &error),
                "cannot tell whether a caller is denied"
            );
            Shut::Outage
        })?;
        let found = answer.responses.and_then(|mut all| all.remove(&self.name));
        let unread = answer.unprocessed_keys.into_iter().flatten();
        let unread = unread.flat_map(|(_, left)| left.keys);
        Ok((found.unwrap_or_default(), unread.collect()))
    }

    /// A denial that holds decides, whatever else was found. An item that is none does not count as none: it may be
    /// meant to shut this caller out.
    fn check(&self, keys: &[Key], found: &[Item], request_id: &str) -> Result<(), Shut> {
        let now = self.clock.now();
        let mut verdict = Ok(());
        for item in found {
            let kind = kind(keys, item);
            match Denial::read(|name| item.get(name).map(attribute), now) {
                Ok(None) => {}
                Ok(Some(denial)) => {
                    warn!(
                        request_id,
                        denial = kind,
                        reason = display(Loggable(denial.reason())),
                        author = display(Loggable(denial.author())),
                        until = denial.until().0,
                        "denied: there is a denial of the {kind}"
                    );
                    return Err(Shut::Denied);
                }
                Err(fault) => {
                    error!(
                        request_id,
                        denial = kind,
                        "the item of a {kind} in the table of denials is none: {fault}; correct or delete it"
                    );
                    verdict = Err(Shut::Outage);
                }
            }
        }
        verdict
    }
}

/// The kind of the key that an item stands under.
fn kind(keys: &[Key], item: &Item) -> &'static str {
    let found = item.get(KEY).and_then(|key| key.as_s().ok());
    let key = keys
        .iter()
        .find(|key| found.is_some_and(|found| found == key.as_str()));
    key.map_or("unknown", Key::kind)
}

fn attribute(value: &AttributeValue) -> Attribute<'_> {
    if let AttributeValue::S(text) = value {
        Attribute::Text(text)
    } else if let AttributeValue::N(digits) = value {
        Attribute::Number(digits)
    } else {
        Attribute::Other
    }
}
