//! The setting `TRUSTED_ISSUERS` -> [`TrustedIssuers`]: accepted issuers, their conditions, and the addresses of their
//! keys.
//!
//! The field names and meanings are those of AgentCore's `customJWTAuthorizer`, so that one document serves both, and
//! some of our own. See the AgentCore guide, "Configure inbound JWT authorizer".

mod advertised;
mod authority;
mod cognito;
mod conditions;
mod names;
mod pool;
mod requesters;
mod rules;
mod served;

use std::sync::Arc;

pub use advertised::Advertised;
pub use served::Origin;

use crate::authorities::Authorities;
use crate::gate::{KeySet, Rules, Trust};
use crate::key_report::skipped_keys;
use crate::settings::{Address, Fault, Faults, Form, Json, Members, TRUSTED_ISSUERS};

use names::Named;

/// AgentCore's fields that concern its own network.
const WITHOUT_EFFECT: [&str; 3] = [
    "certificateConfigurations",
    "privateEndpoint",
    "privateEndpointOverrides",
];

/// The issuers whose tokens are believed.
pub struct TrustedIssuers {
    pub trust: Trust,
    /// Where the keys of each issuer are, in the order of [`Trust::issuers`].
    pub sources: Vec<KeySource>,
    /// What clients are told of each issuer, in the same order.
    pub advertised: Vec<Advertised>,
    /// The issuer in whose place clients are sent to the door's metadata.
    pub served: Option<Origin>,
    notes: Vec<String>,
}

/// What is read of one entry.
struct Entry {
    rules: Rules,
    source: KeySource,
    advertised: Advertised,
    served: Option<Origin>,
}

/// Where the keys of one issuer are.
#[derive(Clone)]
pub enum KeySource {
    /// In the settings; nothing is ever fetched.
    Inline(Arc<KeySet>),
    /// At the issuer.
    Remote(RemoteKeys),
}

/// Keys that have to be fetched.
#[derive(Clone)]
pub struct RemoteKeys {
    /// The issuer's first name, which its metadata must state: with [`crate::rules::TENANT`] in it, if it has tenants.
    pub issuer: String,
    pub address: KeyAddress,
    /// The authorities of its servers' certificates, if not the public ones.
    pub authorities: Option<Authorities>,
}

#[derive(Clone, Debug)]
pub enum KeyAddress {
    /// A metadata document, which names the address of the key document.
    Discovery(Address),
    /// The key document itself.
    Document(Address),
}

impl TrustedIssuers {
    /// Reads the setting.
    ///
    /// # Errors
    /// Every fault of the document, each with its path.
    pub fn parse(json: &str) -> Result<Self, Vec<Fault>> {
        let json = Json::parse(TRUSTED_ISSUERS, json).map_err(|fault| vec![fault])?;
        let faults = Faults::with_remarks();
        let mut rules: Vec<Rules> = Vec::new();
        let mut sources = Vec::new();
        let mut advertised = Vec::new();
        let mut served = None;
        let mut notes = Vec::new();
        for (path, entry) in faults.list(TRUSTED_ISSUERS, json).unwrap_or_default() {
            let Some(entry) = Members::open(&path, entry, &faults) else {
                continue;
            };
            if let Some(own) = read_entry(entry, &mut notes) {
                let is_known = |iss: &String| rules.iter().any(|other| other.issuer.owns(iss));
                if own.rules.issuer.all().iter().any(is_known) {
                    let path = path.clone();
                    faults.add(Fault::malformed(path, "is an issuer that is listed before"));
                }
                if own.served.is_some() && served.is_some() {
                    let path = format!("{path}.{}", served::NAME);
                    let problem = "is `door`, as in an entry before, and the door is one authorization server";
                    faults.add(Fault::malformed(path, problem));
                }
                served = served.or(own.served);
                advertised.push(own.advertised);
                rules.push(own.rules);
                sources.push(own.source);
            }
        }
        faults.or_value(Self {
            trust: Trust::new(rules),
            sources,
            advertised,
            served,
            notes,
        })
    }

    /// What an operator should know of a document that is not wrong; for the log of the start.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// Reads one issuer. Every member is looked at, whatever is wrong with the others.
fn read_entry(mut entry: Members<'_>, notes: &mut Vec<String>) -> Option<Entry> {
    let named = names::read(&mut entry);
    let source = read_source(&mut entry, named.as_ref(), notes);
    let is_cognito = named.as_ref().is_some_and(|named| named.cognito.is_some());
    let issuer = named.as_ref().map(|named| named.issuer.clone());
    let rules = rules::read(&mut entry, issuer.unwrap_or_else(|| "".into()), is_cognito);
    requesters::check(&entry, &rules);
    let scopes = entry.object("advertisedScopeMapping");
    let scopes = scopes.map(|scopes| scopes.into_texts(&Form::SCOPE, &Form::SCOPE));
    let public_clients = read_public_clients(&mut entry, &rules);
    let is_served = served::is_asked(&mut entry);
    let served = named.as_ref().filter(|_| is_served).and_then(|named| {
        let authorities = match &source {
            Some(KeySource::Remote(keys)) => keys.authorities.clone(),
            Some(KeySource::Inline(_)) | None => None,
        };
        let origin = Origin {
            issuer: named.issuer.name().to_owned(),
            discovery: named.discovery.clone(),
            authorities,
            has_public_clients: !public_clients.is_empty(),
        };
        served::origin(&entry, &named.issuer, origin)
    });
    for name in WITHOUT_EFFECT {
        if entry.take(name).is_some() {
            let path = entry.path(name);
            let note = format!("`{path}` concerns AgentCore itself and has no effect here");
            notes.push(note);
        }
    }
    let workload = "allowedWorkloadConfiguration";
    if entry.take(workload).is_some() {
        entry.fault(workload, "is a restriction that cannot be kept here");
    }
    entry.finish();
    let advertised = Advertised {
        issuer: named?.address.clone(),
        is_served: served.is_some(),
        public_clients,
        allowed_scopes: rules.allowed_scopes.clone(),
        scopes: scopes.unwrap_or_default().into_iter().collect(),
    };
    Some(Entry {
        rules,
        source: source?,
        advertised,
        served,
    })
}

/// The clients that are advertised. One whose tokens are never taken would send people through a sign-in in vain.
fn read_public_clients(entry: &mut Members<'_>, rules: &Rules) -> Vec<String> {
    const NAME: &str = "publicClients";
    let clients = entry.texts(NAME, &Form::PLAIN).unwrap_or_default();
    let allowed = &rules.allowed_clients;
    let is_refused = |client: &&String| !allowed.is_empty() && !allowed.contains(client);
    if let Some(refused) = clients.iter().find(is_refused) {
        entry.fault(
            NAME,
            format!("has `{refused}`, which is not in `allowedClients`"),
        );
    }
    clients
}

/// Where the keys are: in the entry, at an address of the entry, or where the issuer says.
fn read_source(
    entry: &mut Members<'_>,
    named: Option<&Named>,
    notes: &mut Vec<String>,
) -> Option<KeySource> {
    let inline = entry.take("jwks");
    let given = entry.has("jwksUri");
    if inline.is_some() && given {
        entry.fault("jwksUri", "is given together with `jwks`");
    }
    let document = names::read_address(entry, "jwksUri");
    let authorities = authority::read(entry);
    if let Some(json) = inline {
        if authorities.is_some() {
            entry.fault(
                authority::NAME,
                "is given together with `jwks`, and nothing is fetched then",
            );
        }
        return read_key_set(entry, &json, notes);
    }
    let named = named?;
    let address = match (document, &named.cognito) {
        (Some(document), _) => KeyAddress::Document(document),
        (None, _) if given => return None,
        (None, Some(pool)) => KeyAddress::Document(cognito::keys(pool)?),
        (None, None) => KeyAddress::Discovery(named.discovery.clone()),
    };
    Some(KeySource::Remote(RemoteKeys {
        issuer: named.issuer.name().to_owned(),
        address,
        authorities,
    }))
}

fn read_key_set(entry: &Members<'_>, json: &Json, notes: &mut Vec<String>) -> Option<KeySource> {
    let document = serde_json::to_vec(json).unwrap_or_default();
    let keys = KeySet::parse(&document)
        .map_err(|error| entry.fault("jwks", format!("is not a key document: {error}")))
        .ok()?;
    if keys.usable() == 0 {
        entry.fault("jwks", "has no usable key");
    }
    if let Some(skipped) = skipped_keys(&keys) {
        let path = entry.path("jwks");
        notes.push(format!("`{path}` has unusable keys: {skipped}"));
    }
    Some(KeySource::Inline(Arc::new(keys)))
}
