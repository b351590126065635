//! A sign-in: the tokens of a user at a door, and what they are for.

use serde::{Deserialize, Serialize};

use crate::speak::door::Door;

/// The version of a file that is not sealed.
pub(crate) const VERSION: u32 = 1;

/// Where the tokens of a sign-in are safe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kept {
    /// In a file that its owner alone can read.
    #[default]
    File,
    /// In such a file, sealed with a key of the system's keyring.
    Keyring,
}

/// A sign-in, as it is kept. It has no `Debug`: it is made of secrets.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    pub(crate) access_token: String,
    #[serde(rename = "as")]
    pub(crate) name: String,
    pub(crate) client_id: String,
    pub(crate) door: String,
    pub(crate) expires: u64,
    pub(crate) issuer: String,
    pub(crate) obtained: u64,
    pub(crate) refresh_token: Option<String>,
    /// The user's name, for people.
    pub(crate) shown: String,
    pub(crate) subject: String,
    version: u32,
    #[serde(skip)]
    pub(crate) kept: Kept,
}

impl SignIn {
    /// A sign-in that just happened.
    pub(crate) fn new(door: &Door, issuer: &str, client_id: &str) -> Self {
        Self {
            access_token: String::new(),
            name: door.name.clone(),
            client_id: client_id.to_owned(),
            door: door.address.clone(),
            expires: 0,
            issuer: issuer.to_owned(),
            obtained: 0,
            refresh_token: None,
            shown: String::new(),
            subject: String::new(),
            version: VERSION,
            kept: Kept::File,
        }
    }
}
