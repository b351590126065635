//! The matrix of callers and agents, and who is admitted after a change of the settings and was not before.

use std::collections::BTreeSet;

use shared::agents::Agent;
use shared::documents::Documents;

use super::callers::{self, Kind};
use super::changes::Changes;
use super::targets;
use crate::failure::Failure;

/// A kind of callers, and the agents that admit them.
pub(crate) struct Row {
    pub(crate) kind: Kind,
    /// In the order of the agents.
    pub(crate) admits: Vec<bool>,
}

/// Every kind of callers that some agent asks for, and those of whom nothing is known.
///
/// # Errors
/// If there are too many.
pub(crate) fn matrix(door: &Documents) -> Result<Vec<Row>, Failure> {
    let trust = &door.issuers.trust;
    let mut kinds = callers::plain(trust);
    for agent in door.agents.iter() {
        kinds.extend(callers::admitted(&agent.admission, trust)?);
    }
    let rows = kinds.into_iter().map(|kind| Row {
        admits: door
            .agents
            .iter()
            .map(|agent| is_admitted(&kind, agent, door))
            .collect(),
        kind,
    });
    Ok(rows.collect())
}

/// The answer of the function's own code: such callers are admitted by an agent of this door, or are not.
fn is_admitted(kind: &Kind, agent: &Agent, door: &Documents) -> bool {
    let caller = kind.at(&door.issuers.trust);
    caller.is_some_and(|caller| agent.admission.admits(&caller).is_ok())
}

/// The difference between two doors: callers that only the other one admits, and callers that only this one admits.
///
/// # Errors
/// If there are too many kinds of callers.
pub(crate) fn compare(
    before: &Documents,
    after: &Documents,
    changes: &mut Changes,
) -> Result<(), Failure> {
    let names: BTreeSet<&str> = [before, after]
        .into_iter()
        .flat_map(|door| door.agents.iter().map(|agent| agent.name.as_str()))
        .collect();
    for name in names {
        let (old, new) = (before.agents.find(name), after.agents.find(name));
        let who = format!("agent {name}");
        for kind in only(new, after, old, before)? {
            changes.opens(&who, format!("admits {}", of(&kind, after)));
        }
        for kind in only(old, before, new, after)? {
            changes.closes(&who, format!("admits {} no more", of(&kind, before)));
        }
        match (old, new) {
            (Some(old), Some(new)) => targets::compare(&who, old, new, changes),
            // It may admit no caller who can have a token; it is there all the same.
            (None, Some(_)) => changes.opens(&who, "is new".to_owned()),
            (Some(_), None) => changes.closes(&who, "is gone".to_owned()),
            (None, None) => {}
        }
    }
    Ok(())
}

/// The kinds of callers whom one agent admits and the other does not.
fn only(
    agent: Option<&Agent>,
    door: &Documents,
    other: Option<&Agent>,
    other_door: &Documents,
) -> Result<Vec<Kind>, Failure> {
    let Some(agent) = agent else {
        return Ok(Vec::new());
    };
    let kinds = callers::admitted(&agent.admission, &door.issuers.trust)?;
    let is_new = |kind: &Kind| !other.is_some_and(|other| is_admitted(kind, other, other_door));
    Ok(kinds.into_iter().filter(is_new).collect())
}

/// The kind in words, with its issuer if there are several.
fn of(kind: &Kind, door: &Documents) -> String {
    if callers::issuers(&door.issuers.trust).len() > 1 {
        format!("{} of {}", kind.says(), kind.issuer)
    } else {
        kind.says()
    }
}
