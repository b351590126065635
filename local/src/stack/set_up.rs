//! Set-up that variables make of the stack: an open door, agents and issuers of the user's own.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use super::agents::{DEMO_AGENT, FINANCE_AGENT, TOOLS_AGENT};
use super::{AgentSettings, FILE, StackSettings, absolute};
use crate::agentcore_runtime::Protocol;

/// The set-up of the door.
#[derive(Clone, Debug, Default)]
pub struct SetUp {
    is_open: bool,
    has_local_users: bool,
    agents: Vec<(String, Protocol)>,
    runtimes: Vec<OwnRuntime>,
    notes: Vec<String>,
}

/// A runtime of the user's own `AGENTS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OwnRuntime {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) qualifier: Option<String>,
    pub(super) protocol: Protocol,
    pub(super) takes_tokens: bool,
}

impl SetUp {
    /// The set-up that the variables name. Text that is not a document counts as absent; the functions report its faults.
    pub(super) fn read(settings: &StackSettings, agents: &[AgentSettings]) -> Self {
        // Every other value keeps the door shut.
        let is_open = is_open(settings);
        let mut set_up = Self {
            is_open,
            has_local_users: !is_open && document(settings, "TRUSTED_ISSUERS").is_none(),
            ..Self::default()
        };
        match document(settings, "AGENTS") {
            Some(Value::Object(entries)) => set_up.own(&entries),
            Some(_) => {}
            None => {
                let own = agents
                    .iter()
                    .map(|agent| (agent.name.clone(), agent.protocol));
                set_up.agents = own.collect();
                if !is_open {
                    set_up.agents.push((TOOLS_AGENT.to_owned(), Protocol::Mcp));
                }
            }
        }
        set_up
    }

    fn own(&mut self, entries: &Map<String, Value>) {
        for (name, entry) in entries {
            let text = |member: &str| entry.get(member).and_then(Value::as_str);
            let protocol = match text("protocol") {
                Some("mcp") => Protocol::Mcp,
                Some("a2a") => Protocol::A2a,
                _ if entry.get("gateway").is_some() => Protocol::Mcp,
                _ => Protocol::Http,
            };
            self.agents.push((name.clone(), protocol));
            self.runtimes.extend(text("runtime").map(|arn| OwnRuntime {
                name: name.clone(),
                arn: arn.to_owned(),
                qualifier: text("qualifier").map(str::to_owned),
                protocol,
                takes_tokens: text("auth") == Some("jwt"),
            }));
        }
    }

    /// True if the door asks no caller for a token.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// True if the door takes tokens of the local pool's users.
    pub fn has_local_users(&self) -> bool {
        self.has_local_users
    }

    /// The protocol of an agent, if there is one of that name.
    pub fn protocol(&self, name: &str) -> Option<Protocol> {
        let mut agents = self.agents.iter();
        agents
            .find(|(known, _)| known == name)
            .map(|(_, protocol)| *protocol)
    }

    /// All agents, and what they speak.
    pub fn agents(&self) -> &[(String, Protocol)] {
        &self.agents
    }

    pub(super) fn names(&self) -> Vec<String> {
        let names = self.agents.iter().map(|(name, _)| name.clone());
        names.collect()
    }

    /// Agents that no stack has by itself.
    pub fn own_agents(&self) -> impl Iterator<Item = &(String, Protocol)> {
        let usual = [DEMO_AGENT, FINANCE_AGENT, TOOLS_AGENT];
        self.agents
            .iter()
            .filter(move |(name, _)| !usual.contains(&name.as_str()))
    }

    /// The notices about it.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The runtimes of `AGENTS` that the stack does not emulate by itself.
    pub(super) fn runtimes(&self) -> &[OwnRuntime] {
        &self.runtimes
    }

    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }
}

/// True if authentication is turned off.
pub(super) fn is_open(settings: &StackSettings) -> bool {
    let given = settings.variables.get("ENABLE_AUTH");
    given.is_some_and(|given| given == "false")
}

/// A document that a variable gives, or names the file of.
fn document(settings: &StackSettings, name: &str) -> Option<Value> {
    let given = settings
        .variables
        .get(name)
        .filter(|given| !given.is_empty())?;
    let text = match given.strip_prefix(FILE) {
        None => given.clone(),
        Some(path) => fs::read_to_string(absolute(Path::new(path))).unwrap_or_default(),
    };
    Some(serde_json::from_str(&text).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set_up(variables: &[(&str, &str)]) -> SetUp {
        let mut settings = StackSettings::new("template.yaml".into(), "target".into());
        let variables = variables.iter();
        settings.variables = variables
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        SetUp::read(&settings, &[])
    }

    #[test]
    fn variables_say_what_the_door_is_for() {
        let usual = set_up(&[]);
        assert!(usual.has_local_users() && !usual.is_open());
        let open = set_up(&[("ENABLE_AUTH", "false")]);
        assert!(open.is_open() && !open.has_local_users());
        assert!(!set_up(&[("ENABLE_AUTH", "no")]).is_open());
        assert!(!set_up(&[("TRUSTED_ISSUERS", "[]")]).has_local_users());
        assert!(set_up(&[("TRUSTED_ISSUERS", "")]).has_local_users());
    }

    #[test]
    fn agents_of_the_users_own_are_read_and_what_is_no_document_is_none() {
        let agents = r#"{"a": {"runtime": "arn:a", "qualifier": "PROD"}, "b": {"runtime": "arn:b", "protocol": "a2a", "auth": "jwt"}, "c": {"gateway": "https://x"}, "demo": 1}"#;
        let own = set_up(&[("AGENTS", agents)]);
        let runtimes = own.runtimes();
        assert_eq!(runtimes.len(), 2);
        assert_eq!(
            (&*runtimes[0].arn, runtimes[0].qualifier.as_deref()),
            ("arn:a", Some("PROD"))
        );
        assert!(runtimes[1].takes_tokens && runtimes[1].protocol == Protocol::A2a);
        assert_eq!(own.protocol("c"), Some(Protocol::Mcp));
        assert_eq!(own.own_agents().count(), 3);
        for bad in ["{", "[]", "file:/nonexistent"] {
            assert_eq!(set_up(&[("AGENTS", bad)]).agents().len(), 0, "{bad}");
        }
    }
}
