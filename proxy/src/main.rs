//! The AWS Lambda function `proxy`.

use std::sync::Arc;

use lambda_runtime::layers::TracingLayer;
use lambda_runtime::{Error, Runtime, service_fn};
use proxy::app::App;
use proxy::config::Config;
use proxy::dispatch;
use proxy::invocation::{self, Invocations};
use shared::clock::Clock;
use shared::{log, platform, start};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    log::start();
    let config = start::config(Config::read);
    let app =
        Arc::new(App::new(config, &platform::from_environment().await, Clock::system()).await);
    let settling = Arc::clone(&app);
    let settle = move || {
        let app = Arc::clone(&settling);
        async move { app.settle().await }
    };
    let handle = move |event| {
        let app = Arc::clone(&app);
        async move { dispatch::handle(&app, event).await }
    };
    // Invocations take the place of the runtime's own way to call a handler and to post what it answers.
    Runtime::new(service_fn(handle.clone()))
        .layer(Invocations::new(handle, invocation::runtime_api()).settling(settle))
        .layer(TracingLayer::new())
        .run()
        .await
}
