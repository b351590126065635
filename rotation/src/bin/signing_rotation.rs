//! The AWS Lambda function `signing_rotation`: the key that the door signs with.

use lambda_runtime::{Error, service_fn};
use rotation::SigningSecret;
use rotation::handler::Rotation;
use shared::clock::Clock;
use shared::{log, platform};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    log::start();
    let platform = platform::from_environment().await;
    let rotation = Rotation::new(SigningSecret, &platform, Clock::system());
    lambda_runtime::run(service_fn(|event| rotation.handle(event))).await
}
