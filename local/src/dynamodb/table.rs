//! One table: items under a key that is a text.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::condition::Condition;
use super::placeholders::Placeholders;
use super::projection;
use super::update::Update;
use crate::aws_json::{Exception, Refused};

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

    /// The items under these keys, each of which is asked for once ("BatchGetItem", the same).
    pub(super) fn get_all(&self, keys: &[Value]) -> Result<Vec<Value>, Exception> {
        let read = keys.iter().map(|key| self.key(Some(key)));
        let read = read.collect::<Result<Vec<_>, _>>()?;
        if read.iter().collect::<BTreeSet<_>>().len() != read.len() {
            return Err(DUPLICATES);
        }
        let items = read.iter().filter_map(|key| self.items.get(*key).cloned());
        Ok(items.map(Value::Object).collect())
    }

    /// "PutItem", the same.
    pub(super) fn put(&mut self, input: &Value) -> Result<Value, Refused> {
        let item = input.get("Item").and_then(Value::as_object);
        let item = item.ok_or(NOT_THE_KEY)?;
        let key = item.get(self.key).and_then(text).ok_or(NOT_THE_KEY)?;
        let returned = Returned::read(input, &[])?;
        self.check(input, key, &Placeholders::of(input))?;
        self.has_room(key)?;
        let before = self.items.insert(key.to_owned(), item.clone());
        Ok(returned.answer(before, None))
    }

    /// "DeleteItem", the same. One that is not there is deleted.
    pub(super) fn delete(&mut self, input: &Value) -> Result<Value, Refused> {
        let key = self.key_of(input)?;
        let returned = Returned::read(input, &[])?;
        self.check(input, key, &Placeholders::of(input))?;
        let before = self.items.remove(key);
        Ok(returned.answer(before, None))
    }

    /// "UpdateItem", the same. One that is not there is made.
    pub(super) fn update(&mut self, input: &Value) -> Result<Value, Refused> {
        let key = self.key_of(input)?;
        let returned = Returned::read(input, &["ALL_NEW"])?;
        let placeholders = Placeholders::of(input);
        let update = Update::read(input, &placeholders)?;
        self.check(input, key, &placeholders)?;
        self.has_room(key)?;
        let before = self.items.get(key).cloned();
        let mut item = before.clone().unwrap_or_default();
        item.insert(self.key.to_owned(), json!({ "S": key }));
        update.apply(&mut item, self.key)?;
        self.items.insert(key.to_owned(), item.clone());
        Ok(returned.answer(before, Some(item)))
    }

    fn has_room(&self, key: &str) -> Result<(), Exception> {
        if self.items.len() >= MAX_ITEMS && !self.items.contains_key(key) {
            return Err(FULL);
        }
        Ok(())
    }

    /// Checks the condition, once all expressions have been read.
    fn check<'i>(
        &self,
        input: &'i Value,
        key: &str,
        placeholders: &Placeholders<'i>,
    ) -> Result<(), Refused> {
        let condition = Condition::read(input, placeholders).ok_or(BAD_CONDITION)?;
        if !placeholders.are_all_used() {
            return Err(UNUSED.into());
        }
        let item = self.items.get(key);
        if condition.holds(item) {
            return Ok(());
        }
        let shown = input.get("ReturnValuesOnConditionCheckFailure");
        let item = item.filter(|_| shown.is_some_and(|shown| shown == "ALL_OLD"));
        Err(Refused {
            exception: CONDITION,
            more: item.map(|item| ("Item", Value::Object(item.clone()))),
        })
    }

    fn key_of<'i>(&self, input: &'i Value) -> Result<&'i str, Exception> {
        self.key(input.get("Key"))
    }

    fn key<'i>(&self, key: Option<&'i Value>) -> Result<&'i str, Exception> {
        let key = key.and_then(Value::as_object);
        let key = key.filter(|key| key.len() == 1);
        key.and_then(|key| text(key.get(self.key)?))
            .ok_or(NOT_THE_KEY)
    }
}

/// Which item a write answers with.
enum Returned {
    Nothing,
    Before,
    After,
}

impl Returned {
    fn read(input: &Value, more: &[&str]) -> Result<Self, Exception> {
        let asked = input.get("ReturnValues").map(|asked| asked.as_str());
        match asked {
            None | Some(Some("NONE")) => Ok(Self::Nothing),
            Some(Some("ALL_OLD")) => Ok(Self::Before),
            Some(Some(other)) if more.contains(&other) => Ok(Self::After),
            Some(_) => Err(BAD_RETURN),
        }
    }

    fn answer(&self, before: Option<Item>, after: Option<Item>) -> Value {
        let shown = match self {
            Self::Nothing => None,
            Self::Before => before,
            Self::After => after,
        };
        shown.map_or_else(|| json!({}), |item| json!({ "Attributes": item }))
    }
}

/// A key is not empty, and has at most 2,048 bytes ("Quotas in Amazon DynamoDB").
fn text(attribute: &Value) -> Option<&str> {
    let text = attribute.get("S")?.as_str()?;
    (1..=2048).contains(&text.len()).then_some(text)
}

const NOT_THE_KEY: Exception = Exception {
    name: "com.amazon.coral.validate#ValidationException",
    message: "The provided key element does not match the schema",
};
const BAD_CONDITION: Exception = Exception {
    name: "com.amazon.coral.validate#ValidationException",
    message: "Invalid ConditionExpression",
};
const UNUSED: Exception = Exception {
    name: "com.amazon.coral.validate#ValidationException",
    message: "Value or name provided in expression attributes is unused in expressions",
};
const BAD_RETURN: Exception = Exception {
    name: "com.amazon.coral.validate#ValidationException",
    message: "Return values set to invalid value",
};
const DUPLICATES: Exception = Exception {
    name: "com.amazon.coral.validate#ValidationException",
    message: "Provided list of item keys contains duplicates",
};
const CONDITION: Exception = Exception {
    name: "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
    message: "The conditional request failed",
};
const FULL: Exception = Exception {
    name: "com.amazonaws.dynamodb.v20120810#ItemCollectionSizeLimitExceededException",
    message: "The table is full",
};
