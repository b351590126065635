//! One question of API Gateway -> who asks -> what they may call.

use std::time::Duration;

use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::Value;
use shared::agents::Agents;
use shared::clock::Clock;
use shared::door::{Denial, Door};
use shared::gate::{self, Identity, Refusal};
use shared::log::{self, Verdict};
use tracing::{error, info};

use crate::answer::Answer;
use crate::config::Config;
use crate::event::Question;

/// How long a start may wait for keys: well within the 10 seconds that Lambda gives a function to initialise, and long
/// enough for an issuer that is up. Keys that come later are fetched when they are needed.
const WARM_BUDGET: Duration = Duration::from_secs(2);

pub(crate) struct Authorizer {
    door: Door,
    agents: Agents,
    simple_responses: bool,
    settings: String,
    clock: Clock,
}

/// Why there is no answer. API Gateway makes 401 of the exact message `Unauthorized` and 500 of any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// There is no good token.
    #[error("Unauthorized")]
    Unauthorized,
    /// It cannot be told whether the token is good.
    #[error("the token could not be checked")]
    Outage,
    #[error("the event is not of a kind that API Gateway sends to an authorizer")]
    UnknownEvent,
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self {
            error_type: format!("{failure:?}"),
            error_message: failure.to_string(),
        }
    }
}

impl Authorizer {
    pub(crate) fn new(config: Config, clock: Clock) -> Self {
        let Config {
            issuers,
            agents,
            simple_responses,
            settings,
        } = config;
        for note in issuers.notes().iter().chain(&agents.note(&issuers.trust)) {
            info!("{note}");
        }
        Self {
            door: Door::new(issuers, clock.clone()),
            agents,
            simple_responses,
            settings,
            clock,
        }
    }

    /// Has the issuers' keys at hand before the first caller comes, where that can be done in time.
    pub(crate) async fn warm(&self) {
        self.door.warm(WARM_BUDGET).await;
    }

    /// Answers one event.
    ///
    /// # Errors
    /// If there is no good token, or it cannot be told.
    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<Answer, Failure> {
        let start = self.clock.moment();
        let question = Question::read(event.payload).map_err(|_| {
            error!("the event is not of a kind that API Gateway sends to an authorizer");
            Failure::UnknownEvent
        })?;
        let believed = self.identify(question.credential.as_deref()).await;
        let verdict = match &believed {
            Ok(identity) => Verdict::Allowed(identity),
            Err(Denial::Refused(refusal)) => Verdict::Refused(*refusal, None),
            Err(Denial::Outage(outage)) => Verdict::Outage(outage.code()),
        };
        let duration = self.clock.moment().since(start);
        log::decision(&event.context.request_id, "authorize", &verdict, duration);
        self.answer(&question, believed)
    }

    async fn identify(&self, credential: Option<&str>) -> Result<Identity, Denial> {
        let credential = credential.ok_or(Refusal::NoBearer)?;
        self.door.identify(credential.as_bytes()).await
    }

    fn answer(
        &self,
        question: &Question,
        believed: Result<Identity, Denial>,
    ) -> Result<Answer, Failure> {
        let is_simple = self.simple_responses && question.is_format_2;
        let (agents, settings, method) = (&self.agents, &self.settings, &question.method);
        match believed {
            Ok(identity) if is_simple => Ok(Answer::simple(&identity, agents, settings, method)),
            Ok(identity) => Ok(Answer::policy(&identity, agents, settings, method)),
            Err(Denial::Outage(_)) => Err(Failure::Outage),
            Err(Denial::Refused(refusal)) => match refusal.answer() {
                gate::Answer::Unauthorized => Err(Failure::Unauthorized),
                gate::Answer::Forbidden if is_simple => Ok(Answer::simply_nothing()),
                gate::Answer::Forbidden => Ok(Answer::nothing(method)),
            },
        }
    }
}
