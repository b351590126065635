//! The AWS Lambda function `proxy`.

use lambda_runtime::{Error, service_fn};
use proxy::config::Config;
use proxy::handler::App;
use proxy::upstream;
use shared::clock::Clock;
use shared::{log, settings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    log::start();
    let config =
        Config::read(&settings::environment).unwrap_or_else(|faults| settings::stop(&faults));
    let app = App::new(config, &upstream::platform().await, Clock::system()).await;
    lambda_runtime::run(service_fn(|event| app.handle(event))).await
}
