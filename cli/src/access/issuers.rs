//! Changes of the trusted issuers: whose tokens are believed, and on what conditions.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use shared::documents::Documents;

use super::changes::Changes;

/// Any entry is enough; without the list, nothing is asked.
const ANY_OF: [&str; 4] = [
    "allowedAudience",
    "allowedClients",
    "allowedScopes",
    "allowedSubjects",
];
/// Every entry must hold.
const ALL_OF: [&str; 2] = ["customClaims", "requiredClaims"];
/// Each entry lets more in; without the list, there is a default.
const GRANTS: [&str; 4] = ["algorithms", "issuer", "tenants", "tokenTypes"];
/// More lets more in; without the number, there is a default.
const BOUNDS: [&str; 2] = ["leewaySeconds", "maxLifetimeSeconds"];
/// Hints for clients, and remarks: nothing that decides.
const TOLD: [&str; 8] = [
    "$comment",
    "$schema",
    "advertisedScopeMapping",
    "authorizationServer",
    "certificateConfigurations",
    "privateEndpoint",
    "privateEndpointOverrides",
    "publicClients",
];

/// The entries of a document by the issuer's first name. The reader has taken it without a fault, so its order is that of
/// the rules.
pub(crate) fn entries(door: &Documents, text: &str) -> BTreeMap<String, Map<String, Value>> {
    let document: Value =
        serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap_or_default();
    let rules = door.issuers.trust.issuers().iter();
    let names = rules.map(|rules| rules.issuer.name().to_owned());
    let entries = document.as_array().cloned().unwrap_or_default();
    let entries = entries.into_iter();
    let entries = entries.filter_map(|entry| entry.as_object().cloned());
    names.zip(entries).collect()
}

/// Compares the entries of two documents.
pub(crate) fn compare(
    before: &BTreeMap<String, Map<String, Value>>,
    after: &BTreeMap<String, Map<String, Value>>,
    changes: &mut Changes,
) {
    for (name, new) in after {
        let who = format!("issuer {name}");
        match before.get(name) {
            Some(old) => compare_entry(&who, old, new, changes),
            None => changes.opens(&who, "is trusted".to_owned()),
        }
    }
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        changes.closes(&format!("issuer {name}"), "is trusted no more".to_owned());
    }
}

fn compare_entry(
    who: &str,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    changes: &mut Changes,
) {
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let (before, after) = (old.get(name), new.get(name));
        if before == after || TOLD.contains(&name.as_str()) {
            continue;
        }
        compare_member(&Member { who, name }, before, after, changes);
    }
}

struct Member<'a> {
    who: &'a str,
    name: &'a str,
}

fn compare_member(
    member: &Member<'_>,
    old: Option<&Value>,
    new: Option<&Value>,
    changes: &mut Changes,
) {
    let Member { who, name } = member;
    let is_in = |list: &[&str]| list.contains(name);
    match (old, new) {
        (None, Some(_)) if is_in(&ANY_OF) => changes.closes(who, format!("asks for `{name}`")),
        (Some(_), None) if is_in(&ANY_OF) => {
            changes.opens(who, format!("asks for `{name}` no more"));
        }
        (Some(old), Some(new)) if is_in(&ANY_OF) || is_in(&GRANTS) => {
            for entry in added(old, new) {
                changes.opens(who, format!("takes {entry} in `{name}`"));
            }
            for entry in added(new, old) {
                changes.closes(who, format!("takes {entry} in `{name}` no more"));
            }
        }
        (old, new) if is_in(&ALL_OF) => {
            let (old, new) = (old.unwrap_or(&Value::Null), new.unwrap_or(&Value::Null));
            for entry in added(old, new) {
                changes.closes(who, format!("asks for {entry} in `{name}`"));
            }
            for entry in added(new, old) {
                changes.opens(who, format!("asks for {entry} in `{name}` no more"));
            }
        }
        (Some(old), Some(new)) if is_in(&BOUNDS) => {
            let what = format!("`{name}` is {new}, and was {old}");
            if new.as_u64() > old.as_u64() {
                changes.opens(who, what);
            } else {
                changes.closes(who, what);
            }
        }
        _ => changes.unclear(who, format!("`{name}` is another")),
    }
}

/// The entries of the second that are not in the first. A text alone is a list of one.
fn added(old: &Value, new: &Value) -> Vec<String> {
    let list = |value: &Value| match value.as_array() {
        Some(entries) => entries.clone(),
        None if value.is_null() => Vec::new(),
        None => vec![value.clone()],
    };
    let old = list(old);
    let new = list(new).into_iter();
    let new = new.filter(|entry| !old.contains(entry));
    new.map(|entry| entry.to_string()).collect()
}
