//! The errors of the data plane, as it puts them on the wire: a status, a name in
//! `x-amzn-ErrorType`, a message.

use axum::body::Body;
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::signature::SignatureError;

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
                "There is no such agent or endpoint.",
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
}

impl Failure {
    /// A request member that breaks the model's rule for it.
    pub(super) fn invalid(field: &str, rule: &str) -> Self {
        let (status, name, message) = ServiceError::Validation.parts();
        let body = json!({
            "message": message,
            "reason": "FieldValidationFailed",
            "fieldList": [{ "name": field, "message": rule }],
        });
        Self { status, name, body }
    }

    pub(super) fn answer(self) -> Response {
        let mut response = Response::new(Body::from(self.body.to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let name = HeaderName::from_static("x-amzn-errortype");
        headers.insert(name, HeaderValue::from_static(self.name));
        response
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        let (status, name, message) = error.parts();
        Self {
            status,
            name,
            body: json!({ "message": message }),
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
        }
    }
}
