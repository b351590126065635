//! Department and role of a person.

/// What the policies ask of a person. Both texts are plain, see [`crate::claims::is_plain`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) department: String,
    pub(crate) role: String,
}
