//! The 401 that callers meet without a good token: whether it is the door's own in every part, or API Gateway's
//! default.

use reqwest::StatusCode;
use reqwest::header::{self, HeaderName};
use serde_json::Value;

use super::client::{Got, text};

/// Media types that are shown by name: what API Gateway and what stands before it answer with by default.
const SHOWN: [&str; 6] = [
    "application/json",
    "application/problem+json",
    "text/event-stream",
    "text/html",
    "text/plain",
    "",
];

/// Says that a 401 is the door's own, or which parts of it are not.
pub(super) fn own_refusal(got: &Got) -> Result<String, String> {
    if got.status != StatusCode::UNAUTHORIZED {
        return Err(got.seen());
    }
    let wrong: Vec<String> = [challenge(got), content_type(got), body(got)]
        .into_iter()
        .flatten()
        .collect();
    if wrong.is_empty() {
        Ok("401, the door's own".to_owned())
    } else {
        Err(format!(
            "401 that is not the door's own: {}",
            wrong.join("; ")
        ))
    }
}

/// The fault of the challenge (RFC 6750, section 3), if it has one.
fn challenge(got: &Got) -> Option<String> {
    let challenge = got.header(header::WWW_AUTHENTICATE);
    let remapped = got.header(HeaderName::from_static("x-amzn-remapped-www-authenticate"));
    let what = match (challenge, remapped) {
        (ours, _) if ours.starts_with("Bearer realm=\"gatehouse\"") => return None,
        // What API Gateway does to the header of a function's answer.
        ("", renamed) if !renamed.is_empty() => {
            "is renamed, so a function answered and the API has no authorizer here"
        }
        ("", _) => "is missing",
        _ => "is another",
    };
    Some(format!("`WWW-Authenticate` {what}"))
}

fn content_type(got: &Got) -> Option<String> {
    let given = got.header(header::CONTENT_TYPE);
    let essence = given.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    let shown = SHOWN.into_iter().find(|known| *known == essence);
    match shown {
        Some("application/problem+json") => None,
        Some("") => Some("`Content-Type` is missing".to_owned()),
        Some(known) => Some(format!("`Content-Type` is {known}")),
        None => Some("`Content-Type` is another".to_owned()),
    }
}

fn body(got: &Got) -> Option<String> {
    let body = got.json();
    let is_ours = text(&body, "code") == Some("unauthorized")
        && body.get("status").and_then(Value::as_u64) == Some(401)
        && text(&body, "title").is_some()
        && text(&body, "request_id").is_some();
    if is_ours {
        return None;
    }
    // API Gateway's default is this one member.
    let is_default = body
        .as_object()
        .is_some_and(|members| members.keys().all(|name| name == "message"));
    let what = match (got.body.is_empty(), is_default, &body) {
        (true, _, _) => "is empty",
        (_, true, _) => "is API Gateway's default",
        (_, _, Value::Null) => "is no JSON",
        _ => "is another",
    };
    Some(format!("the body {what}"))
}
