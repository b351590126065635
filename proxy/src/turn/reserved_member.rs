//! The member that a body for an agent may not have: the one by which AgentCore's own SDK for Python takes orders that
//! are not its agent's (starting and ending tasks, telling its state), where its debugging is left on.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::caller::media::JSON_SPACE;
use crate::caller::problem::Problem;

/// The member, in bedrock-agentcore-sdk-python.
const RESERVED: &str = "_agent_core_app_action";

/// Checks that a body is one JSON text (RFC 8259: UTF-8, no byte order mark) and has no such member at its top.
///
/// The body is read once and nothing of it is kept, however large it is. Every member is looked at, and its name is
/// compared as a reader would understand it: a second one, or one that is spelt with escapes, counts. Lists and single
/// values have no members, and those further down are the agent's own.
///
/// A body that is no JSON is not passed on: Python's parser takes other encodings and `NaN`, and would find in it what
/// was not found here.
///
/// # Errors
/// What to tell the caller.
pub(crate) fn check(body: &[u8]) -> Result<(), Problem> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::BadJson)?;
    let mut json = serde_json::Deserializer::from_str(text);
    let is_object = text.trim_start_matches(JSON_SPACE).starts_with('{');
    let is_reserved = if is_object {
        json.deserialize_map(MemberNames)
    } else {
        IgnoredAny::deserialize(&mut json).map(|_| false)
    };
    match (is_reserved, json.end()) {
        (Ok(true), _) => Err(Problem::ReservedMember),
        (Ok(false), Ok(())) => Ok(()),
        (Err(_), _) | (Ok(false), Err(_)) => Err(Problem::BadJson),
    }
}

/// Whether one of an object's members has the name.
struct MemberNames;

impl<'de> Visitor<'de> for MemberNames {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<bool, A::Error> {
        let mut is_found = false;
        while let Some(is_reserved) = members.next_key_seed(Name)? {
            is_found |= is_reserved;
            members.next_value::<IgnoredAny>()?;
        }
        Ok(is_found)
    }
}

/// Whether a member's name, its escapes undone, is the one.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, name: D) -> Result<bool, D::Error> {
        name.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == RESERVED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_member_is_found_however_it_is_spelt() {
        for body in [
            r#"{"_agent_core_app_action": "ping_status"}"#,
            r#" {"prompt": "hi", "_agent_core_app_action": null}"#,
            "\t\r\n{\"_agent_core_app_action\":{}}\n",
            r#"{"\u005fagent_core_app_action": 1}"#,
            r#"{"\u005F\u0061gent\u005Fcore_app_action": 1}"#,
            r#"{"_agent_core_app_action": 1, "_agent_core_app_action": 2}"#,
            r#"{"a": 1, "a": 2, "_agent_core_app_action": 1, "a": 3}"#,
            // Whatever is wrong after it.
            r#"{"_agent_core_app_action": 1} and more"#,
        ] {
            assert_eq!(
                check(body.as_bytes()),
                Err(Problem::ReservedMember),
                "{body}"
            );
        }
    }

    #[test]
    fn other_json_passes() {
        let large = format!("{{\"prompt\": \"{}\"}}", "x".repeat(6 * 1024 * 1024));
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        for body in [
            r"{}",
            r#"{"prompt": "_agent_core_app_action"}"#,
            r#"{"_agent_core_app_action ": 1, "_Agent_Core_App_Action": 1, "agent_core_app_action": 1}"#,
            r#"{"deeper": {"_agent_core_app_action": 1}, "list": ["_agent_core_app_action"]}"#,
            r#"[{"_agent_core_app_action": 1}]"#,
            r#""_agent_core_app_action""#,
            r#"{"half a character": "\ud800", "number": 1e999}"#,
            "null",
            "1",
            &large,
            &deep,
        ] {
            assert_eq!(check(body.as_bytes()), Ok(()), "{body:.80}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        let utf_16: Vec<u8> =
            r#"{"_agent_core_app_action":1}"#.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let with_mark = [b"\xef\xbb\xbf", &b"{\"_agent_core_app_action\":1}"[..]].concat();
        let bodies: [&[u8]; 12] = [
            b"",
            b" ",
            b"prompt=hello",
            b"{",
            b"{} {}",
            br#"{"a": NaN, "_agent_core_app_action": 1}"#,
            br#"{"a": 1,, "_agent_core_app_action": 1}"#,
            br#"{'_agent_core_app_action': 1}"#,
            br#"{"\ud800": 1}"#,
            b"{\"a\": \"\xff\"}",
            &utf_16,
            &with_mark,
        ];
        for body in bodies {
            let text = String::from_utf8_lossy(body);
            assert_eq!(check(body), Err(Problem::BadJson), "{text}");
        }
    }
}
