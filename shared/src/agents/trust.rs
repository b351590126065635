//! Checks of [`Agents`] against [`Trust`]: agents that name issuers which are not trusted, or name none of several, and
//! tool tokens that no caller could prove.

use super::{Agent, Agents, ToolToken};
use crate::gate::{Admission, Rules, TokenUse, Trust};
use crate::settings::{Address, Fault, Path};

impl Agents {
    /// What is wrong with the agents where these issuers are trusted.
    pub fn faults(&self, trust: &Trust) -> Vec<Fault> {
        let faults = self.iter().flat_map(|agent| {
            let names = untrusted(agent, trust);
            let all = names.into_iter().chain(open_to_all(agent, trust));
            all.chain(unprovable(agent, trust)).collect::<Vec<_>>()
        });
        faults.collect()
    }
}

/// Each issuer that the agent names and that is not trusted by that name: no caller of it could ever enter.
fn untrusted(agent: &Agent, trust: &Trust) -> Vec<Fault> {
    let allow = agent.path("allow");
    let sets = agent.admission.any_of.iter().enumerate();
    let sets = sets.map(|(place, set)| (allow.member("anyOf").item(place), set));
    let own = [(allow.clone(), &agent.admission)];
    let mut faults = Vec::new();
    for (path, set) in own.into_iter().chain(sets) {
        for (place, name) in set.issuers.iter().flatten().enumerate() {
            if let Some(problem) = problem(name, trust) {
                let path: Path = path.member("issuers").item(place);
                faults.push(Fault::malformed(path, problem));
            }
        }
    }
    faults
}

/// What is wrong with the name of an issuer: callers are known by one name of theirs, and no other would be found.
fn problem(name: &str, trust: &Trust) -> Option<String> {
    if is_entry(name, trust) {
        return None;
    }
    let Some((_, rules)) = trust.find(name) else {
        return Some("is not a trusted issuer".to_owned());
    };
    let known = rules.issuer.known_as(name);
    (known != name)
        .then(|| format!("is another name of a trusted issuer: write its first, `{known}`"))
}

fn is_entry(name: &str, trust: &Trust) -> bool {
    trust
        .issuers()
        .iter()
        .any(|rules| rules.issuer.name() == name)
}

/// Each of several issuers says of its own callers what it likes: one that is trusted for another agent's sake could give
/// its callers this agent's groups.
fn open_to_all(agent: &Agent, trust: &Trust) -> Option<Fault> {
    let several = match trust.issuers() {
        [only] => only.issuer.tenants().len() > 1,
        issuers => issuers.len() > 1,
    };
    let problem = "names no `issuers`, and several issuers or tenants are trusted: scopes, groups and clients of any of them \
        would count. Name those whose callers are meant";
    let is_open = several && issuers(&agent.admission).is_none();
    is_open.then(|| Fault::malformed(agent.path("allow"), problem))
}

/// The issuers whose callers can be admitted; none if it can be any.
fn issuers(admission: &Admission) -> Option<Vec<&String>> {
    if let Some(issuers) = &admission.issuers {
        return Some(issuers.iter().collect());
    }
    let sets: Option<Vec<_>> = admission
        .any_of
        .iter()
        .map(|set| set.issuers.as_ref())
        .collect();
    let sets = sets.filter(|sets| !sets.is_empty())?;
    Some(sets.into_iter().flatten().collect())
}

/// A tool token that names its user is made for a caller who shows an access token of a user pool: Cognito's trigger
/// verifies nothing else.
fn unprovable(agent: &Agent, trust: &Trust) -> Option<Fault> {
    let named = issuers(&agent.admission);
    let is_admitted = |rules: &&Rules| {
        let is_it = |name: &&String| rules.issuer.name() == *name || rules.issuer.owns(name);
        named.as_ref().is_none_or(|names| names.iter().any(is_it))
    };
    let mut admitted = trust.issuers().iter().filter(is_admitted);
    let problem = "is `user`, and no issuer whose callers are admitted is a Cognito user pool (`tokenUse` `access`), whose \
        access tokens alone can prove a user: give `machine` or `none`";
    let is_unprovable = agent.tool_token == ToolToken::User && !admitted.any(can_prove);
    is_unprovable.then(|| Fault::malformed(agent.path("toolToken"), problem))
}

/// An issuer on this machine is an emulator, maybe of a user pool.
fn can_prove(rules: &Rules) -> bool {
    let is_local = |name: &str| Address::parse(name).is_ok_and(|address| address.is_loopback());
    rules.token_use == Some(TokenUse::Access) || rules.issuer.names().any(is_local)
}
