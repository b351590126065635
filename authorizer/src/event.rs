//! Authorizer events of API Gateway: five formats, read into one [`Question`].
//!
//! The shapes are read leniently, because API Gateway may add to them at any time ("Input to an API Gateway Lambda
//! authorizer"), but a shape that is none of the five is an error, never a guess.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

/// AgentCore's way for browsers, which cannot set `Authorization` on a WebSocket: they offer this subprotocol, and
/// another with the token after a dot ("Get started with bidirectional streaming using WebSocket").
const BEARER_SUBPROTOCOL: &str = "base64UrlBearerAuthorization";

/// The gate takes tokens of up to 8192 bytes, which are this many characters of base64url.
const MAX_SUBPROTOCOL_TOKEN: usize = 10_923;

/// One question of API Gateway: what may the bearer of this credential call?
pub(crate) struct Question {
    /// Whether this is an HTTP API's event of format 2.0, the only one that may be answered without a policy.
    pub(crate) is_format_2: bool,
    pub(crate) method: Method,
    /// The value of the `Authorization` header, wherever the event had it. Nothing if there is none, and if there are
    /// two that differ: which one counts would depend on who reads them.
    pub(crate) credential: Option<String>,
    pub(crate) request: RequestContext,
}

/// The request, as API Gateway describes it. An event of the type TOKEN does not describe it.
#[derive(Default)]
pub(crate) struct RequestContext {
    /// The id that the caller is told, and may choose.
    pub(crate) id: Option<String>,
    /// The id that the caller may not choose.
    pub(crate) extended_id: Option<String>,
}

impl RequestContext {
    /// Read leniently: an event without readable ids is answered like any other.
    fn read(context: Option<&Value>) -> Self {
        let text = |name: &str| Some(context?.get(name)?.as_str()?.to_owned());
        Self {
            id: text("requestId"),
            extended_id: text("extendedRequestId"),
        }
    }
}

/// The event is not one that API Gateway sends to an authorizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnknownEventError;

impl Question {
    /// Reads an event of any of the five kinds.
    ///
    /// # Errors
    /// If it is none of them.
    pub(crate) fn read(event: Value) -> Result<Self, UnknownEventError> {
        let event: Event = serde_json::from_value(event).map_err(|_| UnknownEventError)?;
        let (is_format_2, arn) = match (event.kind.as_deref(), event.version.as_deref()) {
            (Some("TOKEN"), None) | (Some("REQUEST"), None | Some("1.0")) => {
                (false, &event.method_arn)
            }
            (Some("REQUEST"), Some("2.0")) => (true, &event.route_arn),
            _ => return Err(UnknownEventError),
        };
        let method = arn
            .as_deref()
            .and_then(Method::parse)
            .ok_or(UnknownEventError)?;
        Ok(Self {
            is_format_2,
            credential: event.credential(method.is_connect()),
            request: RequestContext::read(event.request_context.as_ref()),
            method,
        })
    }
}

/// A method ARN: `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH`, or `…/STAGE/$connect` for a WebSocket.
pub(crate) struct Method {
    stage: String,
    route: String,
}

impl Method {
    fn parse(arn: &str) -> Option<Self> {
        let mut parts = arn.splitn(3, '/');
        let (api, stage, route) = (parts.next()?, parts.next()?, parts.next()?);
        // What is granted is built on these two, so nothing in them may read as a wildcard.
        let is_plain = |text: &str| !text.is_empty() && !text.contains(['*', '?', '{']);
        let is_api = api.starts_with("arn:") && api.split(':').nth(2) == Some("execute-api");
        (is_api && is_plain(api) && is_plain(stage)).then(|| Self {
            stage: format!("{api}/{stage}"),
            route: route.to_owned(),
        })
    }

    /// The ARN of the API's stage, without a slash at its end.
    pub(crate) fn stage(&self) -> &str {
        &self.stage
    }

    /// `METHOD/PATH` as the caller sent it, a stranger's text, or `$connect`.
    pub(crate) fn route(&self) -> &str {
        &self.route
    }

    /// The name in a route of an agent's, a stranger's text.
    pub(crate) fn agent(&self) -> Option<&str> {
        let mut segments = self.route.split('/').skip(1);
        let first = segments.next();
        segments.next().filter(|_| first == Some("agents"))
    }

    /// Whether a WebSocket is to be opened. No REST or HTTP route looks like this: theirs begin with `METHOD/`.
    pub(crate) fn is_connect(&self) -> bool {
        self.route == "$connect"
    }
}

type Headers<V> = Option<BTreeMap<String, Option<V>>>;

/// The members of all five shapes that say something here; each may be absent or null.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(rename = "type")]
    kind: Option<String>,
    version: Option<String>,
    method_arn: Option<String>,
    route_arn: Option<String>,
    authorization_token: Option<String>,
    identity_source: Option<IdentitySource>,
    headers: Headers<String>,
    multi_value_headers: Headers<Vec<String>>,
    request_context: Option<Value>,
}

/// Format 1.0 joins the identity sources with commas, format 2.0 lists them.
#[derive(Deserialize)]
#[serde(untagged)]
enum IdentitySource {
    Joined(String),
    List(Vec<Option<String>>),
}

impl IdentitySource {
    /// Each source; a bearer credential has no comma in it, so it comes out whole.
    fn texts(&self) -> Vec<&str> {
        match self {
            Self::Joined(sources) => sources.split(',').collect(),
            Self::List(sources) => sources.iter().flatten().map(String::as_str).collect(),
        }
    }
}

impl Event {
    /// The one credential of the event, which may be told in several places.
    fn credential(&self, is_connect: bool) -> Option<String> {
        let mut found: BTreeSet<String> = self.header("authorization").map(str::to_owned).collect();
        found.extend(self.bearer_sources().map(str::to_owned));
        if is_connect {
            found.extend(self.subprotocol_credential());
        }
        let credential = found.pop_first()?;
        found.is_empty().then_some(credential)
    }

    /// Every value of a header, whose name may be spelt in any case.
    fn header(&self, name: &'static str) -> impl Iterator<Item = &str> {
        let single = self.headers.iter().flatten();
        let single = single.filter(|(spelling, _)| spelling.eq_ignore_ascii_case(name));
        let multi = self.multi_value_headers.iter().flatten();
        let multi = multi.filter(|(spelling, _)| spelling.eq_ignore_ascii_case(name));
        let multi = multi.flat_map(|(_, values)| values.iter().flatten());
        single
            .flat_map(|(_, value)| value)
            .chain(multi)
            .map(String::as_str)
    }

    /// The identity sources that are bearer credentials; the others, such as a route key, say nothing here.
    fn bearer_sources(&self) -> impl Iterator<Item = &str> {
        let token = self.authorization_token.as_deref();
        let token = token.into_iter().flat_map(|sources| sources.split(','));
        let sources = self.identity_source.iter().flat_map(IdentitySource::texts);
        let is_bearer = |source: &&str| {
            let scheme = source.split_at_checked("bearer ".len());
            scheme.is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer "))
        };
        token.chain(sources).map(str::trim).filter(is_bearer)
    }

    /// The token in `Sec-WebSocket-Protocol`, as `Authorization` would have it. Its two subprotocols belong together,
    /// once each, and AgentCore takes no other beside them.
    fn subprotocol_credential(&self) -> Option<String> {
        let offered: BTreeSet<&str> = self
            .header("sec-websocket-protocol")
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        let mut offered = offered.into_iter();
        // In their order, the shorter name comes first.
        let (marker, token) = (offered.next()?, offered.next()?);
        if marker != BEARER_SUBPROTOCOL || offered.next().is_some() {
            return None;
        }
        let token = token.strip_prefix(BEARER_SUBPROTOCOL)?.strip_prefix('.')?;
        if token.is_empty() || token.len() > MAX_SUBPROTOCOL_TOKEN {
            return None;
        }
        let token = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        Some(format!("Bearer {token}"))
    }
}
