//! The call to an Amazon Bedrock AgentCore runtime, by the AWS SDK: signed (SigV4), or with the caller's own token.
//!
//! The SDK has no operation that takes a token, so for those runtimes a client of its own signs nothing, and the token is
//! put in before the request leaves. Everything else is then the same for both: endpoints, deadlines, attempts, errors.

use std::collections::BTreeSet;
use std::error::Error;
use std::pin::Pin;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_bedrockagentcore::Client;
use aws_sdk_bedrockagentcore::config::auth::{Params, ResolveAuthScheme};
use aws_sdk_bedrockagentcore::config::retry::RetryConfig;
use aws_sdk_bedrockagentcore::config::timeout::TimeoutConfig;
use aws_sdk_bedrockagentcore::config::{
    Builder, ConfigBag, Region, RuntimeComponents, StalledStreamProtectionConfig,
};
use aws_sdk_bedrockagentcore::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockagentcore::operation::RequestId;
use aws_sdk_bedrockagentcore::operation::invoke_agent_runtime::InvokeAgentRuntimeOutput;
use aws_sdk_bedrockagentcore::primitives::{Blob, ByteStream, ByteStreamError};
use aws_smithy_runtime_api::client::auth::{
    AuthSchemeId, AuthSchemeOption, AuthSchemeOptionsFuture,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::retry::ErrorKind;
use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::poll_fn;
use http::{HeaderMap, StatusCode};
use shared::agents::RuntimeArn;
use shared::clock::Clock;
use shared::log::{Loggable, causes};
use tokio::time::timeout;

use super::attempts::OnlyBeforeTheTurn;
use super::bounded::Bounded;
use super::call::Turn;
use super::failure::{Failure, MAX_ERROR, Rest, own_refusal, pause, problem_of_status, rpc_error};
use super::renewed::Renewed;
use super::reply::{AgentStream, Reply};
use crate::access::authority::Authority;
use crate::audit::record::Upstream;
use crate::caller::problem::Problem;

/// A connection within one region takes milliseconds; what takes this long will not come.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// One call and two more, should the first be turned away before the agent saw it.
const MAX_ATTEMPTS: u32 = 3;

/// The pause before the second attempt; it doubles, and the SDK scatters it. A session is torn down in a moment.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The header in which a service of AWS's names an error.
const ERROR_TYPE: &str = "x-amzn-errortype";

/// What AgentCore says, with 403, to a signature where it takes tokens, and to a token where it takes signatures ("Inbound
/// Auth"). Its other refusals have the same name and status, so the text has to tell.
const MISMATCH: &str = "authorization method mismatch";

/// The data planes of the regions that the agents are in.
pub(super) struct Runtimes {
    platform: SdkConfig,
    regions: BTreeSet<String>,
    /// By region; they sign with the door's own role.
    signing: Renewed<Client>,
    /// By region; they sign nothing, whatever credentials there are.
    plain: Renewed<Client>,
    clock: Clock,
}

impl Runtimes {
    /// Prepares the clients of each region; nothing is connected yet.
    pub(super) fn new(
        platform: &SdkConfig,
        regions: impl Iterator<Item = String>,
        clock: Clock,
    ) -> Self {
        let runtimes = Self {
            platform: platform.clone(),
            regions: regions.collect(),
            signing: Renewed::default(),
            plain: Renewed::default(),
            clock,
        };
        for region in &runtimes.regions {
            runtimes.signing(region);
            runtimes.plain(region);
        }
        runtimes
    }

    /// The client for a runtime's region.
    pub(super) fn client(
        &self,
        runtime: &RuntimeArn,
        authority: Authority<'_>,
    ) -> Result<Client, Failure> {
        let region = self.regions.get(runtime.region());
        let region = region.ok_or(Failure::without_answer(Problem::AgentMisconfigured, None))?;
        Ok(match authority {
            Authority::Role => self.signing(region),
            Authority::Caller(_) | Authority::Tool(_) => self.plain(region),
        })
    }

    fn signing(&self, region: &str) -> Client {
        let make = || Client::from_conf(config(&self.platform, region).build());
        self.signing.client(region, self.clock.moment(), make)
    }

    fn plain(&self, region: &str) -> Client {
        let unsigned = || config(&self.platform, region).auth_scheme_resolver(NoSignature);
        let make = || Client::from_conf(unsigned().build());
        self.plain.client(region, self.clock.moment(), make)
    }

    /// Takes a turn with an agent, and waits at most `patience` for the head of its answer.
    pub(super) async fn invoke(
        &self,
        turn: Turn<'_>,
        patience: Duration,
    ) -> Result<Reply, Failure> {
        let client = self.client(turn.runtime, turn.authority)?;
        let Turn {
            permit,
            authority,
            runtime,
            qualifier,
            session,
            accept,
            headers,
            mut own,
            body,
        } = turn;
        own.extend(authority.header());
        let request = client
            .invoke_agent_runtime()
            .agent_runtime_arn(runtime.as_str())
            .qualifier(qualifier)
            // Left out, the SDK would invent a session.
            .runtime_session_id(session.as_str())
            .set_runtime_user_id(authority.user_id(permit))
            .content_type(crate::caller::media::JSON)
            .accept(accept)
            .set_trace_parent(text(headers, "traceparent"))
            .set_trace_state(text(headers, "tracestate"))
            .set_baggage(text(headers, "baggage"))
            .payload(Blob::new(body))
            .customize()
            // Before the request is signed, so that the signature covers it.
            .mutate_request(move |request| put(request, &own));
        let mut sent = Box::pin(request.send());
        match timeout(patience, &mut sent).await {
            Ok(answered) => answered
                .map(Reply::of)
                .map_err(|error| Failure::of(&error, authority)),
            // The agent may work on.
            Err(_) => Err(Failure {
                rest: Some(Rest(Box::pin(async move {
                    if let Ok(late) = sent.await {
                        Reply::of(late).body.drained().await;
                    }
                }))),
                ..Failure::without_answer(Problem::AgentTimeout, None)
            }),
        }
    }
}

/// Waits at most `patience` for the answer to what was sent in this name.
pub(super) async fn answer<O, E: ProvideErrorMetadata + Error + 'static>(
    sent: impl Future<Output = Result<O, SdkError<E>>>,
    authority: Authority<'_>,
    patience: Duration,
) -> Result<O, Failure> {
    match timeout(patience, sent).await {
        Ok(answered) => answered.map_err(|error| Failure::of(&error, authority)),
        Err(_) => Err(Failure::without_answer(Problem::AgentTimeout, None)),
    }
}

impl Reply {
    /// Takes what may be passed on; session ids, the session's own address and trace ids stay here.
    fn of(output: InvokeAgentRuntimeOutput) -> Self {
        let request_id = output.request_id().map(str::to_owned);
        let status = output
            .status_code
            .and_then(|status| u16::try_from(status).ok());
        let status = status
            .and_then(|status| StatusCode::from_u16(status).ok())
            .unwrap_or(StatusCode::OK);
        Self {
            status,
            content_type: output.content_type,
            mcp_session: output.mcp_session_id,
            mcp_version: output.mcp_protocol_version,
            body: AgentStream::of(pieces(output.response)),
            upstream: Upstream {
                status: Some(status.as_u16()),
                request_id,
                ..Upstream::default()
            },
        }
    }
}

impl Failure {
    /// What an error of any operation means for a caller.
    pub(super) fn of<E: ProvideErrorMetadata + Error + 'static>(
        error: &SdkError<E>,
        authority: Authority<'_>,
    ) -> Self {
        let unanswered = |problem| Self::without_answer(problem, Some(causes(error)));
        match error {
            SdkError::ServiceError(_) => Self::of_answer(error, authority),
            SdkError::TimeoutError(_) => unanswered(Problem::AgentTimeout),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => {
                unanswered(Problem::AgentTimeout)
            }
            // A connection that closes instead of an answer is no I/O error to the SDK, but one that passes.
            SdkError::DispatchFailure(failure)
                if failure.is_io() || failure.as_other() == Some(ErrorKind::TransientError) =>
            {
                unanswered(Problem::AgentUnreachable)
            }
            SdkError::ResponseError(_) => unanswered(Problem::AgentServiceFailed),
            // The request could not be built or signed: no credentials, an address that is none.
            SdkError::ConstructionFailure(_) | SdkError::DispatchFailure(_) | _ => {
                unanswered(Problem::AgentMisconfigured)
            }
        }
    }
}

impl Failure {
    /// What an error means that the platform answered, or the agent through it.
    fn of_answer<E: ProvideErrorMetadata + Error + 'static>(
        error: &SdkError<E>,
        authority: Authority<'_>,
    ) -> Self {
        let response = error.raw_response();
        let status = response.map(|response| response.status().as_u16());
        let body = response.and_then(|response| response.body().bytes());
        let known = status.and_then(|status| StatusCode::from_u16(status).ok());
        let rpc = body
            .zip(known)
            .and_then(|(body, status)| rpc_error(status, body));
        // The platform names each of its errors (restJson1); what has no name is the agent's own refusal.
        let is_named = response.is_some_and(|response| response.headers().contains_key(ERROR_TYPE));
        let is_own = !is_named && error.code().is_none() && may_be_own(status, authority);
        let request_id = error.request_id().map(str::to_owned);
        let response = error.raw_response();
        let retry_after = response.and_then(|response| response.headers().get("retry-after"));
        let detail = error.code().map(|code| Loggable(code).to_string());
        let text = error.message().unwrap_or_default().to_ascii_lowercase();
        let problem = match status.unwrap_or_default() {
            403 if text.contains(MISMATCH) => Problem::AgentAuthMismatch,
            401 | 403 if matches!(authority, Authority::Caller(_)) => Problem::AgentRefusedToken,
            // A good answer that cannot be read.
            200..=299 => Problem::AgentServiceFailed,
            _ if is_own => Problem::AgentRefused,
            status => problem_of_status(status),
        };
        let rpc = rpc.or_else(|| known.filter(|_| is_own).and_then(own_refusal));
        Self {
            problem,
            upstream: Upstream {
                status,
                request_id,
                detail,
                retry_after: retry_after.and_then(pause),
            },
            rpc: rpc.map(Box::new),
            rest: None,
        }
    }
}

/// Whether an error of this status may be the agent's own: one of the caller's making, for which the platform has none.
/// Where the caller's token is shown, the platform refuses it in words that are not documented.
const fn may_be_own(status: Option<u16>, authority: Authority<'_>) -> bool {
    match (status, authority) {
        (Some(401 | 403), Authority::Caller(_)) | (Some(402 | 409 | 424 | 429), _) => false,
        (Some(400..=499), _) => true,
        (Some(_) | None, _) => false,
    }
}

/// The SDK's stream as everybody else's.
fn pieces(mut body: ByteStream) -> impl Stream<Item = Result<Bytes, ByteStreamError>> + Send {
    poll_fn(move |context| Pin::new(&mut body).poll_next(context))
}

/// Shows the token of an authority that has one.
pub(super) fn show(authority: Authority<'_>) -> impl Fn(&mut HttpRequest) + use<> {
    let own: HeaderMap = authority.header().into_iter().collect();
    move |request| put(request, &own)
}

/// Puts in the door's own headers.
fn put(request: &mut HttpRequest, own: &HeaderMap) {
    for (name, value) in own {
        if let Ok(value) = value.to_str() {
            request
                .headers_mut()
                .insert(name.as_str().to_owned(), value.to_owned());
        }
    }
}

/// A header that is text, as the SDK takes it.
fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

fn config(platform: &SdkConfig, region: &str) -> Builder {
    let retry = RetryConfig::standard()
        .with_max_attempts(MAX_ATTEMPTS)
        .with_initial_backoff(FIRST_PAUSE);
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .build();
    Builder::from(platform)
        .region(Region::new(region.to_owned()))
        .retry_config(retry)
        .retry_classifier(OnlyBeforeTheTurn)
        .interceptor(Bounded::errors(MAX_ERROR))
        // An agent may think in silence for longer than the SDK's few seconds; the stream has its own limits.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .timeout_config(timeouts)
}

/// Leaves the SDK no way to authorize a request but none: a token is never sent beside a signature, nor a signature in
/// its place.
#[derive(Debug)]
struct NoSignature;

impl ResolveAuthScheme for NoSignature {
    fn resolve_auth_scheme<'a>(
        &'a self,
        _: &'a Params,
        _: &'a ConfigBag,
        _: &'a RuntimeComponents,
    ) -> AuthSchemeOptionsFuture<'a> {
        AuthSchemeOptionsFuture::ready(Ok(vec![AuthSchemeOption::from(AuthSchemeId::new(
            "noAuth",
        ))]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_config::BehaviorVersion;

    /// The SDK measures a stalled stream by the system's clock, so no test could wait for it.
    #[test]
    fn a_quiet_stream_is_not_cut_by_the_sdk() {
        let platform = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .build();
        let regions = ["eu-west-1".to_owned()].into_iter();
        let runtimes = Runtimes::new(&platform, regions, Clock::system());
        let client = runtimes.signing("eu-west-1");
        let config = client.config();
        assert!(
            config
                .stalled_stream_protection()
                .is_some_and(|protection| !protection.is_enabled())
        );
        assert_eq!(config.region(), Some(&Region::from_static("eu-west-1")));
        let timeouts = config.timeout_config().unwrap();
        assert_eq!(timeouts.connect_timeout(), Some(CONNECT_TIMEOUT));
        assert_eq!(
            (timeouts.read_timeout(), timeouts.operation_timeout()),
            (None, None)
        );
    }
}
