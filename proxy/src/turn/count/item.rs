//! The item that counts the turns of one caller with one agent, and the writes that change it.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use shared::log::service_failure;
use tracing::error;

use super::super::lease::settled;
use super::super::table::{EXPIRES, TURNS_KEY, is_condition, seconds, text};
use super::window::Window;
use crate::caller::limit::Reached;

/// The set of turns under way.
const HOLDERS: &str = "holders";

/// How long an item is kept after its last turn: longer than its longest window and than the longest turn.
const KEPT: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// The attributes of an item.
pub(super) type Item = HashMap<String, AttributeValue>;

/// What stands in an item for one turn.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) id: String,
    /// The attributes that count it.
    pub(super) windows: Vec<String>,
    /// Its member of the set of turns under way; none if these are not limited.
    pub(super) holder: Option<String>,
    /// Whose turn it is: an id that no other turn has.
    pub(super) owner: String,
    /// When it was taken, since 1970.
    pub(super) taken: Duration,
}

/// What became of one attempt.
pub(super) enum Attempt {
    /// It is counted; what the item is now.
    Counted(Item),
    /// It is not within a limit; what the item was.
    Refused(Item),
}

/// The table with the items.
pub(super) struct Table {
    pub(super) client: Client,
    pub(super) name: String,
}

/// A member of the set of turns under way: when it runs out, and whose it is.
pub(super) fn holder(expires: Duration, owner: &str) -> String {
    format!("{}:{owner}", expires.as_secs())
}

/// The members of turns whose time is over.
pub(super) fn dead(item: &Item, now: Duration) -> Vec<String> {
    let all = holders(item).iter();
    all.filter(|holder| expiry(holder) <= now.as_secs())
        .cloned()
        .collect()
}

/// The limit that an item has reached: of several the one that lasts longest. None if there are members to be removed, or
/// another process was quicker.
pub(super) fn reached(
    item: &Item,
    windows: &[Window],
    at_once: Option<u64>,
    now: Duration,
) -> Option<Reached> {
    let count = |window: &Window| {
        let digits = item.get(&window.attribute())?.as_n().ok()?;
        digits.parse::<u64>().ok()
    };
    let full = windows
        .iter()
        .find(|window| count(window).is_some_and(|count| count >= window.most()));
    if let Some(window) = full {
        return Some(window.reached(now));
    }
    let living = holders(item).iter().map(|holder| expiry(holder));
    let living: Vec<u64> = living.filter(|expiry| *expiry > now.as_secs()).collect();
    let count = u64::try_from(living.len()).unwrap_or(u64::MAX);
    let first = living.into_iter().min()?;
    (count >= at_once?).then(|| Reached::at_once(first))
}

/// When a member runs out. One that cannot be read never does.
fn expiry(holder: &str) -> u64 {
    let digits = holder.split_once(':').map(|(digits, _)| digits);
    digits
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(u64::MAX)
}

fn holders(item: &Item) -> &[String] {
    let set = item.get(HOLDERS).and_then(|set| set.as_ss().ok());
    set.map(Vec::as_slice).unwrap_or_default()
}

impl Table {
    /// Counts a turn, if that is within every limit: DynamoDB compares and counts in one step.
    ///
    /// An attempt whose answer was lost is made again by the SDK, and its windows then count one turn too many, never one
    /// too few.
    pub(super) async fn add(
        &self,
        entry: &Entry,
        windows: &[Window],
        at_once: Option<u64>,
    ) -> Result<Attempt, ()> {
        let mut adds = Vec::new();
        let mut conditions = Vec::new();
        let mut update = self
            .update(&entry.id)
            .expression_attribute_names("#e", EXPIRES)
            .expression_attribute_values(":e", seconds(entry.taken.saturating_add(KEPT)));
        for (place, window) in windows.iter().enumerate() {
            adds.push(format!("#w{place} :one"));
            conditions.push(format!(
                "(attribute_not_exists(#w{place}) OR #w{place} < :w{place})"
            ));
            update = update
                .expression_attribute_names(format!("#w{place}"), window.attribute())
                .expression_attribute_values(format!(":w{place}"), number(window.most()));
        }
        if !windows.is_empty() {
            update = update.expression_attribute_values(":one", number(1));
        }
        if let (Some(holder), Some(most)) = (&entry.holder, at_once) {
            adds.push("#h :h".to_owned());
            conditions.push("(attribute_not_exists(#h) OR size(#h) < :most)".to_owned());
            update = with_holders(update, vec![holder.clone()])
                .expression_attribute_values(":most", number(most));
        }
        let update = update
            .update_expression(format!("SET #e = :e ADD {}", adds.join(", ")))
            .condition_expression(conditions.join(" AND "))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match update.send().await {
            Ok(output) => Ok(Attempt::Counted(output.attributes.unwrap_or_default())),
            Err(error) if is_condition(&error) => Ok(Attempt::Refused(found(error))),
            Err(error) => {
                error!(
                    error = service_failure(error.code(), &error),
                    "cannot tell how many turns a caller takes"
                );
                Err(())
            }
        }
    }

    /// Takes a turn out of its windows and of the set.
    pub(super) async fn subtract(&self, entry: &Entry) {
        let mut update = self.update(&entry.id);
        let mut clauses = Vec::new();
        if !entry.windows.is_empty() {
            let less = AttributeValue::N("-1".to_owned());
            update = update.expression_attribute_values(":less", less);
            let places = 0..entry.windows.len();
            let adds: Vec<String> = places.map(|place| format!("#w{place} :less")).collect();
            clauses.push(format!("ADD {}", adds.join(", ")));
        }
        for (place, window) in entry.windows.iter().enumerate() {
            update = update.expression_attribute_names(format!("#w{place}"), window);
        }
        if let Some(holder) = &entry.holder {
            clauses.push(DELETE.to_owned());
            update = with_holders(update, vec![holder.clone()]);
        }
        written(update, clauses, NOT_GIVEN_BACK).await;
    }

    /// Puts another member in the place of a turn's: first in, then out, so that the turn is never missing.
    pub(super) async fn prolong(&self, entry: &Entry, later: &str) {
        let add = with_holders(self.update(&entry.id), vec![later.to_owned()]);
        written(add, vec!["ADD #h :h".to_owned()], NOT_PROLONGED).await;
        let before = entry.holder.iter().cloned().collect();
        self.remove(entry, &[], before).await;
    }

    /// Removes windows, and members of the set.
    pub(super) async fn remove(&self, entry: &Entry, windows: &[String], holders: Vec<String>) {
        let mut update = self.update(&entry.id);
        let mut clauses = Vec::new();
        if !windows.is_empty() {
            let names = (0..windows.len()).map(|place| format!("#w{place}"));
            let names: Vec<String> = names.collect();
            clauses.push(format!("REMOVE {}", names.join(", ")));
        }
        for (place, window) in windows.iter().enumerate() {
            update = update.expression_attribute_names(format!("#w{place}"), window);
        }
        if !holders.is_empty() {
            clauses.push(DELETE.to_owned());
            update = with_holders(update, holders);
        }
        written(update, clauses, NOT_REMOVED).await;
    }

    fn update(&self, id: &str) -> UpdateItemFluentBuilder {
        let update = self.client.update_item();
        update.table_name(&self.name).key(TURNS_KEY, text(id))
    }
}

const DELETE: &str = "DELETE #h :h";
const NOT_GIVEN_BACK: &str = "cannot give back a counted turn; it counts until its time is over";
const NOT_PROLONGED: &str =
    "cannot prolong a counted turn; another may begin while the agent works on";
const NOT_REMOVED: &str = "cannot remove what is over from a count of turns";

fn with_holders(update: UpdateItemFluentBuilder, holders: Vec<String>) -> UpdateItemFluentBuilder {
    update
        .expression_attribute_names("#h", HOLDERS)
        .expression_attribute_values(":h", AttributeValue::Ss(holders))
}

/// Changes an item. One that is gone is not made again: there is nothing in it to be changed.
async fn written(update: UpdateItemFluentBuilder, clauses: Vec<String>, failed: &'static str) {
    if clauses.is_empty() {
        return;
    }
    let update = update
        .update_expression(clauses.join(" "))
        .condition_expression("attribute_exists(#key)")
        .expression_attribute_names("#key", TURNS_KEY);
    settled(update.send(), failed).await;
}

fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// The item for which DynamoDB refused.
fn found(error: SdkError<UpdateItemError>) -> Item {
    let error = error.into_service_error();
    if let UpdateItemError::ConditionalCheckFailedException(refused) = error {
        return refused.item.unwrap_or_default();
    }
    Item::new()
}
