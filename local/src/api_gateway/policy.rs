//! The IAM policy that an authorizer answers with, against one method ARN.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html>

use serde::Deserialize;

/// The longest resource that a policy may name.
const MAX_RESOURCE: usize = 512;
const ACTION: &str = "execute-api:Invoke";

/// A policy document in the form that can be decided here; conditions and negated fields are not.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Policy {
    version: String,
    #[serde(default)]
    #[expect(dead_code, reason = "a policy may have a name, which decides nothing")]
    id: Option<String>,
    statement: OneOrMany<Statement>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    #[serde(default)]
    #[expect(
        dead_code,
        reason = "a statement may have a name, which decides nothing"
    )]
    sid: Option<String>,
    effect: Effect,
    action: OneOrMany<String>,
    resource: OneOrMany<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
enum Effect {
    Allow,
    Deny,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<T> OneOrMany<T> {
    fn as_slice(&self) -> &[T] {
        match self {
            Self::Many(many) => many,
            Self::One(one) => std::slice::from_ref(one),
        }
    }
}

/// What a policy says about one method.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Decision {
    Allow,
    /// A statement forbids it.
    ExplicitDeny,
    /// No statement allows it.
    ImplicitDeny,
}

impl Policy {
    /// Nothing for a document that API Gateway would call a configuration error.
    pub(super) fn parse(document: serde_json::Value) -> Option<Self> {
        let policy: Self = serde_json::from_value(document).ok()?;
        let known = ["2012-10-17", "2008-10-17"].contains(&policy.version.as_str());
        let mut resources = policy
            .statement
            .as_slice()
            .iter()
            .flat_map(|statement| statement.resource.as_slice());
        (known && resources.all(|resource| resource.len() <= MAX_RESOURCE)).then_some(policy)
    }

    pub(super) fn decide(&self, method_arn: &str) -> Decision {
        let mut decision = Decision::ImplicitDeny;
        for statement in self.statement.as_slice() {
            if !statement.concerns(method_arn) {
                continue;
            }
            match statement.effect {
                Effect::Deny => return Decision::ExplicitDeny,
                Effect::Allow => decision = Decision::Allow,
            }
        }
        decision
    }
}

impl Statement {
    fn concerns(&self, method_arn: &str) -> bool {
        let action =
            |pattern: &String| matches(&pattern.to_ascii_lowercase(), &ACTION.to_ascii_lowercase());
        self.action.as_slice().iter().any(action)
            && self
                .resource
                .as_slice()
                .iter()
                .any(|pattern| matches(pattern, method_arn))
    }
}

/// IAM's wildcards: `*` is any text, `?` any one character.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    // reached[i]: the pattern so far fits the first i characters.
    let mut reached: Vec<bool> = std::iter::once(true)
        .chain(text.iter().map(|_| false))
        .collect();
    for wanted in pattern {
        let fits = |found: char| wanted == '?' || wanted == found;
        let mut next = Vec::with_capacity(reached.len());
        let mut before = None;
        for (at, &here) in reached.iter().enumerate() {
            let stepped = before.is_some_and(|(previous, found)| previous && fits(found));
            let stretched = wanted == '*' && (here || next.last() == Some(&true));
            next.push(if wanted == '*' { stretched } else { stepped });
            before = text.get(at).map(|&found| (here, found));
        }
        reached = next;
    }
    reached.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ARN: &str =
        "arn:aws:execute-api:us-east-1:123456789012:abc/live/POST/agents/demo/invocations";

    #[test]
    fn wildcards() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "a/b", true),
            ("a*", "a", true),
            ("a*c", "abbc", true),
            ("a*c", "abcb", false),
            ("*b*b", "abab", true),
            ("?", "", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("ab", "abc", false),
            ("abc", "ab", false),
            ("*?", "é", true),
            ("**a", "a", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    fn statement(effect: &str, resource: &Value) -> Value {
        json!({"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource})
    }

    fn decide(statement: &Value) -> Decision {
        Policy::parse(json!({"Version": "2012-10-17", "Statement": statement}))
            .unwrap()
            .decide(ARN)
    }

    #[test]
    fn decisions() {
        let allow = statement("Allow", &json!([ARN]));
        let deny = statement("Deny", &json!("*/POST/*"));
        let other = statement("Allow", &json!(ARN.replace("demo", "other")));
        for (statement, expected) in [
            (json!([]), Decision::ImplicitDeny),
            (allow.clone(), Decision::Allow),
            (json!([other]), Decision::ImplicitDeny),
            (json!([other, allow]), Decision::Allow),
            (json!([allow, deny]), Decision::ExplicitDeny),
            (json!([deny, allow]), Decision::ExplicitDeny),
            (
                json!([statement(
                    "Allow",
                    &json!("*/live/?OST/agents/*/invocations")
                )]),
                Decision::Allow,
            ),
            (
                json!([statement("Allow", &json!("*/live/GET/*"))]),
                Decision::ImplicitDeny,
            ),
            (
                json!({"Action": ["s3:*", "EXECUTE-API:*"], "Effect": "Allow", "Resource": "*"}),
                Decision::Allow,
            ),
            (
                json!({"Action": "execute-api:Manage", "Effect": "Allow", "Resource": "*"}),
                Decision::ImplicitDeny,
            ),
        ] {
            assert_eq!(decide(&statement), expected, "{statement}");
        }
    }

    #[test]
    fn what_cannot_be_decided_is_no_policy() {
        let with = |name: &str, value: Value| {
            let mut changed = statement("Allow", &json!("*"));
            changed[name] = value;
            json!({"Version": "2012-10-17", "Statement": [changed]})
        };
        for document in [
            json!(null),
            json!({"Statement": []}),
            json!({"Version": null, "Statement": []}),
            json!({"Version": "2012-10-18", "Statement": []}),
            json!({"Version": "2012-10-17"}),
            with("Effect", json!("allow")),
            with("Condition", Value::Null),
            with("NotAction", json!("x")),
            with("Resource", json!(format!("*{}", "a".repeat(512)))),
            with("Resource", json!([1])),
        ] {
            assert!(Policy::parse(document.clone()).is_none(), "{document}");
        }
        assert!(Policy::parse(with("Resource", json!("a".repeat(512)))).is_some());
    }
}
