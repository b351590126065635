//! The two documents of the settings, read together: the trusted issuers, and the agents that admit their callers.

use crate::agents::Agents;
use crate::issuers::TrustedIssuers;
use crate::settings::{AGENTS, Reader, TRUSTED_ISSUERS};

/// Both documents of a door that asks for tokens.
pub struct Documents {
    pub issuers: TrustedIssuers,
    pub agents: Agents,
}

impl Documents {
    /// Reads both, and adds every fault of each and of the two together. [`Reader::finish`] says whether there was one.
    pub fn read(settings: &mut Reader<'_>) -> Option<Self> {
        let issuers = settings.required(TRUSTED_ISSUERS, TrustedIssuers::parse);
        let agents = settings.required(AGENTS, Agents::parse);
        if let Some(agents) = &agents {
            settings.faults(agents.contradictions());
        }
        if let (Some(issuers), Some(agents)) = (&issuers, &agents) {
            settings.faults(agents.faults(&issuers.trust));
        }
        Some(Self {
            issuers: issuers?,
            agents: agents?,
        })
    }
}
