//! A function's answer as an HTTP response, whole or streamed.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html>

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, timeout, timeout_at};

use super::headers::outgoing;
use super::refusal::{Refusal, ResponseType};
use crate::lambda::{Event, Function, InvokeError, Prelude, StreamBody, StreamError, Streamed};

/// Answers as the function's stream comes, for at most `limit`, with silences of at most `idle`.
pub(super) async fn stream(
    function: &Function,
    event: Event,
    limit: Duration,
    idle: Duration,
    request_id: &str,
) -> Result<Response, Refusal> {
    let deadline = Instant::now()
        .checked_add(limit)
        .ok_or(Refusal::of(ResponseType::ApiConfigurationError))?;
    let Ok(outcome) = timeout_at(deadline, function.invoke_streaming(event)).await else {
        return Err(Refusal::of(ResponseType::IntegrationTimeout));
    };
    let Streamed { prelude, body } =
        outcome.map_err(|error| failed(&error, function, request_id))?;
    // A malformed prelude is a 500, unlike a malformed buffered answer.
    let malformed = || Refusal::of(ResponseType::Default5xx);
    let Prelude {
        status_code,
        headers,
        multi_value_headers,
        cookies,
    } = prelude;
    let status = final_status(status_code.unwrap_or(200)).ok_or_else(malformed)?;
    let headers = outgoing(headers, multi_value_headers, cookies).ok_or_else(malformed)?;
    let body = Body::from_stream(bounded(body, deadline, idle, request_id.to_owned()));
    Ok(response(status, headers, body))
}

/// Answers with the function's whole answer; `binary` says whether base64 in it is undone.
pub(super) async fn buffer(
    function: &Function,
    event: Event,
    limit: Duration,
    binary: bool,
    request_id: &str,
) -> Result<Response, Refusal> {
    let Ok(outcome) = timeout(limit, function.invoke(event)).await else {
        return Err(Refusal::of(ResponseType::IntegrationTimeout));
    };
    let answer = outcome.map_err(|error| failed(&error, function, request_id))?;
    buffered(&answer, binary)
}

fn failed(error: &InvokeError, function: &Function, request_id: &str) -> Refusal {
    eprintln!(
        "[gateway] request {request_id}: function {}: {error}",
        function.name()
    );
    match error {
        InvokeError::RequestTooLarge => Refusal::of(ResponseType::RequestTooLarge),
        // Lambda's 429 is not the caller's: API Gateway calls it an internal error.
        InvokeError::Throttled | InvokeError::Framing(_) => Refusal::of(ResponseType::Default5xx),
        InvokeError::Function(_)
        | InvokeError::TimedOut
        | InvokeError::Crashed(_)
        | InvokeError::NoAnswer
        | InvokeError::InitFailed(_)
        | InvokeError::Spawn(_)
        | InvokeError::ResponseTooLarge
        | InvokeError::Stream(_) => Refusal::bad_gateway(),
    }
}

/// An error here cuts the connection, which is all that can be said once an answer has begun.
#[derive(Debug, thiserror::Error)]
enum CutError {
    #[error("the function's answer broke off")]
    Function(#[source] StreamError),
    #[error("the stream was silent for too long")]
    Idle,
    #[error("the stream took too long")]
    Deadline,
}

fn bounded(
    body: StreamBody,
    deadline: Instant,
    idle: Duration,
    request_id: String,
) -> impl Stream<Item = Result<Bytes, CutError>> {
    stream::unfold(Some((body, request_id)), move |state| async move {
        let (mut body, request_id) = state?;
        let item = match timeout_at(deadline, timeout(idle, body.next())).await {
            Ok(Ok(None)) => return None,
            Ok(Ok(Some(Ok(chunk)))) => return Some((Ok(chunk), Some((body, request_id)))),
            Ok(Ok(Some(Err(error)))) => CutError::Function(error),
            Ok(Err(_)) => CutError::Idle,
            Err(_) => CutError::Deadline,
        };
        eprintln!("[gateway] request {request_id}: {item}");
        Some((Err(item), None))
    })
}

/// What a proxy integration's function answers with; anything else in it makes it malformed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Buffered {
    status_code: u16,
    #[serde(default)]
    headers: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

fn buffered(answer: &Bytes, binary: bool) -> Result<Response, Refusal> {
    let malformed = Refusal::bad_gateway;
    // Of a streamed answer only the prelude is read where the route buffers, and its body is lost.
    let end = answer
        .windows(8)
        .position(|window| window == [0; 8])
        .unwrap_or(answer.len());
    let object: serde_json::Map<String, Value> =
        serde_json::from_slice(&answer.slice(..end)).map_err(|_| malformed())?;
    let Buffered {
        status_code,
        headers,
        multi_value_headers,
        body,
        is_base64_encoded,
    } = serde_json::from_value(Value::Object(object)).map_err(|_| malformed())?;
    let status = final_status(status_code).ok_or_else(malformed)?;
    let headers = headers
        .unwrap_or_default()
        .into_iter()
        .map(|(name, value)| Some((name, header_text(value)?)));
    let headers = headers.collect::<Option<_>>().ok_or_else(malformed)?;
    let mut headers = outgoing(headers, multi_value_headers.unwrap_or_default(), Vec::new())
        .ok_or_else(malformed)?;
    headers
        .entry(header::CONTENT_TYPE)
        .or_insert(HeaderValue::from_static("application/json"));
    let text = body.unwrap_or_default();
    let body = if is_base64_encoded && binary {
        let undone = STANDARD
            .decode(text)
            .map_err(|_| Refusal::of(ResponseType::ApiConfigurationError))?;
        Body::from(undone)
    } else {
        Body::from(text)
    };
    Ok(response(status, headers, body))
}

fn header_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Nothing for what is no status, or one after which another must follow (RFC 9110, section 15.2).
fn final_status(code: u16) -> Option<StatusCode> {
    StatusCode::from_u16(code)
        .ok()
        .filter(|status| !status.is_informational() && code < 600)
}

fn response(status: StatusCode, headers: HeaderMap, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use serde_json::json;

    use super::*;

    async fn read(answer: &Value, binary: bool) -> (u16, String) {
        let response = buffered(&answer.to_string().into(), binary).unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    #[tokio::test]
    async fn buffered_answers() {
        assert_eq!(
            read(&json!({"statusCode": 204}), false).await,
            (204, String::new())
        );
        assert_eq!(
            read(&json!({"statusCode": 200, "body": "hi"}), false).await,
            (200, "hi".to_owned())
        );
        let encoded = json!({"statusCode": 200, "body": "aGk=", "isBase64Encoded": true});
        assert_eq!(read(&encoded, true).await, (200, "hi".to_owned()));
        assert_eq!(read(&encoded, false).await, (200, "aGk=".to_owned()));
        let wrong = json!({"statusCode": 200, "body": "?", "isBase64Encoded": true})
            .to_string()
            .into();
        assert_eq!(
            buffered(&wrong, true).unwrap_err(),
            Refusal::of(ResponseType::ApiConfigurationError)
        );
    }

    #[tokio::test]
    async fn a_streamed_answer_loses_its_body_where_it_is_buffered() {
        let response = buffered(
            &Bytes::from_static(b"{\"statusCode\":201}\0\0\0\0\0\0\0\0lost"),
            false,
        )
        .unwrap();
        assert_eq!(response.status(), 201);
        assert!(
            response
                .into_body()
                .collect()
                .await
                .unwrap()
                .to_bytes()
                .is_empty()
        );
    }

    #[test]
    fn malformed_answers() {
        for answer in [
            "null",
            "[200]",
            "{}",
            "{\"statusCode\":\"x\"}",
            "{\"statusCode\":100}",
            "{\"statusCode\":600}",
            "{\"statusCode\":200,\"extra\":1}",
            "{\"statusCode\":200,\"body\":{}}",
            "{\"statusCode\":200,\"headers\":{\"a\":[]}}",
            "{\"statusCode\":200,\"headers\":{\"a b\":\"c\"}}",
            "not json",
        ] {
            let refusal = buffered(&Bytes::from(answer), false).unwrap_err();
            assert_eq!(refusal, Refusal::bad_gateway(), "{answer}");
        }
    }
}
