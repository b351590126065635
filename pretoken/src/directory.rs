//! The directory: department and role of a user, from the first source that knows them: the table, the list in the
//! settings, the groups, and at last the default.

mod table;

use std::collections::BTreeMap;

use shared::group_map::{self, GroupProfile, GroupsUnknownError};
use shared::user_claims::Profile;

use crate::error::TriggerError;
use crate::event::Person;

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
        let (issuer, groups) = (person.issuer.as_deref(), person.groups.as_deref());
        let found = group_map::entry_of(&self.groups, issuer, groups);
        let found = found.map_err(|GroupsUnknownError| TriggerError::Groups)?;
        Ok(found.map(|(_, entry)| &entry.profile))
    }
}
