//! Reasons for no token: a code for operators, an error for the caller.

use lambda_runtime::Diagnostic;
use shared::denials::Shut;
use shared::door::DoorError;
use shared::gate::Refusal;
use shared::keys::Outage;
use shared::statement_verifier::StatementError;

/// Why the trigger fails. It holds no text, so it cannot carry any of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TriggerError {
    #[error("the event is not one of this trigger")]
    Event,
    #[error("the client metadata is not an object of texts")]
    Metadata,
    #[error("the client names a user without the proof that is asked for")]
    NoProof,
    #[error("the client may not assert users")]
    Client,
    #[error("the client is not one that may show users' tokens")]
    ProvingClient,
    #[error("the user's token is for a client whose users do not count")]
    UserClient,
    #[error("`PUBLIC_URL` and `TRUSTED_ISSUERS` are not set, so no statement proves a user")]
    NoStatements,
    #[error(transparent)]
    Statement(StatementError),
    #[error(
        "the user's groups are not in the statement, because they are not in the token or have no room, and `GROUP_MAP` asks for them"
    )]
    Groups,
    #[error(
        "the user id is not 1 to 128 plain characters without `#`, or with an issuer up to 512"
    )]
    Subject,
    #[error("the event's region or user pool id is not one")]
    Pool,
    #[error("the user's token: {0}")]
    Token(Refusal),
    #[error("the user's token is a machine's")]
    Machine,
    #[error(transparent)]
    Keys(Outage),
    #[error("there is a denial")]
    Denied,
    #[error("the denials cannot be read")]
    Denials,
    #[error("the directory cannot be read")]
    Directory,
    #[error("the directory's entry of the user is not whole")]
    Entry,
    #[error("it took too long")]
    Deadline,
}

/// What Cognito is told, and shows to users: constant texts that say nothing of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReportedError {
    #[error("the request is not one that this trigger serves")]
    Event,
    /// The user is not proven; asking again will not help.
    #[error("the user is not proven")]
    NotProven,
    /// It cannot be told who the user is; asking again may help.
    #[error("the user cannot be looked up at the moment")]
    Unavailable,
}

impl TriggerError {
    /// The stable reason code of logs; a refused token's is the gate's.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Event => "event_form",
            Self::Metadata => "metadata_form",
            Self::NoProof => "no_proof",
            Self::Client => "asserting_client",
            Self::ProvingClient => "proving_client",
            Self::UserClient => "user_token_client",
            Self::NoStatements => "no_statements",
            Self::Statement(reason) => reason.code(),
            Self::Groups => "groups_unknown",
            Self::Subject => "user_id_form",
            Self::Pool => "pool_form",
            Self::Token(refusal) => refusal.code(),
            Self::Machine => "machine_token",
            Self::Keys(outage) => outage.code(),
            Self::Denied => "denied",
            Self::Denials => "denials_unavailable",
            Self::Directory => "directory_unavailable",
            Self::Entry => "directory_entry",
            Self::Deadline => "deadline",
        }
    }

    /// What Cognito is told.
    pub(crate) const fn reported(self) -> ReportedError {
        match self {
            Self::Event | Self::Pool => ReportedError::Event,
            Self::Metadata
            | Self::NoProof
            | Self::Client
            | Self::ProvingClient
            | Self::UserClient
            | Self::NoStatements
            | Self::Statement(
                StatementError::Form
                | StatementError::Type
                | StatementError::Signature
                | StatementError::Claims
                | StatementError::Door
                | StatementError::Audience
                | StatementError::Client
                | StatementError::Early
                | StatementError::Expired
                | StatementError::Lifetime
                | StatementError::Issuer,
            )
            | Self::Groups
            | Self::Subject
            | Self::Token(_)
            | Self::Machine
            | Self::Denied => ReportedError::NotProven,
            Self::Keys(_)
            | Self::Statement(StatementError::Keys)
            | Self::Denials
            | Self::Directory
            | Self::Entry
            | Self::Deadline => ReportedError::Unavailable,
        }
    }
}

impl From<DoorError> for TriggerError {
    fn from(denial: DoorError) -> Self {
        match denial {
            DoorError::Refused(refusal) => Self::Token(refusal),
            DoorError::Outage(outage) => Self::Keys(outage),
        }
    }
}

impl From<StatementError> for TriggerError {
    fn from(reason: StatementError) -> Self {
        Self::Statement(reason)
    }
}

impl From<Shut> for TriggerError {
    fn from(shut: Shut) -> Self {
        match shut {
            Shut::Denied => Self::Denied,
            Shut::Outage => Self::Denials,
        }
    }
}

impl From<ReportedError> for Diagnostic {
    fn from(failure: ReportedError) -> Self {
        Self {
            error_type: format!("{failure:?}"),
            error_message: failure.to_string(),
        }
    }
}
