//! Projection expressions: which attributes of an item are wanted.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::aws_json::Exception;

/// Of the directory's attributes, the one that is a reserved word: an expression may only name it through a `#name`
/// ("Reserved words in DynamoDB").
const RESERVED: &str = "role";

/// The attributes that a projection expression names, separated by commas.
pub(super) fn attributes(
    expression: &str,
    names: Option<&Value>,
) -> Result<BTreeSet<String>, Exception> {
    let plain = |name: &str| {
        let spelled = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let good = !name.is_empty() && name.bytes().all(spelled);
        (good && !name.eq_ignore_ascii_case(RESERVED)).then(|| name.to_owned())
    };
    let name = |part: &str| {
        if part.starts_with('#') {
            let name = names.and_then(|names| names.get(part)?.as_str());
            return name.map(str::to_owned);
        }
        plain(part)
    };
    expression
        .split(',')
        .map(|part| name(part.trim()).ok_or(BAD_EXPRESSION))
        .collect()
}

const BAD_EXPRESSION: Exception = Exception {
    name: "com.amazon.coral.validate#ValidationException",
    message: "Invalid ProjectionExpression",
};
