//! Second attempts at calls to the platform.

use aws_sdk_bedrockagentcore::config::interceptors::InterceptorContext;
use aws_sdk_bedrockagentcore::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_bedrockagentcore::operation::get_agent_card::GetAgentCardError;
use aws_sdk_bedrockagentcore::operation::invoke_agent_runtime::InvokeAgentRuntimeError;
use aws_sdk_bedrockagentcore::operation::stop_runtime_session::StopRuntimeSessionError;
use aws_smithy_runtime_api::client::interceptors::context::Error;
use aws_smithy_runtime_api::client::retries::classifiers::RetryClassifierPriority;

/// Allows a second attempt only where the platform says that the turn has not begun. Anything else might make an agent
/// act twice: a fault of the platform's or of the connection says nothing of how far the first attempt came. A session
/// that is stopped twice is stopped, and a card that is asked for twice is the same.
#[derive(Debug)]
pub(super) struct OnlyBeforeTheTurn;

impl ClassifyRetry for OnlyBeforeTheTurn {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else {
            return RetryAction::NoActionIndicated;
        };
        let action = error
            .as_operation_error()
            .and_then(|error| turn(error).or_else(|| end(error)).or_else(|| card(error)));
        action.unwrap_or(RetryAction::RetryForbidden)
    }

    fn name(&self) -> &'static str {
        "only before the turn"
    }

    /// After all of the SDK's own, whose verdict it replaces.
    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

fn turn(error: &Error) -> Option<RetryAction> {
    let error = error.downcast_ref::<InvokeAgentRuntimeError>()?;
    again(
        error.is_throttling_exception(),
        error.is_retryable_conflict_exception(),
    )
}

fn end(error: &Error) -> Option<RetryAction> {
    let error = error.downcast_ref::<StopRuntimeSessionError>()?;
    again(
        error.is_throttling_exception(),
        error.is_conflict_exception()
            || error.is_retryable_conflict_exception()
            || error.is_internal_server_exception(),
    )
}

fn card(error: &Error) -> Option<RetryAction> {
    let error = error.downcast_ref::<GetAgentCardError>()?;
    again(
        error.is_throttling_exception(),
        error.is_retryable_conflict_exception() || error.is_internal_server_exception(),
    )
}

fn again(is_throttled: bool, may_pass: bool) -> Option<RetryAction> {
    if is_throttled {
        Some(RetryAction::throttling_error())
    } else {
        may_pass.then(RetryAction::server_error)
    }
}
