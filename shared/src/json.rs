//! Strict JSON reader: one object, no duplicate member.
//!
//! A member given twice lets two readers of one token see two values; RFC 7515, section 4 and RFC 7519, section 4 allow
//! refusing it. Of claims, which are read inside objects too, the members are checked at every depth; of other
//! documents the outermost.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
pub(crate) use serde_json::{Map, Value};

/// Reads one JSON object, or nothing. Nesting is bounded by the parser (128 levels), size by the caller.
pub(crate) fn object(text: &[u8]) -> Option<Map<String, Value>> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let members = reader.deserialize_map(Unrepeated).ok()?;
    reader.end().ok().map(|()| members)
}

/// Reads one JSON object whose objects, at any depth, have no member twice, or nothing.
pub(crate) fn claims(text: &[u8]) -> Option<Map<String, Value>> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    match UnrepeatedAnywhere.deserialize(&mut reader).ok()? {
        Value::Object(members) => reader.end().ok().map(|()| members),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            None
        }
    }
}

struct Unrepeated;

impl<'de> Visitor<'de> for Unrepeated {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object without repeated members")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut map = Map::new();
        while let Some((name, value)) = members.next_entry::<String, Value>()? {
            if map.insert(name, value).is_some() {
                return Err(A::Error::custom("a member is given twice"));
            }
        }
        Ok(map)
    }
}

/// Any JSON without repeated members.
#[derive(Clone, Copy)]
struct UnrepeatedAnywhere;

impl<'de> DeserializeSeed<'de> for UnrepeatedAnywhere {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for UnrepeatedAnywhere {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without repeated members")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if map.insert(name, members.next_value_seed(self)?).is_some() {
                return Err(A::Error::custom("a member is given twice"));
            }
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_given_twice_is_refused_at_every_depth_of_claims() {
        for (text, is_object, are_claims) in [
            (r#"{"a":1,"b":[{"c":null}]}"#, true, true),
            (r#"{"a":{"b":1},"c":{"b":1}}"#, true, true),
            (r#"{"a":1,"a":1}"#, false, false),
            (r#"{"a":{"b":1,"b":2}}"#, true, false),
            (r#"{"a":[[{"b":1,"\u0062":2}]]}"#, true, false),
            (r#"[{}]"#, false, false),
            (r#"{} {}"#, false, false),
            ("null", false, false),
        ] {
            assert_eq!(object(text.as_bytes()).is_some(), is_object, "{text}");
            let claims = claims(text.as_bytes());
            assert_eq!(claims.is_some(), are_claims, "{text}");
            if let Some(claims) = claims {
                assert_eq!(object(text.as_bytes()), Some(claims), "{text}");
            }
        }
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(200), "]".repeat(200));
        assert!(claims(deep.as_bytes()).is_none());
        let numbers = br#"{"a":[-1,1,1.5,18446744073709551615]}"#;
        assert_eq!(claims(numbers), object(numbers));
    }
}
