//! Header allow-lists, one per direction: a header that is not named here does not pass the door.
//!
//! An allow-list needs no list of dangerous names. Hop-by-hop headers, cookies, `X-Amzn-*`, `X-Amz-*`, forwarding
//! headers, `WorkloadAccessToken`, `OAuth2CallbackUrl`, and every look-alike with underscores, are absent by
//! construction.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// The conversation a caller continues, and the one an answer belongs to.
pub const CONVERSATION: &str = "x-conversation-id";

/// The id of this request in our logs, on every answer.
pub const REQUEST_ID: &str = "x-request-id";

/// The agent's token for its tools. Set by the door alone; AgentCore passes it on to an agent whose request header
/// allow-list names it.
pub const TOOL_TOKEN: &str = "x-amzn-bedrock-agentcore-runtime-custom-tool-token";

/// `X-Gatehouse-Warning`: set on every response while `ENABLE_AUTH` is `false`.
pub const WARNING: &str = "x-gatehouse-warning";
/// What the door tells the agent of its caller ([`crate::assertion`]). Set by the door alone, and passed on as the tool
/// token is.
pub const IDENTITY: &str = "x-amzn-bedrock-agentcore-runtime-custom-identity";

/// The session of an MCP server (MCP, "Session management"). The door shows and takes it sealed.
pub const MCP_SESSION_ID: &str = "mcp-session-id";

/// The version that an MCP client and its server agreed on (MCP, "Protocol version header").
pub const MCP_PROTOCOL_VERSION: &str = "mcp-protocol-version";

/// The method of a message, which the generation of MCP without sessions asks for (MCP 2026-07-28, "Standard headers").
pub const MCP_METHOD: &str = "mcp-method";

/// What a message calls, by the same rule.
pub const MCP_NAME: &str = "mcp-name";

/// The version of A2A that a client speaks; a server takes a message without it for one of 0.3 (A2A, "Service
/// parameters"). AgentCore passes it on to an agent whose request header allow-list names it.
pub const A2A_VERSION: &str = "a2a-version";

/// The extensions of A2A that a client uses, passed on by the same rule.
pub const A2A_EXTENSIONS: &str = "a2a-extensions";

/// The same, as A2A 0.3 has it.
const X_A2A_EXTENSIONS: &str = "x-a2a-extensions";

/// How the name of a header begins that repeats an argument of a tool (MCP 2026-07-28, "Custom headers from tool
/// parameters"); a server must refuse the call without it. AgentCore passes it on by the same rule.
const MCP_PARAM: &str = "mcp-param-";

/// So many arguments of one call travel in headers. AgentCore's allow-list of a runtime has no more names.
const MAX_PARAMS: usize = 20;

/// As long as AgentCore takes of an allow-listed header ("Pass custom headers to AgentCore Runtime").
const MAX_CUSTOM: usize = 4096;

/// Which policy session a message to an AgentCore gateway belongs to. Set by the door alone: a caller who could choose
/// it could begin again to count what a policy limits.
pub const POLICY_SESSION: &str = "x-amzn-bedrock-agentcore-policy-session-id";

/// By which a reverse proxy in front is told to pass on a stream as it comes (nginx, ngx_http_proxy_module).
pub const ACCEL_BUFFERING: &str = "x-accel-buffering";

/// What a browser's script may read of an answer, beside the headers that the Fetch standard always shows.
pub const EXPOSED: [&str; 7] = [
    CONVERSATION,
    MCP_PROTOCOL_VERSION,
    MCP_SESSION_ID,
    WARNING,
    REQUEST_ID,
    "retry-after",
    "www-authenticate",
];

/// What a browser's script may send from another origin: what is read by the door or travels inward, and what libraries
/// send of their own accord, without which the browser would send nothing at all.
pub const ACCEPTED: [&str; 17] = [
    A2A_EXTENSIONS,
    A2A_VERSION,
    "accept",
    "authorization",
    "baggage",
    "cache-control",
    "content-type",
    "last-event-id",
    MCP_METHOD,
    MCP_NAME,
    MCP_PROTOCOL_VERSION,
    MCP_SESSION_ID,
    "traceparent",
    "tracestate",
    "user-agent",
    X_A2A_EXTENSIONS,
    CONVERSATION,
];

/// What of a caller's headers may travel to the agent: trace context (W3C Trace Context and Baggage), and nothing else.
///
/// A header that the caller's `Connection` names is for this hop only and stays here (RFC 9110, section 7.6.1), as does
/// one that is longer than AgentCore takes, is not visible ASCII, or appears twice where it may appear once.
pub fn inward(received: &HeaderMap) -> HeaderMap {
    travelling(received, &INWARD)
}

/// Further headers of a caller's that may pass to an MCP server: the protocol's own, by the same rules, except the
/// session id, which the door opens first.
pub fn mcp_inward(received: &HeaderMap) -> HeaderMap {
    let mut travelling = travelling(received, &MCP_INWARD);
    let params = received.keys().filter(|name| is_mcp_param(name.as_str()));
    let params = params.filter_map(|name| Some((name.clone(), custom(received, name.as_str())?)));
    travelling.extend(params.take(MAX_PARAMS));
    travelling
}

/// Whether a header repeats an argument of a tool.
pub fn is_mcp_param(name: &str) -> bool {
    name.strip_prefix(MCP_PARAM)
        .is_some_and(|rest| !rest.is_empty())
}

/// Those headers of a caller's that an operator lets travel to one agent, by their names in lower case.
pub fn forwarded(received: &HeaderMap, names: &[String]) -> HeaderMap {
    let values = names.iter().filter_map(|name| {
        let value = custom(received, name)?;
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, value))
    });
    values.collect()
}

/// The one value of a header that is passed on as it is, by the rules of [`inward`].
fn custom(received: &HeaderMap, name: &str) -> Option<HeaderValue> {
    let mut values = received.get_all(name).iter();
    let (only, None) = (values.next()?, values.next()) else {
        return None;
    };
    let is_good = !only.is_empty() && only.len() <= MAX_CUSTOM && only.to_str().is_ok();
    (is_good && !named_by_connection(received, name)).then(|| only.clone())
}

/// Further headers of a caller's that may pass to an A2A agent, by the same rules.
pub fn a2a_inward(received: &HeaderMap) -> HeaderMap {
    travelling(received, &A2A_INWARD)
}

fn travelling(received: &HeaderMap, rules: &[Inward]) -> HeaderMap {
    let mut travelling = HeaderMap::new();
    for rule in rules {
        if named_by_connection(received, rule.name) {
            continue;
        }
        let values = received.get_all(rule.name);
        if !rule.may_repeat && values.iter().count() > 1 {
            continue;
        }
        if let Some(value) = folded(values.iter()).filter(|value| rule.allows(value)) {
            travelling.insert(HeaderName::from_static(rule.name), value);
        }
    }
    // Alone it belongs to no trace (W3C Trace Context, 3.3).
    if !travelling.contains_key(TRACEPARENT) {
        travelling.remove("tracestate");
    }
    travelling
}

/// What of an answer's headers may leave: the names below, each once.
///
/// API Gateway takes one value a header from a streaming function, so repeated headers are folded into one (RFC 9110,
/// section 5.2). `Content-Length` is never among them: a stream has none, and API Gateway renames it.
pub fn outward(answer: &HeaderMap) -> HeaderMap {
    let mut leaving = HeaderMap::new();
    for name in OUTWARD {
        if let Some(value) = folded(answer.get_all(name).iter()) {
            leaving.insert(HeaderName::from_static(name), value);
        }
    }
    leaving
}

/// A header that may travel to the agent.
struct Inward {
    name: &'static str,
    /// Bytes; AgentCore refuses the request when the header is longer (InvokeAgentRuntime, request parameters).
    max_len: usize,
    may_repeat: bool,
}

impl Inward {
    fn allows(&self, value: &HeaderValue) -> bool {
        let has_form = |text: &str| self.name != TRACEPARENT || is_traceparent(text);
        !value.is_empty() && value.len() <= self.max_len && value.to_str().is_ok_and(has_form)
    }
}

const TRACEPARENT: &str = "traceparent";

/// Version, trace id, parent id and flags, in lower-case hexadecimal digits; later versions may go on after a dash (W3C
/// Trace Context, 3.2). Ids of zeros are none, and there is no version `ff`.
fn is_traceparent(text: &str) -> bool {
    let mut fields = text.splitn(5, '-');
    let mut field = |length| {
        let field = fields.next().unwrap_or_default();
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_good = field.len() == length && field.bytes().all(is_hex);
        is_good.then_some(field)
    };
    let is_id = |id: Option<&str>| id.is_some_and(|id| id.bytes().any(|byte| byte != b'0'));
    let version = field(2);
    let (trace, parent, flags) = (field(32), field(16), field(2));
    let is_over = fields.next().is_none();
    is_id(trace)
        && is_id(parent)
        && flags.is_some()
        && version.is_some_and(|version| version != "ff" && (is_over || version != "00"))
}

const INWARD: [Inward; 3] = [
    Inward {
        name: TRACEPARENT,
        max_len: 128,
        may_repeat: false,
    },
    Inward {
        name: "tracestate",
        max_len: 512,
        may_repeat: true,
    },
    Inward {
        name: "baggage",
        max_len: 8192,
        may_repeat: true,
    },
];

const MCP_INWARD: [Inward; 3] = [
    Inward {
        name: MCP_METHOD,
        max_len: 1024,
        may_repeat: false,
    },
    Inward {
        name: MCP_NAME,
        max_len: 1024,
        may_repeat: false,
    },
    Inward {
        name: MCP_PROTOCOL_VERSION,
        max_len: 1024,
        may_repeat: false,
    },
];

const A2A_INWARD: [Inward; 3] = [
    Inward {
        name: A2A_EXTENSIONS,
        max_len: MAX_CUSTOM,
        may_repeat: true,
    },
    Inward {
        name: A2A_VERSION,
        max_len: MAX_CUSTOM,
        may_repeat: false,
    },
    Inward {
        name: X_A2A_EXTENSIONS,
        max_len: MAX_CUSTOM,
        may_repeat: true,
    },
];

const OUTWARD: [&str; 18] = [
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "allow",
    "cache-control",
    "content-type",
    MCP_PROTOCOL_VERSION,
    MCP_SESSION_ID,
    "retry-after",
    "vary",
    "www-authenticate",
    ACCEL_BUFFERING,
    "x-content-type-options",
    CONVERSATION,
    REQUEST_ID,
    WARNING,
];

fn named_by_connection(received: &HeaderMap, name: &str) -> bool {
    received
        .get_all(header::CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .any(|token| token.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
}

/// All values of one header as one: separated by a comma, as RFC 9110, section 5.2, allows for lists.
fn folded<'v>(values: impl Iterator<Item = &'v HeaderValue>) -> Option<HeaderValue> {
    let values: Vec<&[u8]> = values.map(HeaderValue::as_bytes).collect();
    if values.is_empty() {
        return None;
    }
    HeaderValue::from_bytes(&values.join(&b", "[..])).ok()
}

#[cfg(test)]
mod tests;
