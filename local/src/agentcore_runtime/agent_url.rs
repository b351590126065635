//! The address of an agent.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use url::Url;

use super::protocol::Protocol;

/// AgentCore lets a container be this long in coming up.
const START_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) const CARD: &str = "/.well-known/agent-card.json";
const MCP_PING: &str = r#"{"id": 1, "jsonrpc": "2.0", "method": "ping"}"#;

/// The base address of a container that speaks one of AgentCore's contracts: `http://HOST:PORT`, no
/// path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentUrl(String);

/// Why an address is not an agent's.
#[derive(Debug, thiserror::Error)]
pub enum AgentUrlError {
    /// Another scheme, a path, a query, a fragment, a user, or no URL at all.
    #[error("the agent's address is not `http://HOST:PORT`")]
    Malformed,
    /// No connection, or no HTTP.
    #[error("no agent answers at `{0}`")]
    Unreachable(String, #[source] hyper_util::client::legacy::Error),
    /// No answer in the time that AgentCore gives.
    #[error("no agent answers at `{0}` within 30 seconds")]
    Slow(String),
    /// Something else listens there.
    #[error(
        "`{asked}` at `{url}` answers {status}, so no AgentCore agent of this protocol listens there"
    )]
    NotAnAgent {
        /// Method and path
        asked: &'static str,
        /// Its base
        url: String,
        /// Of the answer
        status: StatusCode,
    },
}

impl AgentUrl {
    /// The address that a person or a setting gave.
    pub fn parse(text: &str) -> Result<Self, AgentUrlError> {
        let url = Url::parse(text).map_err(|_| AgentUrlError::Malformed)?;
        let plain = url.scheme() == "http"
            && url.has_host()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        let base = url.as_str().trim_end_matches('/');
        plain
            .then(|| Self(base.to_owned()))
            .ok_or(AgentUrlError::Malformed)
    }

    /// Asks the agent whether it is there, by what each contract has for it.
    ///
    /// # Errors
    /// It is not, or is none of this protocol.
    pub async fn reach(&self, protocol: Protocol) -> Result<(), AgentUrlError> {
        // An MCP server that keeps state refuses a message outside a session, and one behind a kit of ours a message
        // without the door's assertion. Both know the path.
        let (asked, method, path, body) = match protocol {
            Protocol::Http => ("GET /ping", Method::GET, "/ping", ""),
            Protocol::A2a => ("GET /.well-known/agent-card.json", Method::GET, CARD, ""),
            Protocol::Mcp => ("POST /mcp", Method::POST, "/mcp", MCP_PING),
        };
        let mut request = Request::new(Full::from(body));
        *request.method_mut() = method;
        *request.uri_mut() = self.uri(path)?;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        let both = HeaderValue::from_static("application/json, text/event-stream");
        request.headers_mut().insert(ACCEPT, both);
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        let answer = tokio::time::timeout(START_TIMEOUT, client.request(request)).await;
        let status = match answer {
            Err(_) => return Err(AgentUrlError::Slow(self.0.clone())),
            Ok(Err(source)) => return Err(AgentUrlError::Unreachable(self.0.clone(), source)),
            Ok(Ok(answer)) => answer.status(),
        };
        let refusals = [StatusCode::BAD_REQUEST, StatusCode::FORBIDDEN];
        let refused = protocol == Protocol::Mcp && refusals.contains(&status);
        if status.is_success() || refused {
            return Ok(());
        }
        let url = self.0.clone();
        Err(AgentUrlError::NotAnAgent { asked, url, status })
    }

    /// Its port; HTTP's own where it names none.
    pub(crate) fn port(&self) -> u16 {
        let authority = self.0.rsplit_once(':').map(|(_, port)| port.parse());
        authority.and_then(Result::ok).unwrap_or(80)
    }

    /// A path of the contract at this agent.
    pub(super) fn uri(&self, path: &str) -> Result<Uri, AgentUrlError> {
        format!("{self}{path}")
            .parse()
            .map_err(|_| AgentUrlError::Malformed)
    }
}

impl fmt::Display for AgentUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_http_base_is_an_address() {
        for good in [
            "http://127.0.0.1:8080",
            "http://agent:8080/",
            "http://[::1]:8080",
        ] {
            assert!(AgentUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "127.0.0.1:8080",
            "https://127.0.0.1:8080",
            "http://127.0.0.1:8080/invocations",
            "http://127.0.0.1:8080/?a=b",
            "http://127.0.0.1:8080/#a",
            "http://user:secret@127.0.0.1:8080",
            "http://127.0.0.1:notaport",
            "http://",
        ] {
            assert!(
                matches!(AgentUrl::parse(bad), Err(AgentUrlError::Malformed)),
                "{bad}"
            );
        }
    }
}
