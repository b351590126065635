//! The end of a session: `StopRuntimeSession`.

use std::time::Duration;

use aws_sdk_bedrockagentcore::error::SdkError;
use aws_sdk_bedrockagentcore::operation::RequestId;
use http::StatusCode;

use super::call::Session;
use super::failure::Failure;
use super::runtime::{Runtimes, answer, show};
use crate::audit::record::Upstream;

impl Runtimes {
    /// Ends a session. One that is not there has ended: the door knows of its runtimes that they are there, and an
    /// operator who is wrong about one reads of it in the log.
    pub(super) async fn stop(
        &self,
        session: Session<'_>,
        patience: Duration,
    ) -> Result<Upstream, Failure> {
        let Session {
            permit: _,
            authority,
            runtime,
            qualifier,
            id,
        } = session;
        let client = self.client(runtime, authority)?;
        let request = client
            .stop_runtime_session()
            .agent_runtime_arn(runtime.as_str())
            .qualifier(qualifier)
            .runtime_session_id(id.as_str())
            .customize()
            .mutate_request(show(authority));
        let stopped = async {
            match request.send().await {
                Ok(output) => Ok(Upstream {
                    status: Some(StatusCode::OK.as_u16()),
                    request_id: output.request_id().map(str::to_owned),
                    ..Upstream::default()
                }),
                Err(SdkError::ServiceError(error))
                    if error.err().is_resource_not_found_exception() =>
                {
                    Ok(Failure::of(&SdkError::ServiceError(error), authority).upstream)
                }
                Err(error) => Err(error),
            }
        };
        answer(stopped, authority, patience).await
    }
}
