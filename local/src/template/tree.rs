//! YAML as a tree that remembers its lines, CloudFormation's short tags written out.

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, Tag, YamlData};

use super::TemplateError;

/// A value and where it stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) value: Value,
}

/// As in CloudFormation: all scalars are text until a property needs a number.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Value {
    Null,
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The one document in the text.
    pub(super) fn parse(text: &str) -> Result<Self, TemplateError> {
        let documents = MarkedYaml::load_from_str(text).map_err(|error| TemplateError::Line {
            line: error.marker().line(),
            what: error.info().to_owned(),
        })?;
        match documents.as_slice() {
            [document] => Self::from_yaml(document, 1),
            _ => Err(TemplateError::Line {
                line: 1,
                what: "not one document".to_owned(),
            }),
        }
    }

    /// `outer` is the line of what the value stands in: a tagged value has no place of its own.
    fn from_yaml(yaml: &MarkedYaml<'_>, outer: usize) -> Result<Self, TemplateError> {
        let line = yaml.span.start.line().max(outer);
        let value = match &yaml.data {
            YamlData::Value(scalar) => from_scalar(scalar),
            YamlData::Sequence(items) => Value::List(
                items
                    .iter()
                    .map(|item| Self::from_yaml(item, line))
                    .collect::<Result<_, _>>()?,
            ),
            YamlData::Mapping(entries) => {
                let entries = entries.iter().map(|(key, node)| {
                    let key_node = Self::from_yaml(key, line)?;
                    Ok((key_node.text()?.to_owned(), Self::from_yaml(node, line)?))
                });
                Value::Map(entries.collect::<Result<_, _>>()?)
            }
            YamlData::Tagged(tag, node) => {
                Value::Map(vec![(long_name(tag, line)?, Self::from_yaml(node, line)?)])
            }
            YamlData::Representation(..) | YamlData::Alias(_) | YamlData::BadValue => {
                return Err(TemplateError::Line {
                    line,
                    what: "not a value".to_owned(),
                });
            }
        };
        Ok(Self { line, value })
    }

    /// A map's entry.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match &self.value {
            Value::Map(entries) => entries
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, node)| node),
            Value::Null | Value::Scalar(_) | Value::List(_) => None,
        }
    }

    pub(super) fn text(&self) -> Result<&str, TemplateError> {
        match &self.value {
            Value::Scalar(text) => Ok(text),
            Value::Null | Value::List(_) | Value::Map(_) => Err(self.fault("text is needed here")),
        }
    }

    pub(super) fn number<N: std::str::FromStr>(&self) -> Result<N, TemplateError> {
        self.text()?
            .parse()
            .map_err(|_| self.fault("a whole number is needed here"))
    }

    pub(super) fn flag(&self) -> Result<bool, TemplateError> {
        self.text()?
            .parse()
            .map_err(|_| self.fault("true or false is needed here"))
    }

    pub(super) fn list(&self) -> Result<&[Self], TemplateError> {
        match &self.value {
            Value::List(items) => Ok(items),
            Value::Null | Value::Scalar(_) | Value::Map(_) => {
                Err(self.fault("a list is needed here"))
            }
        }
    }

    pub(super) fn map(&self) -> Result<&[(String, Self)], TemplateError> {
        match &self.value {
            Value::Map(entries) => Ok(entries),
            Value::Null | Value::Scalar(_) | Value::List(_) => {
                Err(self.fault("a map is needed here"))
            }
        }
    }

    /// An error at this place.
    pub(super) fn fault(&self, what: impl Into<String>) -> TemplateError {
        TemplateError::Line {
            line: self.line,
            what: what.into(),
        }
    }
}

fn from_scalar(scalar: &Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(flag) => Value::Scalar(flag.to_string()),
        Scalar::Integer(number) => Value::Scalar(number.to_string()),
        Scalar::FloatingPoint(number) => Value::Scalar(number.to_string()),
        Scalar::String(text) => Value::Scalar(text.to_string()),
    }
}

/// `!Ref` is short for `Ref`, `!Condition` for `Condition`, any other `!Name` for `Fn::Name`.
fn long_name(tag: &Tag, line: usize) -> Result<String, TemplateError> {
    match (tag.handle.as_str(), tag.suffix.as_str()) {
        ("!", name @ ("Ref" | "Condition")) => Ok(name.to_owned()),
        ("!", name) => Ok(format!("Fn::{name}")),
        (handle, name) => Err(TemplateError::Line {
            line,
            what: format!("unknown tag `{handle}{name}`"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_tags_are_written_out_and_lines_kept() {
        let node =
            Node::parse("a: !Ref X\nb:\n  - !GetAtt Y.Arn\n  - !If [c, 1, yes]\nc: !Condition d\n")
                .unwrap();
        assert_eq!(
            node.get("a").unwrap().get("Ref").unwrap().text().unwrap(),
            "X"
        );
        let list = node.get("b").unwrap().list().unwrap();
        assert_eq!(list[0].get("Fn::GetAtt").unwrap().text().unwrap(), "Y.Arn");
        assert_eq!(list[1].line, 4);
        assert_eq!(list[1].get("Fn::If").unwrap().list().unwrap().len(), 3);
        assert!(node.get("c").unwrap().get("Condition").is_some());
    }

    #[test]
    fn scalars_are_text_until_asked() {
        let node = Node::parse("[300, true, '300', null, !Ref 7]").unwrap();
        let list = node.list().unwrap();
        assert_eq!(list[0].number::<u32>().unwrap(), 300);
        assert_eq!(list[2].number::<u32>().unwrap(), 300);
        assert!(list[1].flag().unwrap());
        assert_eq!(list[3].value, Value::Null);
        assert!(list[0].flag().is_err() && list[1].number::<u32>().is_err());
    }

    #[test]
    fn what_is_no_template_says_where() {
        for (text, line) in [
            ("a: 1\nb: [}", 2),
            ("a: 1\na: 2\n", 2),
            ("a: 1\n---\nb: 1", 1),
            ("", 1),
            ("a:\n  !!x y\n", 2),
        ] {
            let outcome = Node::parse(text);
            let Err(TemplateError::Line { line: found, .. }) = outcome else {
                panic!("{text}: {outcome:?}")
            };
            assert_eq!(found, line, "{text}");
        }
    }
}
