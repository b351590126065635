//! The issuers of a project: one entry for all runtimes that trust the same one.
//!
//! An entry of the door holds for all agents, an authorizer of AgentCore for one runtime. What runtimes ask differently of
//! one issuer is therefore asked by each agent's `allow`, as far as that can ask it: clients and scopes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use shared::issuers::TrustedIssuers;

use super::project::{Project, Runtime};
use crate::arguments::Import;

/// The entries, by `discoveryUrl`.
pub(super) struct Issuers(BTreeMap<String, Issuer>);

struct Issuer {
    /// The exact `iss` by which agents name it.
    name: String,
    entry: Map<String, Value>,
    /// The conditions that only an entry can have, the same for all its runtimes.
    common: Map<String, Value>,
}

/// The conditions that an agent's `allow` has as well, with their names there.
const BY_AGENT: [(&str, &str); 2] = [("allowedClients", "clients"), ("allowedScopes", "scopes")];
const URL: &str = "discoveryUrl";

impl Issuers {
    /// Those of the runtimes that can be agents, and the one that the command line names.
    pub(super) fn of(project: &Project, import: &Import) -> Self {
        let mut found: BTreeMap<String, Vec<&Map<String, Value>>> = BTreeMap::new();
        let given = import.discovery_url.as_ref().map(|url| {
            let clients = import.client.as_slice();
            Map::from_iter([
                (URL.to_owned(), json!(url)),
                ("allowedClients".to_owned(), json!(clients)),
            ])
        });
        let deployed = project
            .runtimes
            .iter()
            .filter(|runtime| runtime.arn.is_some());
        let authorizers = deployed.filter_map(|runtime| runtime.authorizer.as_ref());
        for authorizer in authorizers.chain(&given) {
            if let Some(url) = authorizer.get(URL).and_then(Value::as_str) {
                found.entry(url.to_owned()).or_default().push(authorizer);
            }
        }
        let issuers = found.into_iter().filter_map(|(url, authorizers)| {
            let issuer = Issuer::of(&authorizers)?;
            Some((url, issuer))
        });
        Self(issuers.collect())
    }

    /// The setting `TRUSTED_ISSUERS`.
    pub(super) fn document(&self) -> Value {
        let entries = self.0.values();
        entries
            .map(|issuer| Value::Object(issuer.entry.clone()))
            .collect()
    }

    /// Whom an agent admits: the callers whom the runtime's own authorizer would let in, and no others.
    pub(super) fn allow(&self, runtime: &Runtime) -> Result<Value, String> {
        let authorizer = runtime.authorizer.as_ref().ok_or("it has no authorizer")?;
        let url = authorizer.get(URL).and_then(Value::as_str);
        let url = url.ok_or("its authorizer names no `discoveryUrl`")?;
        let issuer = self.0.get(url);
        let issuer = issuer.ok_or("its authorizer cannot be an entry of TRUSTED_ISSUERS")?;
        if common(authorizer) != issuer.common {
            return Err(
                "another runtime trusts the same issuer with another audience or other claims, and an agent's `allow` cannot ask \
                 for those"
                    .to_owned(),
            );
        }
        let mut allow = Map::from_iter([("issuers".to_owned(), json!([issuer.name]))]);
        for (name, by_agent) in BY_AGENT {
            if let Some(asked) = list(authorizer, name) {
                allow.insert(by_agent.to_owned(), json!(asked));
            }
        }
        Ok(Value::Object(allow))
    }
}

impl Issuer {
    /// One entry for all of these: what the first asks that only an entry can, and of clients and scopes those of all.
    fn of(authorizers: &[&Map<String, Value>]) -> Option<Self> {
        let first = authorizers.first()?;
        let common = common(first);
        let mut entry = common.clone();
        entry.insert(URL.to_owned(), first.get(URL)?.clone());
        for (name, _) in BY_AGENT {
            let lists = authorizers
                .iter()
                .filter(|other| self::common(other) == common);
            let lists: Option<Vec<BTreeSet<String>>> = lists.map(|own| list(own, name)).collect();
            // If one of them does not ask, the entry cannot.
            if let Some(lists) = lists {
                let all: BTreeSet<String> = lists.into_iter().flatten().collect();
                entry.insert(name.to_owned(), json!(all));
            }
        }
        let document = json!([entry]).to_string();
        let trusted = TrustedIssuers::parse(&document).ok()?;
        let name = trusted.trust.issuers().first()?.issuer.name().to_owned();
        Some(Self {
            name,
            entry,
            common,
        })
    }
}

/// The conditions that no `allow` can ask.
fn common(authorizer: &Map<String, Value>) -> Map<String, Value> {
    let own = authorizer.iter().filter(|(name, value)| {
        let is_by_agent = BY_AGENT.iter().any(|(by_agent, _)| by_agent == name);
        // AgentCore takes an empty list as none.
        let is_empty = value.as_array().is_some_and(Vec::is_empty);
        !is_by_agent && !is_empty && *name != URL
    });
    own.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn list(authorizer: &Map<String, Value>, name: &str) -> Option<BTreeSet<String>> {
    let entries = authorizer.get(name)?.as_array()?;
    let entries: BTreeSet<String> = entries
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    (!entries.is_empty()).then_some(entries)
}
