//! The claims of a token, and how policies may read each.
//!
//! Every claim is a tag of text on the principal. A list becomes one text of JSON, so it can only be searched, and only
//! with the quotes around an element: `like "*admin*"` would also find `not-admins`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// What a claim of the token is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ClaimKind {
    /// Text, or anything else that is one value.
    String,
    /// A list of texts.
    List,
}

/// The claims that are one text of several words (RFC 6749, section 3.3; `scp` is Microsoft Entra's).
const WORDS: [&str; 2] = ["scope", "scp"];

/// The claims that tokens have, by name.
#[derive(Debug)]
pub(crate) struct Claims(pub(crate) BTreeMap<String, ClaimKind>);

/// A claim that is read wrongly: what to look for in the statement, and what is wrong there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misreading {
    pub(crate) piece: String,
    pub(crate) message: String,
}

impl Claims {
    /// Everything that is wrong with how an expression, or anything within it, reads claims. The expression is in
    /// Cedar's JSON format ("JSON policy format" of the Cedar reference).
    pub(crate) fn misreadings(&self, expression: &Value) -> Vec<Misreading> {
        let mut found = Vec::new();
        self.visit(expression, &mut found);
        found
    }

    fn visit(&self, expression: &Value, found: &mut Vec<Misreading>) {
        match expression {
            Value::Object(members) => {
                if self.is_quoted_search(members) {
                    return;
                }
                found.extend(self.unbounded_search(members));
                for operator in ["getTag", "hasTag"] {
                    if let Some(operands) = members.get(operator) {
                        found.extend(self.misreading(operator, operands));
                    }
                }
                members.values().for_each(|inner| self.visit(inner, found));
            }
            Value::Array(elements) => elements.iter().for_each(|inner| self.visit(inner, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Whether this is `principal.getTag("LIST") like "*\"ELEMENT\"*"`, the one good way to read a list.
    fn is_quoted_search(&self, members: &Map<String, Value>) -> bool {
        let search = members.get("like");
        let claim = search.and_then(|like| like.pointer("/left/getTag/right/Value")?.as_str());
        let is_list = claim.is_some_and(|claim| self.0.get(claim) == Some(&ClaimKind::List));
        let pattern = search.and_then(|like| like.get("pattern")?.as_array());
        is_list && pattern.is_some_and(|pattern| is_quoted_element(pattern))
    }

    /// A search of a text of several words for what may be a part of one: `like "*gatehouse/tools*"` would also find
    /// `gatehouse/tools-admin`.
    fn unbounded_search(&self, members: &Map<String, Value>) -> Option<Misreading> {
        let search = members.get("like")?;
        let claim = search.pointer("/left/getTag/right/Value")?.as_str()?;
        let pattern = search.get("pattern")?.as_array()?;
        let is_text = self.0.get(claim) == Some(&ClaimKind::String);
        if !is_text || !WORDS.contains(&claim) || is_of_whole_words(pattern) {
            return None;
        }
        let message = format!(
            "the claim `{claim}` is words with spaces between: search it for whole ones, `like \"* word *\"`, `like \"word *\"`, `like \"* word\"`, or compare it"
        );
        Some(Misreading {
            piece: format!("\"{claim}\""),
            message,
        })
    }

    fn misreading(&self, operator: &str, operands: &Value) -> Option<Misreading> {
        let Some(claim) = operands.pointer("/right/Value").and_then(Value::as_str) else {
            let message = "a claim must be named by a text, or it cannot be told which it is";
            return Some(Misreading {
                piece: operator.to_owned(),
                message: message.to_owned(),
            });
        };
        let message = match self.0.get(claim) {
            None => format!("no token has a claim `{claim}`; `claims.json` lists those it has"),
            Some(ClaimKind::List) if operator == "getTag" => format!(
                "the claim `{claim}` is a list: search it for a quoted element, `like \"*\\\"element\\\"*\"`"
            ),
            Some(ClaimKind::List | ClaimKind::String) => return None,
        };
        Some(Misreading {
            piece: format!("\"{claim}\""),
            message,
        })
    }
}

/// Whether each wildcard is separated from the words beside it by a space.
fn is_of_whole_words(pattern: &[Value]) -> bool {
    let literal = |piece: &Value| {
        piece
            .get("Literal")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    pattern.windows(2).all(|pair| match pair {
        [left, right] => match (literal(left), literal(right)) {
            (Some(before), None) => before.ends_with(' '),
            (None, Some(after)) => after.starts_with(' '),
            (Some(_), Some(_)) | (None, None) => true,
        },
        _ => true,
    })
}

/// A wildcard, a text in quotes without further quotes, a wildcard.
fn is_quoted_element(pattern: &[Value]) -> bool {
    let [first, middle @ .., last] = pattern else {
        return false;
    };
    let literals: Option<String> = middle
        .iter()
        .map(|piece| piece.get("Literal")?.as_str())
        .collect();
    let element = literals.as_deref().and_then(|text| {
        let inner = text.strip_prefix('"')?.strip_suffix('"')?;
        (!inner.is_empty() && !inner.contains('"')).then_some(inner)
    });
    first == "Wildcard" && last == "Wildcard" && element.is_some()
}
