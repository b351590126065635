//! `POST /`: the JSON operation `InitiateAuth`, by which a command line signs a person in without a
//! browser; and, signed, the operations of administrators.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use super::answer::{json_answer, single};
use super::client::SELF_SCOPE;
use super::pool::Grant;
use super::trigger::{Occasion, TriggerError};
use super::{NoTokensError, Service};
use crate::clock;

/// Far above what the operation's own limits allow for name, password and client metadata.
const MAX_BODY: usize = 256 * 1024;
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const INITIATE_AUTH: &str = "AWSCognitoIdentityProviderService.InitiateAuth";

/// An exception of the Cognito API: its name, and the message that goes with it.
enum Exception {
    Internal,
    InvalidParameter,
    UnknownOperation,
    NoSuchClient,
    FlowNotEnabled,
    WrongPassword,
    BadRefreshToken,
    /// The trigger's own error, whose text the person gets to see.
    Trigger(String),
    TriggerSilent,
    TriggerAnswer,
}

impl Exception {
    fn name_and_message(&self) -> (&'static str, Cow<'static, str>) {
        let (name, message) = match self {
            Self::Internal => ("InternalErrorException", "Something went wrong."),
            Self::InvalidParameter => ("InvalidParameterException", "Missing required parameter"),
            Self::UnknownOperation => ("UnknownOperationException", "Unknown operation"),
            Self::NoSuchClient => (
                "ResourceNotFoundException",
                "User pool client does not exist.",
            ),
            Self::FlowNotEnabled => (
                "InvalidParameterException",
                "Auth flow not enabled for this client",
            ),
            Self::WrongPassword => ("NotAuthorizedException", "Incorrect username or password."),
            Self::BadRefreshToken => ("NotAuthorizedException", "Invalid Refresh Token"),
            Self::Trigger(text) => {
                let message = format!("PreTokenGeneration failed with error {text}.");
                return ("UserLambdaValidationException", message.into());
            }
            Self::TriggerSilent => (
                "UnexpectedLambdaException",
                "PreTokenGeneration invocation failed.",
            ),
            Self::TriggerAnswer => (
                "InvalidLambdaResponseException",
                "Unrecognizable lambda output",
            ),
        };
        (name, message.into())
    }

    fn answer(self) -> Response {
        let (name, message) = self.name_and_message();
        let status = match self {
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::InvalidParameter
            | Self::UnknownOperation
            | Self::NoSuchClient
            | Self::FlowNotEnabled
            | Self::WrongPassword
            | Self::BadRefreshToken
            | Self::Trigger(_)
            | Self::TriggerSilent
            | Self::TriggerAnswer => StatusCode::BAD_REQUEST,
        };
        let mut response = json_answer(status, &json!({ "__type": name, "message": message }));
        let name = HeaderValue::from_static(name);
        response
            .headers_mut()
            .insert(HeaderName::from_static("x-amzn-errortype"), name);
        response
    }
}

pub(super) async fn call(State(service): State<Arc<Service>>, request: Request) -> Response {
    if single(request.headers(), TARGET) != Some(INITIATE_AUTH) {
        return match &service.administration {
            Some(administration) => administration.call(request).await,
            None => Exception::UnknownOperation.answer(),
        };
    }
    let body = axum::body::to_bytes(request.into_body(), MAX_BODY)
        .await
        .ok();
    let Some(body) = body.and_then(|body| serde_json::from_slice::<Value>(&body).ok()) else {
        return Exception::InvalidParameter.answer();
    };
    initiate(&service, &body)
        .await
        .map_or_else(Exception::answer, |result| {
            json_answer(StatusCode::OK, &result)
        })
}

async fn initiate(service: &Service, body: &Value) -> Result<Value, Exception> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let parameter = |name| {
        let value = body
            .get("AuthParameters")
            .and_then(|parameters| parameters.get(name));
        text(value).ok_or(Exception::InvalidParameter)
    };
    let client = text(body.get("ClientId")).ok_or(Exception::InvalidParameter)?;
    let flow = text(body.get("AuthFlow")).ok_or(Exception::InvalidParameter)?;
    if [service.pool.machine.id, service.pool.tools.id].contains(&client.as_str()) {
        return Err(Exception::FlowNotEnabled);
    }
    if client != service.pool.console.id {
        return Err(Exception::NoSuchClient);
    }
    let now = clock::now();
    match flow.as_str() {
        "USER_PASSWORD_AUTH" => {
            let (name, password) = (parameter("USERNAME")?, parameter("PASSWORD")?);
            let session = service.pool.sign_in(&name, &password, now);
            let session = session.ok_or(Exception::WrongPassword)?;
            let grant = Grant::new(session, SELF_SCOPE.to_owned(), None);
            let mut tokens = tokens(service, &grant, Occasion::Authentication, now).await?;
            let refresh_token = service.pool.issue_refresh_token(grant, now);
            tokens.insert("RefreshToken".to_owned(), json!(refresh_token));
            Ok(result(tokens))
        }
        "REFRESH_TOKEN_AUTH" | "REFRESH_TOKEN" => {
            let token = parameter("REFRESH_TOKEN")?;
            let grant = service
                .pool
                .refresh(&token, now)
                .ok_or(Exception::BadRefreshToken)?;
            let tokens = tokens(service, &grant, Occasion::RefreshTokens, now).await?;
            Ok(result(tokens))
        }
        _ => Err(Exception::FlowNotEnabled),
    }
}

impl From<NoTokensError> for Exception {
    fn from(error: NoTokensError) -> Self {
        match error {
            NoTokensError::Trigger(TriggerError::Function(text)) => Self::Trigger(text),
            NoTokensError::Trigger(TriggerError::NoAnswer) => Self::TriggerSilent,
            NoTokensError::Trigger(TriggerError::Answer(_)) => Self::TriggerAnswer,
            NoTokensError::Sign(_) => Self::Internal,
        }
    }
}

async fn tokens(
    service: &Service,
    grant: &Grant,
    occasion: Occasion,
    now: u64,
) -> Result<Map<String, Value>, Exception> {
    let (access, id) = service.user_tokens(grant, occasion, now).await?;
    let tokens = [
        ("AccessToken", json!(access)),
        ("ExpiresIn", json!(service.lifetime_seconds)),
        ("IdToken", json!(id)),
        ("TokenType", json!("Bearer")),
    ];
    Ok(tokens
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect())
}

fn result(tokens: Map<String, Value>) -> Value {
    json!({ "AuthenticationResult": tokens, "ChallengeParameters": {} })
}
