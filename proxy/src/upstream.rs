//! Client for Amazon Bedrock AgentCore: one request; it awaits the head of the answer and passes the body on unread.

mod attempts;
mod bounded;
mod call;
mod card;
mod failure;
mod gateway;
mod presign;
mod renewed;
mod reply;
mod runtime;
mod sigv4;
mod stop;

use std::time::Duration;

use aws_config::SdkConfig;
use serde_json::Value;
use shared::clock::Clock;
use shared::gate::UnixTime;

use crate::audit::record::Upstream;

use gateway::Gateways;
use presign::Presigner;
use runtime::Runtimes;

pub use call::{Session, Turn};
pub use failure::{Failure, Rest, RpcError, Said};
pub use gateway::Message;
pub use reply::{AgentStream, Broken, Reply};

/// The agents' platform.
pub struct AgentCore {
    presigner: Presigner,
    runtimes: Runtimes,
    gateways: Gateways,
}

impl AgentCore {
    /// Prepares a client for each region; nothing is connected yet.
    pub fn new(platform: &SdkConfig, regions: impl Iterator<Item = String>, clock: Clock) -> Self {
        Self {
            presigner: Presigner::new(platform),
            runtimes: Runtimes::new(platform, regions, clock.clone()),
            gateways: Gateways::new(platform, clock),
        }
    }

    /// Takes a turn with an agent, and waits at most `patience` for the head of its answer.
    ///
    /// # Errors
    /// [`Failure`], which names the problem to tell the caller.
    pub async fn invoke(&self, turn: Turn<'_>, patience: Duration) -> Result<Reply, Failure> {
        self.runtimes.invoke(turn, patience).await
    }

    /// Sends one message to a gateway, and waits at most `patience` for the head of its answer.
    ///
    /// # Errors
    /// [`Failure`], which names the problem to tell the caller.
    pub async fn send(&self, message: Message<'_>, patience: Duration) -> Result<Reply, Failure> {
        self.gateways.send(message, patience).await
    }

    /// Asks an A2A agent for its card, and waits at most `patience` for it.
    ///
    /// # Errors
    /// [`Failure`], which names the problem to tell the caller.
    pub async fn agent_card(
        &self,
        session: Session<'_>,
        patience: Duration,
    ) -> Result<(Value, Upstream), Failure> {
        self.runtimes.agent_card(session, patience).await
    }

    /// Ends a session, and waits at most `patience` for that. One that has ended, or never began, is no failure.
    ///
    /// # Errors
    /// [`Failure`]
    pub async fn stop(
        &self,
        session: Session<'_>,
        patience: Duration,
    ) -> Result<Upstream, Failure> {
        self.runtimes.stop(session, patience).await
    }

    /// An address that opens a WebSocket to a session: signed by the door's role at `now`, and good for so many whole
    /// seconds of `life`, 300 at most.
    ///
    /// # Errors
    /// [`Failure`], if the door cannot sign.
    pub async fn websocket(
        &self,
        session: Session<'_>,
        now: UnixTime,
        life: Duration,
    ) -> Result<String, Failure> {
        self.presigner.address(session, now, life).await
    }
}
