//! The tool that a message of MCP calls, read for the audit log. The message itself passes unchanged.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::caller::media::JSON_SPACE;

/// The tool that a message calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tool {
    /// A stranger's text.
    Named(String),
    /// A tool is called, or may be, and which is not said as every reader would understand it.
    Unreadable,
}

/// A message that two readers may understand differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ambiguous;

/// Reads the tool that a message calls, if it calls one.
///
/// # Errors
/// The message is not one JSON object (RFC 8259: UTF-8, no byte order mark) that has each member of JSON-RPC's at most
/// once: of two methods one reader takes the first and another the last.
pub fn read(message: &[u8]) -> Result<Option<Tool>, Ambiguous> {
    let text = std::str::from_utf8(message).map_err(|_| Ambiguous)?;
    // The derived readers below take a list for an object, too.
    if !text.trim_start_matches(JSON_SPACE).starts_with('{') {
        return Err(Ambiguous);
    }
    let message: Message<'_> = serde_json::from_str(text).map_err(|_| Ambiguous)?;
    if message.method.as_deref() != Some("tools/call") {
        return Ok(None);
    }
    let named = serde_json::from_str(text).map(|Call { params }| params.name.into_owned());
    Ok(Some(named.map_or(Tool::Unreadable, Tool::Named)))
}

/// The members of a request in JSON-RPC 2.0 (section 4). An answer of the client's has no method.
#[derive(Deserialize)]
struct Message<'m> {
    #[serde(borrow)]
    method: Option<Cow<'m, str>>,
    #[serde(default, rename = "id")]
    _id: IgnoredAny,
    #[serde(default, rename = "jsonrpc")]
    _version: IgnoredAny,
    #[serde(default, rename = "params")]
    _params: IgnoredAny,
}

/// A call of a tool (MCP, "Tools").
#[derive(Deserialize)]
struct Call<'m> {
    #[serde(borrow)]
    params: Params<'m>,
}

#[derive(Deserialize)]
struct Params<'m> {
    #[serde(borrow)]
    name: Cow<'m, str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"Billing___refund","arguments":{"amount":1}}}"#;

    #[test]
    fn the_tool_of_a_call_is_its_name() {
        let refund = Tool::Named("Billing___refund".to_owned());
        for call in [
            CALL.to_owned(),
            format!(" \r\n\t{CALL}\n"),
            CALL.replace("tools/call", "tools\\/call"),
            CALL.replace("method", "\\u006dethod"),
        ] {
            assert_eq!(read(call.as_bytes()), Ok(Some(refund.clone())), "{call}");
        }
    }

    #[test]
    fn other_messages_call_none() {
        for other in [
            "{}",
            r#"{"method":"tools/list"}"#,
            r#"{"method":"tools/list","params":{"name":"a"}}"#,
            r#"{"method":"notifications/cancelled","params":[1]}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{"method":"tools/call","params":{"name":"a"}}}"#,
        ] {
            assert_eq!(read(other.as_bytes()), Ok(None), "{other}");
        }
    }

    #[test]
    fn a_call_without_a_name_is_one_all_the_same() {
        for call in [
            r#"{"method":"tools/call"}"#.to_owned(),
            r#"{"method":"tools/call","params":null}"#.to_owned(),
            CALL.replace(r#""name""#, r#""Name""#),
            CALL.replace(r#""Billing___refund""#, "1"),
            CALL.replace(r#""name""#, r#""name":"b","name""#),
            CALL.replace(r#""name""#, r#""n\u0061me":"b","name""#),
        ] {
            assert_eq!(read(call.as_bytes()), Ok(Some(Tool::Unreadable)), "{call}");
        }
    }

    #[test]
    fn what_two_readers_may_understand_differently_is_known() {
        let utf_16: Vec<u8> = CALL.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let with_mark = format!("\u{feff}{CALL}");
        let texts = [
            String::new(),
            "null".to_owned(),
            format!("[{CALL}]"),
            r#"["tools/call",{"name":"a"}]"#.to_owned(),
            format!("{CALL}{CALL}"),
            CALL.replace(r#""method""#, r#""method":"tools/list","method""#),
            CALL.replace(r#""method""#, r#""method":"tools/call","method""#),
            CALL.replace(r#""method""#, r#""\u006dethod":"tools/list","method""#),
            CALL.replace(r#""params""#, r#""params":{"name":"b"},"params""#),
            CALL.replace(r#""id""#, r#""id":2,"id""#),
            CALL.replace(r#""tools/call""#, r#"["tools/call"]"#),
            CALL.replace(":1,", ":NaN,"),
        ];
        let texts = texts.iter().map(|text| text.as_bytes());
        for message in texts.chain([utf_16.as_slice(), with_mark.as_bytes(), b"{\"a\":\"\xff\"}"]) {
            let text = String::from_utf8_lossy(message);
            assert_eq!(read(message), Err(Ambiguous), "{text}");
        }
    }
}
