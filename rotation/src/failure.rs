//! Why a step was not done. Secrets Manager then ends the rotation, and begins it again later.

use lambda_runtime::Diagnostic;

/// Why a step was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("the event is not one of a rotation")]
    Event,
    #[error("the event names a step that is not known")]
    Step,
    #[error("the secret has no rotation")]
    NoRotation,
    #[error("the version is not pending: this rotation is over, or was never begun")]
    NotPending,
    #[error("the version to come has no key yet: `createSecret` has not been done")]
    NoKeyYet,
    #[error(
        "the version to come holds something that is no ES256 private key; take `AWSPENDING` from it"
    )]
    NotAKey,
    #[error(
        "the current key does not sign yet: a rotation may begin 15 minutes after the one before"
    )]
    TooEarly,
    #[error("the key cannot sign")]
    Crypto,
    /// Secrets Manager refused a call, or could not be reached.
    #[error("{operation}: {code}")]
    Call {
        operation: &'static str,
        code: String,
    },
}

impl Failure {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Event => "Event",
            Self::Step => "Step",
            Self::NoRotation => "NoRotation",
            Self::NotPending => "NotPending",
            Self::NoKeyYet => "NoKeyYet",
            Self::NotAKey => "NotAKey",
            Self::TooEarly => "TooEarly",
            Self::Crypto => "Crypto",
            Self::Call { .. } => "Call",
        }
    }
}

/// As Lambda reports it.
impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self {
            error_type: failure.kind().to_owned(),
            error_message: failure.to_string(),
        }
    }
}
