//! The settings that are JSON documents.

use std::collections::BTreeMap;

use shared::aws::names::is_app_client_id;
use shared::settings::{Fault, Faults, Form, Json, Members};

use crate::answer::AddedClaims;
use crate::claims::{self, DEPARTMENT, ROLE};
use crate::directory::Profile;

/// What stands in a claim.
pub(super) const PLAIN: Form = Form {
    says: "1 to 128 printable ASCII characters without quotes, backslashes, and spaces at either end",
    holds: |text| claims::is_plain(text),
};

const CLAIM: Form = Form {
    says: "a claim that may be set",
    holds: |name| claims::is_free(name),
};

/// Cognito's group names have no spaces, and letters of any script.
const GROUP: Form = Form {
    says: "a group's name of 1 to 128 characters without spaces",
    holds: |text| {
        let is_bad = |character: char| character.is_whitespace() || character.is_control();
        (1..=128).contains(&text.chars().count()) && !text.contains(is_bad)
    },
};

/// `{"SUBJECT": {"department": "…", "role": "…"}}`
pub(super) fn directory(
    setting: &str,
    text: &str,
) -> Result<BTreeMap<String, Profile>, Vec<Fault>> {
    let faults = Faults::default();
    let mut directory = BTreeMap::new();
    for (subject, mut entry) in objects(setting, text, &faults)? {
        if !claims::is_plain(&subject) {
            entry.own_fault(format!("is of a subject that is not {}", PLAIN.says));
        }
        let profile = profile(&mut entry);
        entry.finish();
        directory.extend(profile.map(|profile| (subject, profile)));
    }
    faults.or_value(directory)
}

/// `[{"group": "…", "department": "…", "role": "…"}]`: a list, because its order counts, and what writes or rewrites
/// settings is free to put the members of an object into another.
pub(super) fn group_map(setting: &str, text: &str) -> Result<Vec<(String, Profile)>, Vec<Fault>> {
    let json = Json::parse(setting, text).map_err(|fault| vec![fault])?;
    let faults = Faults::default();
    let mut map: Vec<(String, Profile)> = Vec::new();
    for (path, entry) in faults.list(setting, json).unwrap_or_default() {
        let Some(mut entry) = Members::open(&path, entry, &faults) else {
            continue;
        };
        entry.needs(&["group"]);
        let group = entry.text("group", &GROUP);
        let profile = profile(&mut entry);
        entry.finish();
        if let (Some(group), Some(profile)) = (group, profile) {
            if map.iter().any(|(other, _)| *other == group) {
                faults.add(Fault::malformed(path, "is a group that is listed before"));
            }
            map.push((group, profile));
        }
    }
    faults.or_value(map)
}

/// `{"CLIENT": {"CLAIM": "TEXT"}}`
pub(super) fn client_claims(
    setting: &str,
    text: &str,
) -> Result<BTreeMap<String, AddedClaims>, Vec<Fault>> {
    let faults = Faults::default();
    let mut clients = BTreeMap::new();
    for (client, entry) in objects(setting, text, &faults)? {
        if !is_app_client_id(&client) {
            entry.own_fault("is of a name that is not a client id");
        }
        let claims = entry.into_texts(&CLAIM, &PLAIN).into_iter();
        let claims = claims.map(|(name, text)| (name, text.into())).collect();
        clients.insert(client, claims);
    }
    faults.or_value(clients)
}

/// The members of a setting that is an object of objects.
fn objects<'f>(
    setting: &str,
    text: &str,
    faults: &'f Faults,
) -> Result<Vec<(String, Members<'f>)>, Vec<Fault>> {
    let json = Json::parse(setting, text).map_err(|fault| vec![fault])?;
    let members = Members::open(setting, json, faults);
    let objects = members.map(Members::into_objects).unwrap_or_default();
    let objects = objects.into_iter();
    Ok(objects
        .filter_map(|(name, object)| Some((name, object?)))
        .collect())
}

fn profile(entry: &mut Members<'_>) -> Option<Profile> {
    entry.needs(&[DEPARTMENT, ROLE]);
    let department = entry.text(DEPARTMENT, &PLAIN);
    let role = entry.text(ROLE, &PLAIN);
    Some(Profile {
        department: department?,
        role: role?,
    })
}
