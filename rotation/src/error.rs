//! Errors of a rotation step. Secrets Manager then ends the rotation, and begins it again later.

use std::error::Error;
use std::fmt;

use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use lambda_runtime::Diagnostic;
use shared::log::service_failure;
use shared::token_endpoint::GrantError;

/// Why a step was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RotationError {
    #[error("the event is not one of a rotation")]
    Event,
    #[error("the event names a step that is not known")]
    Step,
    #[error("the secret has no rotation")]
    NoRotation,
    #[error("the version is not pending: this rotation is over, or was never begun")]
    NotPending,
    #[error("the version to come holds nothing yet: `createSecret` has not been done")]
    NothingYet,
    #[error("the version to come holds something that cannot be used; take `AWSPENDING` from it")]
    Unusable,
    #[error(
        "the version before the current one may still be in use: rotate again an hour after the \
         last rotation"
    )]
    TooEarly,
    #[error(
        "the client's other secret was added a moment ago, maybe by another try: it is left alone"
    )]
    Busy,
    #[error(
        "the client has two secrets, and the current version does not say which of them it holds, \
         so neither is deleted: write its id into the current version, as `client_secret_id`, or \
         delete the other one at Cognito; then rotate again"
    )]
    Unidentified,
    #[error(
        "the client has two secrets, and the current version is not JSON text with the member \
         `client_secret`, so neither is deleted: write the secret that is in use there, with its \
         id as `client_secret_id`, or delete the unused one at Cognito; then rotate again"
    )]
    NotStored,
    #[error(
        "the current version holds no key, and the one before it does, so that one is not \
         replaced: move `AWSCURRENT` back to the version in `AWSPREVIOUS`, then rotate again"
    )]
    NoCurrentKey,
    #[error(
        "`DescribeSecret` and `GetSecretValue` do not name the same version in a stage, so nothing \
         is changed: a person is moving stages, or a change is not visible yet; rotate again later"
    )]
    Inconsistent,
    #[error("the key cannot sign")]
    Crypto,
    /// The machine client's new secret was tried, and did not do.
    #[error("no token for the new secret: {0}")]
    NoToken(GrantError),
    #[error("no token for the new secret: the token endpoint did not answer in time")]
    Timeout,
    /// AWS refused a call, could not be reached, or gave no answer to it.
    #[error("{operation}: {code}")]
    Call {
        operation: &'static str,
        code: String,
    },
}

impl RotationError {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Event => "Event",
            Self::Step => "Step",
            Self::NoRotation => "NoRotation",
            Self::NotPending => "NotPending",
            Self::NothingYet => "NothingYet",
            Self::Unusable => "Unusable",
            Self::TooEarly => "TooEarly",
            Self::Busy => "Busy",
            Self::Unidentified => "Unidentified",
            Self::NotStored => "NotStored",
            Self::NoCurrentKey => "NoCurrentKey",
            Self::Inconsistent => "Inconsistent",
            Self::Crypto => "Crypto",
            Self::NoToken(_) => "NoToken",
            Self::Timeout => "Timeout",
            Self::Call { .. } => "Call",
        }
    }
}

/// Nothing of an answer is told on but the name of its error.
pub(crate) fn failed<E, R>(operation: &'static str) -> impl FnOnce(SdkError<E, R>) -> RotationError
where
    E: ProvideErrorMetadata + Error + 'static,
    R: fmt::Debug,
{
    move |error| RotationError::Call {
        operation,
        code: service_failure(error.code(), &error),
    }
}

/// An answer that lacks a member which the API promises.
pub(crate) fn unreadable(operation: &'static str) -> RotationError {
    RotationError::Call {
        operation,
        code: "the answer is not whole".to_owned(),
    }
}

/// As Lambda reports it.
impl From<RotationError> for Diagnostic {
    fn from(failure: RotationError) -> Self {
        Self {
            error_type: failure.kind().to_owned(),
            error_message: failure.to_string(),
        }
    }
}
