//! The custom-resource response to CloudFormation, which otherwise waits an hour.

use std::time::Duration;

use aws_lambda_events::cloudformation::{
    CloudFormationCustomResourceResponse, CloudFormationCustomResourceResponseStatus as Status,
};
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use shared::fetch::{self, ClientError, HttpsClient};
use shared::settings::Address;
use tokio::time::{sleep, timeout};

use super::error::AttachError;
use super::request::{self, Sender};

/// All attempts and pauses together: this much of the function's time is kept for the answer.
pub(crate) const MAX_ANSWER_TIME: Duration = Duration::from_secs(10);
const MAX_ATTEMPTS: u32 = 3;
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(2500);
/// The pause after the first attempt; the second is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Sends answers.
pub(crate) struct Answers(HttpsClient);

/// Why an answer did not arrive.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    #[error("the TLS client cannot be set up")]
    Client,
    #[error("CloudFormation's address cannot be reached")]
    Connection(#[source] ClientError),
    #[error("CloudFormation's address answered {}", .0.as_u16())]
    Status(StatusCode),
    #[error("CloudFormation's address did not answer in time")]
    TimedOut,
}

impl Answers {
    /// Prepares the client; nothing is connected yet.
    ///
    /// # Errors
    /// If there can be no TLS.
    pub(crate) fn new() -> Result<Self, SendError> {
        // Stacks are deployed hours apart: a kept connection would be a dead one.
        fetch::client(0).map(Self).ok_or(SendError::Client)
    }

    /// Sends one answer, and again if it did not arrive: the last one counts, and all are the same.
    ///
    /// # Errors
    /// Why the last attempt failed.
    pub(crate) async fn send(
        &self,
        request: &request::Request,
        outcome: &Result<(), AttachError>,
    ) -> Result<(), SendError> {
        let body = Bytes::from(body(request, outcome));
        let address = &request.sender.response_url;
        let mut pause = FIRST_PAUSE;
        for _ in 1..MAX_ATTEMPTS {
            if self.put(address, &body).await.is_ok() {
                return Ok(());
            }
            sleep(pause).await;
            pause = pause.saturating_mul(2);
        }
        self.put(address, &body).await
    }

    async fn put(&self, address: &Address, body: &Bytes) -> Result<(), SendError> {
        // Without a content type: the address is signed for none.
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = Method::PUT;
        *request.uri_mut() = address.uri().clone();
        let response = timeout(ATTEMPT_TIMEOUT, self.0.request(request))
            .await
            .map_err(|_| SendError::TimedOut)?
            .map_err(SendError::Connection)?;
        match response.status() {
            StatusCode::OK => Ok(()),
            status => Err(SendError::Status(status)),
        }
    }
}

/// "Custom resource response objects": at most 4096 bytes, which bounded parts add up to at most.
fn body(request: &request::Request, outcome: &Result<(), AttachError>) -> String {
    let request::Request {
        sender,
        physical_id,
        task: _,
    } = request;
    let Sender {
        response_url: _,
        stack_id,
        request_id,
        logical_id,
    } = sender;
    let (status, reason) = match outcome {
        Ok(()) => (Status::Success, "the gateway is as wanted".to_owned()),
        Err(failure) => (Status::Failed, failure.to_string()),
    };
    let mut response = CloudFormationCustomResourceResponse::default();
    response.status = status;
    response.reason = Some(reason);
    response.physical_resource_id.clone_from(physical_id);
    response.stack_id.clone_from(stack_id);
    response.request_id.clone_from(request_id);
    response.logical_resource_id.clone_from(logical_id);
    // Texts under names that are texts: there is nothing in it that JSON could not say.
    serde_json::to_string(&response).unwrap_or_default()
}

#[cfg(test)]
mod tests;
