//! The setting `TRUSTED_ISSUERS` -> [`TrustedIssuers`]: accepted issuers, their conditions, and the addresses of their
//! keys.
//!
//! The field names and meanings are those of AgentCore's `customJWTAuthorizer`, so that one document serves both, and
//! some of our own. See the AgentCore guide, "Configure inbound JWT authorizer".

mod advertised;
mod cognito;
mod conditions;
mod pool;

use std::sync::Arc;

pub use advertised::Advertised;

use crate::gate::{Algorithm, KeySet, Rules, TokenUse, Trust};
use crate::settings::{Address, Fault, Faults, Form, Json, Members, TRUSTED_ISSUERS};

/// How far an issuer's clock may run ahead of ours, unless its entry says otherwise; seconds.
const LEEWAY_SECS: u64 = 30;
/// More leeway than this would hide a clock that needs repair; seconds.
const MAX_LEEWAY_SECS: u64 = 120;
/// The longest life of a token, unless the issuer's entry says otherwise: a day, Cognito's own limit; seconds.
const LIFETIME_SECS: u64 = 86_400;
/// A token of more than a year is a password; seconds.
const MAX_LIFETIME_SECS: u64 = 31_536_000;

/// The two places where an issuer publishes its metadata (OpenID Connect Discovery 1.0 section 4; RFC 8414, section 3).
const WELL_KNOWN: [&str; 2] = [
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
];

/// AgentCore's fields that concern its own network.
const WITHOUT_EFFECT: [&str; 3] = [
    "certificateConfigurations",
    "privateEndpoint",
    "privateEndpointOverrides",
];

/// Of these an entry needs at least one: an issuer's every customer must not be everybody's caller.
const CONDITIONS: [&str; 4] = [
    "allowedAudience",
    "allowedClients",
    "allowedScopes",
    "customClaims",
];

/// The issuers whose tokens are believed.
pub struct TrustedIssuers {
    pub trust: Trust,
    /// Where the keys of each issuer are, in the order of [`Trust::issuers`].
    pub sources: Vec<KeySource>,
    /// What clients are told of each issuer, in the same order.
    pub advertised: Vec<Advertised>,
    notes: Vec<String>,
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
    /// The exact `iss`.
    pub issuer: String,
    pub address: KeyAddress,
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
        let mut notes = Vec::new();
        for (path, entry) in faults.list(TRUSTED_ISSUERS, json).unwrap_or_default() {
            let Some(entry) = Members::open(&path, entry, &faults) else {
                continue;
            };
            if let Some((own, source, known)) = read_entry(entry, &mut notes) {
                if rules.iter().any(|other| other.issuer == own.issuer) {
                    faults.add(Fault::malformed(path, "is an issuer that is listed before"));
                }
                advertised.push(known);
                rules.push(own);
                sources.push(source);
            }
        }
        faults.or_value(Self {
            trust: Trust::new(rules),
            sources,
            advertised,
            notes,
        })
    }

    /// What an operator should know of a document that is not wrong; for the log of the start.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// Who issues, and where that is written.
struct Issuer {
    name: Address,
    discovery: Address,
    is_cognito: bool,
}

/// Reads one issuer. Every member is looked at, whatever is wrong with the others.
fn read_entry(
    mut entry: Members<'_>,
    notes: &mut Vec<String>,
) -> Option<(Rules, KeySource, Advertised)> {
    let issuer = read_issuer(&mut entry);
    let source = read_source(&mut entry, issuer.as_ref(), notes);
    let is_cognito = issuer.as_ref().is_some_and(|issuer| issuer.is_cognito);
    let rules = read_rules(&mut entry, is_cognito);
    let scopes = entry.object("advertisedScopeMapping");
    let scopes = scopes.map(|scopes| scopes.into_texts(&Form::SCOPE, &Form::SCOPE));
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
    let issuer = issuer?.name.as_str().to_owned();
    let advertised = Advertised::new(&issuer, scopes.unwrap_or_default());
    Some((Rules { issuer, ..rules }, source?, advertised))
}

fn read_issuer(entry: &mut Members<'_>) -> Option<Issuer> {
    entry.needs(&["discoveryUrl"]);
    let discovery = read_address(entry, "discoveryUrl");
    let default = discovery.as_ref().and_then(issuer_of);
    if discovery.is_some() && default.is_none() {
        entry.fault(
            "discoveryUrl",
            "does not end in `/.well-known/openid-configuration` or `/.well-known/oauth-authorization-server`",
        );
    }
    let name = if entry.has("issuer") {
        read_address(entry, "issuer")?
    } else {
        default?
    };
    if name.has_query() {
        entry.fault("issuer", "has a query");
    }
    let is_cognito = cognito::is_issuer(&name);
    if is_cognito && !cognito::is_pool(&name) {
        entry.own_fault(
            "is not the issuer of a Cognito user pool: `/` and the pool id must follow the host",
        );
    }
    Some(Issuer {
        name,
        discovery: discovery?,
        is_cognito,
    })
}

/// The issuer a metadata address belongs to: the well-known part stands at its end, or between host and path (RFC 8414,
/// section 3.1).
fn issuer_of(discovery: &Address) -> Option<Address> {
    let text = discovery.as_str();
    let is_plain = !discovery.has_query() && text.matches("/.well-known/").count() == 1;
    let split = |well_known: &&str| text.split_once(*well_known);
    let (before, after) = WELL_KNOWN.iter().find_map(split).filter(|_| is_plain)?;
    let at_root = Address::parse(before).ok()?.uri().path() == "/";
    let inserted = at_root && after.starts_with('/') && after.len() > 1;
    if before.ends_with('/') || !(after.is_empty() || inserted) {
        return None;
    }
    Address::parse(&format!("{before}{after}")).ok()
}

fn read_address(entry: &mut Members<'_>, name: &str) -> Option<Address> {
    let text = entry.text(name, &Form::ANY)?;
    Address::parse(&text)
        .map_err(|error| entry.fault(name, error.to_string()))
        .ok()
}

/// Where the keys are: in the entry, at an address of the entry, or where the issuer says.
fn read_source(
    entry: &mut Members<'_>,
    issuer: Option<&Issuer>,
    notes: &mut Vec<String>,
) -> Option<KeySource> {
    let inline = entry.take("jwks");
    let given = entry.has("jwksUri");
    if inline.is_some() && given {
        entry.fault("jwksUri", "is given together with `jwks`");
    }
    let document = read_address(entry, "jwksUri");
    if let Some(json) = inline {
        return read_key_set(entry, &json, notes);
    }
    let issuer = issuer?;
    let address = match document {
        Some(document) => KeyAddress::Document(document),
        None if given => return None,
        None if issuer.is_cognito => KeyAddress::Document(cognito::keys(&issuer.name)?),
        None => KeyAddress::Discovery(issuer.discovery.clone()),
    };
    Some(KeySource::Remote(RemoteKeys {
        issuer: issuer.name.as_str().to_owned(),
        address,
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
    if keys.skipped() > 0 {
        let path = entry.path("jwks");
        notes.push(format!("`{path}` has {} unusable keys", keys.skipped()));
    }
    Some(KeySource::Inline(Arc::new(keys)))
}

/// The conditions of the entry; the issuer itself is filled in by the caller.
fn read_rules(entry: &mut Members<'_>, is_cognito: bool) -> Rules {
    if !CONDITIONS.iter().any(|name| entry.has(name)) {
        let names = CONDITIONS.join("`, `");
        entry.own_fault(format!("admits anyone: one of `{names}` is required"));
    }
    let token_use = entry.one_of("tokenUse", "`access`, `id`", TokenUse::parse);
    let mut claim_name = |name: &str, default: &str| {
        let named = entry.text(name, &Form::PLAIN);
        named.unwrap_or_else(|| default.to_owned())
    };
    let groups = if is_cognito {
        cognito::GROUPS_CLAIM
    } else {
        "groups"
    };
    let groups_claim = claim_name("groupsClaim", groups);
    let scope_claim = claim_name("scopeClaim", "scope");
    let client_claim = claim_name("clientClaim", "client_id");
    Rules {
        issuer: String::new(),
        algorithms: read_algorithms(entry),
        token_use: token_use.or(is_cognito.then_some(TokenUse::Access)),
        allowed_clients: list(entry, "allowedClients", &Form::PLAIN),
        allowed_audience: list(entry, "allowedAudience", &Form::PLAIN),
        allowed_scopes: list(entry, "allowedScopes", &Form::SCOPE),
        custom_claims: conditions::read(entry),
        groups_claim,
        scope_claim,
        client_claim,
        leeway_secs: entry
            .number("leewaySeconds", 0..=MAX_LEEWAY_SECS)
            .unwrap_or(LEEWAY_SECS),
        max_lifetime_secs: entry
            .number("maxLifetimeSeconds", 1..=MAX_LIFETIME_SECS)
            .unwrap_or(LIFETIME_SECS),
    }
}

fn list(entry: &mut Members<'_>, name: &str, form: &Form) -> Vec<String> {
    entry.texts(name, form).unwrap_or_default()
}

fn read_algorithms(entry: &mut Members<'_>) -> Vec<Algorithm> {
    const KNOWN: Form = Form {
        says: "one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA",
        holds: |name| Algorithm::parse(name).is_some(),
    };
    match entry.texts("algorithms", &KNOWN) {
        None => vec![Algorithm::RS256],
        Some(names) => names
            .iter()
            .filter_map(|name| Algorithm::parse(name))
            .collect(),
    }
}
