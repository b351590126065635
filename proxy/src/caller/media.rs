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
        (Some(only), None) => {
            let parsed = only.to_str().ok().and_then(MediaType::parse);
            parsed.is_some_and(|parsed| parsed.essence == JSON)
        }
        (Some(_), Some(_)) => false,
    }
}

/// Whether the body says it is coded, such as compressed (RFC 9110, section 8.4). `identity` is no coding.
pub fn is_coded(request: &HeaderMap) -> bool {
    let codings = request.get_all(header::CONTENT_ENCODING).iter();
    let mut codings = codings.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    codings.any(|coding| {
        let coding = coding.trim_ascii();
        !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity")
    })
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

/// The `Content-Type` under which an agent's answer leaves: JSON and event streams under the one that the agent gave,
/// as this door writes it. Anything else, a page or a script above all, leaves as mere bytes: the door's origin shows
/// no pages. That includes what is no one media type: a client would take the last of several (Fetch, "extract a MIME
/// type").
pub fn passed_on(content_type: &str) -> String {
    let parsed = MediaType::parse(content_type);
    let shown = parsed.filter(|parsed| {
        let subtype = parsed.essence.strip_prefix("application/");
        let is_json =
            subtype.is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"));
        is_json || parsed.essence == EVENT_STREAM
    });
    shown.map_or_else(|| BYTES.to_owned(), MediaType::written)
}

/// Whether an answer of this `Content-Type` is an event stream.
pub fn is_event_stream(content_type: &str) -> bool {
    MediaType::parse(content_type).is_some_and(|parsed| parsed.essence == EVENT_STREAM)
}

/// One media type with its parameters (RFC 9110, section 8.3.1).
struct MediaType<'t> {
    /// `type/subtype`, in lower case.
    essence: String,
    parameters: Vec<(&'t str, &'t str)>,
}

/// Types in use are shorter by far.
const MAX_TYPE: usize = 256;

impl<'t> MediaType<'t> {
    /// Reads one type: tokens, and values of parameters that are tokens or quoted and hold no comma, at which a list of
    /// types would be parted.
    fn parse(text: &'t str) -> Option<Self> {
        if text.len() > MAX_TYPE {
            return None;
        }
        let mut parts = text.split(';');
        let essence = parts.next()?.trim_matches(SPACE);
        let (kind, subtype) = essence.split_once('/')?;
        if !is_token(kind) || !is_token(subtype) {
            return None;
        }
        // One may be empty, as after the last semicolon.
        let given = parts
            .map(|part| part.trim_matches(SPACE))
            .filter(|part| !part.is_empty());
        let parameters = given.map(|part| {
            let (name, value) = part.split_once('=')?;
            (is_token(name) && is_value(value)).then_some((name, value))
        });
        Some(Self {
            essence: essence.to_ascii_lowercase(),
            parameters: parameters.collect::<Option<_>>()?,
        })
    }

    fn written(self) -> String {
        let mut text = self.essence;
        for (name, value) in self.parameters {
            text = format!("{text}; {}={value}", name.to_ascii_lowercase());
        }
        text
    }
}

/// What may stand around a part (RFC 9110, section 5.6.3).
const SPACE: [char; 2] = [' ', '\t'];

/// RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// A token, or one between quotes with nothing in it that needs an escape.
fn is_value(text: &str) -> bool {
    let quoted = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let is_plain =
        |byte: u8| (byte == b' ' || byte.is_ascii_graphic()) && !b"\",\\".contains(&byte);
    is_token(text) || quoted.is_some_and(|inside| inside.bytes().all(is_plain))
}

/// A media range without its parameters.
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
        let table: [(&[&str], bool); 17] = [
            (&[], true),
            (&["application/json"], true),
            (&["Application/JSON; charset=utf-8"], true),
            (&[" application/json ;charset=\"utf-8\";"], true),
            // More than one type, and what is none.
            (&["application/json;,text/html"], false),
            (&["application/json; charset=x, text/html"], false),
            (&["application/json, application/json"], false),
            (&["application/json; charset"], false),
            (&["application/json; charset="], false),
            (&["application /json"], false),
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
        for (kept, written) in [
            ("application/json", "application/json"),
            (
                "Application/JSON ;Charset=utf-8",
                "application/json; charset=utf-8",
            ),
            ("application/problem+json", "application/problem+json"),
            ("text/event-stream;", "text/event-stream"),
            (
                "text/event-stream;charset=\"utf-8\"; a=b",
                "text/event-stream; charset=\"utf-8\"; a=b",
            ),
        ] {
            assert_eq!(passed_on(kept), written);
        }
        let long = format!("application/json; a={}", "x".repeat(MAX_TYPE));
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
            // A client would take the last.
            "application/json;,text/html",
            "application/json; charset=x, text/html",
            "text/event-stream;,text/html",
            "application/json; a=\"b,text/html\"",
            "application/json; a=\"b\\\"\"",
            "application/json; text/html",
            "application/json; a",
            "application/js on",
            "application/json/html",
            "application/é+json",
            &long,
        ] {
            assert_eq!(passed_on(other), "application/octet-stream", "{other}");
        }
    }

    #[test]
    fn a_coding_is_any_but_identity() {
        let table: [(&[&str], bool); 6] = [
            (&[], false),
            (&[""], false),
            (&["identity"], false),
            (&["gzip"], true),
            (&["Identity, br"], true),
            (&["identity", "zstd"], true),
        ];
        for (values, expected) in table {
            let headers = with(header::CONTENT_ENCODING, values);
            assert_eq!(is_coded(&headers), expected, "{values:?}");
        }
    }

    #[test]
    fn event_streams_are_known_by_their_type() {
        for (content_type, expected) in [
            ("text/event-stream", true),
            ("Text/Event-Stream; charset=utf-8", true),
            ("text/event-stream;,text/html", false),
            ("application/json", false),
            ("text/event-streams", false),
            ("", false),
        ] {
            assert_eq!(is_event_stream(content_type), expected, "{content_type}");
        }
    }
}
