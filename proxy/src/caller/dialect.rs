//! Dialect of a request: the protocol whose words its caller reads, errors above all.

use std::fmt::Write as _;

use serde::{Deserialize, Deserializer};
use serde_json::{Number, Value, json};
use shared::agents::Protocol;

use crate::caller::media::JSON_SPACE;
use crate::caller::resource::Resource;

/// The protocol that a caller reads, with the id of the request that an error must repeat.
#[derive(Debug, Clone, PartialEq)]
pub enum Dialect {
    /// Problem documents, and events of the door's own; AG-UI, once the agent speaks it.
    Http,
    /// JSON-RPC 2.0, as MCP has it.
    Mcp(RpcId),
    /// JSON-RPC 2.0, as A2A has it.
    A2a(RpcId),
}

/// The id of a JSON-RPC request; null if it is not known (JSON-RPC 2.0, 5: Response object).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RpcId(Value);

/// The code of an error that is not of the request's form (JSON-RPC 2.0, 5.1).
pub const INTERNAL_ERROR: i64 = -32603;

/// Longer ids are none of a client's: the caller would get back whatever they sent.
const MAX_ID: usize = 1024;

impl Dialect {
    /// The dialect of what is asked for at this path; the id of the request is not known yet.
    pub fn of_path(path: &str) -> Self {
        match Resource::at(path) {
            Some(Resource::Agent(_, Protocol::Mcp)) => Self::Mcp(RpcId::default()),
            Some(Resource::Agent(_, Protocol::A2a)) => Self::A2a(RpcId::default()),
            Some(Resource::Agent(_, Protocol::Http) | Resource::Door) | None => Self::Http,
        }
    }

    /// The id that an error must repeat; none if it is no JSON-RPC.
    pub const fn rpc_id(&self) -> Option<&RpcId> {
        match self {
            Self::Http => None,
            Self::Mcp(id) | Self::A2a(id) => Some(id),
        }
    }

    /// Takes the id of the request out of its body.
    pub fn hear(&mut self, body: &[u8]) {
        match self {
            Self::Http => {}
            Self::Mcp(id) | Self::A2a(id) => *id = RpcId::of(body),
        }
    }
}

impl RpcId {
    /// The id of one request. A body that is not one object, or has two ids, has none.
    pub fn of(body: &[u8]) -> Self {
        let Ok(text) = std::str::from_utf8(body) else {
            return Self::default();
        };
        // The derived reader takes a list for an object, too.
        let is_object = text.trim_start_matches(JSON_SPACE).starts_with('{');
        let request: Option<Request> = serde_json::from_str(text).ok().filter(|_| is_object);
        request.map(|request| request.id).unwrap_or_default()
    }

    /// Whether it is null, as JSON-RPC has it for an id that could not be found out.
    pub const fn is_unknown(&self) -> bool {
        matches!(self.0, Value::Null)
    }

    /// An error for the request (JSON-RPC 2.0, 5.1), in ASCII: some parsers of event streams end a line at further
    /// characters of Unicode.
    pub fn error(&self, code: i64, message: &str, data: &Value) -> String {
        // Nothing beside these three members: the official clients' schemas are strict. Their order is that of their names,
        // as everywhere in what the door writes.
        let error = json!({"code": code, "data": data, "message": message});
        ascii(&json!({"error": error, "id": self.0, "jsonrpc": "2.0"}).to_string())
    }
}

#[derive(Deserialize)]
struct Request {
    #[serde(default)]
    id: RpcId,
}

impl<'de> Deserialize<'de> for RpcId {
    /// Text or a number, as they are; of any other kind it is no id.
    fn deserialize<D: Deserializer<'de>>(id: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Id {
            Text(String),
            Number(Number),
            Other(serde::de::IgnoredAny),
        }
        Ok(Self(match Id::deserialize(id)? {
            Id::Text(text) if text.len() <= MAX_ID => Value::String(text),
            Id::Number(number) => Value::Number(number),
            Id::Text(_) | Id::Other(_) => Value::Null,
        }))
    }
}

/// A JSON text with every character beyond ASCII written as its escape (RFC 8259, section 7); none stands outside of
/// strings.
pub fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_its_protocol() {
        let none = RpcId::default;
        let table = [
            ("/agents/demo/mcp", Dialect::Mcp(none())),
            ("/agents/demo/a2a", Dialect::A2a(none())),
            ("/agents/demo/invocations", Dialect::Http),
            (
                "/agents/demo/a2a/.well-known/agent-card.json",
                Dialect::Http,
            ),
            ("/agents/Demo/mcp", Dialect::Http),
            ("/whoami", Dialect::Http),
            ("", Dialect::Http),
        ];
        for (path, expected) in table {
            assert_eq!(Dialect::of_path(path), expected, "{path}");
        }
    }

    #[test]
    fn an_id_is_the_requests_own() {
        let long = format!(r#"{{"id":"{}"}}"#, "x".repeat(MAX_ID + 1));
        let table = [
            (r#"{"jsonrpc":"2.0","id":7,"method":"x"}"#, json!(7)),
            (
                r#"{"method":"x","params":{"id":1},"id":"a-1"}"#,
                json!("a-1"),
            ),
            (r#"{"id":-1}"#, json!(-1)),
            (r#"{"id":1.5}"#, json!(1.5)),
            (r#"{"id":18446744073709551615}"#, json!(u64::MAX)),
            (r#"{"\u0069d":"é"}"#, json!("é")),
            // A notification, kinds that JSON-RPC does not have, two ids, a batch, and no JSON.
            (r#"{"method":"x"}"#, Value::Null),
            (r#"{"id":null}"#, Value::Null),
            (r#"{"id":true}"#, Value::Null),
            (r#"{"id":{"a":1}}"#, Value::Null),
            (r#"{"id":[1]}"#, Value::Null),
            (r#"{"id":1,"id":2}"#, Value::Null),
            (r#"[{"id":1}]"#, Value::Null),
            ("[1]", Value::Null),
            (r#"{"id":1"#, Value::Null),
            ("", Value::Null),
            (long.as_str(), Value::Null),
        ];
        for (body, expected) in table {
            assert_eq!(RpcId::of(body.as_bytes()), RpcId(expected), "{body}");
        }
    }

    #[test]
    fn an_error_is_one_line_of_ascii() {
        let id = RpcId(json!("é\u{2028}😀\n"));
        let error = id.error(-32603, "It broke", &json!({"code": "agent_cut"}));
        let expected = r#"{"error":{"code":-32603,"data":{"code":"agent_cut"},"message":"It broke"},"id":"\u00e9\u2028\ud83d\ude00\n","jsonrpc":"2.0"}"#;
        assert_eq!(error, expected);
        let read: Value = serde_json::from_str(&error).unwrap();
        assert_eq!(read["id"], "é\u{2028}😀\n");
    }
}
