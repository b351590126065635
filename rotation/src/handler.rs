//! Event handler: event -> step -> result.

use aws_config::SdkConfig;
use lambda_runtime::LambdaEvent;
use serde_json::Value;
use shared::clock::Clock;
use tracing::{error, info};

use crate::error::RotationError;
use crate::event::RotationRequest;
use crate::kind::Kind;
use crate::steps;
use crate::vault::Vault;

/// The function, for one kind of secret.
pub struct Rotation<K> {
    kind: K,
    platform: SdkConfig,
    clock: Clock,
}

impl<K: Kind> Rotation<K> {
    /// Nothing is called yet.
    pub fn new(kind: K, platform: &SdkConfig, clock: Clock) -> Self {
        Self {
            kind,
            platform: platform.clone(),
            clock,
        }
    }

    /// Does one step of one rotation.
    ///
    /// # Errors
    /// Why it was not done. It may be asked for again: what is there by then is looked at first.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<(), RotationError> {
        let request = RotationRequest::read(event.payload)
            .inspect_err(|failure| error!("a rotation was refused: {failure}"))?;
        let (step, version) = (request.step.as_str(), request.version.clone());
        let vault = Vault::new(request.secret, request.version, &self.platform);
        let rotation_token = request.rotation_token;
        let now = self.clock.now();
        let done = steps::perform(&self.kind, request.step, &vault, rotation_token, now).await;
        let arn = vault.arn();
        match &done {
            Ok(outcome) => info!(arn, step, version, "{outcome}"),
            Err(failure) => error!(arn, step, version, "a step of a rotation failed: {failure}"),
        }
        done.map(|_| ())
    }
}
