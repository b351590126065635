//! The AWS Lambda function `policy`: a CloudFormation custom resource that attaches a policy engine to a gateway which
//! another stack or tool owns, and detaches it again.
//!
//! ```text
//! event --> request --> reconcile: read --> plan --> write, until it is so --> answer
//!           wanted       (control)          pure
//! ```

mod attach;
mod config;

use lambda_runtime::{Error, service_fn};
use shared::clock::Clock;
use shared::{log, start};

use attach::{AgentCore, Answers, Attacher};
use config::Config;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    log::start();
    let config = start::config(Config::read);
    let control = AgentCore::from_environment().await;
    let attacher = Attacher::new(config, control, Answers::new()?, Clock::system());
    lambda_runtime::run(service_fn(|event| attacher.handle(event))).await
}
