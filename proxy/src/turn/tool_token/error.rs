//! Errors: the reasons why there is no tool token.

use shared::token_endpoint::GrantError;

/// Who waits before the token endpoint is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// All callers: the endpoint, or what the door needs to ask it, is at fault.
    Everybody,
    /// The one caller: it may be their proof that is refused, and no caller may keep others from their tokens by it.
    Owner,
}

shared::code_table! {
    /// Why there is no tool token, for the log, and who waits after it. It holds nothing that the endpoint said.
    pub enum ToolTokenError, rest: Rest;

    Answer            Owner     "answer"             "the token endpoint's answer is not a bearer token with a lifetime"
    ClientRefused     Everybody "client_refused"     "the token endpoint does not take the machine client, its newest secret included"
    NotConfigured     Everybody "not_configured"     "the settings of the token endpoint are missing"
    NotStated         Owner     "not_stated"         "the door cannot state who the caller is: its signing keys or its own address are unavailable, or the caller's names are too long"
    ProofExpired      Owner     "proof_expired"      "the caller's own token has expired meanwhile"
    Redirected        Everybody "redirected"         "the token endpoint answered with a redirect: its address is not that of a token endpoint"
    Refused           Owner     "refused"            "the token endpoint, or the trigger behind it, refused the request"
    Resting           Owner     "resting"            "a failure is too recent for another attempt"
    SecretUnavailable Everybody "secret_unavailable" "the machine client's secret cannot be had"
    Throttled         Everybody "throttled"          "the token endpoint takes no more requests at the moment"
    Timeout           Everybody "timeout"            "the token endpoint did not answer in time"
    TooLong           Owner     "too_long"           "the token is longer than the 4096 bytes that AgentCore takes in a header"
    Unreachable       Everybody "unreachable"        "the token endpoint cannot be reached"
}

impl From<GrantError> for ToolTokenError {
    fn from(refused: GrantError) -> Self {
        match refused {
            GrantError::Answer => Self::Answer,
            GrantError::ClientRefused => Self::ClientRefused,
            GrantError::Redirected => Self::Redirected,
            GrantError::Refused => Self::Refused,
            GrantError::Secret => Self::SecretUnavailable,
            GrantError::Throttled => Self::Throttled,
            GrantError::Unreachable => Self::Unreachable,
        }
    }
}
