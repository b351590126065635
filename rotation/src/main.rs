//! The AWS Lambda function `rotation`.

use lambda_runtime::{Error, service_fn};
use rotation::handler::Rotation;
use shared::clock::Clock;
use shared::{log, platform};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    log::start();
    let rotation = Rotation::new(&platform::from_environment().await, Clock::system());
    lambda_runtime::run(service_fn(|event| rotation.handle(event))).await
}
