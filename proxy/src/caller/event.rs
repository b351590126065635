//! The REST proxy event of API Gateway (payload format 1.0), read leniently: what is absent or null is empty.

use std::collections::BTreeMap;
use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::Value;
use shared::gate::UnixTime;
use shared::settings;

use crate::caller::base_path::{Cut, Parameters};

/// A request as it came in. Everything in it but `authorizer_settings`, `domain`, `extended_request_id`,
/// `mount` and `taken` is a stranger's.
pub struct Event {
    pub method: String,
    /// Without stage and base path, as API Gateway matched it; empty, which is no route's, if it cannot be told where it
    /// begins.
    pub path: String,
    /// What stands between the domain and [`Self::path`]: nothing, the stage, or the base path that a custom domain maps to
    /// this API. None if API Gateway does not say.
    pub mount: Option<String>,
    /// The domain that API Gateway took the request at. It serves no other than the API's, whatever `Host` says.
    pub domain: Option<String>,
    pub headers: HeaderMap,
    /// The digest of the settings that the authorizer judged the caller by. Only API Gateway writes it.
    pub authorizer_settings: Option<String>,
    /// API Gateway's id of the request, which its caller may choose.
    pub request_id: Option<String>,
    /// API Gateway's id of the request, which its caller may not choose.
    pub extended_request_id: Option<String>,
    /// When API Gateway took the request.
    pub taken: Option<UnixTime>,
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
    /// API Gateway always says which one it matched; events that other callers write need not.
    resource: Option<String>,
    path_parameters: Option<Parameters>,
    headers: Option<BTreeMap<String, Option<String>>>,
    multi_value_headers: Option<BTreeMap<String, Option<Vec<Option<String>>>>>,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
    request_context: Option<RequestContext>,
}

#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    /// What the authorizer told, whatever it is.
    authorizer: Option<Value>,
    domain_name: Option<String>,
    path: Option<String>,
    request_id: Option<String>,
    extended_request_id: Option<String>,
    /// In milliseconds.
    request_time_epoch: Option<u64>,
}

impl<'de> Deserialize<'de> for Event {
    /// The error says nothing of the event: Lambda's runtime logs it, and a parser's own words would quote the input.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ProxyEvent {
            http_method,
            path,
            resource,
            path_parameters,
            headers,
            multi_value_headers,
            body,
            is_base64_encoded,
            request_context,
        } = ProxyEvent::deserialize(deserializer)
            .map_err(|_| D::Error::custom("not a proxy event of API Gateway"))?;
        let RequestContext {
            authorizer,
            domain_name,
            path: full_path,
            request_id,
            extended_request_id,
            request_time_epoch,
        } = request_context.unwrap_or_default();
        let cut = match &resource {
            Some(resource) => Cut::at(&path, resource, &path_parameters.unwrap_or_default()),
            None => Some(Cut::without_base(&path)),
        };
        Ok(Self {
            method: http_method,
            path: cut.map_or("", |cut| cut.own).to_owned(),
            mount: mount(&path, full_path.as_deref(), cut),
            domain: domain_name,
            headers: header_map(
                headers.unwrap_or_default(),
                multi_value_headers.unwrap_or_default(),
            ),
            authorizer_settings: authorizer.as_ref().and_then(digest),
            request_id,
            extended_request_id,
            taken: request_time_epoch.map(|millis| UnixTime(millis / 1000)),
            body: body.unwrap_or_default(),
            body_is_base64: is_base64_encoded.unwrap_or(false),
        })
    }
}

impl fmt::Debug for Event {
    /// Headers hold tokens, and a body is the caller's own: neither is ever shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Event(..)")
    }
}

/// What stands before the API's own path in the path that the caller dialled, which ends with the event's.
fn mount(path: &str, full_path: Option<&str>, cut: Option<Cut<'_>>) -> Option<String> {
    let before = full_path?.strip_suffix(path)?;
    Some(format!("{before}{}", cut?.base))
}

/// The digest that the authorizer put into its context.
fn digest(authorizer: &Value) -> Option<String> {
    let digest = authorizer.get("settings")?.as_str()?;
    settings::is_digest(digest).then(|| digest.to_owned())
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
            "requestContext": {"requestId": "0f3c9f58", "extendedRequestId": "UxYzAbCdEfGhIjk=", "requestTimeEpoch": 1_792_142_078_512_u64, "stage": "live", "path": "/live/agents/demo/invocations"},
            "body": "{\"prompt\":\"hi\"}", "isBase64Encoded": false
        }));
        assert_eq!(
            (event.method.as_str(), event.path.as_str()),
            ("POST", "/agents/demo/invocations")
        );
        assert_eq!(values(&event, "accept"), ["text/event-stream"]);
        assert_eq!(values(&event, "x-twice"), ["a", "b"]);
        assert_eq!(event.request_id.as_deref(), Some("0f3c9f58"));
        let extended = event.extended_request_id.as_deref();
        assert_eq!(extended, Some("UxYzAbCdEfGhIjk="));
        assert_eq!(event.taken, Some(UnixTime(1_792_142_078)));
    }

    #[test]
    fn the_path_is_the_apis_own_and_the_mount_what_the_domain_has_before_it() {
        let told = |path: &str, full_path: &str, resource: Value, agent: Value| {
            let event = read(
                json!({"path": path, "httpMethod": "POST", "resource": resource,
                "pathParameters": agent, "requestContext": {"path": full_path}}),
            );
            (event.path, event.mount)
        };
        let invoke = "/agents/{agent}/invocations";
        let own = "/agents/demo/invocations";
        let demo = json!({"agent": "demo"});
        let rows = [
            // API Gateway's own domain, a custom one, one with a base path, and one that maps no stage.
            (own, "/live/agents/demo/invocations", Some("/live")),
            (own, own, Some("")),
            (
                "/v1/agents/demo/invocations",
                "/v1/agents/demo/invocations",
                Some("/v1"),
            ),
            (
                "/a/live/agents/demo/invocations",
                "/a/live/agents/demo/invocations",
                Some("/a/live"),
            ),
            // The two paths contradict each other, so it cannot be told where the door is.
            (
                "/v1/agents/demo/invocations",
                "/live/agents/demo/invocations",
                None,
            ),
            (own, "/live/agents/other/invocations", None),
        ];
        for (path, full_path, mount) in rows {
            let expected = (own.to_owned(), mount.map(str::to_owned));
            let found = told(path, full_path, json!(invoke), demo.clone());
            assert_eq!(found, expected, "{path} {full_path}");
        }
        let nothing = (String::new(), None);
        let other = told(own, own, json!("/agents/{agent}/mcp"), demo.clone());
        assert_eq!(other, nothing);
        assert_eq!(told(own, own, json!(invoke), Value::Null), nothing);
        // Events without a resource are not API Gateway's, and have no base path.
        let without = told(
            own,
            "/live/agents/demo/invocations",
            Value::Null,
            Value::Null,
        );
        assert_eq!(without, (own.to_owned(), Some("/live".to_owned())));
    }

    #[test]
    fn the_authorizers_settings_are_a_digest_or_nothing() {
        let told = |authorizer: Value| {
            let context = json!({"authorizer": authorizer});
            read(json!({"path": "/", "httpMethod": "GET", "requestContext": context}))
                .authorizer_settings
        };
        let digest = "0123456789abcdef";
        let found = told(json!({"principalId": "p", "settings": digest, "integrationLatency": 41}));
        assert_eq!(found.as_deref(), Some(digest));
        for other in [
            Value::Null,
            json!("0123456789abcdef"),
            json!(["0123456789abcdef"]),
            json!({}),
            json!({"settings": null}),
            json!({"settings": 1_234_567_890_123_456_u64}),
            json!({"settings": "0123456789ABCDEF"}),
            json!({"settings": "0123456789abcdef0"}),
            json!({"settings": "<script>alert(1)"}),
            json!({"lambda": {"settings": digest}}),
        ] {
            assert_eq!(told(other.clone()), None, "{other}");
        }
        // Callers write headers, and this is none.
        let event =
            read(json!({"path": "/", "httpMethod": "GET", "headers": {"settings": digest}}));
        assert_eq!(event.authorizer_settings, None);
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
            assert_eq!((event.request_id.take(), event.taken), (None, None));
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
