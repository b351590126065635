//! The setting `GROUP_MAP`: departments and roles of the members of groups.

use crate::gate::Trust;
use crate::settings::{Fault, Faults, Form, Json, Members, Path};
use crate::text::is_printable;
use crate::user_claims::{Profile, is_plain_issuer};

/// Department and role of the members of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupProfile {
    /// The issuer whose group it is; none for a group of the pool.
    pub issuer: Option<String>,
    pub group: String,
    pub profile: Profile,
}

/// The groups of a person are unknown, and an entry could be about one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the groups of the person are unknown")]
pub struct GroupsUnknownError;

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
    holds: |text| is_plain_issuer(text),
};

/// `[{"group": "…", "department": "…", "role": "…"}]`, with `issuer` if it is not the pool's group: a list, because its order counts, and what writes or rewrites
/// settings is free to put the members of an object into another.
///
/// # Errors
/// Every fault, with its path.
pub fn parse(setting: &str, text: &str) -> Result<Vec<GroupProfile>, Vec<Fault>> {
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
        let profile = Profile::read(&mut entry);
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

/// The entry that counts for a person: the first whose group they are in, and its place in the setting. Each issuer says of
/// its own callers what it likes: the group of one, by the same name, is not another's.
///
/// # Errors
/// The groups are unknown, and there are entries of this issuer: the first group that they are in counts, so that none, or
/// a later one, may be the wrong answer.
pub fn entry_of<'m>(
    map: &'m [GroupProfile],
    issuer: Option<&str>,
    groups: Option<&[String]>,
) -> Result<Option<(usize, &'m GroupProfile)>, GroupsUnknownError> {
    let is_theirs = |(_, entry): &(usize, &GroupProfile)| entry.issuer.as_deref() == issuer;
    let mut entries = map.iter().enumerate().filter(is_theirs).peekable();
    if entries.peek().is_none() {
        return Ok(None);
    }
    let groups = groups.ok_or(GroupsUnknownError)?;
    Ok(entries.find(|(_, entry)| groups.contains(&entry.group)))
}

/// Entries of issuers whose users no statement can be about: a slip in the name would leave their groups with the default.
pub fn strangers(setting: &str, groups: &[GroupProfile], trust: Option<&Trust>) -> Vec<Fault> {
    let fault = |(place, entry): (usize, &GroupProfile)| {
        let issuer = entry.issuer.as_deref()?;
        let path = Path::from(setting).item(place).member("issuer");
        (!is_known(issuer, trust)).then(|| Fault::malformed(path, STRANGER))
    };
    groups.iter().enumerate().filter_map(fault).collect()
}

/// The fault of an entry whose issuer is not known.
pub const STRANGER: &str =
    "is of an issuer by whose name the `TRUSTED_ISSUERS` of this function know no callers";

/// Whether the settings know callers by this issuer's name.
pub fn is_known(issuer: &str, trust: Option<&Trust>) -> bool {
    trust.is_some_and(|trust| trust.knows_callers_as(issuer))
}
