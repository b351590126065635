//! The AWS Lambda function `machine_rotation`: the secret of the machine client, in whose name the proxy asks for tool
//! tokens.

mod config;

use lambda_runtime::{Error, service_fn};
use rotation::MachineSecret;
use rotation::handler::Rotation;
use shared::clock::Clock;
use shared::{log, platform, start};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    log::start();
    let client = start::config(config::read);
    let platform = platform::from_environment().await;
    let secret = MachineSecret::new(client, &platform);
    let rotation = Rotation::new(secret, &platform, Clock::system());
    lambda_runtime::run(service_fn(|event| rotation.handle(event))).await
}
