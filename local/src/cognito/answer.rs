//! The few kinds of answer that the issuer gives.

use axum::body::Body;
use axum::response::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, LOCATION, SET_COOKIE,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

/// What OAuth calls an error code (RFC 6749, sections 4.1.2.1 and 5.2; OpenID Connect Core, 3.1.2.6; RFC
/// 7009, section 2.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OauthError {
    InvalidClient,
    InvalidGrant,
    InvalidRequest,
    /// Not among the codes Cognito documents for its token endpoint; its pages contradict each
    /// other on unknown scopes, and a refusal is the answer that hides no mistake.
    InvalidScope,
    LoginRequired,
    ServerError,
    UnauthorizedClient,
    UnsupportedGrantType,
    UnsupportedResponseType,
}

impl OauthError {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidScope => "invalid_scope",
            Self::LoginRequired => "login_required",
            Self::ServerError => "server_error",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
        }
    }

    /// As the token endpoint answers it: always 400, no description.
    pub(super) fn answer(self) -> Response {
        let status = match self {
            Self::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::InvalidClient
            | Self::InvalidGrant
            | Self::InvalidRequest
            | Self::InvalidScope
            | Self::LoginRequired
            | Self::UnauthorizedClient
            | Self::UnsupportedGrantType
            | Self::UnsupportedResponseType => StatusCode::BAD_REQUEST,
        };
        json_answer(status, &json!({ "error": self.code() }))
    }
}

/// JSON for any origin, never kept by a cache.
pub(super) fn json_answer(status: StatusCode, body: &Value) -> Response {
    let mut response = answer(status, "application/json", body.to_string());
    response
        .headers_mut()
        .insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// A browser sent elsewhere, with cookies.
pub(super) fn found(location: &str, cookies: &[String]) -> Response {
    let mut response = answer(StatusCode::FOUND, "text/plain", String::new());
    let Ok(location) = HeaderValue::from_str(location) else {
        return answer(
            StatusCode::INTERNAL_SERVER_ERROR,
            "text/plain",
            String::new(),
        );
    };
    response.headers_mut().insert(LOCATION, location);
    set_cookies(&mut response, cookies);
    response
}

pub(super) fn set_cookies(response: &mut Response, cookies: &[String]) {
    for cookie in cookies {
        if let Ok(cookie) = HeaderValue::from_str(cookie) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
}

pub(super) fn answer(status: StatusCode, content_type: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The value of a header that came exactly once, as text.
pub(super) fn single(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}
