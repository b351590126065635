//! The directory: department and role of a user, from the first source that knows them: the table, the list in the
//! settings, the groups, and at last the default.

mod profile;
mod table;

use std::collections::BTreeMap;

use crate::error::TriggerError;
use crate::event::Person;

pub(crate) use profile::Profile;
pub(crate) use table::Table;

/// The sources that the settings name.
pub(crate) struct Directory {
    pub(crate) table: Option<Table>,
    /// By user id.
    pub(crate) listed: BTreeMap<String, Profile>,
    /// In the order in which they count.
    pub(crate) groups: Vec<GroupProfile>,
    pub(crate) default: Profile,
}

/// Department and role of the members of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupProfile {
    /// The issuer whose group it is; none for a group of the pool.
    pub(crate) issuer: Option<String>,
    pub(crate) group: String,
    pub(crate) profile: Profile,
}

impl Directory {
    /// Looks a person up.
    ///
    /// # Errors
    /// A source that failed is not passed over: the next one might say more of the person than it would have.
    pub(crate) async fn profile(&self, person: &Person) -> Result<Profile, TriggerError> {
        if let Some(table) = &self.table
            && let Some(profile) = table.find(&person.user_id).await?
        {
            return Ok(profile);
        }
        if let Some(profile) = self.listed.get(&person.user_id) {
            return Ok(profile.clone());
        }
        let by_group = self.by_group(person)?;
        Ok(by_group.unwrap_or(&self.default).clone())
    }

    fn by_group(&self, person: &Person) -> Result<Option<&Profile>, TriggerError> {
        // Each issuer says of its own callers what it likes: the group of one, by the same name, is not another's.
        let is_theirs = |entry: &&GroupProfile| entry.issuer == person.issuer;
        let mut entries = self.groups.iter().filter(is_theirs).peekable();
        if entries.peek().is_none() {
            return Ok(None);
        }
        // The first group that they are in counts, so the default, or a later one, may be the wrong answer.
        let groups = person.groups.as_ref().ok_or(TriggerError::Groups)?;
        let found = entries.find(|entry| groups.contains(&entry.group));
        Ok(found.map(|entry| &entry.profile))
    }
}
