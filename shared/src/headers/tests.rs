use super::*;

fn map(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            value.parse().unwrap(),
        );
    }
    headers
}

fn names(headers: &HeaderMap) -> Vec<&str> {
    let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn arguments_in_headers_travel_to_mcp_servers() {
    let headers = map(&[
        ("Mcp-Param-Region", "eu"),
        ("mcp-param-a.b", "=?base64?w6k=?="),
        ("mcp-param-", "no name"),
        ("mcp-param-empty", ""),
        ("mcp-param-twice", "1"),
        ("mcp-param-twice", "2"),
        ("mcp-param-hop", "1"),
        ("mcp-params-x", "1"),
        ("connection", "mcp-param-hop"),
    ]);
    assert_eq!(
        names(&mcp_inward(&headers)),
        ["mcp-param-a.b", "mcp-param-region"]
    );
    assert!(inward(&headers).is_empty() && a2a_inward(&headers).is_empty());
    for (length, count) in [(4096, 1), (4097, 0)] {
        let value = "x".repeat(length);
        let headers = map(&[("mcp-param-a", &value)]);
        assert_eq!(mcp_inward(&headers).len(), count);
    }
    let many: Vec<String> = (0..30)
        .map(|number| format!("mcp-param-{number}"))
        .collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), "1")).collect();
    assert_eq!(mcp_inward(&map(&many)).len(), 20);
}

#[test]
fn an_operators_headers_travel_and_no_others() {
    let headers = map(&[
        ("X-Tenant", "blue"),
        ("x-locale", "de"),
        ("x-twice", "1"),
        ("x-twice", "1"),
        ("x-hop", "1"),
        ("connection", "x-hop"),
    ]);
    let listed = ["x-tenant", "x-twice", "x-hop", "x-absent"].map(str::to_owned);
    let forwarded = forwarded(&headers, &listed);
    assert_eq!(names(&forwarded), ["x-tenant"]);
    assert_eq!(forwarded["x-tenant"], "blue");
}

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[test]
fn only_trace_context_travels_inward() {
    let hostile = [
        "Authorization",
        "Connection",
        "Cookie",
        "Forwarded",
        "Host",
        "Keep-Alive",
        "OAuth2CallbackUrl",
        "Proxy-Authorization",
        "TE",
        "Trace_Parent",
        "Traceparent_",
        "Transfer-Encoding",
        "Upgrade",
        "User-Agent",
        "Via",
        "WorkloadAccessToken",
        "X-Amz-Bedrock-AgentCore-Identity-WAT",
        "X-Amz-Security-Token",
        "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Identity",
        "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Tool-Token",
        "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id",
        "X-Amzn-Bedrock-AgentCore-Runtime-User-Id",
        "X-Amzn-Trace-Id",
        "X-Forwarded-For",
        "x_amzn_bedrock_agentcore_runtime_user_id",
        "workload_access_token",
    ];
    for name in hostile {
        let headers = map(&[(name, "forged"), ("TraceParent", PARENT)]);
        assert_eq!(names(&inward(&headers)), ["traceparent"], "{name}");
    }
}

#[test]
fn a_header_named_by_connection_stays() {
    for connection in ["baggage", "close, BAGGAGE", "keep-alive ,\tBaggage , close"] {
        let headers = map(&[
            ("connection", connection),
            ("baggage", "a=1"),
            ("traceparent", PARENT),
        ]);
        assert_eq!(names(&inward(&headers)), ["traceparent"], "{connection}");
    }
    let twice = map(&[
        ("connection", "close"),
        ("connection", "baggage"),
        ("baggage", "a=1"),
    ]);
    assert!(inward(&twice).is_empty());
    let other = map(&[("connection", "baggages"), ("baggage", "a=1")]);
    assert_eq!(names(&inward(&other)), ["baggage"]);
}

#[test]
fn lengths_and_repetition_are_bounded() {
    let with_parent = |pairs: &[(&str, &str)]| {
        let pairs: Vec<_> = [("traceparent", PARENT)]
            .iter()
            .chain(pairs)
            .copied()
            .collect();
        inward(&map(&pairs))
    };
    for (name, max_len) in [("tracestate", 512), ("baggage", 8192)] {
        assert_eq!(
            with_parent(&[(name, &"a".repeat(max_len))]).len(),
            2,
            "{name}"
        );
        assert_eq!(
            with_parent(&[(name, &"a".repeat(max_len + 1))]).len(),
            1,
            "{name}"
        );
        assert_eq!(with_parent(&[(name, "")]).len(), 1, "{name}");
    }
    assert!(inward(&map(&[("traceparent", PARENT), ("traceparent", PARENT)])).is_empty());
    assert_eq!(
        with_parent(&[("tracestate", "a=1"), ("tracestate", "b=2")])["tracestate"],
        "a=1, b=2"
    );
    let halves = "a".repeat(300);
    let both = with_parent(&[("tracestate", &halves), ("tracestate", &halves)]);
    assert!(!both.contains_key("tracestate"));
}

#[test]
fn a_trace_has_its_form_or_stays() {
    let later = format!("01{}-and-more", PARENT.strip_prefix("00").unwrap());
    for good in [PARENT, &later] {
        let headers = map(&[("traceparent", good), ("tracestate", "a=1")]);
        assert_eq!(names(&inward(&headers)), ["traceparent", "tracestate"]);
    }
    let longer = format!("01-{}", "a".repeat(126));
    for bad in [
        "",
        "00",
        "forged",
        &PARENT.to_ascii_uppercase(),
        &PARENT.replacen("00", "ff", 1),
        &PARENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
        &PARENT.replace("00f067aa0ba902b7", &"0".repeat(16)),
        &PARENT.replace("4bf9", "4bg9"),
        &format!("{PARENT}-more"),
        &format!("{PARENT}0"),
        &longer,
    ] {
        let headers = map(&[("traceparent", bad), ("tracestate", "a=1")]);
        assert!(inward(&headers).is_empty(), "{bad}");
    }
}

#[test]
fn text_that_is_not_ascii_stays() {
    let mut headers = HeaderMap::new();
    headers.insert(
        "baggage",
        HeaderValue::from_bytes("name=é".as_bytes()).unwrap(),
    );
    assert!(inward(&headers).is_empty());
}

#[test]
fn only_named_headers_leave_each_once() {
    let answer = map(&[
        ("content-type", "application/json"),
        ("content-length", "12"),
        ("set-cookie", "a=b"),
        (
            "x-amzn-bedrock-agentcore-runtime-session-endpoint-url",
            "https://session.example",
        ),
        ("x-amzn-bedrock-agentcore-runtime-session-id", "s"),
        ("x-amzn-requestid", "r"),
        ("server", "secret"),
        ("vary", "Origin"),
        ("vary", "Accept"),
        (CONVERSATION, "c"),
    ]);
    let leaving = outward(&answer);
    assert_eq!(names(&leaving), ["content-type", "vary", CONVERSATION]);
    assert_eq!(leaving["vary"], "Origin, Accept");
}
