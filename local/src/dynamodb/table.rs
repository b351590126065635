//! One table: items under a key that is a text.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::condition::Condition;
use super::projection;
use crate::aws_json::Exception;

/// Items held: far above what one machine needs.
pub(super) const MAX_ITEMS: usize = 10_000;

/// An item as DynamoDB writes it, attribute by attribute.
pub(super) type Item = Map<String, Value>;

/// A table, and what its key is called.
pub(super) struct Table {
    key: &'static str,
    pub(super) items: BTreeMap<String, Item>,
}

impl Table {
    pub(super) const fn new(key: &'static str) -> Self {
        Self {
            key,
            items: BTreeMap::new(),
        }
    }

    /// Writes an item without a condition.
    pub(super) fn write(&mut self, key: &str, mut item: Item) {
        item.insert(self.key.to_owned(), json!({ "S": key }));
        self.items.insert(key.to_owned(), item);
    }

    /// "GetItem", Amazon DynamoDB API Reference. An item that is not there is no error.
    pub(super) fn get(&self, input: &Value) -> Result<Value, Exception> {
        let key = self.key_of(input)?;
        let names = input.get("ExpressionAttributeNames");
        let wanted = input.get("ProjectionExpression").and_then(Value::as_str);
        let wanted = wanted
            .map(|expression| projection::attributes(expression, names))
            .transpose()?;
        let Some(item) = self.items.get(key).cloned() else {
            return Ok(json!({}));
        };
        let item: Item = item
            .into_iter()
            .filter(|(name, _)| wanted.as_ref().is_none_or(|wanted| wanted.contains(name)))
            .collect();
        Ok(json!({ "Item": item }))
    }

    /// "PutItem", the same.
    pub(super) fn put(&mut self, input: &Value) -> Result<Value, Exception> {
        let item = input.get("Item").and_then(Value::as_object);
        let item = item.ok_or(NOT_THE_KEY)?;
        let key = item.get(self.key).and_then(text).ok_or(NOT_THE_KEY)?;
        self.check(input, key)?;
        if self.items.len() >= MAX_ITEMS && !self.items.contains_key(key) {
            return Err(FULL);
        }
        self.items.insert(key.to_owned(), item.clone());
        Ok(json!({}))
    }

    /// "DeleteItem", the same. One that is not there is deleted.
    pub(super) fn delete(&mut self, input: &Value) -> Result<Value, Exception> {
        let key = self.key_of(input)?;
        self.check(input, key)?;
        self.items.remove(key);
        Ok(json!({}))
    }

    fn check(&self, input: &Value, key: &str) -> Result<(), Exception> {
        let condition = Condition::read(input).ok_or(BAD_CONDITION)?;
        if condition.holds(self.items.get(key)) {
            Ok(())
        } else {
            Err(CONDITION)
        }
    }

    fn key_of<'i>(&self, input: &'i Value) -> Result<&'i str, Exception> {
        let key = input.get("Key").and_then(Value::as_object);
        let key = key.filter(|key| key.len() == 1);
        key.and_then(|key| text(key.get(self.key)?))
            .ok_or(NOT_THE_KEY)
    }
}

/// A key is not empty.
fn text(attribute: &Value) -> Option<&str> {
    let text = attribute.get("S")?.as_str()?;
    (!text.is_empty()).then_some(text)
}

const NOT_THE_KEY: Exception = Exception {
    name: "com.amazon.coral.validate#ValidationException",
    message: "The provided key element does not match the schema",
};
const BAD_CONDITION: Exception = Exception {
    name: "com.amazon.coral.validate#ValidationException",
    message: "Invalid ConditionExpression",
};
const CONDITION: Exception = Exception {
    name: "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
    message: "The conditional request failed",
};
const FULL: Exception = Exception {
    name: "com.amazonaws.dynamodb.v20120810#ItemCollectionSizeLimitExceededException",
    message: "The table is full",
};
