//! The Lambda function `authorizer`: an authorizer event of API Gateway -> what the token's bearer may call.

mod answer;
mod config;
mod event;
mod handler;
mod record;
#[cfg(test)]
mod tests;

use lambda_runtime::{Error, service_fn};
use shared::clock::Clock;
use shared::{log, start};

use config::Config;
use handler::Authorizer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    log::start();
    let config = start::config(Config::read);
    let authorizer = Authorizer::new(config, Clock::system());
    authorizer.warm().await;
    lambda_runtime::run(service_fn(|event| authorizer.handle(event))).await
}
