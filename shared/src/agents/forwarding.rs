//! The headers of callers that travel to one agent, by AgentCore's rules for the allow-list of a runtime ("Pass custom
//! headers to AgentCore Runtime"): 1 to 20 names.

use crate::headers;
use crate::settings::{Form, Members};

const MOST: usize = 20;

/// The name of a header that may be forwarded.
const NAME: Form = Form {
    says: "the name of a header that AgentCore passes on and the door does not set: `[A-Za-z][A-Za-z0-9_-]{0,255}`",
    holds: may_be_forwarded,
};

/// Reads the list, in lower case.
pub(super) fn read(entry: &mut Members<'_>, is_gateway: bool) -> Vec<String> {
    const FIELD: &str = "forwardHeaders";
    let Some(names) = entry.texts(FIELD, &NAME) else {
        return Vec::new();
    };
    if is_gateway {
        entry.fault(FIELD, "is for runtimes, not for gateways");
    }
    if names.len() > MOST {
        entry.fault(FIELD, "has more than 20 names");
    }
    let mut names: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    if names.len() != count {
        entry.fault(FIELD, "has a name twice");
    }
    names
}

fn may_be_forwarded(name: &str) -> bool {
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && crate::text::is_word(name, 256, b"-_");
    // Servers that know headers by variables take an underscore for a dash (RFC 3875, section 4.1.18).
    let name = name.to_ascii_lowercase().replace('_', "-");
    let is_custom = name.starts_with(CUSTOM);
    let is_reserved = RESERVED.contains(&name.as_str())
        || RESERVED_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix) && !(is_custom && CUSTOM.starts_with(prefix)));
    is_name && !is_reserved
}

/// The names below AWS's own prefix that callers may use.
const CUSTOM: &str = "x-amzn-bedrock-agentcore-runtime-custom-";

/// What begins like this is AWS's, a proxy's, a protocol's, which the door passes on by its own rules, or the door's.
const RESERVED_PREFIXES: [&str; 12] = [
    "a2a-",
    "accept",
    "access-control-",
    "content-",
    "if-",
    "mcp-",
    "proxy-",
    "sec-",
    "x-amz-",
    "x-amzn-",
    "x-forwarded-",
    "x-gatehouse-",
];

/// What AgentCore restricts, what is of one hop, what shows a credential, and what the door sets itself.
const RESERVED: [&str; 30] = [
    "authorization",
    "baggage",
    "connection",
    "cookie",
    "date",
    "dpop",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "oauth2callbackurl",
    "origin",
    "range",
    "set-cookie",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "workloadaccesstoken",
    "x-a2a-extensions",
    "x-api-key",
    "x-real-ip",
    headers::CONVERSATION,
    headers::IDENTITY,
    headers::REQUEST_ID,
    headers::TOOL_TOKEN,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_not_reserved_may_be_forwarded() {
        let long = "x".repeat(256);
        for name in [
            "X-Tenant",
            "Last-Event-ID",
            "x_tenant",
            "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Tenant",
            &long,
        ] {
            assert!(may_be_forwarded(name), "{name}");
        }
        let longer = "x".repeat(257);
        for name in [
            "",
            "1x",
            "x tenant",
            "x:y",
            "Authorization",
            "Cookie",
            "Host",
            "User-Agent",
            "Accept-Language",
            "Content-Type",
            "X-Forwarded-For",
            "X_Forwarded_For",
            "Mcp-Session-Id",
            "A2A-Version",
            "traceparent",
            "X-Amz-Security-Token",
            "X-Amzn-Bedrock-AgentCore-Runtime-User-Id",
            "x_amzn_bedrock_agentcore_runtime_user_id",
            "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Identity",
            "X_Amzn_Bedrock_AgentCore_Runtime_Custom_Tool_Token",
            "X-Conversation-Id",
            "WorkloadAccessToken",
            &longer,
        ] {
            assert!(!may_be_forwarded(name), "{name}");
        }
    }
}
