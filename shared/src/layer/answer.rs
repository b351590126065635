//! The 403, 413 or 503 response for a rejected request.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use http_body_util::Full;
use serde_json::json;

use super::proof::ProofError;

/// Why a request is rejected. Its text is for the log; the client learns the status only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum LayerError {
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error("the door's keys cannot be had")]
    NoKeys,
    #[error("the body is longer than is read, or was cut")]
    TooLarge,
    #[error("too many proofs are remembered")]
    Crowded,
}

impl LayerError {
    /// The stable reason code of logs.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Proof(error) => error.code(),
            Self::NoKeys => "keys_unavailable",
            Self::TooLarge => "too_large",
            Self::Crowded => "crowded",
        }
    }

    /// A problem (RFC 9457).
    pub(super) fn answer(self) -> Response<Full<Bytes>> {
        let (status, code, title) = match self {
            Self::Proof(_) => (
                StatusCode::FORBIDDEN,
                "bad_proof",
                "The door does not vouch for this request",
            ),
            Self::NoKeys | Self::Crowded => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "It cannot be told at the moment whether the door vouches for this request",
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                "The body is too large",
            ),
        };
        let body = json!({"code": code, "status": status.as_u16(), "title": title});
        let mut response = Response::new(Full::from(body.to_string()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("application/problem+json");
        headers.insert(CONTENT_TYPE, kind);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("10"));
        }
        response
    }
}
