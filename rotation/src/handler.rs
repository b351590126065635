//! Event -> step -> done, or why not.

use aws_config::SdkConfig;
use lambda_runtime::LambdaEvent;
use serde_json::Value;
use shared::clock::Clock;
use tracing::{error, info};

use crate::event::Request;
use crate::failure::Failure;
use crate::steps;
use crate::vault::Vault;

/// The function.
pub struct Rotation {
    platform: SdkConfig,
    clock: Clock,
}

impl Rotation {
    /// Nothing is called yet.
    #[must_use]
    pub fn new(platform: &SdkConfig, clock: Clock) -> Self {
        Self {
            platform: platform.clone(),
            clock,
        }
    }

    /// Does one step of one rotation.
    ///
    /// # Errors
    /// Why it was not done. Nothing is half done: each step changes at most one thing, and that last.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<(), Failure> {
        let request = Request::read(event.payload)
            .inspect_err(|failure| error!("a rotation was refused: {failure}"))?;
        let (step, version) = (request.step.as_str(), request.version.clone());
        let vault = Vault::new(request.secret, request.version, &self.platform);
        let rotation_token = request.rotation_token;
        let done = steps::perform(request.step, &vault, rotation_token, self.clock.now()).await;
        let arn = vault.arn();
        match &done {
            Ok(outcome) => info!(arn, step, version, "{outcome}"),
            Err(failure) => error!(arn, step, version, "a step of a rotation failed: {failure}"),
        }
        done.map(|_| ())
    }
}
