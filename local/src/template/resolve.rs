//! CloudFormation's functions, with values in place of a stack.

use std::collections::BTreeMap;

use super::tree::{Node, Value};
use super::{API_ID, TemplateError};
use crate::lambda::{ACCOUNT, REGION, function_arn};

/// Conditions may build on each other; a chain this long is a circle.
const MAX_DEPTH: usize = 32;

/// Values for parameters, pseudo parameters, conditions and resources.
pub(super) struct Resolver<'a> {
    /// Of parameters, and of resources whose values were given.
    values: BTreeMap<String, String>,
    conditions: Option<&'a Node>,
    resources: &'a Node,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(
        root: &'a Node,
        given: &BTreeMap<String, String>,
    ) -> Result<Self, TemplateError> {
        let resources = root
            .get("Resources")
            .ok_or_else(|| root.fault("there are no `Resources`"))?;
        let mut values = BTreeMap::new();
        for (name, declared) in root.get("Parameters").map_or(Ok(&[][..]), Node::map)? {
            let default = declared.get("Default").map(Node::text).transpose()?;
            if let Some(value) = given.get(name).map(String::as_str).or(default) {
                values.insert(name.clone(), value.to_owned());
            }
        }
        for (name, value) in given {
            let resource = name.split('.').next().unwrap_or(name);
            if resources.get(resource).is_some() {
                values.insert(name.clone(), value.clone());
            } else if !values.contains_key(name) {
                return Err(root.fault(format!("there is no parameter or resource `{name}`")));
            }
        }
        Ok(Self {
            values,
            conditions: root.get("Conditions"),
            resources,
        })
    }

    /// The value with every function in it replaced; nothing where it is `AWS::NoValue`.
    pub(super) fn resolve(&self, node: &Node) -> Result<Option<Node>, TemplateError> {
        let value = match &node.value {
            Value::Null | Value::Scalar(_) => node.value.clone(),
            Value::List(items) => {
                let items = items
                    .iter()
                    .filter_map(|item| self.resolve(item).transpose());
                Value::List(items.collect::<Result<_, _>>()?)
            }
            Value::Map(entries) => match entries.as_slice() {
                [(name, argument)] if name == "Ref" || name.starts_with("Fn::") => {
                    return self.call(name, argument);
                }
                entries => {
                    let entries = entries.iter().filter_map(|(key, entry)| {
                        let resolved = self.resolve(entry).transpose()?;
                        Some(resolved.map(|entry| (key.clone(), entry)))
                    });
                    Value::Map(entries.collect::<Result<_, _>>()?)
                }
            },
        };
        Ok(Some(Node {
            line: node.line,
            value,
        }))
    }

    /// Whether a resource is there: it has no condition, or one that holds.
    pub(super) fn is_there(&self, resource: &Node) -> Result<bool, TemplateError> {
        resource
            .get("Condition")
            .map_or(Ok(true), |name| self.named_condition(name, 0))
    }

    fn call(&self, name: &str, argument: &Node) -> Result<Option<Node>, TemplateError> {
        let text = match name {
            "Ref" if argument.text()? == "AWS::NoValue" => return Ok(None),
            "Ref" => self.reference(argument, argument.text()?)?,
            "Fn::GetAtt" => self.attribute(argument)?,
            "Fn::Sub" => self.substitute(argument)?,
            "Fn::Join" => self.join(argument)?,
            "Fn::Select" => self.select(argument)?,
            "Fn::Split" => return self.split(argument).map(Some),
            "Fn::If" => {
                let [condition, yes, no] = argument.list()? else {
                    return Err(argument.fault("`If` takes a condition and two values"));
                };
                return self.resolve(if self.named_condition(condition, 0)? {
                    yes
                } else {
                    no
                });
            }
            other => return Err(argument.fault(format!("`{other}` is not supported here"))),
        };
        Ok(Some(Node {
            line: argument.line,
            value: Value::Scalar(text),
        }))
    }

    fn reference(&self, at: &Node, name: &str) -> Result<String, TemplateError> {
        let fixed = match name {
            "AWS::AccountId" => Some(ACCOUNT),
            "AWS::Partition" => Some("aws"),
            "AWS::Region" => Some(REGION),
            "AWS::StackName" => Some("local"),
            "AWS::URLSuffix" => Some("amazonaws.com"),
            name => self.values.get(name).map(String::as_str),
        };
        match fixed {
            Some(value) => Ok(value.to_owned()),
            None => self.resource(at, name),
        }
    }

    fn resource(&self, at: &Node, name: &str) -> Result<String, TemplateError> {
        let kind = self
            .resources
            .get(name)
            .and_then(|resource| resource.get("Type"));
        match kind.map(Node::text).transpose()? {
            Some("AWS::Serverless::Function") => Ok(name.to_owned()),
            Some("AWS::Serverless::Api") => Ok(API_ID.to_owned()),
            Some(_) => Err(at.fault(format!("a reference to `{name}` is not supported here"))),
            None => Err(at.fault(format!("`{name}` has no value"))),
        }
    }

    fn attribute(&self, argument: &Node) -> Result<String, TemplateError> {
        let path = match &argument.value {
            Value::List(parts) => parts
                .iter()
                .map(Node::text)
                .collect::<Result<Vec<_>, _>>()?
                .join("."),
            Value::Null | Value::Scalar(_) | Value::Map(_) => argument.text()?.to_owned(),
        };
        if let Some(value) = self.values.get(&path) {
            return Ok(value.clone());
        }
        let function = path.strip_suffix(".Arn").filter(|name| {
            let kind = self
                .resources
                .get(name)
                .and_then(|resource| resource.get("Type"));
            kind.is_some_and(|kind| {
                kind.text()
                    .is_ok_and(|kind| kind == "AWS::Serverless::Function")
            })
        });
        match function {
            Some(name) => Ok(function_arn(name)),
            None => Err(argument.fault(format!("the attribute `{path}` is not supported here"))),
        }
    }

    fn substitute(&self, argument: &Node) -> Result<String, TemplateError> {
        let (text, own) = match &argument.value {
            Value::List(parts) => match parts.as_slice() {
                [text, own] => (text.text()?, Some(own)),
                _ => return Err(argument.fault("`Sub` takes a text and a map")),
            },
            Value::Null | Value::Scalar(_) | Value::Map(_) => (argument.text()?, None),
        };
        let mut parts = text.split("${");
        let mut result = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part
                .split_once('}')
                .ok_or_else(|| argument.fault("a `${` without its `}`"))?;
            match name.strip_prefix('!') {
                Some(literal) => result.extend(["${", literal, "}"]),
                None => result.push_str(&self.substituted(argument, own, name)?),
            }
            result.push_str(rest);
        }
        Ok(result)
    }

    fn substituted(
        &self,
        at: &Node,
        own: Option<&Node>,
        name: &str,
    ) -> Result<String, TemplateError> {
        if let Some(value) = own.and_then(|own| own.get(name)) {
            let value = self
                .resolve(value)?
                .ok_or_else(|| value.fault("a value is needed here"))?;
            return value.text().map(str::to_owned);
        }
        match name.strip_suffix(".Arn") {
            Some(_) => self.attribute(&Node {
                line: at.line,
                value: Value::Scalar(name.to_owned()),
            }),
            None => self.reference(at, name),
        }
    }

    fn join(&self, argument: &Node) -> Result<String, TemplateError> {
        let resolved = self
            .resolve(argument)?
            .ok_or_else(|| argument.fault("values are needed here"))?;
        let [separator, items] = resolved.list()? else {
            return Err(argument.fault("`Join` takes a separator and a list"));
        };
        let items = items
            .list()?
            .iter()
            .map(Node::text)
            .collect::<Result<Vec<_>, _>>()?;
        Ok(items.join(separator.text()?))
    }

    fn split(&self, argument: &Node) -> Result<Node, TemplateError> {
        let resolved = self
            .resolve(argument)?
            .ok_or_else(|| argument.fault("values are needed here"))?;
        let [separator, text] = resolved.list()? else {
            return Err(argument.fault("`Split` takes a separator and a text"));
        };
        let (line, separator) = (argument.line, separator.text()?);
        if separator.is_empty() {
            return Err(argument.fault("`Split` takes a separator that is not empty"));
        }
        let parts = text.text()?.split(separator).map(|part| Node {
            line,
            value: Value::Scalar(part.to_owned()),
        });
        Ok(Node {
            line,
            value: Value::List(parts.collect()),
        })
    }

    /// A reference to a list of parameters is one text here, with commas.
    fn select(&self, argument: &Node) -> Result<String, TemplateError> {
        let resolved = self
            .resolve(argument)?
            .ok_or_else(|| argument.fault("values are needed here"))?;
        let [index, items] = resolved.list()? else {
            return Err(argument.fault("`Select` takes an index and a list"));
        };
        let items = match &items.value {
            Value::List(items) => items.iter().map(Node::text).collect::<Result<_, _>>()?,
            Value::Null | Value::Scalar(_) | Value::Map(_) => items.text()?.split(',').collect(),
        };
        let items: Vec<&str> = items;
        let index: usize = index.number()?;
        let item = items.get(index).map(|item| (*item).to_owned());
        item.ok_or_else(|| argument.fault("the list has no such item"))
    }

    /// Whether a condition holds that stands where it is asked for, not among `Conditions`.
    pub(super) fn holds(&self, condition: &Node) -> Result<bool, TemplateError> {
        self.condition(condition, 0)
    }

    fn named_condition(&self, name: &Node, depth: usize) -> Result<bool, TemplateError> {
        let text = name.text()?;
        let condition = self.conditions.and_then(|conditions| conditions.get(text));
        let condition =
            condition.ok_or_else(|| name.fault(format!("there is no condition `{text}`")))?;
        self.condition(condition, depth)
    }

    fn condition(&self, node: &Node, depth: usize) -> Result<bool, TemplateError> {
        let [(name, argument)] = node.map()? else {
            return Err(node.fault("a condition is one function"));
        };
        let depth = depth.saturating_add(1);
        if depth > MAX_DEPTH {
            return Err(node.fault("the conditions go in a circle"));
        }
        let each = || {
            argument
                .list()?
                .iter()
                .map(|part| self.condition(part, depth))
                .collect::<Result<Vec<_>, _>>()
        };
        match name.as_str() {
            "Condition" => self.named_condition(argument, depth),
            "Fn::Equals" => match argument.list()? {
                [one, other] => Ok(self.value(one)? == self.value(other)?),
                _ => Err(argument.fault("`Equals` takes two values")),
            },
            "Fn::Not" => match each()?.as_slice() {
                [one] => Ok(!one),
                _ => Err(argument.fault("`Not` takes one condition")),
            },
            "Fn::And" => Ok(each()?.into_iter().all(|one| one)),
            "Fn::Or" => Ok(each()?.into_iter().any(|one| one)),
            other => Err(argument.fault(format!("`{other}` is not supported in a condition"))),
        }
    }

    fn value(&self, node: &Node) -> Result<String, TemplateError> {
        let resolved = self
            .resolve(node)?
            .ok_or_else(|| node.fault("a value is needed here"))?;
        resolved.text().map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "
Parameters:
  Given: {Type: String}
  Default: {Type: String, Default: d}
  List: {Type: CommaDelimitedList, Default: 'x,y'}
  Absent: {Type: String}
Conditions:
  IsG: !Equals [!Ref Given, g]
  NotG: !Not [!Condition IsG]
  Both: !And [!Condition IsG, !Equals [!Ref Default, d]]
  Either: !Or [!Condition NotG, !Condition Both]
  Circle: !Not [!Condition Circle]
Resources:
  Api: {Type: AWS::Serverless::Api}
  Fun: {Type: AWS::Serverless::Function}
  Role: {Type: AWS::IAM::Role}
  Table: {Type: AWS::DynamoDB::Table}
  Nested: {Type: AWS::CloudFormation::Stack}
";

    fn resolve(value: &str) -> Result<Option<Node>, TemplateError> {
        let root = Node::parse(TEMPLATE).unwrap();
        let given = [
            ("Given", "g"),
            ("Table", "table-name"),
            ("Table.Arn", "arn:table"),
            ("Nested.Outputs.Url", "https://u"),
        ];
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let given = BTreeMap::from(given);
        let resolver = Resolver::new(&root, &given).unwrap();
        resolver.resolve(&Node::parse(value).unwrap())
    }

    #[test]
    fn functions_have_values() {
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:Fun";
        for (value, expected) in [
            ("!Ref Given", "g"),
            ("!Ref Default", "d"),
            ("{Ref: Given}", "g"),
            ("!Ref AWS::Region", "us-east-1"),
            ("!Ref Fun", "Fun"),
            ("!Ref Api", API_ID),
            ("!GetAtt Fun.Arn", arn),
            ("Fn::GetAtt: [Fun, Arn]", arn),
            (
                "!Sub 'a ${Given} ${AWS::AccountId} ${!Given} b'",
                "a g 123456789012 ${Given} b",
            ),
            ("!Sub ['${Own}-${Given}', {Own: !Ref Default}]", "d-g"),
            ("!Sub '${Fun.Arn}'", arn),
            ("!Ref Table", "table-name"),
            ("!GetAtt Table.Arn", "arn:table"),
            ("!Sub '${Table}'", "table-name"),
            ("!GetAtt Nested.Outputs.Url", "https://u"),
            ("!Join ['-', [a, !Ref Given]]", "a-g"),
            ("!Select [1, [a, !Ref Given]]", "g"),
            ("!Select [0, !Ref List]", "x"),
            ("!Select [1, !Split ['/', !Sub 'a/${Given}/b']]", "g"),
            ("!If [IsG, yes, no]", "yes"),
            ("!If [NotG, yes, no]", "no"),
            ("!If [Both, yes, no]", "yes"),
            ("!If [Either, yes, no]", "yes"),
        ] {
            assert_eq!(
                resolve(value).unwrap().unwrap().text().unwrap(),
                expected,
                "{value}"
            );
        }
    }

    #[test]
    fn no_value_leaves_nothing() {
        assert_eq!(resolve("!Ref AWS::NoValue").unwrap(), None);
        let node = resolve("{a: !Ref AWS::NoValue, b: [1, !If [NotG, 2, !Ref AWS::NoValue]]}")
            .unwrap()
            .unwrap();
        assert!(node.get("a").is_none());
        assert_eq!(node.get("b").unwrap().list().unwrap().len(), 1);
    }

    #[test]
    fn what_has_no_value_says_so() {
        for (value, what) in [
            ("!Ref Absent", "`Absent` has no value"),
            ("!Ref Role", "a reference to `Role` is not supported here"),
            (
                "!GetAtt Role.Arn",
                "the attribute `Role.Arn` is not supported here",
            ),
            ("!Sub '${Nobody}'", "`Nobody` has no value"),
            ("!Sub '${Given'", "a `${` without its `}`"),
            ("!Select [2, !Ref List]", "the list has no such item"),
            (
                "!Select [2, !Split [',', 'a,b']]",
                "the list has no such item",
            ),
            (
                "!Split ['', a]",
                "`Split` takes a separator that is not empty",
            ),
            ("!Split [',']", "`Split` takes a separator and a text"),
            ("!Cidr [a, 1]", "`Fn::Cidr` is not supported here"),
            ("!If [Nothing, 1, 2]", "there is no condition `Nothing`"),
            ("!If [Circle, 1, 2]", "the conditions go in a circle"),
        ] {
            let error = resolve(value).unwrap_err().to_string();
            assert!(error.ends_with(what), "{value}: {error}");
        }
        let root = Node::parse(TEMPLATE).unwrap();
        let unknown = BTreeMap::from([("Gven".to_owned(), String::new())]);
        assert!(Resolver::new(&root, &unknown).is_err());
    }
}
