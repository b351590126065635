//! The settings that are JSON documents.

use std::collections::BTreeMap;

use shared::aws::names::is_app_client_id;
use shared::gate::Trust;
use shared::group_map::{STRANGER, is_known};
use shared::settings::{Fault, Faults, Form, Json, Members, Path};
use shared::user_claims::{ISSUER_END, PLAIN, Profile, is_user_id};

use crate::answer::AddedClaims;
use crate::claims;

const CLAIM: Form = Form {
    says: "a claim that may be set",
    holds: |name| claims::is_free(name),
};

/// `{"USER_ID": {"department": "…", "role": "…"}}`
pub(super) fn directory(
    setting: &str,
    text: &str,
) -> Result<BTreeMap<String, Profile>, Vec<Fault>> {
    let faults = Faults::default();
    let mut directory = BTreeMap::new();
    for (subject, mut entry) in objects(setting, text, &faults)? {
        if !is_user_id(&subject) {
            let says = PLAIN.says;
            entry.own_fault(format!(
                "is of a user id that is neither a subject, {says}, nor the name of an issuer, `#` and a subject, together at \
                 most 512 of them"
            ));
        }
        let profile = Profile::read(&mut entry);
        entry.finish();
        directory.extend(profile.map(|profile| (subject, profile)));
    }
    faults.or_value(directory)
}

/// Entries of users of issuers whose users no statement can be about: a slip in the name would leave them with the default.
pub(super) fn listed_strangers(
    setting: &str,
    listed: &BTreeMap<String, Profile>,
    trust: Option<&Trust>,
) -> Vec<Fault> {
    let fault = |user_id: &String| {
        let (issuer, _) = user_id.split_once(ISSUER_END)?;
        let path = Path::from(setting).member(user_id);
        (!is_known(issuer, trust)).then(|| Fault::malformed(path, STRANGER))
    };
    listed.keys().filter_map(fault).collect()
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
