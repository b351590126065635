//! Strict reading of JSON: no object has two members of one name, at any depth. Of two, one parser takes the first,
//! another the last (RFC 8259, section 4), and a third refuses the message.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::caller::problem::Problem;

/// Checks that every parser reads the same in a message. Names are compared as a reader would understand them, however
/// they are spelt. `serde_json` bounds the depth at 128.
///
/// # Errors
/// What to tell the caller.
pub(super) fn check(message: &[u8]) -> Result<(), Problem> {
    let text = std::str::from_utf8(message).map_err(|_| Problem::BadJson)?;
    let mut json = serde_json::Deserializer::from_str(text);
    let read = OneReading.deserialize(&mut json);
    read.and_then(|()| json.end()).map_err(|_| Problem::BadJson)
}

/// Any value that can be read in one way only.
#[derive(Clone, Copy)]
struct OneReading;

impl<'de> DeserializeSeed<'de> for OneReading {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OneReading {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value without two members of one name")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if !names.insert(name) {
                return Err(A::Error::custom("two members of one name"));
            }
            members.next_value_seed(self)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_may_be_read() {
        for message in [
            "{}",
            r#"{"a": 1, "b": {"a": -1.5, "c": [null, true, {"a": "a"}, {"a": 18446744073709551615}]}}"#,
            r#"{"a": {"x": 1}, "A": {"x": 1}, "": 0}"#,
            " [1] ",
            "null",
        ] {
            assert_eq!(check(message.as_bytes()), Ok(()), "{message}");
        }
    }

    #[test]
    fn two_members_of_one_name_are_refused_at_every_depth() {
        for message in [
            r#"{"a": 1, "a": 1}"#,
            r#"{"params": {"name": "notices___read", "name": "billing___refund"}}"#,
            r#"{"params": {"arguments": {"amount": 5000, "amount": 500}}}"#,
            r#"{"params": {"arguments": {"amount": 5000, "amoun\u0074": 500}}}"#,
            r#"{"a": [[{"b": 0, "c": 1, "b": 2}]]}"#,
            // What is no JSON text, or more than one.
            r#"{"a": 1} {"#,
            r#"{"a": NaN}"#,
            r#"{"a": "\ud800"}"#,
            "\u{feff}{}",
            "",
        ] {
            assert_eq!(
                check(message.as_bytes()),
                Err(Problem::BadJson),
                "{message}"
            );
        }
        assert_eq!(check(b"{\"a\": \"\xff\"}"), Err(Problem::BadJson));
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        assert_eq!(check(deep.as_bytes()), Err(Problem::BadJson));
    }
}
