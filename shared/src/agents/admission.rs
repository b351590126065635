//! Admission rules of an agent: the member `allow` of its entry.

use crate::gate::Admission;
use crate::settings::{Form, Members};
use crate::text::is_printable;

/// Cognito's group names have at most 128 characters; other issuers' may be display names, with spaces.
const GROUP: Form = Form {
    says: "1 to 255 printable characters",
    holds: |text| is_printable(text, 255),
};

const KINDS: [&str; 4] = ["issuers", "scopes", "groups", "clients"];

/// Sets that an agent can be said to need; each costs a comparison a request.
const MAX_SETS: usize = 20;

/// An absent `allow` could be read as "admit no caller" or as "admit every caller", so it is a fault. `{}` admits every
/// caller.
pub(super) fn read(entry: &mut Members<'_>) -> Option<Admission> {
    entry.needs(&["allow"]);
    let mut allow = entry.object("allow")?;
    let mut admission = read_kinds(&mut allow);
    let sets = allow.objects("anyOf").unwrap_or_default();
    if sets.len() > MAX_SETS {
        allow.fault("anyOf", format!("has more than {MAX_SETS} sets"));
    }
    admission.any_of = sets.into_iter().map(read_set).collect();
    allow.finish();
    Some(admission)
}

/// One of several sets. An empty one would make the others mean nothing.
fn read_set(mut set: Members<'_>) -> Admission {
    if !KINDS.iter().any(|kind| set.has(kind)) {
        set.own_fault("asks for nothing, so that every caller meets it");
    }
    let admission = read_kinds(&mut set);
    set.finish();
    admission
}

fn read_kinds(allow: &mut Members<'_>) -> Admission {
    Admission {
        // `Agents::faults` checks the issuers themselves: the trusted ones are not known here.
        issuers: allow.texts("issuers", &Form::ANY),
        scopes: allow.texts("scopes", &Form::SCOPE),
        groups: allow.texts("groups", &GROUP),
        clients: allow.texts("clients", &Form::PLAIN),
        any_of: Vec::new(),
    }
}
