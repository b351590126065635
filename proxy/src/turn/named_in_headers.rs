//! Agreement of a message of MCP with the headers that repeat what it calls (MCP 2026-07-28, "Standard headers"): a service
//! that decides by the headers must decide as one that reads the message.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::header::HeaderMap;
use serde_json::Value;
use shared::headers::{MCP_METHOD, MCP_NAME};

use crate::caller::problem::Problem;

/// Checks that the headers that go with a message say what the message says. Absent ones say nothing.
///
/// # Errors
/// What to tell the caller.
pub(super) fn check(headers: &HeaderMap, message: &[u8]) -> Result<(), Problem> {
    if !headers.contains_key(MCP_METHOD) && !headers.contains_key(MCP_NAME) {
        return Ok(());
    }
    let message: Value = serde_json::from_slice(message).map_err(|_| Problem::BadJson)?;
    let method = message.get("method").and_then(Value::as_str);
    let name = method.and_then(|method| name(method, message.get("params")?));
    let agrees = |header: &str, said: Option<&str>| match headers.get(header) {
        None => true,
        Some(value) => value.to_str().ok().and_then(decoded).as_deref() == said && said.is_some(),
    };
    if agrees(MCP_METHOD, method) && agrees(MCP_NAME, name) {
        Ok(())
    } else {
        Err(Problem::HeaderMismatch)
    }
}

/// What is called by a method that calls something by its name.
fn name<'m>(method: &str, params: &'m Value) -> Option<&'m str> {
    let member = match method {
        "tools/call" | "prompts/get" => "name",
        "resources/read" => "uri",
        _ if method.starts_with("tasks/") => "taskId",
        _ => return None,
    };
    params.get(member)?.as_str()
}

/// The text of a header; what a header may not hold is written `=?base64?…?=`.
fn decoded(value: &str) -> Option<Cow<'_, str>> {
    let coded = value
        .strip_prefix("=?base64?")
        .and_then(|rest| rest.strip_suffix("?="));
    match coded {
        None => Some(Cow::Borrowed(value)),
        Some(coded) => {
            let bytes = STANDARD.decode(coded).ok()?;
            Some(Cow::Owned(String::from_utf8(bytes).ok()?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: &str = r#"{"method": "tools/call", "params": {"name": "billing___refund"}}"#;
    const LIST: &str = r#"{"method": "tools/list"}"#;

    fn checked(headers: &[(&'static str, &str)], message: &str) -> Result<(), Problem> {
        let headers = headers.iter().map(|(name, value)| {
            let name = http::HeaderName::from_static(name);
            (name, value.parse().unwrap())
        });
        check(&headers.collect(), message.as_bytes())
    }

    #[test]
    fn headers_that_agree_pass_and_so_do_absent_ones() {
        let read = r#"{"method": "resources/read", "params": {"uri": "a://\u00e9"}}"#;
        let task = r#"{"method": "tasks/get", "params": {"taskId": "t-1", "name": "x"}}"#;
        let prompt = r#"{"method": "prompts/get", "params": {"name": "p"}}"#;
        for (headers, message) in [
            (&[][..], CALL),
            (&[], "{"),
            (&[(MCP_METHOD, "tools/call")], CALL),
            (
                &[(MCP_METHOD, "tools/call"), (MCP_NAME, "billing___refund")],
                CALL,
            ),
            (&[(MCP_NAME, "=?base64?YmlsbGluZ19fX3JlZnVuZA==?=")], CALL),
            (&[(MCP_NAME, "=?base64?YTovL8Op?=")], read),
            (&[(MCP_NAME, "t-1")], task),
            (&[(MCP_NAME, "p")], prompt),
            (&[(MCP_METHOD, "tools/list")], LIST),
        ] {
            assert_eq!(checked(headers, message), Ok(()), "{headers:?} {message}");
        }
    }

    #[test]
    fn headers_that_say_something_else_are_refused() {
        for (headers, message) in [
            (&[(MCP_METHOD, "tools/list")][..], CALL),
            (&[(MCP_METHOD, "Tools/call")], CALL),
            (&[(MCP_METHOD, "")], CALL),
            (
                &[(MCP_METHOD, "tools/call"), (MCP_NAME, "notices___read")],
                CALL,
            ),
            (&[(MCP_NAME, "=?base64?bm90aWNlc19fX3JlYWQ=?=")], CALL),
            (&[(MCP_NAME, "=?base64?!?=")], CALL),
            (&[(MCP_NAME, "billing___refund")], LIST),
            (&[(MCP_METHOD, "tools/call")], r#"{"id": 1, "result": {}}"#),
            (&[(MCP_NAME, "x")], r#"{"method": "tools/call"}"#),
            (
                &[(MCP_NAME, "1")],
                r#"{"method": "tools/call", "params": {"name": 1}}"#,
            ),
        ] {
            let refused = Err(Problem::HeaderMismatch);
            assert_eq!(checked(headers, message), refused, "{headers:?} {message}");
        }
    }
}
