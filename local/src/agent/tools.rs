//! The demonstration agent as a client of an AgentCore Gateway: MCP over streamable HTTP, with its caller's tool token.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

/// Where the platform hands over the caller's tool token.
const TOOL_TOKEN: &str = "x-amzn-bedrock-agentcore-runtime-custom-tool-token";
const PROTOCOL: &str = "2025-06-18";
const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
/// Of one answer ("Quotas for Amazon Bedrock AgentCore": 6 MB payload).
const MAX_ANSWER: usize = 6_000_000;
/// For one message: far above what a tool on the same machine takes.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How AgentCore begins the text of a call that a policy denies.
const DENIED: &str = "AuthorizeActionException";

/// A prompt that wants a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    List,
    Refund { amount: i64, order: String },
    Search(String),
    Notices(String),
}

impl Wish {
    pub(super) fn read(prompt: &str) -> Option<Self> {
        let (verb, rest) = prompt.split_once(' ').unwrap_or((prompt, ""));
        let rest = rest.trim();
        let given = |default: &str| {
            let text = if rest.is_empty() { default } else { rest };
            text.to_owned()
        };
        match verb {
            "tools" if rest.is_empty() => Some(Self::List),
            "refund" => {
                let (amount, order) = rest.split_once(' ').unwrap_or((rest, "A-1"));
                let (amount, order) = (amount.parse().ok()?, order.trim().to_owned());
                Some(Self::Refund { amount, order })
            }
            "search" if !rest.is_empty() => Some(Self::Search(rest.to_owned())),
            "notices" => Some(Self::Notices(given("canteen"))),
            _ => None,
        }
    }

    /// What the agent says before it acts.
    pub(super) fn announce(&self) -> String {
        match self {
            Self::List => "I look which tools there are for you. ".to_owned(),
            Self::Refund { amount, order } => format!("I refund {amount} for order {order}. "),
            Self::Search(query) => format!("I search for {query}. "),
            Self::Notices(topic) => format!("I read the notices on {topic}. "),
        }
    }

    /// The tool and its arguments; none for the list of tools.
    fn call(self) -> Option<Value> {
        let call = |name, arguments: Value| json!({ "name": name, "arguments": arguments });
        match self {
            Self::List => None,
            Self::Refund { amount, order } => Some(call(
                "billing___refund",
                json!({ "order": order, "amount": amount }),
            )),
            Self::Search(query) => Some(call("search___find", json!({ "query": query }))),
            Self::Notices(topic) => Some(call("notices___read", json!({ "topic": topic }))),
        }
    }
}

/// Why a wish is not fulfilled, in words for the person.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum ToolError {
    #[error("Nobody gave me a tool token, so I can call no tool.")]
    NoToken,
    #[error("The gateway does not take my tool token.")]
    Refused,
    #[error("The gateway does not answer as it should.")]
    Failed,
}

/// The gateway that the agent was told of.
#[derive(Clone)]
pub(super) struct Toolbox {
    gateway: Uri,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Toolbox {
    pub(super) fn new(gateway: Uri) -> Self {
        Self {
            gateway,
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// What came of a wish, in words. The tool token is that of the request, and goes nowhere but to the gateway.
    pub(super) fn fulfil(&self, wish: Wish, headers: &HeaderMap) -> BoxFuture<'static, String> {
        let (toolbox, token) = (self.clone(), headers.get(TOOL_TOKEN).cloned());
        Box::pin(async move {
            let said = toolbox.ask(wish, token).await;
            said.unwrap_or_else(|trouble| trouble.to_string())
        })
    }

    async fn ask(&self, wish: Wish, token: Option<HeaderValue>) -> Result<String, ToolError> {
        let token = token.as_ref().and_then(|token| token.to_str().ok());
        let token = token.ok_or(ToolError::NoToken)?;
        let mut bearer =
            HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| ToolError::NoToken)?;
        bearer.set_sensitive(true);
        let hello = json!({
            "protocolVersion": PROTOCOL,
            "capabilities": {},
            "clientInfo": { "name": "demonstration-agent", "version": "1.0.0" },
        });
        self.request(&bearer, "initialize", &hello).await?;
        let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        self.send(&bearer, &ready).await?;
        match wish.call() {
            None => {
                let answer = self.request(&bearer, "tools/list", &json!({})).await?;
                Ok(seen(&answer))
            }
            Some(call) => {
                let answer = self.request(&bearer, "tools/call", &call).await?;
                said(&answer).ok_or(ToolError::Failed)
            }
        }
    }

    /// A request's whole answer: `result` or `error`.
    async fn request(
        &self,
        bearer: &HeaderValue,
        method: &str,
        parameters: &Value,
    ) -> Result<Value, ToolError> {
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": parameters });
        let answer = self.send(bearer, &message).await?;
        serde_json::from_slice(&answer).map_err(|_| ToolError::Failed)
    }

    async fn send(&self, bearer: &HeaderValue, message: &Value) -> Result<Bytes, ToolError> {
        let request = Request::post(self.gateway.clone())
            .header(AUTHORIZATION, bearer)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, text/event-stream")
            .header(PROTOCOL_VERSION, PROTOCOL)
            .body(Full::from(message.to_string()))
            .map_err(|_| ToolError::Failed)?;
        let exchange = async {
            let answer = self.client.request(request).await.ok()?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), MAX_ANSWER);
            Some((status, body.collect().await.ok()?.to_bytes()))
        };
        let answered = tokio::time::timeout(TIMEOUT, exchange).await.ok().flatten();
        match answered {
            Some((status, body)) if status.is_success() => Ok(body),
            Some((StatusCode::UNAUTHORIZED, _)) => Err(ToolError::Refused),
            Some(_) | None => Err(ToolError::Failed),
        }
    }
}

fn seen(answer: &Value) -> String {
    let tools = answer.pointer("/result/tools").and_then(Value::as_array);
    let names = tools.into_iter().flatten();
    let names: Vec<&str> = names
        .filter_map(|tool| tool.get("name")?.as_str())
        .collect();
    if names.is_empty() {
        return "I see no tools.".to_owned();
    }
    format!("I see these tools: {}.", names.join(", "))
}

/// A denial is a result, not an error: it is told from a tool's own failure by how its text begins.
fn said(answer: &Value) -> Option<String> {
    if let Some(message) = answer.pointer("/error/message").and_then(Value::as_str) {
        return Some(format!("The gateway refused the call: {message}."));
    }
    let result = answer.get("result")?;
    let text = result.pointer("/content/0/text")?.as_str()?;
    let failed = result.get("isError").and_then(Value::as_bool) == Some(true);
    Some(if !failed {
        text.to_owned()
    } else if text.starts_with(DENIED) {
        format!("Refused by policy: {}", reason(text))
    } else {
        format!("The tool failed: {text}.")
    })
}

/// The reason stands in brackets at the end; where it does not, all is the reason.
fn reason(text: &str) -> &str {
    let bracketed = text.rsplit_once('[').map(|(_, rest)| rest);
    bracketed
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_read_only_if_it_is_exactly_one() {
        let refund = |amount, order: &str| {
            let order = order.to_owned();
            Some(Wish::Refund { amount, order })
        };
        for (prompt, expected) in [
            ("tools", Some(Wish::List)),
            ("refund 500", refund(500, "A-1")),
            ("refund -5 B-2", refund(-5, "B-2")),
            (
                "search open invoices",
                Some(Wish::Search("open invoices".to_owned())),
            ),
            ("notices", Some(Wish::Notices("canteen".to_owned()))),
            (
                "notices building",
                Some(Wish::Notices("building".to_owned())),
            ),
            ("refund", None),
            ("refund much", None),
            ("search ", None),
            ("tools please", None),
            ("Who am I?", None),
        ] {
            assert_eq!(Wish::read(prompt), expected, "{prompt}");
        }
    }

    #[test]
    fn a_denial_is_told_from_a_failure() {
        let result = |text: &str, failed: bool| json!({ "result": { "isError": failed, "content": [{ "type": "text", "text": text }] } });
        let denial = "AuthorizeActionException - Tool Execution Denied: Not allowed [No policy.]";
        for (answer, expected) in [
            (result("Done.", false), Some("Done.")),
            (result("it broke", true), Some("The tool failed: it broke.")),
            (result(denial, true), Some("Refused by policy: No policy.")),
            (
                result("AuthorizeActionException", true),
                Some("Refused by policy: AuthorizeActionException"),
            ),
            (
                json!({ "error": { "code": -32602, "message": "Unknown tool" } }),
                Some("The gateway refused the call: Unknown tool."),
            ),
            (json!({}), None),
        ] {
            assert_eq!(said(&answer).as_deref(), expected, "{answer}");
        }
    }
}
