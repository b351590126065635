//! The lines of a JSON document, for faults.
//!
//! A document is read for its lines only when something is wrong with it. The parser that read it reads it again, so
//! there is no second opinion on where a text ends; a source that hands out one byte at a time counts the lines behind
//! it. (`serde_json`'s `raw_value` would tell places too, but its feature changes how every [`serde_json::Value`] of the
//! program is read: an object with a certain member becomes the JSON in it, and strangers send objects.)

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::fault::Step;

/// A value of a document, and the values in it.
pub(super) struct Lines {
    /// The name, if it is a member.
    name: Option<String>,
    /// The line of a member's name, or of an item's first character; from 1.
    line: usize,
    inner: Vec<Lines>,
}

impl Lines {
    /// Reads a document; nothing if it is not JSON.
    pub(super) fn of(text: &str) -> Option<Self> {
        let line = Cell::new(1);
        let source = Counted {
            rest: text.as_bytes(),
            line: &line,
        };
        let mut reader = serde_json::Deserializer::from_reader(source);
        let document = Inner(&line).deserialize(&mut reader).ok()?;
        reader.end().ok()?;
        let blank = text.bytes().take_while(u8::is_ascii_whitespace);
        Some(Self {
            line: blank
                .filter(|byte| *byte == b'\n')
                .count()
                .saturating_add(1),
            ..document
        })
    }

    /// The line of a place. Of members with the same name the last one is meant, which is the one that was read; of a
    /// place that is not there, the innermost object or list around it.
    pub(super) fn find(&self, steps: &[Step]) -> usize {
        let mut found = self;
        for step in steps {
            let inner = match step {
                Step::Member(name) => {
                    let is_it = |value: &&Self| value.name.as_ref() == Some(name);
                    found.inner.iter().rfind(is_it)
                }
                Step::Item(place) => found.inner.get(*place).filter(|item| item.name.is_none()),
            };
            match inner {
                Some(inner) => found = inner,
                None => break,
            }
        }
        found.line
    }
}

/// Hands out one byte at a time, so that the parser is never ahead of the count.
struct Counted<'t> {
    rest: &'t [u8],
    line: &'t Cell<usize>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (Some((first, rest)), Some(place)) = (self.rest.split_first(), buffer.first_mut())
        else {
            return Ok(0);
        };
        if *first == b'\n' {
            self.line.set(self.line.get().saturating_add(1));
        }
        *place = *first;
        self.rest = rest;
        Ok(1)
    }
}

/// Reads the values inside a value.
#[derive(Clone, Copy)]
struct Inner<'c>(&'c Cell<usize>);

impl<'de> DeserializeSeed<'de> for Inner<'_> {
    type Value = Lines;

    /// Reads an item, whose first character the parser has just seen.
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Lines, D::Error> {
        Ok(Lines {
            name: None,
            line: self.0.get(),
            inner: deserializer.deserialize_any(self)?,
        })
    }
}

impl<'de> Visitor<'de> for Inner<'_> {
    type Value = Vec<Lines>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Vec<Lines>, E> {
        Ok(Vec::new())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Vec<Lines>, E> {
        Ok(Vec::new())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Vec<Lines>, E> {
        Ok(Vec::new())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Vec<Lines>, E> {
        Ok(Vec::new())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Vec<Lines>, E> {
        Ok(Vec::new())
    }

    fn visit_str<E>(self, _: &str) -> Result<Vec<Lines>, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<Lines>, A::Error> {
        let mut inner = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            inner.push(item);
        }
        Ok(inner)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Vec<Lines>, A::Error> {
        let mut inner = Vec::new();
        while let Some(name) = entries.next_key::<String>()? {
            let line = self.0.get();
            let value = entries.next_value_seed(self)?;
            inner.push(Lines {
                name: Some(name),
                line,
                ..value
            });
        }
        Ok(inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, steps: &[Step]) -> usize {
        Lines::of(text).unwrap().find(steps)
    }

    fn member(name: &str) -> Step {
        Step::Member(name.to_owned())
    }

    #[test]
    fn each_member_and_item_has_its_line() {
        let text = "\n{ \"a\":\n  [1, 2,\n   {\"b\": null, \"c\":\r\n true}],\n\"d\": 1.5e3\n, \"e\": \"x\\ny\"}\n";
        for (steps, expected) in [
            (vec![], 2),
            (vec![member("a")], 2),
            (vec![member("a"), Step::Item(0)], 3),
            (vec![member("a"), Step::Item(1)], 3),
            (vec![member("a"), Step::Item(2)], 4),
            (vec![member("a"), Step::Item(2), member("b")], 4),
            (vec![member("a"), Step::Item(2), member("c")], 4),
            (vec![member("d")], 6),
            (vec![member("e")], 7),
        ] {
            assert_eq!(line(text, &steps), expected, "{steps:?}");
        }
    }

    #[test]
    fn what_is_not_there_is_where_it_would_be() {
        let text = "{\n\"a\": {\n\"b\": [\n1]}}";
        for (steps, expected) in [
            (vec![member("z")], 1),
            (vec![Step::Item(0)], 1),
            (vec![member("a"), member("z")], 2),
            (vec![member("a"), member("b"), Step::Item(9)], 3),
            (vec![member("a"), member("b"), member("a")], 3),
            (vec![member("a"), member("z"), member("b")], 2),
        ] {
            assert_eq!(line(text, &steps), expected, "{steps:?}");
        }
    }

    #[test]
    fn names_are_compared_whole_and_the_last_of_several_counts() {
        let long = "n".repeat(1000);
        let text = format!(
            "{{\"a\": 1,\n\"a.b\": 1,\n\"a[0]\": 1,\n\"\\u0061\": 1,\n\"{long}\": 1,\n\"{long}x\": {{\"a\":\n1}}}}"
        );
        for (steps, expected) in [
            (vec![member("a")], 4),
            (vec![member("a.b")], 2),
            (vec![member("a[0]")], 3),
            (vec![member(&long)], 5),
            (vec![member(&format!("{long}x")), member("a")], 6),
        ] {
            assert_eq!(line(&text, &steps), expected, "{steps:?}");
        }
    }

    #[test]
    fn what_is_not_json_has_no_lines() {
        let deep = "[".repeat(200);
        for text in ["", "{", "{} {}", "[1,]", "{'a': 1}", &deep] {
            assert!(Lines::of(text).is_none(), "{text}");
        }
    }
}
