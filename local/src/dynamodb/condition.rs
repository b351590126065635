//! Condition expressions ("Comparison operator and function reference", Amazon DynamoDB Developer Guide), as far as the
//! functions use them: terms joined by `OR`, each of them `attribute_not_exists(#name)`, `#name = :value` or
//! `#name <= :value`. Names and values stand in the expression as placeholders only.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// A condition, with what its placeholders stand for.
pub(super) struct Condition<'i>(Vec<Term<'i>>);

enum Term<'i> {
    Absent(&'i str),
    Compared {
        name: &'i str,
        is_less_allowed: bool,
        value: &'i Value,
    },
}

impl<'i> Condition<'i> {
    /// Reads the condition of a request's input; one that has none always holds.
    ///
    /// `None` if it is not of these forms, or a placeholder stands for nothing, or is given and not used.
    pub(super) fn read(input: &'i Value) -> Option<Self> {
        let expression = input.get("ConditionExpression").and_then(Value::as_str);
        let names = placeholders(input, "ExpressionAttributeNames");
        let values = placeholders(input, "ExpressionAttributeValues");
        let mut used = BTreeSet::new();
        let terms = expression.map(|text| text.split(" OR "));
        let terms = terms
            .into_iter()
            .flatten()
            .map(|term| Term::read(term.trim(), names, values, &mut used))
            .collect::<Option<Vec<_>>>()?;
        let given = names.into_iter().chain(values).flat_map(Map::keys);
        let is_every_one_used = given.into_iter().all(|name| used.contains(name.as_str()));
        is_every_one_used.then_some(Self(terms))
    }

    /// Whether it holds for an item, or for none.
    pub(super) fn holds(&self, item: Option<&Map<String, Value>>) -> bool {
        let Self(terms) = self;
        terms.is_empty() || terms.iter().any(|term| term.holds(item))
    }
}

impl<'i> Term<'i> {
    fn read(
        term: &'i str,
        names: Option<&'i Map<String, Value>>,
        values: Option<&'i Map<String, Value>>,
        used: &mut BTreeSet<&'i str>,
    ) -> Option<Self> {
        let function = term.strip_prefix("attribute_not_exists(");
        if let Some(placeholder) = function.and_then(|rest| rest.strip_suffix(')')) {
            used.insert(placeholder);
            return Some(Self::Absent(names?.get(placeholder)?.as_str()?));
        }
        let mut words = term.split(' ');
        let (name, operator, value) = (words.next()?, words.next()?, words.next()?);
        if words.next().is_some() || !matches!(operator, "=" | "<=") {
            return None;
        }
        used.extend([name, value]);
        Some(Self::Compared {
            name: names?.get(name)?.as_str()?,
            is_less_allowed: operator == "<=",
            value: values?.get(value)?,
        })
    }

    /// A comparison with an attribute that is not there, or is of another type, is false.
    fn holds(&self, item: Option<&Map<String, Value>>) -> bool {
        match self {
            Self::Absent(name) => item.is_none_or(|item| !item.contains_key(*name)),
            Self::Compared {
                name,
                is_less_allowed,
                value,
            } => item.and_then(|item| item.get(*name)).is_some_and(|found| {
                found == *value || (*is_less_allowed && is_less(found, value).unwrap_or(false))
            }),
        }
    }
}

/// Texts are compared by their bytes, numbers by what they are.
fn is_less(found: &Value, limit: &Value) -> Option<bool> {
    let text = |value: &Value| Some(value.get("S")?.as_str()?.to_owned());
    let number = |value: &Value| value.get("N")?.as_str()?.parse::<f64>().ok();
    match (text(found), text(limit)) {
        (Some(found), Some(limit)) => Some(found < limit),
        _ => Some(number(found)? < number(limit)?),
    }
}

fn placeholders<'i>(input: &'i Value, member: &str) -> Option<&'i Map<String, Value>> {
    input.get(member).and_then(Value::as_object)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(expression: &str) -> Value {
        json!({
            "ConditionExpression": expression,
            "ExpressionAttributeNames": {"#a": "name"},
            "ExpressionAttributeValues": {":v": {"N": "10"}},
        })
    }

    #[test]
    fn a_term_compares_or_asks_whether_there_is_anything() {
        let expression = "attribute_not_exists(#a) OR #a <= :v";
        let table = [
            (json!({}), true),
            (json!({"name": {"N": "9"}}), true),
            (json!({"name": {"N": "10"}}), true),
            (json!({"name": {"N": "11"}}), false),
            (json!({"name": {"S": "1"}}), false),
        ];
        for (item, expected) in table {
            let input = read(expression);
            let condition = Condition::read(&input).unwrap();
            assert_eq!(condition.holds(item.as_object()), expected, "{item}");
        }
        let equal = read("#a = :v");
        let equal = Condition::read(&equal).unwrap();
        assert!(equal.holds(json!({"name": {"N": "10"}}).as_object()));
        assert!(!equal.holds(json!({"name": {"N": "9"}}).as_object()));
        assert!(!equal.holds(None));
        assert!(Condition::read(&json!({})).unwrap().holds(None));
    }

    #[test]
    fn what_is_no_such_condition_is_none() {
        for expression in [
            "",
            "#a",
            "#a > :v",
            "#a = :v AND #a = :v",
            "#b = :v",
            "#a = :w",
            "name = :v",
            // A value that is given and not used.
            "attribute_not_exists(#a)",
        ] {
            assert!(Condition::read(&read(expression)).is_none(), "{expression}");
        }
    }
}
