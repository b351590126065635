//! Condition expressions ("Comparison operator and function reference", Amazon DynamoDB Developer Guide), without
//! `BETWEEN`, `IN`, `begins_with`, `contains` and `attribute_type`, and with attributes of an item's root only.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::placeholders::{Placeholders, tokens};

/// The deepest that conditions are nested; DynamoDB takes 300 operators.
const MAX_DEPTH: usize = 16;

/// A condition, with what its placeholders stand for.
pub(super) enum Condition<'i> {
    /// There is none.
    Always,
    Exists(&'i str),
    Compared(Operand<'i>, Comparator, Operand<'i>),
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
}

/// What is compared.
pub(super) enum Operand<'i> {
    Attribute(&'i str),
    Value(&'i Value),
    Size(&'i str),
}

#[derive(Clone, Copy)]
pub(super) enum Comparator {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl<'i> Condition<'i> {
    /// Reads the condition of a request's input; one that has none always holds.
    ///
    /// `None` if it is not of these forms, or a placeholder stands for nothing.
    pub(super) fn read(input: &'i Value, placeholders: &Placeholders<'i>) -> Option<Self> {
        let Some(expression) = input.get("ConditionExpression") else {
            return Some(Self::Always);
        };
        let tokens = tokens(expression.as_str()?)?;
        let mut parser = Parser {
            tokens: &tokens,
            placeholders,
            depth: 0,
        };
        let condition = parser.any()?;
        parser.tokens.is_empty().then_some(condition)
    }

    /// Whether it holds for an item, or for none.
    pub(super) fn holds(&self, item: Option<&Map<String, Value>>) -> bool {
        match self {
            Self::Always => true,
            Self::Exists(name) => item.is_some_and(|item| item.contains_key(*name)),
            Self::Compared(left, comparator, right) => {
                let (left, right) = (left.of(item), right.of(item));
                let both = left.zip(right);
                both.is_some_and(|(left, right)| comparator.holds(&left, &right))
            }
            Self::Not(condition) => !condition.holds(item),
            Self::All(conditions) => conditions.iter().all(|condition| condition.holds(item)),
            Self::Any(conditions) => conditions.iter().any(|condition| condition.holds(item)),
        }
    }
}

impl Operand<'_> {
    /// What it is for an item; a comparison with what is not there is false.
    fn of(&self, item: Option<&Map<String, Value>>) -> Option<Value> {
        match self {
            Self::Attribute(name) => item?.get(*name).cloned(),
            Self::Value(value) => Some((*value).clone()),
            Self::Size(name) => {
                let size = size(item?.get(*name)?)?;
                Some(serde_json::json!({"N": size.to_string()}))
            }
        }
    }
}

/// The size of what has one: a number has none.
fn size(value: &Value) -> Option<usize> {
    let (kind, value) = value.as_object()?.iter().next()?;
    match (kind.as_str(), value) {
        ("S", Value::String(text)) => Some(text.len()),
        ("SS" | "NS" | "L", Value::Array(list)) => Some(list.len()),
        ("M", Value::Object(map)) => Some(map.len()),
        _ => None,
    }
}

impl Comparator {
    fn parse(token: &str) -> Option<Self> {
        Some(match token {
            "=" => Self::Equal,
            "<>" => Self::Unequal,
            "<" => Self::Less,
            "<=" => Self::AtMost,
            ">" => Self::More,
            ">=" => Self::AtLeast,
            _ => return None,
        })
    }

    fn holds(self, left: &Value, right: &Value) -> bool {
        let order = order(left, right);
        match self {
            Self::Equal => left == right || order == Some(Ordering::Equal),
            Self::Unequal => left != right && order != Some(Ordering::Equal),
            Self::Less => order == Some(Ordering::Less),
            Self::AtMost => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Self::More => order == Some(Ordering::Greater),
            Self::AtLeast => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

/// Texts are compared by their bytes, numbers by what they are; values of two types have no order.
fn order(left: &Value, right: &Value) -> Option<Ordering> {
    let text = |value: &Value| Some(value.get("S")?.as_str()?.to_owned());
    let number = |value: &Value| value.get("N")?.as_str()?.parse::<f64>().ok();
    match (text(left), text(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => number(left)?.partial_cmp(&number(right)?),
    }
}

/// What is left to be read.
struct Parser<'t, 'p, 'i> {
    tokens: &'t [String],
    placeholders: &'p Placeholders<'i>,
    depth: usize,
}

impl<'i> Parser<'_, '_, 'i> {
    fn take(&mut self) -> Option<&str> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    /// Takes a token if it is this one.
    fn takes(&mut self, token: &str) -> bool {
        let is_next = self.tokens.first().is_some_and(|next| next == token);
        if is_next {
            self.take();
        }
        is_next
    }

    /// `AND` binds closer than `OR`, and `NOT` closer than both.
    fn any(&mut self) -> Option<Condition<'i>> {
        self.depth = self.depth.checked_add(1)?;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let mut conditions = vec![self.all()?];
        while self.takes("OR") {
            conditions.push(self.all()?);
        }
        self.depth = self.depth.checked_sub(1)?;
        Some(Condition::Any(conditions))
    }

    fn all(&mut self) -> Option<Condition<'i>> {
        let mut conditions = vec![self.term()?];
        while self.takes("AND") {
            conditions.push(self.term()?);
        }
        Some(Condition::All(conditions))
    }

    fn term(&mut self) -> Option<Condition<'i>> {
        if self.takes("NOT") {
            let condition = self.bare()?;
            return Some(Condition::Not(Box::new(condition)));
        }
        self.bare()
    }

    fn bare(&mut self) -> Option<Condition<'i>> {
        if self.takes("(") {
            let condition = self.any()?;
            return self.takes(")").then_some(condition);
        }
        if self.takes("attribute_exists") {
            return self.argument().map(Condition::Exists);
        }
        if self.takes("attribute_not_exists") {
            let exists = self.argument().map(Condition::Exists)?;
            return Some(Condition::Not(Box::new(exists)));
        }
        let left = self.operand()?;
        let comparator = Comparator::parse(self.take()?)?;
        Some(Condition::Compared(left, comparator, self.operand()?))
    }

    fn operand(&mut self) -> Option<Operand<'i>> {
        if self.takes("size") {
            return self.argument().map(Operand::Size);
        }
        let placeholders = self.placeholders;
        let token = self.take()?;
        let value = placeholders.value(token).map(Operand::Value);
        value.or_else(|| placeholders.name(token).map(Operand::Attribute))
    }

    /// The attribute that a function is about.
    fn argument(&mut self) -> Option<&'i str> {
        if !self.takes("(") {
            return None;
        }
        let placeholders = self.placeholders;
        let name = placeholders.name(self.take()?)?;
        self.takes(")").then_some(name)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn input(expression: &str) -> Value {
        json!({
            "ConditionExpression": expression,
            "ExpressionAttributeNames": {"#a": "name", "#s": "set"},
            "ExpressionAttributeValues": {":v": {"N": "10"}, ":w": {"S": "b"}},
        })
    }

    fn holds(expression: &str, item: &Value) -> bool {
        let input = input(expression);
        let condition = Condition::read(&input, &Placeholders::of(&input)).unwrap();
        condition.holds(item.as_object())
    }

    #[test]
    fn a_condition_is_compared_with_an_item_or_with_none() {
        let number = |digits: &str| json!({"name": {"N": digits}});
        let set = |count: usize| {
            let members: Vec<String> = (0..count).map(|member| member.to_string()).collect();
            json!({"set": {"SS": members}})
        };
        for (expression, item, expected) in [
            ("attribute_not_exists(#a) OR #a <= :v", json!(null), true),
            ("attribute_not_exists(#a) OR #a <= :v", json!({}), true),
            ("attribute_not_exists(#a) OR #a <= :v", number("9"), true),
            ("attribute_not_exists(#a) OR #a <= :v", number("10"), true),
            ("attribute_not_exists(#a) OR #a <= :v", number("11"), false),
            ("#a <= :v", json!({"name": {"S": "1"}}), false),
            ("#a <= :v", json!(null), false),
            ("#a = :v", number("10"), true),
            ("#a = :v", number("10.0"), true),
            ("#a = :v", number("9"), false),
            ("#a = :v", json!(null), false),
            ("#a <> :v", number("9"), true),
            ("#a <> :v", json!({}), false),
            ("#a < :v", number("10"), false),
            ("#a > :v", number("11"), true),
            ("#a >= :v", number("10"), true),
            (":v < #a", number("11"), true),
            ("#a > :w", json!({"name": {"S": "c"}}), true),
            ("attribute_exists(#a)", number("1"), true),
            ("attribute_exists(#a)", json!(null), false),
            ("NOT #a = :v", number("9"), true),
            ("size(#s) < :v", set(9), true),
            ("size(#s) < :v", set(10), false),
            ("size(#s) < :v", json!({}), false),
            ("size(#a) < :v", number("1"), false),
            // `AND` binds closer than `OR`.
            (
                "#a = :v OR #a > :v AND attribute_exists(#s)",
                number("10"),
                true,
            ),
            (
                "(#a = :v OR #a > :v) AND attribute_exists(#s)",
                number("10"),
                false,
            ),
        ] {
            assert_eq!(holds(expression, &item), expected, "{expression} {item}");
        }
        let none = json!({});
        let condition = Condition::read(&none, &Placeholders::of(&none));
        assert!(condition.unwrap().holds(None));
    }

    #[test]
    fn what_is_no_such_condition_is_none() {
        let deep = format!("{}#a = :v{}", "(".repeat(40), ")".repeat(40));
        for expression in [
            "",
            "#a",
            "#a =",
            "#a ! :v",
            "#b = :v",
            "#a = :x",
            "name = :v",
            "#a = :v AND",
            "#a = :v OR OR #a = :v",
            "(#a = :v",
            "#a = :v)",
            "#a = :v and #a = :v",
            "attribute_not_exists(:v)",
            "size(#a, #a) = :v",
            "contains(#a, :v)",
            &deep,
        ] {
            let input = input(expression);
            let read = Condition::read(&input, &Placeholders::of(&input));
            assert!(read.is_none(), "{expression}");
        }
    }
}
