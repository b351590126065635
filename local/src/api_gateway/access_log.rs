//! The access log: one line a request, in the template's own format, once the answer has been sent.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-access-logging.html>

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use http_body::{Frame, SizeHint};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::event::{Incoming, SOURCE_IP};
use super::refusal::ResponseType;
use super::seen::End;
use crate::log::Log;
use crate::template::{LogPiece, LogVariable};
use crate::trace;

/// What API Gateway writes for a variable without a value.
const NOTHING: &str = "-";

/// An API's access log.
#[derive(Clone)]
pub(super) struct AccessLog {
    pub(super) log: Arc<Log>,
    /// None if the template asks for no access log.
    pub(super) format: Option<Arc<[LogPiece]>>,
}

/// What the line of one request will say. It is written when the last byte has been sent, or the caller has left.
pub(super) struct Entry {
    log: AccessLog,
    started: Instant,
    known: Known,
    /// None if the caller left before there was one.
    status: Option<StatusCode>,
    error: Option<ResponseType>,
    authorizer: Map<String, Value>,
    integration: Option<Duration>,
    length: u64,
    end: Option<End>,
}

/// What is known of a request from its beginning, and of its route once that is found.
#[derive(Default)]
struct Known {
    request_id: String,
    extended_request_id: String,
    time_epoch: u64,
    method: String,
    path: String,
    resource: String,
    trace: String,
}

impl AccessLog {
    /// The line of a request that has just come in.
    pub(super) fn begin(&self, incoming: &Incoming, end: End) -> Entry {
        Entry {
            log: self.clone(),
            started: Instant::now(),
            known: Known {
                request_id: incoming.logged_request_id(),
                extended_request_id: incoming.extended_request_id.clone(),
                time_epoch: incoming.time_epoch(),
                method: incoming.request.method.to_string(),
                path: incoming.dialled_path(),
                resource: String::new(),
                trace: incoming.trace.clone(),
            },
            status: None,
            error: None,
            authorizer: Map::new(),
            integration: None,
            length: 0,
            end: Some(end),
        }
    }
}

impl Entry {
    /// The route is known.
    pub(super) fn matched(&mut self, resource: &str) {
        resource.clone_into(&mut self.known.resource);
    }

    /// What the authorizer says of the caller.
    pub(super) fn told(&mut self, context: &Map<String, Value>) {
        self.authorizer.clone_from(context);
    }

    /// The function has answered, or its answer has begun.
    pub(super) fn integrated(&mut self, latency: Duration) {
        self.integration = Some(latency);
    }

    /// API Gateway answers by itself.
    pub(super) fn refused(&mut self, kind: ResponseType) {
        self.error = Some(kind);
    }

    /// Goes along with the answer until its last byte.
    pub(super) fn follow(mut self, response: Response) -> Response {
        self.status = Some(response.status());
        let (head, body) = response.into_parts();
        Response::from_parts(head, Body::new(Followed { body, entry: self }))
    }

    fn value(&self, variable: &LogVariable) -> String {
        let known = &self.known;
        let or_nothing = |text: &str| match text {
            "" => NOTHING.to_owned(),
            text => text.to_owned(),
        };
        match variable {
            LogVariable::Authorizer(name) => {
                let text = self.authorizer.get(name).and_then(Value::as_str);
                or_nothing(text.unwrap_or_default())
            }
            LogVariable::ErrorResponseType => {
                or_nothing(self.error.map(ResponseType::name).unwrap_or_default())
            }
            LogVariable::ExtendedRequestId => known.extended_request_id.clone(),
            LogVariable::HttpMethod => known.method.clone(),
            LogVariable::IntegrationLatency => {
                let latency = self.integration.map(millis);
                or_nothing(&latency.unwrap_or_default())
            }
            LogVariable::Path => known.path.clone(),
            LogVariable::RequestId => known.request_id.clone(),
            LogVariable::RequestTimeEpoch => known.time_epoch.to_string(),
            LogVariable::ResourcePath => or_nothing(&known.resource),
            LogVariable::ResponseLatency => millis(self.started.elapsed()),
            LogVariable::ResponseLength => self.length.to_string(),
            LogVariable::SourceIp => SOURCE_IP.to_owned(),
            LogVariable::Status => {
                let status = self.status.map(|status| status.as_u16().to_string());
                or_nothing(&status.unwrap_or_default())
            }
            LogVariable::XrayTraceId => or_nothing(trace::root(&known.trace)),
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            end.tell(self.status);
        }
        let Some(format) = &self.log.format else {
            return;
        };
        let filled = format.iter().map(|piece| match piece {
            LogPiece::Text(text) => text.clone(),
            LogPiece::Variable(variable) => self.value(variable),
        });
        let line: String = filled.collect();
        self.log.log.add(line.as_bytes());
    }
}

fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}

/// A body whose bytes are counted.
struct Followed {
    body: Body,
    entry: Entry,
}

impl HttpBody for Followed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
            self.entry.length = self.entry.length.saturating_add(length);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method};
    use http_body_util::BodyExt;
    use serde_json::json;

    use super::*;
    use crate::api_gateway::event::Request;
    use crate::log::Listeners;
    use crate::template::Template;

    const FORMAT: &str = r#"{"path": "$context.path", "id": "$context.requestId", "extended": "$context.extendedRequestId", "route": "$context.resourcePath", "status": "$context.status", "error": "$context.error.responseType", "token_id": "$context.authorizer.token_id", "bytes": "$context.responseLength", "integration": "$context.integration.latency"}"#;

    fn incoming(headers: &[(&'static str, &'static str)]) -> Incoming {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let request = Request {
            method: Method::POST,
            base_path: None,
            path: "/agents/demo/invocations".to_owned(),
            query: "secret=1".to_owned(),
            headers: map,
            stage: "live".to_owned(),
        };
        Incoming::new(request, 80)
    }

    fn log() -> AccessLog {
        let template = format!(
            "Resources:\n  Api:\n    Type: AWS::Serverless::Api\n    Properties:\n      StageName: live\n      AccessLogSetting:\n        DestinationArn: !GetAtt Anywhere.Arn\n        Format: '{FORMAT}'\n"
        );
        let template = Template::parse(&template, &std::collections::BTreeMap::new()).unwrap();
        AccessLog {
            log: Arc::new(Log::new("gateway".to_owned(), false, Listeners::default())),
            format: template.api.access_log.map(Arc::from),
        }
    }

    fn last(log: &AccessLog) -> Value {
        serde_json::from_str(log.log.recent().last().unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_line_is_written_when_the_last_byte_is_sent() {
        let log = log();
        let incoming = incoming(&[]);
        let mut entry = log.begin(&incoming, End::default());
        entry.matched("/agents/{agent}/invocations");
        entry.told(&json!({"token_id": "t-1"}).as_object().unwrap().clone());
        entry.integrated(Duration::from_millis(7));
        let response = entry.follow(Response::new(Body::from("four")));
        assert!(log.log.recent().is_empty());
        assert_eq!(response.body().size_hint().exact(), Some(4));
        assert_eq!(
            response.into_body().collect().await.unwrap().to_bytes(),
            "four"
        );
        assert_eq!(
            last(&log),
            json!({
                "path": "/live/agents/demo/invocations", "id": incoming.request_id, "extended": incoming.extended_request_id,
                "route": "/agents/{agent}/invocations", "status": "200", "error": "-", "token_id": "t-1", "bytes": "4",
                "integration": "7",
            })
        );
    }

    #[tokio::test]
    async fn a_refusal_is_named_and_what_is_not_there_is_a_dash() {
        let log = log();
        let mut entry = log.begin(&incoming(&[]), End::default());
        entry.refused(ResponseType::Unauthorized);
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        drop(entry.follow(response));
        let line = last(&log);
        let told =
            ["status", "error", "route", "token_id", "integration"].map(|name| line[name].clone());
        assert_eq!(json!(told), json!(["401", "UNAUTHORIZED", "-", "-", "-"]));
        // A caller who leaves before there is an answer.
        drop(log.begin(&incoming(&[]), End::default()));
        assert_eq!(last(&log)["status"], "-");
    }

    #[test]
    fn a_caller_may_choose_a_uuid_as_the_id_and_nothing_else() {
        let uuid = "11111111-2222-4333-8444-555555555555";
        let chosen = incoming(&[("x-amzn-requestid", uuid)]);
        assert_eq!(
            (chosen.request_id.as_str(), chosen.logged_request_id()),
            (uuid, uuid.to_owned())
        );
        let other = incoming(&[("x-amzn-requestid", "mine")]);
        assert_ne!(other.request_id, "mine");
        let expected = format!("{}_REPLACED_INVALID_REQUEST_ID", other.request_id);
        assert_eq!(other.logged_request_id(), expected);
        assert_ne!(
            chosen.extended_request_id,
            incoming(&[("x-amzn-requestid", uuid)]).extended_request_id
        );
    }
}
