//! Settings of a door, read from a folder by the functions' own reader.

use std::path::Path;

use shared::documents::Documents;
use shared::settings::{self, AGENTS, Fault, Files, Reader, TRUSTED_ISSUERS};

/// What a door would run with.
pub(crate) struct DoorSettings {
    pub(crate) documents: Documents,
    /// The digest that `/healthz` tells.
    pub(crate) digest: String,
}

impl DoorSettings {
    /// Reads `agents.json` and `issuers.json` of a folder.
    pub(crate) fn of_folder(folder: &Path) -> Result<Self, Vec<Fault>> {
        let path = |file: &str| format!("file:{}", folder.join(file).display());
        Self::read(&|name: &str| match name {
            AGENTS => Some(path("agents.json")),
            TRUSTED_ISSUERS => Some(path("issuers.json")),
            _ => None,
        })
    }

    /// Reads the two settings of a function.
    pub(crate) fn read(source: &settings::Source<'_>) -> Result<Self, Vec<Fault>> {
        Self::read_from(source, &settings::file_system)
    }

    /// Reads the two settings of a function, whose files are elsewhere.
    pub(crate) fn read_from(
        source: &settings::Source<'_>,
        files: &Files<'_>,
    ) -> Result<Self, Vec<Fault>> {
        let mut reader = Reader::with_documents(source, files);
        let documents = Documents::read(&mut reader);
        let digest = reader.digest();
        let documents = reader.finish(documents)?;
        Ok(Self { documents, digest })
    }
}
