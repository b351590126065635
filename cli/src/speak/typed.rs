//! Arguments of a tool, typed by its input schema (JSON Schema): what is of the wrong type is told before it is sent.

use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::log::line::shown;

/// The arguments of `key=value` words. Without a schema, a value is JSON if it can be, else text.
pub(crate) fn arguments(words: &[String], schema: Option<&Value>) -> Result<Value, Failure> {
    let mut arguments = Map::new();
    for word in words {
        let (key, text) = word
            .split_once('=')
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| wrong(format!("`{}` is no `key=value`", shown(word)), schema))?;
        let value = match schema {
            Some(schema) => typed(key, text, schema)?,
            None => guessed(text),
        };
        if arguments.insert(key.to_owned(), value).is_some() {
            return Err(wrong(format!("`{}` is given twice", shown(key)), schema));
        }
    }
    if let Some(schema) = schema {
        complete(&arguments, schema)?;
    }
    Ok(Value::Object(arguments))
}

/// That none is missing.
fn complete(arguments: &Map<String, Value>, schema: &Value) -> Result<(), Failure> {
    let required = schema.get("required").and_then(Value::as_array);
    let mut required = required.into_iter().flatten().filter_map(Value::as_str);
    match required.find(|name| !arguments.contains_key(*name)) {
        Some(name) => Err(wrong(format!("`{}` is missing", shown(name)), Some(schema))),
        None => Ok(()),
    }
}

fn typed(key: &str, text: &str, schema: &Value) -> Result<Value, Failure> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let Some(property) = properties.and_then(|properties| properties.get(key)) else {
        // A tool without `properties`, or that takes more than it names, gets what was meant.
        let takes_more = !matches!(
            schema.get("additionalProperties"),
            None | Some(Value::Bool(false))
        );
        if takes_more || properties.is_none() {
            return Ok(guessed(text));
        }
        return Err(wrong(
            format!("the tool takes no `{}`", shown(key)),
            Some(schema),
        ));
    };
    let types = types(property);
    let value = if types.is_empty() {
        Some(guessed(text))
    } else {
        types.iter().find_map(|kind| of_type(kind, text))
    };
    let value = value.ok_or_else(|| {
        wrong(
            format!(
                "`{}` must be {}, and is `{}`",
                shown(key),
                types.join(" or "),
                shown(text)
            ),
            Some(schema),
        )
    })?;
    let allowed = property.get("enum").and_then(Value::as_array);
    if allowed.is_some_and(|allowed| !allowed.contains(&value)) {
        let allowed: Vec<String> = allowed
            .into_iter()
            .flatten()
            .map(|one| shown(&one.to_string()))
            .collect();
        return Err(wrong(
            format!("`{}` must be one of {}", shown(key), allowed.join(", ")),
            Some(schema),
        ));
    }
    Ok(value)
}

/// The types that a schema allows; none if it does not say.
fn types(property: &Value) -> Vec<String> {
    let own = property.get("type");
    let list = own
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .chain(own);
    let mut types: Vec<String> = list.filter_map(Value::as_str).map(str::to_owned).collect();
    for choice in ["anyOf", "oneOf"] {
        let choices = property.get(choice).and_then(Value::as_array);
        for one in choices.into_iter().flatten().map(types_of_choice) {
            types.extend(one);
        }
    }
    // A text fits everything, so it is tried last.
    types.sort_by_key(|kind| kind == "string");
    types.dedup();
    types
}

fn types_of_choice(choice: &Value) -> Option<String> {
    choice
        .get("type")
        .and_then(Value::as_str)
        .map(str::to_owned)
}

fn of_type(kind: &str, text: &str) -> Option<Value> {
    if kind == "string" {
        return Some(json!(text));
    }
    let value: Value = serde_json::from_str(text).ok()?;
    let fits = match kind {
        "array" => value.is_array(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "object" => value.is_object(),
        _ => false,
    };
    fits.then_some(value)
}

fn guessed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

/// The parameters of a tool, as `name:type`, the optional ones in brackets.
pub(crate) fn signature(schema: Option<&Value>) -> String {
    let properties = schema
        .and_then(|schema| schema.get("properties"))
        .and_then(Value::as_object);
    let required = schema
        .and_then(|schema| schema.get("required"))
        .and_then(Value::as_array);
    let is_required =
        |name: &str| required.is_some_and(|names| names.iter().any(|one| one == name));
    let words = properties.into_iter().flatten().map(|(name, property)| {
        let types = types(property);
        let kind = if types.is_empty() {
            "any".to_owned()
        } else {
            types.join("|")
        };
        let word = format!("{}:{}", shown(name), shown(&kind));
        if is_required(name) {
            word
        } else {
            format!("[{word}]")
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn wrong(what: String, schema: Option<&Value>) -> Failure {
    let signature = signature(schema);
    let next = if signature.is_empty() {
        "give each argument as `key=value`, or all with `--input FILE`".to_owned()
    } else {
        format!("the tool takes {signature}")
    };
    Failure::usage(what, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str], schema: Option<&Value>) -> Result<Value, Failure> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        arguments(&words, schema)
    }

    fn schema() -> Value {
        json!({
            "additionalProperties": false,
            "properties": {
                "amount": {"type": "integer"}, "price": {"type": "number"}, "order": {"type": "string"}, "fast": {"type": "boolean"},
                "lines": {"type": "array"}, "maybe": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "size": {"enum": ["s", "m"], "type": "string"},
                "free": {},
            },
            "required": ["amount"],
            "type": "object",
        })
    }

    #[test]
    fn values_are_of_their_types() {
        let schema = schema();
        for (word, expected) in [
            ("order=1", json!({"amount": 5, "order": "1"})),
            ("order=a=b", json!({"amount": 5, "order": "a=b"})),
            ("order=", json!({"amount": 5, "order": ""})),
            ("price=1", json!({"amount": 5, "price": 1})),
            ("price=1.5", json!({"amount": 5, "price": 1.5})),
            ("fast=true", json!({"amount": 5, "fast": true})),
            ("lines=[1,\"a\"]", json!({"amount": 5, "lines": [1, "a"]})),
            ("maybe=null", json!({"amount": 5, "maybe": null})),
            ("maybe=x", json!({"amount": 5, "maybe": "x"})),
            ("size=m", json!({"amount": 5, "size": "m"})),
            ("free=[1]", json!({"amount": 5, "free": [1]})),
        ] {
            assert_eq!(read(&["amount=5", word], Some(&schema)).unwrap(), expected);
        }
        assert_eq!(
            read(&["a=1", "b=x"], None).unwrap(),
            json!({"a": 1, "b": "x"})
        );
    }

    #[test]
    fn what_is_of_another_type_is_told() {
        let schema = schema();
        for (words, told) in [
            (
                &["amount=five"][..],
                "`amount` must be integer, and is `five`",
            ),
            (&["amount=1.5"], "`amount` must be integer"),
            (&["amount=1", "fast=yes"], "`fast` must be boolean"),
            (&["amount=1", "lines={}"], "`lines` must be array"),
            (
                &["amount=1", "size=xl"],
                "`size` must be one of \"s\", \"m\"",
            ),
            (&["amount=1", "amont=2"], "the tool takes no `amont`"),
            (&["amount=1", "amount=2"], "`amount` is given twice"),
            (&["amount"], "`amount` is no `key=value`"),
            (&["=1"], "is no `key=value`"),
            (&["order=a"], "`amount` is missing"),
        ] {
            let failure = read(words, Some(&schema)).unwrap_err();
            assert!(failure.text().contains(told), "{}", failure.text());
            assert!(
                failure.text().contains("the tool takes"),
                "{}",
                failure.text()
            );
        }
    }

    #[test]
    fn a_signature_shows_what_is_needed() {
        let schema = json!({"properties": {"a": {"type": "integer"}, "b": {"type": ["string", "null"]}}, "required": ["a"]});
        assert_eq!(signature(Some(&schema)), "a:integer [b:null|string]");
        assert_eq!(signature(None), "");
    }
}
