//! Headers on their way in and out: dropped, renamed, added.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::event::Incoming;

/// Meant for one connection (RFC 9110, section 7.6.1), or about a body that is passed on in another form.
const CONNECTION_ONLY: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Names that API Gateway keeps for itself: a function's value arrives as `x-amzn-remapped-NAME`.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html>
const REMAPPED: [&str; 12] = [
    "authorization",
    "connection",
    "content-length",
    "content-md5",
    "date",
    "host",
    "max-forwards",
    "server",
    "user-agent",
    "via",
    "www-authenticate",
    "x-amzn-requestid",
];

/// Whether a request's header reaches the function.
pub(super) fn passes_in(name: &HeaderName) -> bool {
    !CONNECTION_ONLY.contains(&name.as_str())
}

/// The headers of a function's answer: `many` wins over `single`. Nothing when one of them is not a header.
pub(super) fn outgoing(
    single: BTreeMap<String, String>,
    many: BTreeMap<String, Vec<String>>,
    cookies: Vec<String>,
) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    let single = single
        .into_iter()
        .filter(|(name, _)| !many.keys().any(|other| other.eq_ignore_ascii_case(name)));
    for (name, value) in single.collect::<Vec<_>>() {
        add(&mut headers, &name, &value)?;
    }
    for (name, values) in &many {
        for value in values {
            add(&mut headers, name, value)?;
        }
    }
    for cookie in &cookies {
        add(&mut headers, "set-cookie", cookie)?;
    }
    Some(headers)
}

fn add(headers: &mut HeaderMap, name: &str, value: &str) -> Option<()> {
    let name = name.to_ascii_lowercase();
    let value = HeaderValue::from_str(value).ok()?;
    let name = if REMAPPED.contains(&name.as_str()) {
        format!("x-amzn-remapped-{name}")
    } else {
        name
    };
    if !CONNECTION_ONLY.contains(&name.as_str()) {
        headers.append(HeaderName::from_bytes(name.as_bytes()).ok()?, value);
    }
    Some(())
}

/// Adds what API Gateway adds to every answer.
pub(super) fn mark(headers: &mut HeaderMap, incoming: &Incoming) {
    for (name, value) in [
        ("x-amzn-requestid", &incoming.request_id),
        ("x-amz-apigw-id", &incoming.extended_request_id),
        ("x-amzn-trace-id", &incoming.trace),
    ] {
        // All three are made of letters that a header may have.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_headers_are_renamed_dropped_and_merged() {
        let single = [
            ("WWW-Authenticate", "Bearer"),
            ("Date", "d"),
            ("Transfer-Encoding", "chunked"),
            ("Content-Type", "a/b"),
            ("X-Two", "lost"),
        ];
        let single = single
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let many = [("x-two".to_owned(), vec!["1".to_owned(), "2".to_owned()])].into();
        let headers = outgoing(single, many, vec!["a=1".to_owned(), "b=2".to_owned()]).unwrap();
        let text: Vec<_> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        let mut sorted = text;
        sorted.sort();
        assert_eq!(
            sorted,
            [
                "content-type: a/b",
                "set-cookie: a=1",
                "set-cookie: b=2",
                "x-amzn-remapped-date: d",
                "x-amzn-remapped-www-authenticate: Bearer",
                "x-two: 1",
                "x-two: 2",
            ]
        );
    }

    #[test]
    fn what_is_no_header_makes_the_answer_malformed() {
        for (name, value) in [("a b", "x"), ("", "x"), ("a", "x\r\ny: z")] {
            let single = [(name.to_owned(), value.to_owned())].into();
            assert!(
                outgoing(single, BTreeMap::new(), Vec::new()).is_none(),
                "{name}"
            );
        }
    }
}
