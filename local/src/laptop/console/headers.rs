//! Headers of every answer of the laptop's own port: those that the console has in the cloud.

use axum::response::Response;
use http::header::{
    CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderValue, header};

/// The template of the distribution, so that a page that works here works there.
const TEMPLATE: &str = include_str!("../../../../stacks/console.yaml");
/// The text of `stacks/console.yaml` before the policy.
const POLICY: &str = "ContentSecurityPolicy: !Sub >-";

/// The Content-Security-Policy of the template, in which these origins may be connected to.
pub(super) fn policy(origins: &[&str]) -> HeaderValue {
    // Nothing may run if it cannot be made.
    let strictest = HeaderValue::from_static("default-src 'none'");
    let filled = text().replace("${Door}", &origins.join(" "));
    let filled = filled
        .replace("${SignIn}", "")
        .replace("${Connections}", "");
    let words: Vec<&str> = filled.split_whitespace().collect();
    // A policy with a hole that was not filled is another one.
    let policy = words.join(" ").replace(" ;", ";");
    let is_whole = policy.contains("default-src 'none'") && !policy.contains("${");
    let policy = HeaderValue::try_from(policy).ok().filter(|_| is_whole);
    policy.unwrap_or(strictest)
}

/// A folded text of YAML: the lines that are indented more than their key.
fn text() -> String {
    let indent = |line: &str| line.len().saturating_sub(line.trim_start().len());
    let mut lines = TEMPLATE.lines().skip_while(|line| !line.contains(POLICY));
    let key = lines.next().map(indent).unwrap_or_default();
    let lines: Vec<&str> = lines
        .take_while(|line| indent(line) > key)
        .map(str::trim)
        .collect();
    lines.join(" ")
}

/// The answer with these headers, and without leave for any other origin.
pub(super) fn with(mut response: Response, policy: &HeaderValue) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy.clone());
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (
            header::HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            header::HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_is_the_templates_with_exact_origins() {
        let policy = policy(&["http://127.0.0.1:8787", "http://127.0.0.1:8788"]);
        let policy = policy.to_str().unwrap();
        let connect = policy
            .split("; ")
            .find(|part| part.starts_with("connect-src"))
            .unwrap();
        assert_eq!(
            connect,
            "connect-src 'self' http://127.0.0.1:8787 http://127.0.0.1:8788"
        );
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self';"),
            "{policy}"
        );
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
    }
}
