//! The pre token generation trigger, version V3_0: the function that Cognito asks before it signs a token.
//!
//! "Pre token generation Lambda trigger", Amazon Cognito Developer Guide.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::POOL;
use super::overrides::{Overrides, OverridesError};
use super::pool::Grant;
use crate::lambda::{Function, InvokeError, REGION};

/// Attempts at a call that may be tried again ("Using Lambda triggers": after three unsuccessful attempts).
const ATTEMPTS: usize = 3;

/// A trigger and how long it is waited for.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// What is asked.
    pub function: Function,
    /// Until one attempt is given up.
    pub limit: Duration,
}

impl Trigger {
    /// Cognito's own limit, 5 seconds.
    pub fn new(function: Function) -> Self {
        Self {
            function,
            limit: Duration::from_secs(5),
        }
    }
}

/// On what occasion a token is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    /// The sign-in page.
    HostedAuth,
    /// The sign-in API.
    Authentication,
    /// A refresh, by whichever way.
    RefreshTokens,
}

impl Occasion {
    const fn source(self) -> &'static str {
        match self {
            Self::HostedAuth => "TokenGeneration_HostedAuth",
            Self::Authentication => "TokenGeneration_Authentication",
            Self::RefreshTokens => "TokenGeneration_RefreshTokens",
        }
    }
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub(super) enum TriggerError {
    /// The function's own error. Cognito shows its text to the person who signs in.
    #[error("{0}")]
    Function(String),
    /// It did not answer in time, three times over, or its process ended.
    #[error("the trigger did not answer")]
    NoAnswer,
    /// It answered with something that is no answer.
    #[error("the trigger's answer cannot be used")]
    Answer(#[from] OverridesError),
}

/// The event of a user's token. Client metadata does not reach it from the sign-in page, nor from `InitiateAuth`.
pub(super) fn user_event(occasion: Occasion, grant: &Grant, client: &str) -> Value {
    let user = &grant.session.user;
    let request = json!({
        "userAttributes": {
            "sub": user.subject,
            "cognito:user_status": "CONFIRMED",
            "email_verified": "true",
            "email": user.email,
        },
        "groupConfiguration": {
            "groupsToOverride": user.groups,
            "iamRolesToOverride": [],
            "preferredRole": null,
        },
        "scopes": grant.scope.split(' ').collect::<Vec<_>>(),
    });
    event(occasion.source(), &user.name, client, &request)
}

/// The event of a program's token, with the `aws_client_metadata` of its request.
pub(super) fn machine_event(
    client: &str,
    scope: &str,
    metadata: Option<&BTreeMap<String, String>>,
) -> Value {
    let mut request = json!({
        "userAttributes": {},
        "groupConfiguration": null,
        "scopes": scope.split(' ').collect::<Vec<_>>(),
    });
    if let (Some(members), Some(metadata)) = (request.as_object_mut(), metadata) {
        members.insert("clientMetadata".to_owned(), json!(metadata));
    }
    let source = "TokenGeneration_ClientCredentials";
    event(source, "ClientCredentials", client, &request)
}

fn event(source: &str, user: &str, client: &str, request: &Value) -> Value {
    json!({
        "version": "3",
        "triggerSource": source,
        "region": REGION,
        "userPoolId": POOL,
        "userName": user,
        "callerContext": { "awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": client },
        "request": request,
        "response": { "claimsAndScopeOverrideDetails": null },
    })
}

impl Trigger {
    /// What the function wants to have changed.
    pub(super) async fn ask(&self, event: &Value) -> Result<Overrides, TriggerError> {
        let answer = self.invoke(Bytes::from(event.to_string())).await?;
        Ok(Overrides::parse(&answer)?)
    }

    /// What may be tried again is silence, and Lambda's refusal to start one more process; an error of the function,
    /// or of its process, is the end.
    async fn invoke(&self, event: Bytes) -> Result<Bytes, TriggerError> {
        for _ in 0..ATTEMPTS {
            let answer = self.function.invoke(event.clone());
            match tokio::time::timeout(self.limit, answer).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(InvokeError::Throttled)) | Err(_) => {}
                Ok(Err(InvokeError::Function(error))) => {
                    return Err(TriggerError::Function(error.error_message));
                }
                Ok(Err(
                    InvokeError::TimedOut
                    | InvokeError::Crashed(_)
                    | InvokeError::NoAnswer
                    | InvokeError::InitFailed(_)
                    | InvokeError::Spawn(_)
                    | InvokeError::RequestTooLarge
                    | InvokeError::ResponseTooLarge
                    | InvokeError::Framing(_)
                    | InvokeError::Stream(_),
                )) => return Err(TriggerError::NoAnswer),
            }
        }
        Err(TriggerError::NoAnswer)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aws_lambda_events::cognito::CognitoEventUserPoolsPreTokenGenV2;

    use super::super::pool::{Session, User};
    use super::*;
    use crate::modelled::lost;

    /// The crate has no type for version 3 of the event; that of version 2 knows all of it but the machines' source.
    #[test]
    fn the_events_are_those_of_the_crates_type() {
        let user = User {
            name: "alice".to_owned(),
            email: "alice@example.com".to_owned(),
            groups: vec!["staff".to_owned()],
            password: String::new(),
            subject: "a".to_owned(),
        };
        let session = Session {
            user: Arc::new(user),
            auth_time: 0,
        };
        let grant = Grant::new(session, "openid".to_owned(), None);
        let event = user_event(Occasion::HostedAuth, &grant, "client");
        assert_eq!(lost::<CognitoEventUserPoolsPreTokenGenV2>(&event), [""; 0]);
        let metadata = BTreeMap::from([("user_token".to_owned(), "x".to_owned())]);
        let mut event = machine_event("client", "tools/call", Some(&metadata));
        event["triggerSource"] = Occasion::HostedAuth.source().into();
        // A program is in no group: the crate makes an empty configuration of null.
        let lost = lost::<CognitoEventUserPoolsPreTokenGenV2>(&event);
        assert_eq!(lost, ["/request/groupConfiguration"]);
    }
}
