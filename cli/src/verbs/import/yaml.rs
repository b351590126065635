//! YAML tree with lines, for a configuration that people write by hand.

use saphyr::{LoadableYamlNode as _, MarkedYaml, Scalar, YamlData};

/// Every level of nesting takes a column, and brackets nest 255 times at most, so that this bounds the depth of the tree.
const MAX_LINE: usize = 1000;

/// A value, and the line where it begins; of a member, the line of its name.
#[derive(Debug, PartialEq)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) value: Value,
}

#[derive(Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Flag,
    Number,
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// A text that is no such tree: the line, and what is wrong there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct YamlError {
    pub(super) line: usize,
    pub(super) what: String,
}

impl Node {
    /// The one document in the text.
    pub(super) fn parse(text: &str) -> Result<Self, YamlError> {
        if let Some(long) = text.lines().position(|line| line.len() > MAX_LINE) {
            let what = format!("it is longer than {MAX_LINE} bytes");
            return Err(error(long.saturating_add(1), &what));
        }
        let documents = MarkedYaml::load_from_str(text);
        let documents = documents.map_err(|wrong| error(wrong.marker().line(), wrong.info()))?;
        match documents.as_slice() {
            [document] => Self::of(document, 1),
            [] => Err(error(1, "it is empty")),
            [_, ..] => Err(error(1, "it has several documents")),
        }
    }

    fn of(yaml: &MarkedYaml<'_>, outer: usize) -> Result<Self, YamlError> {
        let line = yaml.span.start.line().max(outer);
        let value = match &yaml.data {
            YamlData::Value(scalar) => Value::of(scalar),
            YamlData::Sequence(items) => {
                let items = items.iter().map(|item| Self::of(item, line));
                Value::List(items.collect::<Result<_, _>>()?)
            }
            YamlData::Mapping(members) => {
                let members = members.iter().map(|(name, value)| {
                    let at = name.span.start.line().max(line);
                    let YamlData::Value(Scalar::String(name)) = &name.data else {
                        return Err(error(at, "the name of a member is no text"));
                    };
                    let value = Self {
                        line: at,
                        ..Self::of(value, at)?
                    };
                    Ok((name.to_string(), value))
                });
                Value::Map(members.collect::<Result<_, _>>()?)
            }
            YamlData::Tagged(..)
            | YamlData::Representation(..)
            | YamlData::Alias(_)
            | YamlData::BadValue => return Err(error(line, "it has a tag, or no value")),
        };
        Ok(Self { line, value })
    }

    /// The members, if it is a map.
    pub(super) fn members(&self) -> Option<&[(String, Self)]> {
        match &self.value {
            Value::Map(members) => Some(members),
            Value::Null | Value::Flag | Value::Number | Value::Text(_) | Value::List(_) => None,
        }
    }
}

impl Value {
    fn of(scalar: &Scalar<'_>) -> Self {
        match scalar {
            Scalar::Null => Self::Null,
            Scalar::Boolean(_) => Self::Flag,
            Scalar::Integer(_) | Scalar::FloatingPoint(_) => Self::Number,
            Scalar::String(text) => Self::Text(text.to_string()),
        }
    }

    /// Its kind, with an article.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "empty",
            Self::Flag => "`true` or `false`",
            Self::Number => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a group of members",
        }
    }
}

fn error(line: usize, what: &str) -> YamlError {
    YamlError {
        line,
        what: what.escape_debug().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_has_the_line_of_its_name() {
        let root = Node::parse("# a comment\na: 1\n\nb:\n  c: # none\n  d:\n    - x\n").unwrap();
        let [(a, one), (b, inner)] = root.members().unwrap() else {
            panic!("{root:?}");
        };
        assert_eq!(
            (a.as_str(), one.line, one.value.kind()),
            ("a", 2, "a number")
        );
        assert_eq!((b.as_str(), inner.line), ("b", 4));
        let lines = inner.members().unwrap().iter();
        let lines: Vec<_> = lines
            .map(|(name, node)| (name.as_str(), node.line))
            .collect();
        assert_eq!(lines, [("c", 5), ("d", 6)]);
        assert_eq!(inner.members().unwrap()[0].1.value, Value::Null);
    }

    #[test]
    fn what_is_no_tree_is_told_with_its_line() {
        let long = format!("a: 1\n{}", "- ".repeat(600));
        for (text, line) in [
            ("", 1),
            ("a: 1\n---\nb: 2", 1),
            ("a: 1\na: 2", 2),
            ("a: 1\nb: ]", 2),
            ("a: 1\nb: !x y", 2),
            ("a: 1\n1: 2", 2),
            (&long, 2),
        ] {
            let error = Node::parse(text).unwrap_err();
            assert_eq!(error.line, line, "{text}: {error:?}");
        }
    }

    /// As deep as a text of the longest lines can be, in the stack of a test, which is a quarter of the program's.
    #[test]
    fn the_deepest_tree_is_read() {
        for text in ["- ".repeat(500), "[".repeat(250) + &"]".repeat(250)] {
            assert!(Node::parse(&text).is_ok());
        }
        assert!(Node::parse(&("[".repeat(400) + &"]".repeat(400))).is_err());
    }
}
