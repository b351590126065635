//! A request in the form in which API Gateway passes it to functions.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, header};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::authorizer::Authorized;
use super::headers::passes_in;
use crate::lambda::{ACCOUNT, REGION};
use crate::template::API_ID;
use crate::{clock, random, trace};

/// All emulators listen on loopback only, so every client is there.
pub(super) const SOURCE_IP: &str = "127.0.0.1";

/// What of a request is told.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    /// What a custom domain maps to the API, as `/v1`; none at the API's own domain.
    pub(super) base_path: Option<String>,
    /// Without stage and base path, still encoded.
    pub(super) path: String,
    /// Without the question mark, still encoded.
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) stage: String,
}

impl Request {
    /// As functions are told it: a custom domain's base path stays before the API's own path.
    fn path_with_base(&self) -> String {
        let base = self.base_path.as_deref().unwrap_or_default();
        format!("{base}{}", self.path)
    }
}

/// A request under way, and what API Gateway has given it.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) request: Request,
    /// Of its own, or the UUID that the caller asks for in `x-amzn-RequestId` ("Access logging for REST APIs").
    pub(super) request_id: String,
    /// Whether the caller asked for an id that is no UUID.
    is_id_replaced: bool,
    time_epoch: u64,
    pub(super) extended_request_id: String,
    pub(super) trace: String,
    resource: String,
    path_parameters: Map<String, Value>,
    port: u16,
}

impl Incoming {
    pub(super) fn new(request: Request, port: u16) -> Self {
        let trace = request
            .headers
            .get("x-amzn-trace-id")
            .and_then(|value| value.to_str().ok());
        let trace = trace
            .filter(|header| trace::is_wellformed(header))
            .map_or_else(trace::new, str::to_owned);
        let asked = request
            .headers
            .get("x-amzn-requestid")
            .and_then(|value| value.to_str().ok());
        let chosen = asked.filter(|id| is_uuid(id)).map(str::to_owned);
        let is_id_replaced = asked.is_some() && chosen.is_none();
        Self {
            request,
            request_id: chosen.unwrap_or_else(random::uuid),
            is_id_replaced,
            extended_request_id: random::secret(),
            time_epoch: u64::try_from(clock::since_epoch().as_millis()).unwrap_or(u64::MAX),
            trace,
            resource: String::new(),
            path_parameters: Map::new(),
            port,
        }
    }

    /// The id in the access log, which shows a placeholder if the caller asked for an id that is no UUID.
    pub(super) fn logged_request_id(&self) -> String {
        let id = &self.request_id;
        if self.is_id_replaced {
            format!("{id}_REPLACED_INVALID_REQUEST_ID")
        } else {
            id.clone()
        }
    }

    /// The root of its trace.
    pub(super) fn trace_root(&self) -> &str {
        trace::root(&self.trace)
    }

    /// When the request came in, in milliseconds since 1970.
    pub(super) const fn time_epoch(&self) -> u64 {
        self.time_epoch
    }

    /// The path with what the caller dialled before the API's own: the base path at a custom domain, else the stage.
    pub(super) fn dialled_path(&self) -> String {
        let Request {
            base_path,
            path,
            stage,
            ..
        } = &self.request;
        match base_path {
            Some(_) => self.request.path_with_base(),
            None => format!("/{stage}{path}"),
        }
    }

    /// The route is known. Values of parameters are handed on decoded, as REST APIs do.
    pub(super) fn matched(&mut self, resource: &str, parameters: Vec<(String, String)>) {
        self.resource = resource.to_owned();
        self.path_parameters = parameters
            .into_iter()
            .map(|(name, value)| {
                let decoded = percent_encoding::percent_decode_str(&value)
                    .decode_utf8_lossy()
                    .into_owned();
                (name, Value::String(decoded))
            })
            .collect();
    }

    /// `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH`, with the path as it was sent, without base path: the
    /// method is the API's, whatever domain leads to it.
    pub(super) fn method_arn(&self) -> String {
        let Request {
            method,
            path,
            stage,
            ..
        } = &self.request;
        format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:{API_ID}/{stage}/{method}{path}")
    }

    /// A header's last value, as the single-value map of the events shows it.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let value = self.request.headers.get_all(name).iter().next_back()?;
        Some(text(value.as_bytes()))
    }

    /// A query parameter's last value.
    pub(super) fn query(&self, name: &str) -> Option<String> {
        let pairs = form_urlencoded::parse(self.request.query.as_bytes());
        pairs
            .filter(|(key, _)| key == name)
            .last()
            .map(|(_, value)| value.into_owned())
    }

    /// The event of a `TOKEN` authorizer.
    pub(super) fn token_event(&self, token: &str) -> Value {
        json!({"type": "TOKEN", "methodArn": self.method_arn(), "authorizationToken": token})
    }

    /// The event of a `REQUEST` authorizer.
    pub(super) fn request_event(&self) -> Value {
        let mut event = self.common();
        event.insert("type".to_owned(), json!("REQUEST"));
        event.insert("methodArn".to_owned(), json!(self.method_arn()));
        for name in [
            "queryStringParameters",
            "multiValueQueryStringParameters",
            "pathParameters",
            "stageVariables",
        ] {
            let entry = event.entry(name).or_insert(Value::Null);
            if entry.is_null() {
                *entry = json!({});
            }
        }
        Value::Object(event)
    }

    /// The event of a proxy integration.
    pub(super) fn proxy_event(
        &self,
        body: Bytes,
        authorized: Option<&Authorized>,
        binary_types: &[String],
    ) -> Value {
        let mut event = self.common();
        if let (Some(authorized), Some(Value::Object(context))) =
            (authorized, event.get_mut("requestContext"))
        {
            context.insert("authorizer".to_owned(), authorized.context());
        }
        let binary = self
            .header("content-type")
            .is_some_and(|kind| is_binary(&kind, binary_types));
        let text = match body.is_empty() {
            true => Value::Null,
            false if binary => Value::String(STANDARD.encode(&body)),
            false => Value::String(text(&body)),
        };
        event.insert("body".to_owned(), text);
        event.insert(
            "isBase64Encoded".to_owned(),
            Value::Bool(binary && !body.is_empty()),
        );
        Value::Object(event)
    }

    fn common(&self) -> Map<String, Value> {
        let headers = self.headers();
        let query = self.query_values();
        let mut event = Map::new();
        let mut set = |name: &str, value: Value| event.insert(name.to_owned(), value);
        set("resource", json!(self.resource));
        set("path", json!(self.request.path_with_base()));
        set("httpMethod", json!(self.request.method.as_str()));
        set("headers", last_of_each(&headers));
        set("multiValueHeaders", json!(headers));
        set("queryStringParameters", or_null(last_of_each(&query)));
        set("multiValueQueryStringParameters", or_null(json!(query)));
        set(
            "pathParameters",
            or_null(Value::Object(self.path_parameters.clone())),
        );
        set("stageVariables", Value::Null);
        set("requestContext", self.request_context());
        event
    }

    fn headers(&self) -> BTreeMap<String, Vec<String>> {
        let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in self
            .request
            .headers
            .iter()
            .filter(|(name, _)| passes_in(name))
        {
            headers
                .entry(spelled(name))
                .or_default()
                .push(text(value.as_bytes()));
        }
        let before = headers.remove("x-forwarded-for").unwrap_or_default();
        let forwarded = before
            .into_iter()
            .chain([SOURCE_IP.to_owned()])
            .collect::<Vec<_>>()
            .join(", ");
        for (name, value) in [
            ("X-Amzn-Trace-Id", self.trace.clone()),
            ("X-Forwarded-For", forwarded),
            ("X-Forwarded-Port", self.port.to_string()),
            ("X-Forwarded-Proto", "http".to_owned()),
        ] {
            headers.remove(&name.to_ascii_lowercase());
            headers.insert(name.to_owned(), vec![value]);
        }
        headers
    }

    fn query_values(&self) -> BTreeMap<String, Vec<String>> {
        let mut query: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(self.request.query.as_bytes()) {
            query
                .entry(name.into_owned())
                .or_default()
                .push(value.into_owned());
        }
        query
    }

    fn request_context(&self) -> Value {
        let Request { method, stage, .. } = &self.request;
        let host = self.header(header::HOST.as_str()).unwrap_or_default();
        let domain = host.split(':').next().unwrap_or_default();
        json!({
            "resourceId": "local",
            "resourcePath": self.resource,
            "httpMethod": method.as_str(),
            "extendedRequestId": self.extended_request_id,
            "requestTime": request_time(Duration::from_millis(self.time_epoch)),
            "path": self.dialled_path(),
            "accountId": ACCOUNT,
            "protocol": "HTTP/1.1",
            "stage": stage,
            "domainPrefix": domain.split('.').next().unwrap_or_default(),
            "requestTimeEpoch": self.time_epoch,
            "requestId": self.request_id,
            "identity": {
                "cognitoIdentityPoolId": null,
                "accountId": null,
                "cognitoIdentityId": null,
                "caller": null,
                "sourceIp": SOURCE_IP,
                "principalOrgId": null,
                "accessKey": null,
                "cognitoAuthenticationType": null,
                "cognitoAuthenticationProvider": null,
                "userArn": null,
                "userAgent": self.header(header::USER_AGENT.as_str()),
                "user": null,
            },
            "domainName": domain,
            "deploymentId": "local",
            "apiId": API_ID,
        })
    }
}

/// Whether the client's first choice is a binary type, so that base64 in an answer is undone.
pub(super) fn accepts_binary(headers: &HeaderMap, binary_types: &[String]) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .unwrap_or_default();
    is_binary(accept.split(',').next().unwrap_or_default(), binary_types)
}

fn is_binary(media_type: &str, binary_types: &[String]) -> bool {
    let essence = media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    binary_types.iter().any(|binary| {
        let family = binary
            .strip_suffix('*')
            .filter(|family| family.ends_with('/'));
        binary == "*/*"
            || *binary == essence
            || family.is_some_and(|family| essence.starts_with(family))
    })
}

/// API Gateway's events are text: what is not UTF-8 is lost in them too.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn spelled(name: &HeaderName) -> String {
    if name == header::HOST {
        "Host".to_owned()
    } else {
        name.as_str().to_owned()
    }
}

fn last_of_each(values: &BTreeMap<String, Vec<String>>) -> Value {
    values
        .iter()
        .filter_map(|(name, values)| Some((name.clone(), json!(values.last()?))))
        .collect::<Map<_, _>>()
        .into()
}

fn or_null(value: Value) -> Value {
    if value.as_object().is_some_and(Map::is_empty) {
        Value::Null
    } else {
        value
    }
}

fn is_uuid(text: &str) -> bool {
    let mut parts = text.split('-');
    let is_part = |part: Option<&str>, length: usize| {
        part.is_some_and(|part| {
            part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    };
    [8, 4, 4, 4, 12]
        .into_iter()
        .all(|length| is_part(parts.next(), length))
        && parts.next().is_none()
}

/// `16/Oct/2026:09:14:38 +0000`, from `Fri, 16 Oct 2026 09:14:38 GMT`.
fn request_time(since_epoch: Duration) -> String {
    let date = httpdate::fmt_http_date(UNIX_EPOCH.checked_add(since_epoch).unwrap_or(UNIX_EPOCH));
    let mut words = date.split(' ').skip(1);
    let mut word = || words.next().unwrap_or_default();
    format!("{}/{}/{}:{} +0000", word(), word(), word(), word())
}

#[cfg(test)]
mod tests;
