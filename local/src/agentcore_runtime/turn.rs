//! One invocation, read from its request by the service model's rules, and the headers its
//! container gets.

use std::ops::RangeInclusive;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use url::form_urlencoded;

use super::failure::Failure;
use super::inbound::Inbound;
use crate::random;

pub(super) const SESSION_ID: HeaderName =
    HeaderName::from_static("x-amzn-bedrock-agentcore-runtime-session-id");
pub(super) const USER_ID: HeaderName =
    HeaderName::from_static("x-amzn-bedrock-agentcore-runtime-user-id");
pub(super) const MCP_SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
const REQUEST_ID: HeaderName =
    HeaderName::from_static("x-amzn-bedrock-agentcore-runtime-request-id");
/// Both names of the workload access token: the old one and the preferred one.
const WORKLOAD_TOKENS: [HeaderName; 2] = [
    HeaderName::from_static("workloadaccesstoken"),
    HeaderName::from_static("x-amz-bedrock-agentcore-identity-wat"),
];

/// The request's own headers that reach the container unlisted, with the lengths that the service
/// model gives them.
const PASSED: [(HeaderName, RangeInclusive<usize>); 9] = [
    (CONTENT_TYPE, 1..=256),
    (ACCEPT, 1..=256),
    (HeaderName::from_static("mcp-method"), 1..=1024),
    (HeaderName::from_static("mcp-name"), 1..=1024),
    (HeaderName::from_static("mcp-protocol-version"), 1..=1024),
    (HeaderName::from_static("x-amzn-trace-id"), 0..=128),
    (HeaderName::from_static("traceparent"), 0..=128),
    (HeaderName::from_static("tracestate"), 0..=512),
    (HeaderName::from_static("baggage"), 0..=8192),
];
const SESSION_ID_LENGTH: RangeInclusive<usize> = 33..=256;
const USER_ID_LENGTH: RangeInclusive<usize> = 1..=1024;
const MCP_SESSION_ID_LENGTH: RangeInclusive<usize> = 1..=1024;
/// Of one allow-listed header's value.
const MAX_LISTED: usize = 4096;
const DEFAULT_QUALIFIER: &str = "DEFAULT";

/// What a request names.
pub(super) struct Turn {
    pub(super) session_id: HeaderValue,
    /// Whether the caller named the session.
    pub(super) is_named: bool,
    pub(super) user_id: Option<HeaderValue>,
    pub(super) mcp_session_id: Option<HeaderValue>,
}

impl Turn {
    pub(super) fn parse(request: &Parts) -> Result<Self, Failure> {
        for (name, lengths) in PASSED {
            one(&request.headers, &name, lengths)?;
        }
        let session_id = one(&request.headers, &SESSION_ID, SESSION_ID_LENGTH)?;
        if session_id.is_some_and(|id| !is_session_id(id.as_bytes())) {
            return Err(Failure::invalid(
                SESSION_ID.as_str(),
                "[a-zA-Z0-9][a-zA-Z0-9-_]*",
            ));
        }
        let user_id = one(&request.headers, &USER_ID, USER_ID_LENGTH)?;
        if user_id.is_some_and(|id| !id.as_bytes().iter().all(u8::is_ascii_graphic)) {
            return Err(Failure::invalid(USER_ID.as_str(), "visible ASCII"));
        }
        let mcp_session_id = one(&request.headers, &MCP_SESSION_ID, MCP_SESSION_ID_LENGTH)?;
        Ok(Self {
            session_id: session_id.cloned().unwrap_or_else(new_value),
            is_named: session_id.is_some(),
            user_id: user_id.cloned(),
            mcp_session_id: mcp_session_id.cloned(),
        })
    }

    /// What the container gets: nothing else of the request passes.
    pub(super) fn container_headers(
        &self,
        received: &HeaderMap,
        allow_list: &[HeaderName],
        inbound: &Inbound,
        request_id: &HeaderValue,
    ) -> Result<HeaderMap, Failure> {
        let mut headers = HeaderMap::new();
        for (name, _) in PASSED {
            copy(&name, received, &mut headers);
        }
        for name in allow_list {
            let values = received.get_all(name).iter();
            if values
                .map(HeaderValue::len)
                .any(|length| length > MAX_LISTED)
            {
                return Err(Failure::invalid(name.as_str(), "at most 4096 bytes"));
            }
            copy(name, received, &mut headers);
        }
        headers.insert(SESSION_ID, self.session_id.clone());
        headers.insert(REQUEST_ID, request_id.clone());
        // Without a user there are no stored tokens that the agent could use; a token names a user.
        if self.user_id.is_some() || matches!(inbound, Inbound::Jwt(_)) {
            let token = new_value();
            headers.extend(WORKLOAD_TOKENS.map(|name| (name, token.clone())));
        }
        Ok(headers)
    }
}

/// The names that a runtime may put on its allow-list ("Pass custom headers to AgentCore Runtime",
/// Developer Guide).
pub(super) fn allow_listed(name: &str, inbound: &Inbound) -> Option<HeaderName> {
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic());
    let spelled = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !starts || name.len() > 256 || !name.bytes().all(spelled) {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    let custom = lower.starts_with("x-amzn-bedrock-agentcore-runtime-custom-");
    let amazon = lower.starts_with("x-amz-") || lower.starts_with("x-amzn-");
    let token = lower == "authorization" && matches!(inbound, Inbound::Iam);
    let restricted = token
        || RESTRICTED.contains(&lower.as_str())
        || RESTRICTED_PREFIXES
            .iter()
            .any(|prefix| lower.starts_with(prefix));
    if restricted || (amazon && !custom) {
        return None;
    }
    HeaderName::from_bytes(lower.as_bytes()).ok()
}

const RESTRICTED: &[&str] = &[
    "connection",
    "cookie",
    "host",
    "keep-alive",
    "origin",
    "proxy-authenticate",
    "proxy-authorization",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
];
const RESTRICTED_PREFIXES: &[&str] = &[
    "accept",
    "access-control-",
    "content-",
    "sec-websocket-",
    "x-forwarded-",
];

fn copy(name: &HeaderName, from: &HeaderMap, to: &mut HeaderMap) {
    for value in from.get_all(name) {
        to.append(name.clone(), value.clone());
    }
}

/// A header that may come once at most, of these many bytes.
fn one<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
    lengths: RangeInclusive<usize>,
) -> Result<Option<&'a HeaderValue>, Failure> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(Failure::invalid(name.as_str(), "once at most"));
    }
    if value.is_some_and(|value| !lengths.contains(&value.len())) {
        return Err(Failure::invalid(name.as_str(), "length"));
    }
    Ok(value)
}

fn is_session_id(id: &[u8]) -> bool {
    id.first().is_some_and(u8::is_ascii_alphanumeric)
        && id
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte))
}

/// The endpoint that a query names.
pub(super) fn qualifier(query: &str) -> Result<String, Failure> {
    let mut values = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == "qualifier")
        .map(|(_, value)| value.into_owned());
    let value = values
        .next()
        .unwrap_or_else(|| DEFAULT_QUALIFIER.to_owned());
    if values.next().is_some() {
        return Err(Failure::invalid("qualifier", "once at most"));
    }
    Ok(value)
}

/// A UUID as a header value: hexadecimal digits and hyphens always make one.
pub(super) fn new_value() -> HeaderValue {
    HeaderValue::try_from(random::uuid()).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn parts(headers: &[(&str, &str)], uri: &str) -> Parts {
        let request = headers
            .iter()
            .fold(Request::post(uri), |request, (name, value)| {
                request.header(*name, *value)
            });
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn ids_and_headers_have_their_length_and_alphabet() {
        let (session, user) = (SESSION_ID, USER_ID);
        let (session, user) = (session.as_str(), user.as_str());
        let good = |name, value: &str| Turn::parse(&parts(&[(name, value)], "/")).is_ok();
        for (name, value, expected) in [
            (session, "s".repeat(33), true),
            (session, "s".repeat(256), true),
            (session, "s".repeat(32), false),
            (session, "s".repeat(257), false),
            (session, format!("-{}", "s".repeat(33)), false),
            (session, "s/".repeat(20), false),
            (user, "u".to_owned(), true),
            (user, "u".repeat(1024), true),
            (user, "u".repeat(1025), false),
            (user, "a user".to_owned(), false),
            ("content-type", "t".repeat(257), false),
            ("traceparent", "t".repeat(129), false),
            ("baggage", "b".repeat(8193), false),
        ] {
            assert_eq!(
                good(name, &value),
                expected,
                "{name}: {} bytes",
                value.len()
            );
        }
        let twice = [(user, "one"), (user, "two")];
        assert!(Turn::parse(&parts(&twice, "/")).is_err());
    }

    #[test]
    fn a_qualifier_is_one_or_the_default() {
        let of = |query| qualifier(query).ok();
        assert_eq!(of("").as_deref(), Some("DEFAULT"));
        assert_eq!(of("qualifier=prod").as_deref(), Some("prod"));
        assert_eq!(of("qualifier=a&qualifier=b"), None);
    }

    #[test]
    fn only_listed_and_known_headers_pass() {
        let received = [
            ("authorization", "AWS4-HMAC-SHA256 secret"),
            ("x-amz-date", "20150830T123600Z"),
            ("workloadaccesstoken", "forged"),
            ("x-amzn-bedrock-agentcore-runtime-custom-listed", "yes"),
            ("x-amzn-bedrock-agentcore-runtime-custom-other", "no"),
            ("traceparent", "00-1-2-01"),
            ("content-type", "application/json"),
            ("cookie", "a=b"),
        ];
        let request = parts(&received, "/");
        let turn = Turn::parse(&request).ok().unwrap();
        let list = [allow_listed(
            "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Listed",
            &Inbound::Iam,
        )
        .unwrap()];
        let id = HeaderValue::from_static("request");
        let headers = turn
            .container_headers(&request.headers, &list, &Inbound::Iam, &id)
            .ok()
            .unwrap();
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        let expected = [
            "content-type",
            "traceparent",
            "x-amzn-bedrock-agentcore-runtime-custom-listed",
            "x-amzn-bedrock-agentcore-runtime-request-id",
            "x-amzn-bedrock-agentcore-runtime-session-id",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn a_user_brings_a_workload_token_and_never_the_callers() {
        let user = USER_ID;
        let received = [(user.as_str(), "user"), ("workloadaccesstoken", "forged")];
        let request = parts(&received, "/");
        let turn = Turn::parse(&request).ok().unwrap();
        let id = HeaderValue::from_static("request");
        let headers = turn
            .container_headers(&request.headers, &[], &Inbound::Iam, &id)
            .ok()
            .unwrap();
        let tokens = WORKLOAD_TOKENS.map(|name| headers.get(name).cloned());
        assert!(tokens[0].is_some() && tokens[0] == tokens[1]);
        assert_ne!(tokens[0], Some(HeaderValue::from_static("forged")));
        assert!(!headers.contains_key(USER_ID));
    }

    #[test]
    fn an_allow_list_holds_no_restricted_name() {
        for good in [
            "X-Tenant",
            "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Identity",
            "a_b",
        ] {
            assert!(allow_listed(good, &Inbound::Iam).is_some(), "{good}");
        }
        for bad in [
            "",
            "1a",
            "a b",
            "a:b",
            "Host",
            "Cookie",
            "Content-Length",
            "Accept-Language",
            "X-Amz-Date",
            "X-Amzn-Trace-Id",
            "X-Forwarded-For",
            "Authorization",
            "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id",
            "Sec-WebSocket-Key",
        ] {
            assert!(allow_listed(bad, &Inbound::Iam).is_none(), "{bad}");
        }
    }
}
