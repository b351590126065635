//! The media types of a conversation with an agent: JSON goes in, JSON or an event stream comes out.

use http::header::{self, HeaderMap};

/// What an agent is sent.
pub const JSON: &str = "application/json";

/// What may stand around a JSON text (RFC 8259, section 2).
pub(crate) const JSON_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// What an agent answers piece by piece (WHATWG HTML, Server-sent events).
pub const EVENT_STREAM: &str = "text/event-stream";

/// The `Content-Type` of every [`crate::caller::problem::Problem`].
pub const PROBLEM: &str = "application/problem+json";

/// Bytes of which nothing is said (RFC 2046, section 4.5.1).
const BYTES: &str = "application/octet-stream";

/// What a caller that takes both is asked for.
const BOTH: &str = "text/event-stream, application/json";

/// Whether the body says it is JSON. A body that says nothing is taken for it, as AgentCore's own tools do.
///
/// What a browser's form can send without asking first (a CORS "simple request") is thereby refused.
pub fn is_json_sent(request: &HeaderMap) -> bool {
    let mut types = request.get_all(header::CONTENT_TYPE).iter();
    match (types.next(), types.next()) {
        (None, _) => true,
        (Some(only), None) => only
            .to_str()
            .is_ok_and(|text| essence(text).eq_ignore_ascii_case(JSON)),
        (Some(_), Some(_)) => false,
    }
}

/// What to ask an agent for, written by us: of the two types it may answer, those that the caller takes. None if
/// neither.
pub fn accepted(request: &HeaderMap) -> Option<&'static str> {
    let mut asked = false;
    let (mut json, mut stream) = (false, false);
    for range in request
        .get_all(header::ACCEPT)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
    {
        let range = std::str::from_utf8(range).unwrap_or_default();
        asked |= !range.trim().is_empty();
        if is_refused(range) {
            continue;
        }
        let range = essence(range).to_ascii_lowercase();
        json |= matches!(range.as_str(), "*/*" | "application/*" | JSON);
        stream |= matches!(range.as_str(), "*/*" | "text/*" | EVENT_STREAM);
    }
    match (json, stream) {
        (true, true) => Some(BOTH),
        (true, false) => Some(JSON),
        (false, true) => Some(EVENT_STREAM),
        (false, false) => (!asked).then_some(BOTH),
    }
}

/// The `Content-Type` under which an agent's answer leaves: JSON and event streams under the one the agent gave.
/// Anything else, a page or a script above all, leaves as mere bytes: the door's origin shows no pages.
pub fn passed_on(content_type: &str) -> &str {
    let essence = essence(content_type).to_ascii_lowercase();
    let is_json = essence
        .strip_prefix("application/")
        .is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"));
    if is_json || essence == EVENT_STREAM {
        content_type
    } else {
        BYTES
    }
}

/// Whether an answer of this `Content-Type` is an event stream.
pub fn is_event_stream(content_type: &str) -> bool {
    essence(content_type).eq_ignore_ascii_case(EVENT_STREAM)
}

/// A media type or range without its parameters.
fn essence(text: &str) -> &str {
    text.split(';').next().unwrap_or_default().trim()
}

/// Whether a range has the weight zero: "not acceptable" (RFC 9110, section 12.4.2).
fn is_refused(range: &str) -> bool {
    range.split(';').skip(1).any(|parameter| {
        let weight = parameter.trim().to_ascii_lowercase();
        weight
            .strip_prefix("q=")
            .is_some_and(|weight| weight.parse() == Ok(0.0_f32))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

    fn with(name: HeaderName, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_json_is_sent() {
        let table: [(&[&str], bool); 10] = [
            (&[], true),
            (&["application/json"], true),
            (&["Application/JSON; charset=utf-8"], true),
            (&["application/json", "application/json"], false),
            (&[""], false),
            (&["application/x-www-form-urlencoded"], false),
            (&["text/plain"], false),
            (&["multipart/form-data; boundary=application/json"], false),
            (&["application/jsonx"], false),
            (&["text/plain; application/json"], false),
        ];
        for (values, expected) in table {
            assert_eq!(
                is_json_sent(&with(header::CONTENT_TYPE, values)),
                expected,
                "{values:?}"
            );
        }
    }

    #[test]
    fn an_agent_is_asked_for_what_the_caller_takes() {
        let table: [(&[&str], Option<&str>); 14] = [
            (&[], Some(BOTH)),
            (&[""], Some(BOTH)),
            (&["*/*"], Some(BOTH)),
            (&["application/json"], Some(JSON)),
            (&["APPLICATION/JSON;q=0.5"], Some(JSON)),
            (&["text/event-stream"], Some(EVENT_STREAM)),
            (&["text/event-stream, application/json"], Some(BOTH)),
            (&["text/event-stream", "application/json"], Some(BOTH)),
            (&["text/html, application/xhtml+xml, */*;q=0.8"], Some(BOTH)),
            (&["text/*"], Some(EVENT_STREAM)),
            (&["text/html"], None),
            (&["application/json;q=0"], None),
            (
                &["application/json;q=0, text/event-stream"],
                Some(EVENT_STREAM),
            ),
            (&["application/json; Q=0.000"], None),
        ];
        for (values, expected) in table {
            assert_eq!(
                accepted(&with(header::ACCEPT, values)),
                expected,
                "{values:?}"
            );
        }
    }

    #[test]
    fn only_json_and_event_streams_keep_their_type() {
        for kept in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/problem+json",
            "text/event-stream",
            "text/event-stream;charset=utf-8",
        ] {
            assert_eq!(passed_on(kept), kept);
        }
        for other in [
            "",
            "text/html",
            "text/html; application/json",
            "text/json",
            "image/svg+xml",
            "text/javascript",
            "text/plain",
            "application/xhtml+xml",
            "application/+jsonx",
            "multipart/x-mixed-replace; boundary=a",
            "application/jsonp",
        ] {
            assert_eq!(passed_on(other), "application/octet-stream", "{other}");
        }
    }

    #[test]
    fn event_streams_are_known_by_their_type() {
        for (content_type, expected) in [
            ("text/event-stream", true),
            ("Text/Event-Stream; charset=utf-8", true),
            ("application/json", false),
            ("text/event-streams", false),
            ("", false),
        ] {
            assert_eq!(is_event_stream(content_type), expected, "{content_type}");
        }
    }
}
