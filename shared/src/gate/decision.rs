//! Decision, [`Identity`] -> [`Permit`]: whether a caller may call an agent.

use super::identity::{Caller, Identity};
use super::refusal::Refusal;
use crate::rules::{Admission, AgentName};

impl Admission {
    /// Whether the agent admits this caller. It lets no one in: a caller may also be a supposed one, and a [`Permit`] is made
    /// of a proven [`Identity`] only.
    ///
    /// # Errors
    /// The first kind of right that is missing.
    pub fn admits(&self, caller: &Caller) -> Result<(), Refusal> {
        let is_meant = |name: &String| *name == caller.issuer || *name == caller.trusted_as;
        if !self
            .issuers
            .as_ref()
            .is_none_or(|names| names.iter().any(is_meant))
        {
            return Err(Refusal::AgentIssuer);
        }
        let client = caller.client_id.as_slice();
        let kinds: [(_, &[String], _); 3] = [
            (&self.scopes, &caller.scopes, Refusal::AgentScope),
            (&self.groups, &caller.groups, Refusal::AgentGroup),
            (&self.clients, client, Refusal::AgentClient),
        ];
        for (asked, held, refusal) in kinds {
            let mut asked = asked.iter();
            if !asked.all(|asked| asked.iter().any(|entry| held.contains(entry))) {
                return Err(refusal);
            }
        }
        let mut sets = self.any_of.iter();
        if !self.any_of.is_empty() && !sets.any(|set| set.admits(caller).is_ok()) {
            return Err(Refusal::AgentAnyOf);
        }
        Ok(())
    }
}

/// The right of one caller to call one agent. There is no other way to have one than [`super::admit`].
#[derive(Debug)]
pub struct Permit {
    identity: Identity,
    agent: AgentName,
}

impl Permit {
    pub(super) fn decide(
        identity: Identity,
        agent: &AgentName,
        allow: &Admission,
    ) -> Result<Self, Refusal> {
        allow.admits(&identity)?;
        let agent = agent.clone();
        Ok(Self { identity, agent })
    }

    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    pub fn agent(&self) -> &AgentName {
        &self.agent
    }
}
