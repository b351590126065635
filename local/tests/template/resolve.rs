//! A template for one set of parameters: conditions decided, parameters filled in, and what concerns other resources
//! left as it stands.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Values of parameters.
pub(crate) type Parameters = BTreeMap<String, Value>;

/// The values that count: those given, and the defaults of the rest.
pub(crate) fn parameters(template: &Value, given: &Parameters) -> Parameters {
    let declared = entries(&template["Parameters"]);
    for name in given.keys() {
        assert!(
            declared.contains_key(name),
            "there is no parameter `{name}`"
        );
    }
    let values = declared.iter().filter_map(|(name, declared)| {
        let value = given.get(name).or_else(|| declared.get("Default"))?;
        Some((name.clone(), listed(declared, value)))
    });
    values.collect()
}

/// The template that is left.
pub(crate) fn resolve(template: &Value, parameters: &Parameters) -> Value {
    let resolver = Resolver {
        parameters,
        conditions: &template["Conditions"],
    };
    let mut resolved = Map::new();
    for section in ["Resources", "Outputs", "Globals"] {
        let kept = entries(&template[section])
            .iter()
            .filter(|(_, entry)| resolver.is_there(entry))
            .map(|(name, entry)| (name.clone(), resolver.value(entry)));
        resolved.insert(section.to_owned(), Value::Object(kept.collect()));
    }
    Value::Object(resolved)
}

/// The descriptions of the assertions that do not hold.
pub(crate) fn broken_rules(template: &Value, parameters: &Parameters) -> Vec<String> {
    let resolver = Resolver {
        parameters,
        conditions: &Value::Null,
    };
    let mut broken = Vec::new();
    for rule in entries(&template["Rules"]).values() {
        if rule
            .get("RuleCondition")
            .is_none_or(|condition| resolver.holds(condition))
        {
            for assertion in rule["Assertions"].as_array().unwrap() {
                if !resolver.holds(&assertion["Assert"]) {
                    broken.push(assertion["AssertDescription"].as_str().unwrap().to_owned());
                }
            }
        }
    }
    broken
}

/// A map, or none.
pub(crate) fn entries(value: &Value) -> &Map<String, Value> {
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    value.as_object().unwrap_or(&NONE)
}

/// The name and the argument, if the value is one of CloudFormation's functions.
pub(crate) fn call(value: &Value) -> Option<(&str, &Value)> {
    let map = value.as_object().filter(|map| map.len() == 1)?;
    let (name, argument) = map.iter().next()?;
    (name == "Ref" || name.starts_with("Fn::")).then_some((name.as_str(), argument))
}

struct Resolver<'a> {
    parameters: &'a Parameters,
    conditions: &'a Value,
}

impl Resolver<'_> {
    fn is_there(&self, resource: &Value) -> bool {
        let condition = resource["Condition"].as_str();
        condition.is_none_or(|name| self.named(name))
    }

    fn named(&self, name: &str) -> bool {
        let condition = self.conditions.get(name);
        self.holds(condition.unwrap_or_else(|| panic!("there is no condition `{name}`")))
    }

    fn holds(&self, condition: &Value) -> bool {
        let (name, argument) = entries(condition).iter().next().unwrap();
        let all = || argument.as_array().unwrap().iter();
        match name.as_str() {
            "Condition" => self.named(argument.as_str().unwrap()),
            "Fn::Equals" => self.compared(&argument[0]) == self.compared(&argument[1]),
            "Fn::Not" => !self.holds(&argument[0]),
            "Fn::And" => all().all(|one| self.holds(one)),
            "Fn::Or" => all().any(|one| self.holds(one)),
            other => panic!("`{other}` is no condition"),
        }
    }

    /// A value that a condition compares, for which a `Join` of texts is one text.
    fn compared(&self, value: &Value) -> Value {
        let Some(("Fn::Join", parts)) = call(value) else {
            return self.value(value);
        };
        let items = self.value(&parts[1]);
        let items = items.as_array().unwrap().iter();
        let texts: Vec<&str> = items.map(|item| item.as_str().unwrap()).collect();
        texts.join(parts[0].as_str().unwrap()).into()
    }

    /// `AWS::NoValue` is null, and goes with what it stands in.
    fn value(&self, value: &Value) -> Value {
        match (call(value), value) {
            (Some(("Ref", name)), _) if name == "AWS::NoValue" => Value::Null,
            (Some(("Ref", name)), _) => {
                let parameter = self.parameters.get(name.as_str().unwrap());
                parameter.cloned().unwrap_or_else(|| value.clone())
            }
            (Some(("Fn::If", branches)), _) => {
                let is_first = self.named(branches[0].as_str().unwrap());
                self.value(&branches[if is_first { 1 } else { 2 }])
            }
            (_, Value::Array(items)) => {
                let items = items.iter().map(|item| self.value(item));
                items.filter(|item| !item.is_null()).collect()
            }
            (_, Value::Object(map)) => {
                let kept = map
                    .iter()
                    .map(|(name, entry)| (name.clone(), self.value(entry)));
                json!(
                    kept.filter(|(_, entry)| !entry.is_null())
                        .collect::<Map<_, _>>()
                )
            }
            (_, other) => other.clone(),
        }
    }
}

fn listed(declared: &Value, value: &Value) -> Value {
    match (declared["Type"].as_str(), value.as_str()) {
        (Some("CommaDelimitedList"), Some(text)) => text.split(',').collect(),
        _ => value.clone(),
    }
}
