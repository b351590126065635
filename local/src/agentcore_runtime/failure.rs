//! The errors of the data plane, as it puts them on the wire: a status, a name in
//! `x-amzn-ErrorType`, a message; or what a runtime's protocol has for them.

use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::protocol::Protocol;
use crate::sigv4::SignatureError;

/// The errors that the service model gives to `InvokeAgentRuntime`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceError {
    /// 400
    Validation,
    /// 401; only of runtimes that take a JWT
    Unauthorized,
    /// 402
    ServiceQuotaExceeded,
    /// 403
    AccessDenied,
    /// 404
    ResourceNotFound,
    /// 409: the session is being made or torn down, or busy; the SDKs try again
    RetryableConflict,
    /// 424: the container answered an error, or did not come up
    RuntimeClient,
    /// 429
    Throttling,
    /// 500
    Internal,
}

impl ServiceError {
    const fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Validation => (
                StatusCode::BAD_REQUEST,
                "ValidationException",
                "The request is not valid.",
            ),
            Self::Unauthorized => (
                StatusCode::UNAUTHORIZED,
                "UnauthorizedException",
                "Authentication is required.",
            ),
            Self::ServiceQuotaExceeded => (
                StatusCode::PAYMENT_REQUIRED,
                "ServiceQuotaExceededException",
                "A service quota is exceeded.",
            ),
            Self::AccessDenied => (
                StatusCode::FORBIDDEN,
                "AccessDeniedException",
                "The caller may not do this.",
            ),
            Self::ResourceNotFound => (
                StatusCode::NOT_FOUND,
                "ResourceNotFoundException",
                "There is no such agent, endpoint or session.",
            ),
            Self::RetryableConflict => (
                StatusCode::CONFLICT,
                "RetryableConflictException",
                "The session is busy. Try again.",
            ),
            Self::RuntimeClient => (
                StatusCode::FAILED_DEPENDENCY,
                "RuntimeClientError",
                "The runtime answered with an error, or did not start.",
            ),
            Self::Throttling => (
                StatusCode::TOO_MANY_REQUESTS,
                "ThrottlingException",
                "The rate is exceeded.",
            ),
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalServerException",
                "An internal error occurred.",
            ),
        }
    }
}

/// An error on its way out.
pub(super) struct Failure {
    status: StatusCode,
    name: &'static str,
    body: Value,
    /// What it is to a JSON-RPC client; nothing for refusals before the service.
    error: Option<ServiceError>,
    /// For `WWW-Authenticate`
    challenge: Option<String>,
}

impl Failure {
    pub(super) const fn status(&self) -> StatusCode {
        self.status
    }

    /// A request member that breaks the model's rule for it.
    pub(super) fn invalid(field: &str, rule: &str) -> Self {
        let mut failure = Self::from(ServiceError::Validation);
        if let Value::Object(body) = &mut failure.body {
            body.insert("reason".to_owned(), json!("FieldValidationFailed"));
            let fields = json!([{ "message": rule, "name": field }]);
            body.insert("fieldList".to_owned(), fields);
        }
        failure
    }

    /// A signature for a runtime that takes tokens, or a token for one that takes signatures.
    pub(super) fn mismatch() -> Self {
        Self {
            body: json!({ "message": "Authorization method mismatch. The agent is configured for a different \
                authorization method than what was used in your request." }),
            ..Self::from(ServiceError::AccessDenied)
        }
    }

    /// Nothing was shown to a runtime that takes tokens.
    pub(super) fn unauthorized(challenge: String) -> Self {
        Self {
            challenge: Some(challenge),
            ..Self::from(ServiceError::Unauthorized)
        }
    }

    /// `id` is the JSON-RPC request's; null where it is not known.
    pub(super) fn answer(self, protocol: Protocol, id: &Value) -> Response {
        let rpc = self.error.and_then(|error| error.rpc(protocol));
        let (status, body) = match rpc {
            Some((status, code)) => {
                let message = self.body.get("message").cloned().unwrap_or_default();
                let error = json!({ "code": code, "message": message });
                (
                    status,
                    json!({ "error": error, "id": id, "jsonrpc": "2.0" }),
                )
            }
            None => (self.status, self.body),
        };
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if rpc.is_none() {
            let name = HeaderName::from_static("x-amzn-errortype");
            headers.insert(name, HeaderValue::from_static(self.name));
        }
        let challenge = self.challenge.map(HeaderValue::try_from);
        headers.extend(
            challenge
                .and_then(Result::ok)
                .map(|value| (WWW_AUTHENTICATE, value)),
        );
        response
    }
}

impl ServiceError {
    /// Status and code where the runtime's protocol has its own (the protocol contracts of the
    /// Developer Guide; of MCP's only -32003 is documented, -32001 is what MCP servers say).
    const fn rpc(self, protocol: Protocol) -> Option<(StatusCode, i32)> {
        match (protocol, self) {
            (Protocol::Mcp, Self::Throttling | Self::ServiceQuotaExceeded) => {
                Some((StatusCode::OK, -32003))
            }
            (Protocol::Mcp, Self::ResourceNotFound) => Some((StatusCode::NOT_FOUND, -32001)),
            (Protocol::A2a, Self::ResourceNotFound) => Some((StatusCode::NOT_FOUND, -32051)),
            (Protocol::A2a, Self::Validation) => Some((StatusCode::BAD_REQUEST, -32052)),
            (Protocol::A2a, Self::Throttling | Self::ServiceQuotaExceeded) => {
                Some((StatusCode::TOO_MANY_REQUESTS, -32053))
            }
            (Protocol::A2a, Self::RetryableConflict) => Some((StatusCode::CONFLICT, -32054)),
            (Protocol::A2a, Self::RuntimeClient) => Some((StatusCode::FAILED_DEPENDENCY, -32055)),
            (Protocol::A2a, Self::Internal) => Some((StatusCode::INTERNAL_SERVER_ERROR, -32603)),
            (Protocol::A2a, Self::AccessDenied | Self::Unauthorized)
            | (
                Protocol::Mcp,
                Self::AccessDenied
                | Self::Internal
                | Self::RetryableConflict
                | Self::RuntimeClient
                | Self::Unauthorized
                | Self::Validation,
            )
            | (Protocol::Http, _) => None,
        }
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        let (status, name, message) = error.parts();
        Self {
            status,
            name,
            body: json!({ "message": message }),
            error: Some(error),
            challenge: None,
        }
    }
}

/// A refusal in front of the service: AWS answers every doubt about a signature with 403.
impl From<SignatureError> for Failure {
    fn from(error: SignatureError) -> Self {
        let (name, message) = error.name_and_message();
        Self {
            status: StatusCode::FORBIDDEN,
            name,
            body: json!({ "message": message }),
            error: None,
            challenge: None,
        }
    }
}
