//! Sessions, and the compute that serves each.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::HeaderValue;

use crate::random;

/// Names of sessions that are remembered; the oldest gives way, as if it had been idle for too long
/// ("active sessions", AgentCore quotas).
const MAX_NAMES: usize = 5000;

/// The sessions of all runtimes.
#[derive(Default)]
pub(super) struct Sessions(Mutex<Table>);

#[derive(Default)]
struct Table {
    computes: HashMap<Name, String>,
    order: VecDeque<Name>,
}

/// A session by one of its names: the runtime session id, or the id of an MCP session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Name {
    runtime: String,
    qualifier: String,
    id: HeaderValue,
}

impl Name {
    pub(super) fn new(runtime: &str, qualifier: &str, id: &HeaderValue) -> Self {
        Self {
            runtime: runtime.to_owned(),
            qualifier: qualifier.to_owned(),
            id: id.clone(),
        }
    }
}

impl Sessions {
    /// The compute of a session, new if it has none.
    pub(super) fn enter(&self, name: Name) -> String {
        let mut table = self.lock();
        if let Some(compute) = table.computes.get(&name) {
            return compute.clone();
        }
        let compute = random::uuid();
        table.add(name, compute.clone());
        compute
    }

    /// The compute of a session that must be there.
    pub(super) fn find(&self, name: &Name) -> Option<String> {
        self.lock().computes.get(name).cloned()
    }

    /// From now on the compute's session has this name, too.
    pub(super) fn alias(&self, name: Name, compute: String) {
        self.lock().add(name, compute);
    }

    /// Ends the session under all its names. Tells the compute that it had.
    pub(super) fn stop(&self, name: &Name) -> Option<String> {
        let mut table = self.lock();
        let stopped = table.computes.get(name).cloned()?;
        let Table { computes, order } = &mut *table;
        computes.retain(|_, compute| *compute != stopped);
        order.retain(|name| computes.contains_key(name));
        Some(stopped)
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn add(&mut self, name: Name, compute: String) {
        if self.computes.insert(name.clone(), compute).is_none() {
            self.order.push_back(name);
        }
        while self.order.len() > MAX_NAMES {
            if let Some(oldest) = self.order.pop_front() {
                self.computes.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(id: &str) -> Name {
        Name::new("arn", "DEFAULT", &HeaderValue::try_from(id).unwrap())
    }

    #[test]
    fn a_session_keeps_its_compute_until_it_is_stopped() {
        let sessions = Sessions::default();
        let first = sessions.enter(name("a"));
        assert_eq!(sessions.enter(name("a")), first);
        assert_ne!(sessions.enter(name("b")), first);
        sessions.alias(name("mcp"), first.clone());
        assert_eq!(sessions.find(&name("mcp")), Some(first.clone()));
        assert_eq!(sessions.stop(&name("a")), Some(first.clone()));
        assert_eq!(sessions.find(&name("mcp")), None);
        assert_eq!(sessions.stop(&name("a")), None);
        assert_ne!(sessions.enter(name("a")), first);
    }

    #[test]
    fn the_oldest_of_too_many_is_forgotten() {
        let sessions = Sessions::default();
        for count in 0..=MAX_NAMES {
            sessions.enter(name(&count.to_string()));
        }
        assert_eq!(sessions.find(&name("0")), None);
        assert!(sessions.find(&name("1")).is_some());
    }
}
