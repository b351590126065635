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
    /// By subject.
    pub(crate) listed: BTreeMap<String, Profile>,
    /// By group, in the order in which they count.
    pub(crate) groups: Vec<(String, Profile)>,
    pub(crate) default: Profile,
}

impl Directory {
    /// Looks a person up.
    ///
    /// # Errors
    /// A source that failed is not passed over: the next one might say more of the person than it would have.
    pub(crate) async fn profile(&self, person: &Person) -> Result<Profile, TriggerError> {
        if let Some(table) = &self.table
            && let Some(profile) = table.find(&person.subject).await?
        {
            return Ok(profile);
        }
        let listed = self.listed.get(&person.subject);
        let by_group = || {
            let mut groups = self.groups.iter();
            let (_, profile) = groups.find(|(group, _)| person.groups.contains(group))?;
            Some(profile)
        };
        let known = listed.or_else(by_group);
        Ok(known.unwrap_or(&self.default).clone())
    }
}
