//! AgentCore's control plane, through its SDK.
//!
//! The SDK finds the endpoint, signs, retries and bounds the time. The documents themselves pass it by: it would drop every
//! field of a gateway that is newer than it is, and so take that field away from the gateway.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_bedrockagentcorecontrol::Client;
use aws_sdk_bedrockagentcorecontrol::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_bedrockagentcorecontrol::config::timeout::TimeoutConfig;
use aws_sdk_bedrockagentcorecontrol::config::{Builder, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_bedrockagentcorecontrol::error::{
    BoxError, DisplayErrorContext, ProvideErrorMetadata, SdkError,
};
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use shared::platform;

use super::error::{AttachError, Message};
use super::gateway::{Gateway, Settings};
use super::reconcile::ControlPlane;
use super::request::GatewayId;

/// A connection within one region takes milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Both calls answer at once; the change itself is made later.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// The control plane of the function's own region.
#[derive(Clone)]
pub(crate) struct AgentCore(Client);

impl AgentCore {
    /// Reads what Lambda puts into the environment; nothing is connected yet.
    pub(crate) async fn from_environment() -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .build();
        let platform = platform::from_environment().await;
        let config = Builder::from(&platform).timeout_config(timeouts).build();
        Self(Client::from_conf(config))
    }
}

impl ControlPlane for AgentCore {
    async fn read(&self, gateway: &GatewayId) -> Result<Option<Gateway>, AttachError> {
        let document = Document::default();
        let answer = self
            .0
            .get_gateway()
            .gateway_identifier(gateway.as_str())
            .customize()
            .interceptor(document.clone())
            .send()
            .await;
        match answer {
            Ok(_) => Gateway::parse(&document.take()).map(Some),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(failure("GetGateway", &error)),
        }
    }

    async fn write(&self, gateway: &GatewayId, settings: &Settings) -> Result<(), AttachError> {
        let body = settings.to_json();
        let answer = self
            .0
            .update_gateway()
            .gateway_identifier(gateway.as_str())
            .customize()
            // Before it is signed, as everything that is set here.
            .mutate_request(move |request| {
                let length = body.len().to_string();
                request
                    .headers_mut()
                    .insert(CONTENT_LENGTH.as_str(), length);
                *request.body_mut() = SdkBody::from(body.as_str());
            })
            .send()
            .await;
        answer
            .map(|_| ())
            .map_err(|error| failure("UpdateGateway", &error))
    }
}

/// What a failed call means: whether it may work later.
fn failure<E>(operation: &'static str, error: &SdkError<E>) -> AttachError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let status = error
        .raw_response()
        .map(|response| response.status().as_u16());
    let message = match (error.code(), error.message()) {
        (Some(code), Some(message)) => Message::new(&format!("{code}: {message}")),
        _ => Message::new(&DisplayErrorContext(error).to_string()),
    };
    // 409: the gateway is changing. 429: too many calls. Without a status, there was no answer.
    match status {
        None | Some(409 | 429 | 500..) => AttachError::Unavailable { operation, message },
        Some(403) => AttachError::Denied { operation, message },
        Some(_) => AttachError::Refused { operation, message },
    }
}

/// Takes down an answer's body, as it came.
#[derive(Clone, Debug, Default)]
struct Document(Arc<Mutex<Bytes>>);

impl Document {
    fn take(&self) -> Bytes {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[dyn_dispatch_hint]
impl Intercept for Document {
    fn name(&self) -> &'static str {
        "Document"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().unwrap_or_default();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Bytes::copy_from_slice(body);
        Ok(())
    }
}
