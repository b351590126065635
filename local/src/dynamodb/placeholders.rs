//! Placeholders of expressions: `#name` for the name of an attribute and `:value` for a value ("Expression attribute
//! names" and "values", Amazon DynamoDB Developer Guide). Names and values stand in expressions in no other form here, as
//! a name may be a reserved word.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Those of one request, and which of them its expressions have used.
pub(super) struct Placeholders<'i> {
    names: Option<&'i Map<String, Value>>,
    values: Option<&'i Map<String, Value>>,
    used: RefCell<BTreeSet<String>>,
}

impl<'i> Placeholders<'i> {
    pub(super) fn of(input: &'i Value) -> Self {
        let map = |member| input.get(member).and_then(Value::as_object);
        Self {
            names: map("ExpressionAttributeNames"),
            values: map("ExpressionAttributeValues"),
            used: RefCell::default(),
        }
    }

    /// The attribute that a `#name` stands for.
    pub(super) fn name(&self, placeholder: &str) -> Option<&'i str> {
        let found = self.names?.get(placeholder)?.as_str()?;
        self.note(placeholder);
        placeholder.starts_with('#').then_some(found)
    }

    /// The value that a `:value` stands for.
    pub(super) fn value(&self, placeholder: &str) -> Option<&'i Value> {
        let found = self.values?.get(placeholder)?;
        self.note(placeholder);
        placeholder.starts_with(':').then_some(found)
    }

    /// DynamoDB refuses a request that gives one and does not use it.
    pub(super) fn are_all_used(&self) -> bool {
        let used = self.used.borrow();
        let given = self.names.into_iter().chain(self.values);
        given.flat_map(Map::keys).all(|name| used.contains(name))
    }

    fn note(&self, placeholder: &str) {
        self.used.borrow_mut().insert(placeholder.to_owned());
    }
}

/// The words and signs of an expression.
pub(super) fn tokens(expression: &str) -> Option<Vec<String>> {
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_word = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '#' | ':');
        let length = if is_word(first) {
            rest.find(|sign| !is_word(sign)).unwrap_or(rest.len())
        } else if let Some(sign) = ["<=", ">=", "<>"]
            .iter()
            .find(|sign| rest.starts_with(**sign))
        {
            sign.len()
        } else if matches!(first, '(' | ')' | ',' | '=' | '<' | '>') {
            1
        } else {
            return None;
        };
        let (token, after) = rest.split_at_checked(length)?;
        tokens.push(token.to_owned());
        rest = after.trim_start();
    }
    Some(tokens)
}
