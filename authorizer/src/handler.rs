//! Event handler: one authorizer event -> identity -> policy.

use std::time::Duration;

use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::Value;
use shared::agents::Agents;
use shared::clock::Clock;
use shared::door::{Door, DoorError};
use shared::explanation::Explanation;
use shared::gate::{self, Identity, Refusal};
use shared::log::RequestIds;
use tracing::{Instrument, error, info};

use crate::answer::PolicyAnswer;
use crate::config::Config;
use crate::event::{Question, RequestContext};
use crate::record::Record;

/// How long a start may wait for keys: well within the 10 seconds that Lambda gives a function to initialise, and long
/// enough for an issuer that is up. Keys that come later are fetched when they are needed.
const WARM_TIMEOUT: Duration = Duration::from_secs(2);

pub(crate) struct Authorizer {
    door: Door,
    agents: Agents,
    simple_responses: bool,
    settings: String,
    clock: Clock,
}

/// Why there is no answer. API Gateway makes 401 of the exact message `Unauthorized` and 500 of any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuthorizerError {
    /// There is no good token.
    #[error("Unauthorized")]
    Unauthorized,
    /// It cannot be told whether the token is good.
    #[error("the token could not be checked")]
    Outage,
    #[error("the event is not of a kind that API Gateway sends to an authorizer")]
    UnknownEvent,
}

impl From<AuthorizerError> for Diagnostic {
    fn from(failure: AuthorizerError) -> Self {
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
        for note in issuers.notes() {
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
        self.door.warm(WARM_TIMEOUT).await;
    }

    /// Answers one event.
    ///
    /// # Errors
    /// If there is no good token, or it cannot be told.
    pub(crate) async fn handle(
        &self,
        event: LambdaEvent<Value>,
    ) -> Result<PolicyAnswer, AuthorizerError> {
        let start = self.clock.moment();
        let LambdaEvent { payload, context } = event;
        let question = Question::read(payload).map_err(|_| {
            error!("the event is not of a kind that API Gateway sends to an authorizer");
            AuthorizerError::UnknownEvent
        })?;
        let RequestContext { id, extended_id } = &question.request;
        let ids = RequestIds::new(&context.request_id, id.as_deref(), extended_id.as_deref());
        let identify = self.identify(question.credential.as_deref());
        let believed = identify.instrument(ids.span()).await;
        let record = Record {
            ids: &ids,
            method: &question.method,
            duration: self.clock.moment().since(start),
        };
        record.write(&self.agents, &believed);
        self.answer(&question, believed)
    }

    async fn identify(
        &self,
        credential: Option<&str>,
    ) -> Result<Identity, (DoorError, Explanation)> {
        let no_bearer = || {
            (
                DoorError::Refused(Refusal::NoBearer),
                Explanation::default(),
            )
        };
        let credential = credential.ok_or_else(no_bearer)?;
        self.door.decide(credential.as_bytes()).await
    }

    fn answer(
        &self,
        question: &Question,
        believed: Result<Identity, (DoorError, Explanation)>,
    ) -> Result<PolicyAnswer, AuthorizerError> {
        let is_simple = self.simple_responses && question.is_format_2;
        let (agents, settings, method) = (&self.agents, &self.settings, &question.method);
        match believed {
            Ok(identity) if is_simple => {
                Ok(PolicyAnswer::simple(&identity, agents, settings, method))
            }
            Ok(identity) => Ok(PolicyAnswer::policy(&identity, agents, settings, method)),
            Err((DoorError::Outage(_), _)) => Err(AuthorizerError::Outage),
            Err((DoorError::Refused(refusal), why)) => match refusal.answer() {
                gate::Answer::Unauthorized => Err(AuthorizerError::Unauthorized),
                gate::Answer::Forbidden if is_simple => Ok(PolicyAnswer::simply_nothing()),
                gate::Answer::Forbidden => {
                    Ok(PolicyAnswer::nothing(method, why.token_id.as_deref()))
                }
            },
        }
    }
}
