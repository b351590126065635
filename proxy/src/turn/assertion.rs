//! The assertion that tells the agent of its caller, signed by the door.

use http::header::{HeaderName, HeaderValue};
use shared::agents::{Runtime, Speaks};
use shared::assertion::{Call, TYPE};
use shared::headers;
use shared::session::SessionId;
use shared::signing::{SigningKey, SigningKeys};
use tracing::warn;

use super::request::Request;
use crate::access::Admitted;
use crate::audit::record::Upstream;
use crate::caller::problem::Problem;

/// [`shared::headers::IDENTITY`] and its value for one call of an agent; none if the door has no keys to sign with.
///
/// # Errors The keys are unavailable, or the door does not know its own address. Without the assertion there is no
/// call: an agent that relies on it must not have to guess.
pub(super) async fn header(
    signing: Option<&SigningKeys>,
    admitted: &Admitted<'_>,
    runtime: &Runtime,
    session: &SessionId,
    body: &[u8],
    request: &mut Request,
) -> Result<Option<(HeaderName, HeaderValue)>, Problem> {
    let Some(signing) = signing else {
        return Ok(None);
    };
    match sign(signing, admitted, runtime, session, body, request).await {
        Ok(value) => Ok(Some((HeaderName::from_static(headers::IDENTITY), value))),
        Err(detail) => {
            request.record.upstream(Upstream {
                detail: Some(format!("assertion: {detail}")),
                ..Upstream::default()
            });
            Err(Problem::SigningUnavailable)
        }
    }
}

/// The error is for the log.
async fn sign(
    signing: &SigningKeys,
    admitted: &Admitted<'_>,
    runtime: &Runtime,
    session: &SessionId,
    body: &[u8],
    request: &Request,
) -> Result<HeaderValue, &'static str> {
    let door = request.door.as_ref().ok_or("no public URL")?;
    let ring = Box::pin(signing.ring()).await;
    let ring = ring.map_err(|_| "no keys")?;
    let permit = &admitted.permit;
    let call = Call {
        door: door.as_str(),
        agent: permit.agent(),
        caller: permit.identity(),
        session: session.as_str(),
        method: "POST",
        path: path(runtime.speaks),
        body,
        // An agent takes each id once, so it must be one that no caller can choose, least of all another's.
        request_id: request.record.invocation_id(),
    };
    sealed(&call, ring.signer(signing.now()), signing)
}

fn sealed(
    call: &Call<'_>,
    key: &SigningKey,
    signing: &SigningKeys,
) -> Result<HeaderValue, &'static str> {
    let claims = call.claims(signing.now());
    let (claims, omitted) = claims.map_err(|_| "the caller's names are too long")?;
    if !omitted.is_empty() {
        warn!(
            ?omitted,
            "an assertion has no room for all that is known of its caller"
        );
    }
    let text = key.sign(TYPE, &claims).map_err(|_| "cannot sign")?;
    let mut value = HeaderValue::try_from(text).map_err(|_| "no header")?;
    value.set_sensitive(true);
    Ok(value)
}

/// Where AgentCore calls an agent's container ("Understand the AgentCore Runtime service contract").
const fn path(speaks: Speaks) -> &'static str {
    match speaks {
        Speaks::Http { websocket: _ } => "/invocations",
        Speaks::Mcp => "/mcp",
        Speaks::A2a => "/",
    }
}
