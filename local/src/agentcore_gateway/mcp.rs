//! MCP over streamable HTTP, without sessions and without streams: every message is answered by one JSON document.
//!
//! <https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#streamable-http>

use http::{HeaderMap, HeaderName, StatusCode};
use serde_json::{Map, Value, json};

use super::call::ToolCall;
use super::engine::{Decided, Verdict};
use super::{Gateway, Mode, seen};
use crate::hops::Began;

/// The versions of the protocol, latest first.
const VERSIONS: [&str; 3] = ["2025-11-25", "2025-06-18", "2025-03-26"];
const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
/// What policies that count, count by ("Policy sessions", AgentCore Developer Guide).
const POLICY_SESSION: HeaderName =
    HeaderName::from_static("x-amzn-bedrock-agentcore-policy-session-id");

/// JSON-RPC 2.0, 5.1, and what MCP uses of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    Parse,
    Request,
    Method,
    Tool,
    Arguments,
}

impl Failure {
    const fn code_and_message(self) -> (i32, &'static str) {
        match self {
            Self::Parse => (-32700, "Parse error"),
            Self::Request => (-32600, "Invalid Request"),
            Self::Method => (-32601, "Method not found"),
            Self::Tool => (-32602, "Unknown tool"),
            Self::Arguments => (-32602, "Invalid params"),
        }
    }

    fn answer(self, id: &Value) -> Value {
        let (code, message) = self.code_and_message();
        json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
    }
}

/// Whose message it is, and in which of their sessions.
pub(super) struct Caller<'c> {
    /// Of the token.
    pub(super) claims: &'c Map<String, Value>,
    pub(super) headers: &'c HeaderMap,
    /// When the message came.
    pub(super) began: Began,
}

/// The answer to one message. A notification, and an answer to a question that this
/// server never asks, has none.
pub(super) fn answer(
    gateway: &Gateway,
    caller: &Caller<'_>,
    body: &[u8],
) -> (StatusCode, Option<Value>) {
    let refuse = |failure: Failure| (StatusCode::BAD_REQUEST, Some(failure.answer(&Value::Null)));
    // "Protocol version header": a version that is not supported is a bad request.
    let version = caller
        .headers
        .get(VERSION)
        .map(|version| version.to_str().ok());
    if version.is_some_and(|version| version.is_none_or(|version| !VERSIONS.contains(&version))) {
        return refuse(Failure::Request);
    }
    let Ok(message) = serde_json::from_slice::<Value>(body) else {
        return refuse(Failure::Parse);
    };
    if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return refuse(Failure::Request);
    }
    let method = message.get("method").and_then(Value::as_str);
    let (Some(method), Some(id)) = (method, message.get("id")) else {
        return (StatusCode::ACCEPTED, None);
    };
    if !id.is_string() && !id.is_i64() && !id.is_u64() {
        return refuse(Failure::Request);
    }
    let parameters = message.get("params").cloned().unwrap_or_default();
    if ["tools/list", "tools/call"].contains(&method) {
        seen::admitted(&gateway.hops, caller);
    }
    let answer = match perform(gateway, caller, method, &parameters) {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(failure) => failure.answer(id),
    };
    (StatusCode::OK, Some(answer))
}

fn perform(
    gateway: &Gateway,
    caller: &Caller<'_>,
    method: &str,
    parameters: &Value,
) -> Result<Value, Failure> {
    match method {
        "initialize" => Ok(initialize(parameters)),
        "ping" => Ok(json!({})),
        "tools/list" => Ok(list(gateway, caller.claims)),
        "tools/call" => call(gateway, caller, parameters),
        _ => Err(Failure::Method),
    }
}

/// The version asked for, if it is known, and the latest otherwise ("Version negotiation").
fn initialize(parameters: &Value) -> Value {
    let [latest, ..] = VERSIONS;
    let wanted = parameters.get("protocolVersion").and_then(Value::as_str);
    let version = wanted
        .filter(|version| VERSIONS.contains(version))
        .unwrap_or(latest);
    json!({
        "protocolVersion": version,
        "capabilities": { "tools": { "listChanged": false } },
        "serverInfo": { "name": "gatehouse-local-gateway", "version": "1.0.0" },
    })
}

/// The tools that the caller might be permitted to call; a gateway that only logs shows all.
fn list(gateway: &Gateway, claims: &Map<String, Value>) -> Value {
    let enforces = gateway.mode() == Mode::Enforce;
    let tools: Vec<Value> = gateway
        .catalog
        .iter()
        .filter(|tool| !enforces || gateway.engine.might_permit(claims, tool))
        .map(super::catalog::Tool::describe)
        .collect();
    json!({ "tools": tools })
}

fn call(gateway: &Gateway, caller: &Caller<'_>, parameters: &Value) -> Result<Value, Failure> {
    let Caller {
        claims, headers, ..
    } = caller;
    let name = parameters.get("name").and_then(Value::as_str);
    let tool = gateway
        .catalog
        .iter()
        .find(|tool| Some(&*tool.name) == name);
    let tool = tool.ok_or(Failure::Tool)?;
    let input = match parameters.get("arguments") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(input)) => input.clone(),
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            return Err(Failure::Arguments);
        }
    };
    let began = Began::now();
    let Decided { verdict, reasons } = gateway.engine.decide(claims, tool, &input);
    if gateway.hops.is_watched() {
        let policies = gateway.engine.concerning(tool, &reasons);
        seen::decided(
            &gateway.hops,
            began,
            claims,
            (tool, &input),
            (&verdict, policies),
        );
    }
    gateway.ledger.add(ToolCall {
        tool: tool.name.clone(),
        input: input.clone(),
        claims: (*claims).clone(),
        policy_session: policy_session(headers),
        verdict: verdict.clone(),
    });
    if gateway.mode() == Mode::Enforce
        && let Some(denial) = denial(&verdict)
    {
        return Ok(text(&denial, true));
    }
    if let Some(mistake) = tool.mistake(&input) {
        return Ok(text(&mistake, true));
    }
    let user = claims.get("user_id").and_then(Value::as_str);
    let said = gateway.tools.run(&tool.name, &input, user);
    Ok(text(&said, false))
}

fn policy_session(headers: &HeaderMap) -> Option<String> {
    let session = headers.get(POLICY_SESSION)?.to_str();
    session.map(str::to_owned).ok()
}

/// A denial is a result, not an error, that begins like this and ends in a reason in brackets; the wording is not
/// AgentCore's contract.
fn denial(verdict: &Verdict) -> Option<String> {
    let reason = match verdict {
        Verdict::Permitted => return None,
        Verdict::Denied(policies) if policies.is_empty() => {
            "No policy applies to the request (denied by default).".to_owned()
        }
        Verdict::Denied(policies) => {
            let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
            format!("Forbidden by: {}.", policies.join(", "))
        }
        Verdict::Undecided => "A policy could not be evaluated for this input.".to_owned(),
    };
    Some(format!(
        "AuthorizeActionException - Tool Execution Denied: Tool call not allowed due to policy enforcement [{reason}]"
    ))
}

fn text(text: &str, is_error: bool) -> Value {
    json!({ "content": [{ "type": "text", "text": text }], "isError": is_error })
}
