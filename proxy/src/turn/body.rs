//! The body that a caller sends to an agent, and the media types of both ways. The body is passed on as it is, if at
//! all.

use bytes::Bytes;
use shared::agents::Speaks;

use super::one_reading;
use super::request::Request;
use super::reserved_member;
use crate::audit::tool_call::{self, Ambiguous, Tool};
use crate::caller::event::BodyError;
use crate::caller::media;
use crate::caller::problem::Problem;

/// What to ask the agent for; the body says of itself that it is JSON.
///
/// # Errors
/// It says something else, or the caller takes nothing that agents answer.
pub(super) fn media_types(request: &Request) -> Result<&'static str, Problem> {
    if !media::is_json_sent(&request.event.headers) {
        return Err(Problem::UnsupportedMedia);
    }
    // RFC 9110, section 15.5.16: a coding that is not supported has a 415 of its own: the JSON in it has no fault.
    if media::is_coded(&request.event.headers) {
        return Err(Problem::UnsupportedCoding);
    }
    accepted(request)
}

/// What to ask the agent for.
///
/// # Errors
/// The caller takes nothing that agents answer.
pub(super) fn accepted(request: &Request) -> Result<&'static str, Problem> {
    media::accepted(&request.event.headers).ok_or(Problem::NotAcceptable)
}

/// The body for an agent in a runtime, as far as the door looks into it.
///
/// # Errors
/// It cannot be taken, or may not be passed on.
pub(super) fn for_runtime(
    request: &mut Request,
    max_bytes: usize,
    speaks: Speaks,
) -> Result<Bytes, Problem> {
    let body = take(request, max_bytes)?;
    match speaks {
        Speaks::Http { websocket: _ } => reserved_member::check(&body)?,
        // The server answers for how it reads the message; the door only takes note.
        Speaks::Mcp => request.record.tool(match tool_call::read(&body) {
            Ok(tool) => tool,
            Err(Ambiguous) => Some(Tool::Unreadable),
        }),
        Speaks::A2a => {}
    }
    Ok(body)
}

/// The body for a gateway.
///
/// # Errors
/// It cannot be taken, or may not be passed on.
pub(super) fn for_gateway(request: &mut Request, max_bytes: usize) -> Result<Bytes, Problem> {
    let body = take(request, max_bytes)?;
    if is_batch(&body) {
        return Err(Problem::NoBatches);
    }
    // A gateway, its policies, an interceptor and the tool may each read the message with a parser of their own, so
    // they are sent none that can be read in two ways.
    one_reading::check(&body)?;
    let tool = tool_call::read(&body).map_err(|Ambiguous| Problem::BadJson)?;
    request.record.tool(tool);
    Ok(body)
}

/// Whether a message is several (MCP 2025-03-26, "Batching"; later versions have none).
fn is_batch(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'[')
}

fn take(request: &mut Request, max_bytes: usize) -> Result<Bytes, Problem> {
    let body = request.event.take_body(max_bytes);
    let body = body.map_err(|error| match error {
        BodyError::TooLarge => Problem::TooLarge,
        BodyError::NotBase64 => Problem::BadBody,
    })?;
    let count = u64::try_from(body.len()).unwrap_or(u64::MAX);
    request.record.received(count);
    request.dialect.hear(&body);
    Ok(body)
}
