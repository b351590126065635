//! The answer of a mock integration.
//!
//! The body is not looked at, only its media type: without one API Gateway takes it for JSON ("Integration passthrough
//! behaviors", where `never` refuses every type that has no template).

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::event::Incoming;
use super::refusal::{Refusal, ResponseType};
use crate::template::{ContextVariable, GatewayResponse, HeaderText, Piece};

/// Answers as the template has it, or refuses a body of another type than JSON.
pub(super) fn answer(
    status: StatusCode,
    template: &GatewayResponse,
    incoming: &Incoming,
) -> Result<Response, Refusal> {
    if !is_json(&incoming.request.headers) {
        return Err(Refusal::of(ResponseType::UnsupportedMediaType));
    }
    let pieces = template.bodies.first().map(|(_, pieces)| pieces.as_slice());
    let mut response = Response::new(Body::from(fill(pieces.unwrap_or_default(), incoming)));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    for (name, text) in &template.headers {
        let HeaderText::Fixed(text) = text else {
            return Err(Refusal::of(ResponseType::ApiConfigurationError));
        };
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(text),
        ) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(given) = headers.get(header::CONTENT_TYPE) else {
        return true;
    };
    let essence = given
        .to_str()
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

fn fill(pieces: &[Piece], incoming: &Incoming) -> String {
    let text = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Context(ContextVariable::ExtendedRequestId) => incoming.extended_request_id.clone(),
        Piece::Context(ContextVariable::RequestId) => incoming.request_id.clone(),
        Piece::Context(ContextVariable::Stage) => incoming.request.stage.clone(),
        // There is no error, and a template that names one is refused when it is read.
        Piece::Context(
            ContextVariable::ErrorMessage
            | ContextVariable::ErrorMessageString
            | ContextVariable::ErrorResponseType,
        ) => String::new(),
    };
    pieces.iter().map(text).collect()
}
