//! The authorizer's settings.

use shared::agents::Agents;
use shared::issuers::TrustedIssuers;
use shared::settings::{self, Documents, Fault, Files, Source};

/// `true` where an HTTP API's authorizer has simple responses enabled; such an API must also have the route among its
/// identity sources, because a simple response cannot say which route it is about. `false` by default.
pub(crate) const SIMPLE_RESPONSES: &str = "SIMPLE_RESPONSES";

pub(crate) struct Config {
    pub(crate) issuers: TrustedIssuers,
    pub(crate) agents: Agents,
    pub(crate) simple_responses: bool,
    /// The digest of both documents.
    pub(crate) settings: String,
}

impl Config {
    /// Reads every setting, and the files that settings name.
    ///
    /// # Errors
    /// Every fault of every setting.
    pub(crate) fn read(source: &Source<'_>) -> Result<Self, Vec<Fault>> {
        Self::read_with(source, &settings::file_system)
    }

    /// Reads every setting, with files from elsewhere than the file system.
    ///
    /// # Errors
    /// Every fault of every setting.
    pub(crate) fn read_with(source: &Source<'_>, files: &Files<'_>) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let documents = Documents::read(source, files, &mut faults);
        let issuers = documents
            .issuers
            .required(TrustedIssuers::parse, &mut faults);
        let agents = documents.agents.required(Agents::parse, &mut faults);
        if let (Some(issuers), Some(agents)) = (&issuers, &agents) {
            faults.extend(agents.faults(&issuers.trust));
        }
        let simple_responses =
            settings::optional_bool(source, SIMPLE_RESPONSES, false, &mut faults);
        match (issuers, agents) {
            (Some(issuers), Some(agents)) if faults.is_empty() => Ok(Self {
                issuers,
                agents,
                simple_responses,
                settings: documents.digest(),
            }),
            _ => {
                documents.place(&mut faults);
                Err(faults)
            }
        }
    }
}
