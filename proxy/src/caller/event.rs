//! The REST proxy event of API Gateway (payload format 1.0), read leniently: what is absent or null is empty.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use serde::de::{Deserialize, Deserializer, Error as _};
use std::collections::BTreeMap;
use std::fmt;

/// A request as it came in. Everything in it but `domain` and `gateway_request_id` is a stranger's.
pub struct Event {
    pub method: String,
    /// Without the stage, as API Gateway matched it.
    pub path: String,
    /// As the caller sent it: with the stage, or what a domain of its own maps to this API, before [`Self::path`].
    pub full_path: Option<String>,
    /// The domain that API Gateway took the request at. It serves no other than the API's, whatever `Host` says.
    pub domain: Option<String>,
    pub headers: HeaderMap,
    /// API Gateway's own id of the request, found in its access log.
    pub gateway_request_id: Option<String>,
    body: String,
    body_is_base64: bool,
}

/// Why a body cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyError {
    TooLarge,
    NotBase64,
}

impl Event {
    /// What is asked for, for the log: method and path. The name of a conversation is left out: where callers are not
    /// asked who they are, it is all that keeps the conversation to its owner.
    #[must_use]
    pub fn action(&self) -> String {
        match self.path.split_once("/conversations/") {
            Some((agent, _)) => format!("{} {agent}/conversations/{{conversation}}", self.method),
            None => format!("{} {}", self.method, self.path),
        }
    }

    /// The body's bytes, unless there are more than `max` of them. It can be taken once.
    ///
    /// # Errors
    /// [`BodyError`]
    pub fn take_body(&mut self, max: usize) -> Result<Bytes, BodyError> {
        let text = std::mem::take(&mut self.body);
        if !self.body_is_base64 {
            return if text.len() > max {
                Err(BodyError::TooLarge)
            } else {
                Ok(Bytes::from(text))
            };
        }
        // Four characters hold three bytes: what is longer than this is too large even before it is decoded.
        if text.len().div_ceil(4) > max.div_ceil(3) {
            return Err(BodyError::TooLarge);
        }
        let bytes = STANDARD.decode(text).map_err(|_| BodyError::NotBase64)?;
        if bytes.len() > max {
            Err(BodyError::TooLarge)
        } else {
            Ok(Bytes::from(bytes))
        }
    }
}

/// The event as API Gateway spells it; members that nothing here reads are ignored, for more of them may come any time.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProxyEvent {
    http_method: String,
    path: String,
    headers: Option<BTreeMap<String, Option<String>>>,
    multi_value_headers: Option<BTreeMap<String, Option<Vec<Option<String>>>>>,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
    request_context: Option<RequestContext>,
}

#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    domain_name: Option<String>,
    path: Option<String>,
    request_id: Option<String>,
}

impl<'de> Deserialize<'de> for Event {
    /// The error says nothing of the event: Lambda's runtime logs it, and a parser's own words would quote the input.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ProxyEvent {
            http_method,
            path,
            headers,
            multi_value_headers,
            body,
            is_base64_encoded,
            request_context,
        } = ProxyEvent::deserialize(deserializer)
            .map_err(|_| D::Error::custom("not a proxy event of API Gateway"))?;
        let RequestContext {
            domain_name,
            path: full_path,
            request_id,
        } = request_context.unwrap_or_default();
        Ok(Self {
            method: http_method,
            path,
            full_path,
            domain: domain_name,
            headers: header_map(
                headers.unwrap_or_default(),
                multi_value_headers.unwrap_or_default(),
            ),
            gateway_request_id: request_id,
            body: body.unwrap_or_default(),
            body_is_base64: is_base64_encoded.unwrap_or(false),
        })
    }
}

impl fmt::Debug for Event {
    /// Headers hold tokens and a body is nobody's business: neither is ever shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Event(..)")
    }
}

/// All values of all headers. The map of single values holds the last of each, so it only fills in what the other lacks.
fn header_map(
    single: BTreeMap<String, Option<String>>,
    multi: BTreeMap<String, Option<Vec<Option<String>>>>,
) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, values) in multi {
        for value in values.into_iter().flatten().flatten() {
            append(&mut headers, &name, &value);
        }
    }
    let mut lacking = HeaderMap::new();
    for (name, value) in single {
        if let Some(value) = value.filter(|_| !headers.contains_key(&name)) {
            append(&mut lacking, &name, &value);
        }
    }
    headers.extend(lacking);
    headers
}

/// A name or value that HTTP does not allow is left out: no rule of ours could be met by it.
fn append(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (
        HeaderName::from_bytes(name.as_bytes()),
        HeaderValue::from_str(value),
    ) {
        // Only a map of 2^15 headers refuses one more; API Gateway takes 20 KB of them in all.
        let _ = headers.try_append(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(event: Value) -> Event {
        serde_json::from_value(event).unwrap()
    }

    fn values<'e>(event: &'e Event, name: &str) -> Vec<&'e str> {
        event
            .headers
            .get_all(name)
            .iter()
            .map(|value| value.to_str().unwrap())
            .collect()
    }

    #[test]
    fn a_whole_event_is_read() {
        let event = read(json!({
            "resource": "/agents/{agent}/invocations", "path": "/agents/demo/invocations", "httpMethod": "POST",
            "headers": {"Accept": "text/event-stream", "X-Twice": "b"},
            "multiValueHeaders": {"Accept": ["text/event-stream"], "X-Twice": ["a", "b"]},
            "queryStringParameters": null, "pathParameters": {"agent": "demo"}, "stageVariables": null,
            "requestContext": {"requestId": "0f3c9f58", "stage": "live", "path": "/live/agents/demo/invocations"},
            "body": "{\"prompt\":\"hi\"}", "isBase64Encoded": false
        }));
        assert_eq!(
            (event.method.as_str(), event.path.as_str()),
            ("POST", "/agents/demo/invocations")
        );
        assert_eq!(values(&event, "accept"), ["text/event-stream"]);
        assert_eq!(values(&event, "x-twice"), ["a", "b"]);
        assert_eq!(event.gateway_request_id.as_deref(), Some("0f3c9f58"));
    }

    #[test]
    fn nulls_and_absences_are_empty() {
        let null = json!({"path": "/healthz", "httpMethod": "GET", "headers": null, "multiValueHeaders": null,
            "body": null, "isBase64Encoded": null, "requestContext": null});
        let nulls_inside = json!({"path": "/healthz", "httpMethod": "GET", "headers": {"a": null},
            "multiValueHeaders": {"b": null, "c": [null], "d": []}, "requestContext": {"requestId": null}});
        for event in [
            null,
            nulls_inside,
            json!({"path": "/healthz", "httpMethod": "GET"}),
        ] {
            let mut event = read(event);
            assert!(event.headers.is_empty());
            assert_eq!(event.gateway_request_id, None);
            assert_eq!(event.take_body(10), Ok(Bytes::new()));
        }
    }

    #[test]
    fn every_spelling_of_a_header_counts() {
        let event = read(json!({"path": "/", "httpMethod": "GET",
            "multiValueHeaders": {"Authorization": ["Bearer a"], "authorization": ["Bearer b"]},
            "headers": {"AUTHORIZATION": "Bearer c", "Accept": "x", "accept": "y"}}));
        assert_eq!(values(&event, "authorization"), ["Bearer a", "Bearer b"]);
        assert_eq!(values(&event, "accept"), ["x", "y"]);
    }

    #[test]
    fn what_http_does_not_allow_is_left_out() {
        let event = read(json!({"path": "/", "httpMethod": "GET",
            "headers": {"a b": "1", "": "2", "c": "line\r\nbreak", "d": "\u{0}", "fine": "5"}}));
        assert_eq!(event.headers.len(), 1);
        assert_eq!(values(&event, "fine"), ["5"]);
    }

    #[test]
    fn another_kind_of_event_is_refused_without_quoting_it() {
        for event in [
            json!({"path": "/whoami"}),
            json!({"httpMethod": "GET"}),
            json!({"path": "/", "httpMethod": "GET", "headers": "Bearer secret"}),
            json!({"path": ["secret"], "httpMethod": "GET"}),
            json!("secret"),
            json!(null),
        ] {
            let error = serde_json::from_value::<Event>(event)
                .unwrap_err()
                .to_string();
            assert_eq!(error, "not a proxy event of API Gateway");
        }
    }

    #[test]
    fn bodies_are_bounded_and_decoded() {
        let body = |body: &str, base64: bool| {
            read(
                json!({"path": "/", "httpMethod": "POST", "body": body, "isBase64Encoded": base64}),
            )
            .take_body(6)
        };
        assert_eq!(body("123456", false), Ok(Bytes::from("123456")));
        assert_eq!(body("1234567", false), Err(BodyError::TooLarge));
        // Bytes are counted, not characters.
        assert_eq!(body("ééé", false), Ok(Bytes::from("ééé")));
        assert_eq!(body("éééé", false), Err(BodyError::TooLarge));
        assert_eq!(
            body(&STANDARD.encode("123456"), true),
            Ok(Bytes::from("123456"))
        );
        assert_eq!(
            body(&STANDARD.encode([0xff, 0, 1]), true),
            Ok(Bytes::from(vec![0xff, 0, 1]))
        );
        assert_eq!(
            body(&STANDARD.encode("1234567"), true),
            Err(BodyError::TooLarge)
        );
        assert_eq!(body(&"A".repeat(4000), true), Err(BodyError::TooLarge));
        for broken in ["a", "ab=", "a b=", "****"] {
            assert_eq!(body(broken, true), Err(BodyError::NotBase64), "{broken}");
        }
    }

    #[test]
    fn an_action_names_no_conversation() {
        let action = |path| {
            let event = read(json!({"path": path, "httpMethod": "DELETE"}));
            event.action()
        };
        assert_eq!(action("/whoami"), "DELETE /whoami");
        assert_eq!(
            action("/agents/demo/conversations/secret"),
            "DELETE /agents/demo/conversations/{conversation}"
        );
    }

    #[test]
    fn nothing_of_an_event_is_printed() {
        let event = read(
            json!({"path": "/secret", "httpMethod": "GET", "headers": {"authorization": "Bearer secret"}}),
        );
        assert_eq!(format!("{event:?}"), "Event(..)");
    }
}
