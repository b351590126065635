//! Settings of a stack.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use super::agents::AgentSettings;
use crate::agent_command::AgentCommand;
use crate::agentcore_runtime::Protocol;
use crate::api_gateway::CustomDomain;
use crate::cognito::{self, KeptKeys, UserSettings};
use crate::hops::Hops;
use crate::log::Listeners;

/// What a stack is made from.
#[derive(Clone, Debug)]
pub struct StackSettings {
    /// The template.
    pub template: PathBuf,
    /// The folder of the built functions.
    pub functions: PathBuf,
    /// The door's port; any free one for 0.
    pub port: u16,
    /// A domain that leads to the door as well.
    pub domain: Option<CustomDomain>,
    /// The folder with `policies/*.cedar` and `tools.json`.
    pub policy: PathBuf,
    /// Life of a tool token in seconds.
    pub tool_token_seconds: u64,
    /// The user's own agent instead of the demonstration agent.
    pub agent_url: Option<String>,
    /// The same, started here by a command. Not together with an address.
    pub agent_command: Option<AgentCommand>,
    /// What the user's own agent speaks.
    pub agent_protocol: Protocol,
    /// Further agents, which all staff may call.
    pub agents: Vec<AgentSettings>,
    /// Further issuers that are trusted, as entries of `TRUSTED_ISSUERS`; every agent admits their callers, too.
    pub issuers: Vec<Value>,
    /// Values for variables that the template gives to functions, by the variables' names: `AGENTS` for example.
    /// Any other name here changes nothing.
    pub variables: BTreeMap<String, String>,
    /// Addresses that the sign-in page may send people back to, as the template's `ReturnUrls`.
    pub return_urls: Vec<String>,
    /// Whether the door serves the pool's metadata in its own words, for clients that insist on what the pool's lack.
    pub serves_metadata: bool,
    /// Whether the functions' log lines are written to standard error.
    pub echo_logs: bool,
    /// Who else is told of all log lines.
    pub listeners: Listeners,
    /// Where the hops of requests are told.
    pub hops: Hops,
    /// The ports of the services that people use beside the door.
    pub ports: ServicePorts,
    /// The people of the pool.
    pub users: Vec<UserSettings>,
    /// The pool's signing keys, if they are those of an earlier run.
    pub keys: Option<KeptKeys>,
    /// Life of a user's access token in seconds.
    pub user_token_seconds: u64,
}

/// Ports of 127.0.0.1 on which services listen; any free one for 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServicePorts {
    /// The sign-in page and the token endpoint.
    pub issuer: u16,
    /// The directory.
    pub directory: u16,
    /// The tools' gateway.
    pub tools: u16,
}

impl StackSettings {
    /// These functions of a template, and defaults for the rest: the policies beside the template, any free port, the
    /// demonstration agent.
    pub fn new(template: PathBuf, functions: PathBuf) -> Self {
        Self {
            policy: template.with_file_name("policy"),
            template,
            functions,
            port: 0,
            domain: None,
            // Cognito's shortest.
            tool_token_seconds: 300,
            agent_url: None,
            agent_command: None,
            agent_protocol: Protocol::Http,
            agents: Vec::new(),
            issuers: Vec::new(),
            variables: BTreeMap::new(),
            return_urls: cognito::RETURN_URLS.map(str::to_owned).to_vec(),
            serves_metadata: false,
            echo_logs: false,
            listeners: Listeners::default(),
            hops: Hops::default(),
            ports: ServicePorts::default(),
            users: cognito::IssuerSettings::default().users,
            keys: None,
            user_token_seconds: 3600,
        }
    }

    /// What the user's own agent speaks, if there is one.
    pub(super) fn own_protocol(&self) -> Option<Protocol> {
        let has_own = self.agent_url.is_some() || self.agent_command.is_some();
        has_own.then_some(self.agent_protocol)
    }
}
