//! The answers that API Gateway gives by itself.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;

use super::event::Incoming;
use crate::template::{ContextVariable, GatewayResponse, HeaderText, Piece};

/// A type of gateway response that can happen here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ResponseType {
    /// The policy does not allow the method.
    AccessDenied,
    /// The API itself is at fault.
    ApiConfigurationError,
    /// The authorizer's answer is not one.
    AuthorizerConfigurationError,
    /// The authorizer failed.
    AuthorizerFailure,
    /// The body could not be read.
    BadRequestBody,
    /// A 4XX without a type of its own.
    Default4xx,
    /// A 5XX without a type of its own.
    Default5xx,
    /// The function did not answer in time.
    IntegrationTimeout,
    /// No route has this path and method.
    MissingAuthenticationToken,
    /// The body is too large.
    RequestTooLarge,
    /// No identity, or one that the authorizer does not believe.
    Unauthorized,
    /// The body's media type has no template.
    UnsupportedMediaType,
}

impl ResponseType {
    /// As templates spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::AccessDenied => "ACCESS_DENIED",
            Self::ApiConfigurationError => "API_CONFIGURATION_ERROR",
            Self::AuthorizerConfigurationError => "AUTHORIZER_CONFIGURATION_ERROR",
            Self::AuthorizerFailure => "AUTHORIZER_FAILURE",
            Self::BadRequestBody => "BAD_REQUEST_BODY",
            Self::Default4xx => "DEFAULT_4XX",
            Self::Default5xx => "DEFAULT_5XX",
            Self::IntegrationTimeout => "INTEGRATION_TIMEOUT",
            Self::MissingAuthenticationToken => "MISSING_AUTHENTICATION_TOKEN",
            Self::RequestTooLarge => "REQUEST_TOO_LARGE",
            Self::Unauthorized => "UNAUTHORIZED",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
        }
    }

    /// The status where the template gives none, and the reason that is shown.
    fn defaults(self) -> (StatusCode, Option<&'static str>) {
        match self {
            Self::AccessDenied => (
                StatusCode::FORBIDDEN,
                Some("User is not authorized to access this resource"),
            ),
            Self::ApiConfigurationError | Self::Default5xx => (
                StatusCode::INTERNAL_SERVER_ERROR,
                Some("Internal server error"),
            ),
            // API Gateway says nothing of what is wrong with an authorizer.
            Self::AuthorizerConfigurationError | Self::AuthorizerFailure => {
                (StatusCode::INTERNAL_SERVER_ERROR, None)
            }
            Self::BadRequestBody | Self::Default4xx => {
                (StatusCode::BAD_REQUEST, Some("Bad Request"))
            }
            Self::IntegrationTimeout => (
                StatusCode::GATEWAY_TIMEOUT,
                Some("Endpoint request timed out"),
            ),
            Self::MissingAuthenticationToken => {
                (StatusCode::FORBIDDEN, Some("Missing Authentication Token"))
            }
            Self::RequestTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, Some("Request Too Long")),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, Some("Unauthorized")),
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                Some("Unsupported Media Type"),
            ),
        }
    }
}

/// A request that is not answered by its function.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Refusal {
    pub(super) kind: ResponseType,
    status: StatusCode,
    message: Option<&'static str>,
}

impl Refusal {
    pub(super) fn of(kind: ResponseType) -> Self {
        let (status, message) = kind.defaults();
        Self {
            kind,
            status,
            message,
        }
    }

    /// The status that API Gateway answers with where the template gives no other.
    pub(super) const fn status(&self) -> StatusCode {
        self.status
    }

    /// A statement of the policy forbids it, and the message says so.
    pub(super) fn explicit_deny() -> Self {
        let message = Some("User is not authorized to access this resource with an explicit deny");
        Self {
            message,
            ..Self::of(ResponseType::AccessDenied)
        }
    }

    /// The path makes a method ARN over API Gateway's limit.
    pub(super) fn uri_too_long() -> Self {
        let message = Some("Request URI too long");
        Self {
            status: StatusCode::URI_TOO_LONG,
            message,
            ..Self::of(ResponseType::Default4xx)
        }
    }

    /// API Gateway's own status for this is not documented; this one says what is wrong.
    pub(super) fn headers_too_large() -> Self {
        let message = Some("Request Header Fields Too Large");
        Self {
            status: StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            message,
            ..Self::of(ResponseType::Default4xx)
        }
    }

    /// The function failed, or its answer is malformed.
    pub(super) fn bad_gateway() -> Self {
        Self {
            status: StatusCode::BAD_GATEWAY,
            ..Self::of(ResponseType::Default5xx)
        }
    }

    /// The response type that applies where the template has none for this kind.
    pub(super) fn fallback(&self) -> &'static str {
        if self.status.is_client_error() {
            "DEFAULT_4XX"
        } else {
            "DEFAULT_5XX"
        }
    }

    /// The answer as the template has it, or API Gateway's own.
    pub(super) fn answer(
        &self,
        template: Option<&GatewayResponse>,
        incoming: &Incoming,
    ) -> Response {
        let message = json!({"message": self.message}).to_string();
        let mut response = Response::new(Body::from(message));
        *response.status_mut() = self.status;
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        if let Some(template) = template {
            self.apply(template, &mut response, incoming);
        }
        response
    }

    fn apply(&self, template: &GatewayResponse, response: &mut Response, incoming: &Incoming) {
        let asked = &incoming.request.headers;
        if let Some(status) = template.status {
            *response.status_mut() = status;
        }
        if let Some((content_type, pieces)) = chosen(&template.bodies, asked) {
            *response.body_mut() = Body::from(self.fill(pieces, incoming));
            if let Ok(value) = HeaderValue::from_str(content_type) {
                response.headers_mut().insert(header::CONTENT_TYPE, value);
            }
        }
        for (name, text) in &template.headers {
            let value = match text {
                HeaderText::Fixed(text) => HeaderValue::from_str(text).ok(),
                HeaderText::RequestHeader(name) => asked.get(name).cloned(),
                HeaderText::Context(variable) => {
                    HeaderValue::from_str(&self.context(*variable, incoming)).ok()
                }
            };
            if let (Ok(name), Some(value)) = (HeaderName::from_bytes(name.as_bytes()), value) {
                response.headers_mut().insert(name, value);
            }
        }
    }

    fn fill(&self, pieces: &[Piece], incoming: &Incoming) -> String {
        let filled = pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Context(variable) => self.context(*variable, incoming),
        });
        filled.collect()
    }

    fn context(&self, variable: ContextVariable, incoming: &Incoming) -> String {
        match variable {
            ContextVariable::ErrorMessage => self.message.unwrap_or_default().to_owned(),
            ContextVariable::ErrorMessageString => json!(self.message).to_string(),
            ContextVariable::ErrorResponseType => self.kind.name().to_owned(),
            ContextVariable::ExtendedRequestId => incoming.extended_request_id.clone(),
            ContextVariable::RequestId => incoming.request_id.clone(),
            ContextVariable::Stage => incoming.request.stage.clone(),
        }
    }
}

/// The body for the content type asked for first, or else for JSON, or else the first.
fn chosen<'a>(
    bodies: &'a [(String, Vec<Piece>)],
    asked: &HeaderMap,
) -> Option<&'a (String, Vec<Piece>)> {
    let accept = asked
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .unwrap_or_default();
    let first = accept.split([',', ';']).next().unwrap_or_default().trim();
    let of = |wanted: &str| {
        bodies
            .iter()
            .find(|(content_type, _)| content_type == wanted)
    };
    of(first)
        .or_else(|| of("application/json"))
        .or_else(|| bodies.first())
}
