//! Update expressions ("Update expressions", Amazon DynamoDB Developer Guide): `SET` to a value, `ADD` to numbers and sets
//! of texts, `DELETE` from sets, and `REMOVE`, each of attributes of an item's root.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::placeholders::{Placeholders, tokens};
use crate::aws_json::Exception;

/// What becomes of one attribute.
enum Action<'i> {
    Set(&'i Value),
    Add(&'i Value),
    Delete(&'i Value),
    Remove,
}

/// A change of an item.
pub(super) struct Update<'i>(Vec<(&'i str, Action<'i>)>);

impl<'i> Update<'i> {
    /// Reads the update of a request's input.
    ///
    /// # Errors
    /// It is not of these forms, a placeholder stands for nothing, or an attribute is changed twice.
    pub(super) fn read(
        input: &'i Value,
        placeholders: &Placeholders<'i>,
    ) -> Result<Self, Exception> {
        let expression = input.get("UpdateExpression").and_then(Value::as_str);
        let actions = expression.and_then(|expression| actions(expression, placeholders));
        let actions = actions.ok_or(BAD_UPDATE)?;
        let names: BTreeSet<&str> = actions.iter().map(|(name, _)| *name).collect();
        if names.len() == actions.len() {
            Ok(Self(actions))
        } else {
            Err(OVERLAP)
        }
    }

    /// Changes an item, whose key stays.
    ///
    /// # Errors
    /// An attribute is part of the key, or of another type than its action is for.
    pub(super) fn apply(&self, item: &mut Map<String, Value>, key: &str) -> Result<(), Exception> {
        let Self(actions) = self;
        for (name, action) in actions {
            if *name == key {
                return Err(OF_THE_KEY);
            }
            let found = item.get(*name);
            let changed = match action {
                Action::Set(value) => Some((*value).clone()),
                Action::Add(value) => Some(added(found, value).ok_or(WRONG_TYPE)?),
                Action::Delete(value) => deleted(found, value).ok_or(WRONG_TYPE)?,
                Action::Remove => None,
            };
            match changed {
                Some(value) => item.insert((*name).to_owned(), value),
                None => item.remove(*name),
            };
        }
        Ok(())
    }
}

/// Each clause stands once, with its actions between commas.
fn actions<'i>(
    expression: &str,
    placeholders: &Placeholders<'i>,
) -> Option<Vec<(&'i str, Action<'i>)>> {
    let tokens = tokens(expression)?;
    let mut actions = Vec::new();
    let mut clauses = BTreeSet::new();
    let mut clause = "";
    for part in tokens.split(|token| token == ",") {
        let part = match part.split_first() {
            Some((word, rest)) if CLAUSES.contains(&word.as_str()) => {
                clause = clauses.insert(word.clone()).then_some(word)?;
                rest
            }
            _ => part,
        };
        // Between the actions of two clauses there is no comma.
        let next = part
            .iter()
            .position(|word| CLAUSES.contains(&word.as_str()));
        let (own, rest) = part.split_at_checked(next.unwrap_or(part.len()))?;
        actions.push(action(clause, own, placeholders)?);
        let mut rest = rest;
        while let Some((word, after)) = rest.split_first() {
            clause = clauses.insert(word.clone()).then_some(word)?;
            let next = after
                .iter()
                .position(|word| CLAUSES.contains(&word.as_str()));
            let (own, others) = after.split_at_checked(next.unwrap_or(after.len()))?;
            actions.push(action(clause, own, placeholders)?);
            rest = others;
        }
    }
    Some(actions)
}

const CLAUSES: [&str; 4] = ["SET", "ADD", "DELETE", "REMOVE"];

fn action<'i>(
    clause: &str,
    words: &[String],
    placeholders: &Placeholders<'i>,
) -> Option<(&'i str, Action<'i>)> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (name, action) = match (clause, words.as_slice()) {
        ("SET", [name, "=", value]) => (name, Action::Set(placeholders.value(value)?)),
        ("ADD", [name, value]) => (name, Action::Add(placeholders.value(value)?)),
        ("DELETE", [name, value]) => (name, Action::Delete(placeholders.value(value)?)),
        ("REMOVE", [name]) => (name, Action::Remove),
        _ => return None,
    };
    Some((placeholders.name(name)?, action))
}

/// A number that is not there is zero, a set that is not there is empty.
fn added(found: Option<&Value>, value: &Value) -> Option<Value> {
    if let Some(more) = integer(value) {
        let before = match found {
            Some(found) => integer(found)?,
            None => 0,
        };
        return Some(json!({"N": before.checked_add(more)?.to_string()}));
    }
    let more = set(value)?;
    let mut members = match found {
        Some(found) => set(found)?,
        None => BTreeSet::new(),
    };
    members.extend(more);
    Some(json!({ "SS": members }))
}

/// A set without members is no attribute.
fn deleted(found: Option<&Value>, value: &Value) -> Option<Option<Value>> {
    let less = set(value)?;
    let Some(found) = found else {
        return Some(None);
    };
    let mut members = set(found)?;
    members.retain(|member| !less.contains(member));
    Some((!members.is_empty()).then(|| json!({ "SS": members })))
}

/// A whole number; fractions are not emulated.
fn integer(value: &Value) -> Option<i128> {
    value.get("N")?.as_str()?.parse().ok()
}

/// The members of a set of texts, which is not empty and has none twice.
fn set(value: &Value) -> Option<BTreeSet<&str>> {
    let list = value.get("SS")?.as_array()?;
    let members: BTreeSet<&str> = list.iter().map(Value::as_str).collect::<Option<_>>()?;
    (!members.is_empty() && members.len() == list.len()).then_some(members)
}

const BAD_UPDATE: Exception = Exception {
    name: "com.amazon.coral.validate#ValidationException",
    message: "Invalid UpdateExpression",
};
const OVERLAP: Exception = Exception {
    name: "com.amazon.coral.validate#ValidationException",
    message: "Invalid UpdateExpression: Two document paths overlap with each other",
};
const OF_THE_KEY: Exception = Exception {
    name: "com.amazon.coral.validate#ValidationException",
    message: "Cannot update an attribute that is part of the key",
};
const WRONG_TYPE: Exception = Exception {
    name: "com.amazon.coral.validate#ValidationException",
    message: "An operand in the update expression has an incorrect data type",
};

#[cfg(test)]
mod tests {
    use super::*;

    fn input(expression: &str) -> Value {
        json!({
            "UpdateExpression": expression,
            "ExpressionAttributeNames": {"#n": "number", "#s": "set", "#k": "key"},
            "ExpressionAttributeValues": {
                ":one": {"N": "1"}, ":less": {"N": "-1"}, ":a": {"SS": ["a"]},
                ":ab": {"SS": ["a", "b"]}, ":t": {"S": "t"}, ":e": {"SS": []},
            },
        })
    }

    fn changed(expression: &str, item: &Value) -> Result<Value, &'static str> {
        let input = input(expression);
        let update = Update::read(&input, &Placeholders::of(&input));
        let update = update.map_err(|error| error.message)?;
        let mut item = item.as_object().unwrap().clone();
        let applied = update.apply(&mut item, "key");
        applied.map_err(|error| error.message)?;
        Ok(Value::Object(item))
    }

    #[test]
    fn an_item_is_changed_attribute_by_attribute() {
        let full = json!({"number": {"N": "5"}, "set": {"SS": ["a", "b"]}});
        for (expression, item, expected) in [
            ("ADD #n :one", json!({}), json!({"number": {"N": "1"}})),
            (
                "ADD #n :less",
                json!({"number": {"N": "5"}}),
                json!({"number": {"N": "4"}}),
            ),
            (
                "ADD #s :ab",
                json!({"set": {"SS": ["a", "c"]}}),
                json!({"set": {"SS": ["a", "b", "c"]}}),
            ),
            (
                "DELETE #s :a",
                full.clone(),
                json!({"number": {"N": "5"}, "set": {"SS": ["b"]}}),
            ),
            ("DELETE #s :ab", full.clone(), json!({"number": {"N": "5"}})),
            ("DELETE #s :ab", json!({}), json!({})),
            ("REMOVE #n, #s", full.clone(), json!({})),
            (
                "SET #n = :t ADD #s :a",
                json!({}),
                json!({"number": {"S": "t"}, "set": {"SS": ["a"]}}),
            ),
            (
                "ADD #n :one DELETE #s :a",
                full.clone(),
                json!({"number": {"N": "6"}, "set": {"SS": ["b"]}}),
            ),
            (
                "SET #n = :t, #s = :t",
                full,
                json!({"number": {"S": "t"}, "set": {"S": "t"}}),
            ),
        ] {
            assert_eq!(changed(expression, &item), Ok(expected), "{expression}");
        }
    }

    #[test]
    fn what_dynamodb_refuses_is_refused() {
        let text = json!({"number": {"S": "5"}, "set": {"N": "1"}});
        for (expression, error) in [
            ("", BAD_UPDATE),
            ("ADD", BAD_UPDATE),
            ("ADD #n", BAD_UPDATE),
            ("ADD #n :one,", BAD_UPDATE),
            ("ADD #x :one", BAD_UPDATE),
            ("ADD #n :x", BAD_UPDATE),
            ("SET #n = #s", BAD_UPDATE),
            ("SET #n = #n + :one", BAD_UPDATE),
            ("REMOVE number", BAD_UPDATE),
            ("ADD #n :one ADD #s :a", BAD_UPDATE),
            ("ADD #n :one REMOVE #n", OVERLAP),
            ("ADD #s :a DELETE #s :ab", OVERLAP),
            ("ADD #n :one", WRONG_TYPE),
            ("ADD #s :a", WRONG_TYPE),
            ("ADD #n :t", WRONG_TYPE),
            ("ADD #k :e", OF_THE_KEY),
            ("DELETE #s :a", WRONG_TYPE),
            ("SET #k = :t", OF_THE_KEY),
        ] {
            assert_eq!(
                changed(expression, &text),
                Err(error.message),
                "{expression}"
            );
        }
        assert_eq!(changed("ADD #s :e", &json!({})), Err(WRONG_TYPE.message));
    }
}
