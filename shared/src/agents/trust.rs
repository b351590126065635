//! Checks of [`Agents`] against [`Trust`]: the issuers that agents name, and agents that name none.

use super::Agents;
use crate::gate::Trust;
use crate::settings::Fault;

/// How many agents a note names: it is to be read.
const MAX_NAMED: usize = 20;

impl Agents {
    /// Each issuer that an agent names and that is not trusted: no caller of it could ever enter.
    pub fn untrusted(&self, trust: &Trust) -> Vec<Fault> {
        let mut faults = Vec::new();
        for agent in self.iter() {
            let issuers = agent.admission.issuers.iter().flatten();
            for (place, issuer) in issuers.enumerate() {
                if let Some(problem) = problem(issuer, trust) {
                    let path = agent.path("allow").member("issuers").item(place);
                    faults.push(Fault::malformed(path, problem));
                }
            }
        }
        faults
    }

    /// What an operator should know who trusts several issuers, for the log of the start: each of them says of its
    /// callers what it likes, and agents that name no issuer take it from any.
    pub fn note(&self, trust: &Trust) -> Option<String> {
        let names_none = |agent: &&super::Agent| agent.admission.issuers.is_none();
        let names = self
            .iter()
            .filter(names_none)
            .map(|agent| format!("`{}`", agent.name));
        let mut names: Vec<String> = names.collect();
        let count = trust.issuers().len();
        (count > 1 && !names.is_empty()).then(|| {
            let others = names.len().saturating_sub(MAX_NAMED);
            names.truncate(MAX_NAMED);
            if others > 0 {
                names.push(format!("and {others} more"));
            }
            let names = names.join(", ");
            format!(
                "groups, scopes and clients of any of {count} trusted issuers count for {names}"
            )
        })
    }
}

/// What is wrong with the name of an issuer: callers are known by one name of theirs, and no other would be found.
fn problem(name: &str, trust: &Trust) -> Option<String> {
    if trust
        .issuers()
        .iter()
        .any(|rules| rules.issuer.name() == name)
    {
        return None;
    }
    let Some((_, rules)) = trust.find(name) else {
        return Some("is not a trusted issuer".to_owned());
    };
    let known = rules.issuer.known_as(name);
    (known != name)
        .then(|| format!("is another name of a trusted issuer: write its first, `{known}`"))
}
