//! Strict JSON reader: one object, no duplicate member.
//!
//! A member given twice lets two readers of one token see two values; RFC 7515, section 4 and RFC 7519, section 4 allow
//! refusing it. Only the outermost members are checked, since no deeper ones are ever read of a token.

use std::fmt;

use serde::de::{Deserializer, Error, MapAccess, Visitor};
pub(crate) use serde_json::{Map, Value};

/// Reads one JSON object, or nothing. Nesting is bounded by the parser (128 levels), size by the caller.
pub(crate) fn object(text: &[u8]) -> Option<Map<String, Value>> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let members = reader.deserialize_map(Unrepeated).ok()?;
    reader.end().ok().map(|()| members)
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
