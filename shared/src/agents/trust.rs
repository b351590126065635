//! Checks of [`Agents`] against [`Trust`]: agents that name issuers which are not trusted, or name none of several, and
//! tool tokens that no caller could prove.

use super::{Agent, Agents, ToolToken};
use crate::gate::{Admission, Issuer, Rules, TokenUse, Trust};
use crate::settings::{Address, Fault, Path};

impl Agents {
    /// What is wrong with the agents where these issuers are trusted.
    pub fn faults(&self, trust: &Trust) -> Vec<Fault> {
        let faults = self.iter().flat_map(|agent| {
            let names = untrusted(agent, trust);
            names.into_iter().chain(open_to_all(agent, trust))
        });
        faults.collect()
    }

    /// Agents whose tool tokens name a user that no caller could prove to be. The proxy alone asks: it makes those tokens,
    /// and `can_state` says of which issuers' callers the door can state who they are.
    pub fn unprovable(&self, trust: &Trust, can_state: impl Fn(&Issuer) -> bool) -> Vec<Fault> {
        let agents = self.iter();
        agents
            .filter_map(|agent| unprovable(agent, trust, &can_state))
            .collect()
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

/// A tool token that names its user is made for a caller who shows an access token of the user pool, or of whom the door
/// states who they are: Cognito's trigger verifies nothing else.
fn unprovable(agent: &Agent, trust: &Trust, can_state: impl Fn(&Issuer) -> bool) -> Option<Fault> {
    let named = issuers(&agent.admission);
    let is_admitted = |rules: &&Rules| {
        let is_it = |name: &&String| rules.issuer.name() == *name || rules.issuer.owns(name);
        named.as_ref().is_none_or(|names| names.iter().any(is_it))
    };
    let mut admitted = trust.issuers().iter().filter(is_admitted);
    let is_provable = |rules: &Rules| can_prove(rules) || can_state(&rules.issuer);
    let problem = "is `user`, and no admitted caller can prove to be one: their issuers are no Cognito user pool (`tokenUse` \
        `access`), and the door states who the callers of others are only with `SIGNING_SECRET_ARN` and `USER_POOL_ID`. Set \
        both, or give `machine` or `none`";
    let is_unprovable = agent.tool_token == ToolToken::User && !admitted.any(is_provable);
    is_unprovable.then(|| Fault::malformed(agent.path("toolToken"), problem))
}

/// An issuer on this machine is an emulator, maybe of a user pool.
fn can_prove(rules: &Rules) -> bool {
    let is_local = |name: &str| Address::parse(name).is_ok_and(|address| address.is_loopback());
    rules.token_use == Some(TokenUse::Access) || rules.issuer.names().any(is_local)
}
