//! Why there is no tool token.

use std::fmt;

use shared::token_endpoint::NoGrant;

/// Who waits before the token endpoint is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// All callers: the endpoint, or what the door needs to ask it, is at fault.
    Everybody,
    /// The one caller: it may be their proof that is refused, and nobody may keep others from their tokens by it.
    Owner,
}

/// Declares every fault on one line: variant, who rests, stable code, and what it means.
macro_rules! faults {
    ($($variant:ident $rest:ident $code:literal $meaning:literal)*) => {
        /// Why there is no tool token, for the log. It holds nothing that the endpoint said.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Fault {
            $(#[doc = $meaning] $variant,)*
        }

        impl Fault {
            /// Every fault there is.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The stable name in logs and metrics.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                }
            }

            /// Who waits after it.
            #[must_use]
            pub const fn rest(self) -> Rest {
                match self {
                    $(Self::$variant => Rest::$rest,)*
                }
            }
        }

        impl fmt::Display for Fault {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$variant => $meaning,)*
                })
            }
        }
    };
}

faults! {
    Answer            Owner     "answer"             "the token endpoint's answer is not a bearer token with a lifetime"
    ClientRefused     Everybody "client_refused"     "the token endpoint does not take the machine client, its newest secret included"
    NotConfigured     Everybody "not_configured"     "the settings of the token endpoint are missing"
    ProofExpired      Owner     "proof_expired"      "the caller's own token has expired meanwhile"
    Refused           Owner     "refused"            "the token endpoint, or the trigger behind it, refused the request"
    Resting           Owner     "resting"            "a failure is too recent for another attempt"
    SecretUnavailable Everybody "secret_unavailable" "the machine client's secret cannot be had"
    Throttled         Everybody "throttled"          "the token endpoint takes no more requests at the moment"
    Timeout           Everybody "timeout"            "the token endpoint did not answer in time"
    TooLong           Owner     "too_long"           "the token is longer than the 4096 bytes that AgentCore takes in a header"
    Unreachable       Everybody "unreachable"        "the token endpoint cannot be reached"
}

impl From<NoGrant> for Fault {
    fn from(refused: NoGrant) -> Self {
        match refused {
            NoGrant::Answer => Self::Answer,
            NoGrant::ClientRefused => Self::ClientRefused,
            NoGrant::Refused => Self::Refused,
            NoGrant::Secret => Self::SecretUnavailable,
            NoGrant::Throttled => Self::Throttled,
            NoGrant::Unreachable => Self::Unreachable,
        }
    }
}
