//! The Lambda function `pretoken`: Cognito's pre token generation trigger. It verifies the user for whom a machine
//! acts, and puts that user into the token.
//!
//! ```text
//! event -> proof ------> directory -----------> claims -> answer
//! V3       the gate      table, list, groups,   bounded,  only `response`,
//!          again, or     or the default         our own   groups kept
//!          the door's
//!          statement
//! ```

mod answer;
mod claims;
mod config;
mod denial;
mod directory;
mod error;
mod event;
mod handler;
mod pool;
mod proof;
mod record;
mod statement;

use lambda_runtime::{Error, service_fn};
use shared::clock::Clock;
use shared::{log, start};

use config::Config;
use handler::PreToken;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    log::start();
    let config = start::config(Config::read);
    // The pool is known from its first event and not before (a setting would make the pool and this function need each
    // other to be deployed), so its keys are fetched then.
    let pre_token = PreToken::new(config, Clock::system()).await;
    lambda_runtime::run(service_fn(|event| pre_token.handle(event))).await
}
