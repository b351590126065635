//! The authorizer's settings.

use shared::agents::Agents;
use shared::documents::Documents;
use shared::issuers::TrustedIssuers;
use shared::settings::{self, Fault, Files, Reader, Source};

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
        let mut settings = Reader::with_documents(source, files);
        let documents = Documents::read(&mut settings);
        let simple_responses = settings.flag(SIMPLE_RESPONSES, false);
        let digest = settings.digest();
        settings.finish(documents.map(|Documents { issuers, agents }| Self {
            issuers,
            agents,
            simple_responses,
            settings: digest,
        }))
    }
}
