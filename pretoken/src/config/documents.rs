//! The settings that are JSON documents.

use std::collections::BTreeMap;

use shared::aws::names::is_app_client_id;
use shared::gate::Trust;
use shared::settings::{Fault, Faults, Form, Json, Members, Path};
use shared::text::is_printable;

use crate::answer::AddedClaims;
use crate::claims::{self, DEPARTMENT, ROLE};
use crate::directory::{GroupProfile, Profile};

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

/// As the door takes the group names of any issuer: some are for show, and have spaces.
const ISSUERS_GROUP: Form = Form {
    says: "a group's name of 1 to 255 printable characters",
    holds: |text| is_printable(text, 255),
};

const ISSUER: Form = Form {
    says: "the name of an issuer: visible ASCII characters without `#`, quotes and backslashes",
    holds: |text| claims::is_plain_issuer(text),
};

/// `{"USER_ID": {"department": "…", "role": "…"}}`
pub(super) fn directory(
    setting: &str,
    text: &str,
) -> Result<BTreeMap<String, Profile>, Vec<Fault>> {
    let faults = Faults::default();
    let mut directory = BTreeMap::new();
    for (subject, mut entry) in objects(setting, text, &faults)? {
        if !claims::is_user_id(&subject) {
            let says = PLAIN.says;
            entry.own_fault(format!(
                "is of a user id that is neither a subject, {says}, nor the name of an issuer, `#` and a subject, together at \
                 most 512 of them"
            ));
        }
        let profile = profile(&mut entry);
        entry.finish();
        directory.extend(profile.map(|profile| (subject, profile)));
    }
    faults.or_value(directory)
}

/// `[{"group": "…", "department": "…", "role": "…"}]`, with `issuer` if it is not the pool's group: a list, because its order counts, and what writes or rewrites
/// settings is free to put the members of an object into another.
pub(super) fn group_map(setting: &str, text: &str) -> Result<Vec<GroupProfile>, Vec<Fault>> {
    let json = Json::parse(setting, text).map_err(|fault| vec![fault])?;
    let faults = Faults::default();
    let mut map: Vec<GroupProfile> = Vec::new();
    for (path, entry) in faults.list(setting, json).unwrap_or_default() {
        let Some(mut entry) = Members::open(&path, entry, &faults) else {
            continue;
        };
        entry.needs(&["group"]);
        let is_pools = !entry.has("issuer");
        let issuer = entry.text("issuer", &ISSUER);
        let form = if is_pools { &GROUP } else { &ISSUERS_GROUP };
        let group = entry.text("group", form);
        let profile = profile(&mut entry);
        entry.finish();
        if let (Some(group), Some(profile)) = (group, profile)
            && (is_pools || issuer.is_some())
        {
            let is_same = |other: &GroupProfile| other.group == group && other.issuer == issuer;
            if map.iter().any(is_same) {
                faults.add(Fault::malformed(path, "is a group that is listed before"));
            }
            map.push(GroupProfile {
                issuer,
                group,
                profile,
            });
        }
    }
    faults.or_value(map)
}

/// Entries of users of issuers whose users no statement can be about: a slip in the name would leave them with the default.
pub(super) fn listed_strangers(
    setting: &str,
    listed: &BTreeMap<String, Profile>,
    trust: Option<&Trust>,
) -> Vec<Fault> {
    let fault = |user_id: &String| {
        let (issuer, _) = user_id.split_once(claims::ISSUER_END)?;
        let path = Path::from(setting).member(user_id);
        (!is_known(issuer, trust)).then(|| Fault::malformed(path, STRANGER))
    };
    listed.keys().filter_map(fault).collect()
}

/// The same for entries of groups.
pub(super) fn mapped_strangers(
    setting: &str,
    groups: &[GroupProfile],
    trust: Option<&Trust>,
) -> Vec<Fault> {
    let fault = |(place, entry): (usize, &GroupProfile)| {
        let issuer = entry.issuer.as_deref()?;
        let path = Path::from(setting).item(place).member("issuer");
        (!is_known(issuer, trust)).then(|| Fault::malformed(path, STRANGER))
    };
    groups.iter().enumerate().filter_map(fault).collect()
}

const STRANGER: &str =
    "is of an issuer by whose name the `TRUSTED_ISSUERS` of this function know no callers";

fn is_known(issuer: &str, trust: Option<&Trust>) -> bool {
    trust.is_some_and(|trust| trust.knows_callers_as(issuer))
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
