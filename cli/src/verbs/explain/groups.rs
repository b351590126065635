//! Department and role by the caller's groups: the trigger's setting `GROUP_MAP`, read and asked by the trigger's own code.

use std::path::Path;

use serde_json::{Value, json};
use shared::gate::{Caller, Trust};
use shared::group_map::{self, GroupProfile, GroupsUnknownError};
use shared::settings::{self, Fault};
use shared::user_claims::Profile;

use crate::failure::Failure;
use crate::input;
use crate::terminal::Terminal;

/// The setting.
const GROUP_MAP: &str = "GROUP_MAP";

/// The setting, and where it was read.
pub(super) struct Groups {
    map: Vec<GroupProfile>,
    /// Before each fault: the name of the file, if there is one.
    place: String,
}

/// What the setting says of a caller.
pub(super) enum Found {
    /// It is not given, or nothing is asked of it.
    NotAsked,
    /// The caller's groups are not in their token.
    Unknown,
    /// It has no entry about one of the caller's groups.
    NoEntry,
    /// The entry that counts, and its place.
    Entry(usize, GroupProfile),
}

impl Groups {
    /// Reads the file, or the variable; nothing if neither is given.
    pub(super) fn read(
        file: Option<&Path>,
        terminal: &mut Terminal,
    ) -> Result<Option<Self>, Failure> {
        let (text, place) = match file {
            Some(file) => {
                let text = input::small(file, terminal)?;
                let text = String::from_utf8_lossy(&text).into_owned();
                (text, format!("`{}`: ", file.display()))
            }
            None => match settings::environment(GROUP_MAP) {
                // An empty setting counts as absent, as for the trigger.
                Some(text) if !text.is_empty() => (text, String::new()),
                Some(_) | None => return Ok(None),
            },
        };
        let map = group_map::parse(GROUP_MAP, &text).map_err(|faults| wrong(&place, &faults))?;
        Ok(Some(Self { map, place }))
    }

    /// Entries of issuers that the settings do not know would keep the trigger from starting.
    pub(super) fn check(&self, trust: &Trust) -> Result<(), Failure> {
        let faults = group_map::strangers(GROUP_MAP, &self.map, Some(trust));
        if faults.is_empty() {
            Ok(())
        } else {
            Err(wrong(&self.place, &faults))
        }
    }

    /// The entry for a caller, of this issuer if they are not of the pool.
    pub(super) fn find(&self, issuer: Option<&str>, caller: &Caller) -> Found {
        // As the door states them (`shared::statement`): where another claim is read as groups, those are complete.
        let is_known = !(caller.groups_elsewhere && caller.groups.is_empty());
        let groups = is_known.then_some(caller.groups.as_slice());
        match group_map::entry_of(&self.map, issuer, groups) {
            Err(GroupsUnknownError) => Found::Unknown,
            Ok(None) => Found::NoEntry,
            Ok(Some((place, entry))) => Found::Entry(place, entry.clone()),
        }
    }
}

impl Found {
    pub(super) const fn profile(&self) -> Option<&Profile> {
        match self {
            Self::Entry(_, entry) => Some(&entry.profile),
            Self::NotAsked | Self::Unknown | Self::NoEntry => None,
        }
    }

    pub(super) fn json(&self) -> Value {
        match self {
            Self::NotAsked | Self::Unknown => Value::Null,
            Self::NoEntry => json!({"entry": null, "group": null, "issuer": null}),
            Self::Entry(place, entry) => json!({
                "entry": format!("{GROUP_MAP}[{place}]"), "group": entry.group, "issuer": entry.issuer,
            }),
        }
    }

    /// For people; nothing if there is nothing to say.
    pub(super) fn sentence(&self) -> Option<String> {
        match self {
            Self::NotAsked | Self::Unknown => None,
            Self::NoEntry => Some(format!(
                "no entry of `{GROUP_MAP}` is about a group of the caller"
            )),
            Self::Entry(place, entry) => Some(format!(
                "by `{GROUP_MAP}[{place}]`, group `{}`, unless the directory has the user",
                entry.group.escape_debug()
            )),
        }
    }
}

fn wrong(place: &str, faults: &[Fault]) -> Failure {
    let faults: Vec<String> = faults
        .iter()
        .map(|fault| format!("{place}{fault}"))
        .collect();
    Failure::usage(
        faults.join("; "),
        "correct it: docs/settings.md#pre-token-generation says what it may be",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_which_entry_matched() {
        let profile = Profile {
            department: "finance".to_owned(),
            role: "admin".to_owned(),
        };
        let entry = GroupProfile {
            issuer: None,
            group: "staff\u{1b}".to_owned(),
            profile,
        };
        let found = Found::Entry(2, entry);
        assert_eq!(
            found.sentence().unwrap(),
            "by `GROUP_MAP[2]`, group `staff\\u{1b}`, unless the directory has the user"
        );
        assert!(Found::NoEntry.sentence().unwrap().contains("no entry"));
        for silent in [Found::NotAsked, Found::Unknown] {
            assert_eq!((silent.sentence(), silent.json()), (None, Value::Null));
        }
    }
}
