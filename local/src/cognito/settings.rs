//! The settings of the pool: its users, its clients' addresses, the lifetimes of its tokens.

use std::fmt;

use super::keys::KeptKeys;
use crate::hops::Hops;
use crate::sigv4::Credentials;

/// The addresses that people may be sent back to, where none is given: the template's default of `ReturnUrls`. The last two
/// are those of the terminal tool.
pub const RETURN_URLS: [&str; 3] = [
    "http://localhost:5173/",
    "http://localhost:8976/callback",
    "http://localhost:18976/callback",
];

/// Who is in the pool, and where browsers may be sent back to.
#[derive(Clone)]
pub struct IssuerSettings {
    /// The pool's people. Default: alice (finance, admin, staff) and bob (guest, staff).
    pub users: Vec<UserSettings>,
    /// Registered callback URLs of the console, compared exactly. Default: [`RETURN_URLS`].
    pub redirect_uris: Vec<String>,
    /// Registered sign-out URLs, by the same rule and with the same default.
    pub logout_uris: Vec<String>,
    /// Life of access and id tokens in seconds. Default: 3600, Cognito's own.
    pub token_lifetime_seconds: u64,
    /// Life of the tokens for tools in seconds: as long as it may take until a change in the directory is seen.
    /// Default: 300, the shortest that Cognito gives.
    pub tool_token_lifetime_seconds: u64,
    /// The credentials that may add secrets to the pool's clients, and delete them. Default: none.
    pub administrator: Option<Credentials>,
    /// Signing keys of an earlier run. Default: none, so new ones are made.
    pub keys: Option<KeptKeys>,
    /// The port of 127.0.0.1. Default: any free one.
    pub port: u16,
    /// The place where tool tokens are reported. Default: none.
    pub hops: Hops,
}

/// A password is not printed.
impl fmt::Debug for UserSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserSettings")
            .field("name", &self.name)
            .field("groups", &self.groups)
            .finish_non_exhaustive()
    }
}

/// One person of the pool.
#[derive(Clone)]
pub struct UserSettings {
    /// What the person types; `username` in tokens.
    pub name: String,
    /// Given out as verified.
    pub email: String,
    /// `cognito:groups`; none leaves the claim out.
    pub groups: Vec<String>,
    /// None: a new one is made at start, see [`super::Issuer::password`].
    pub password: Option<String>,
    /// `sub`. None: a new one is made at start, see [`super::Issuer::subject`].
    pub subject: Option<String>,
}

impl UserSettings {
    /// A person with the address `NAME@example.com` and a password to be made.
    pub fn new(name: &str, groups: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            email: format!("{name}@example.com"),
            groups: groups.iter().map(|&group| group.to_owned()).collect(),
            password: None,
            subject: None,
        }
    }
}

impl Default for IssuerSettings {
    fn default() -> Self {
        Self {
            users: vec![
                UserSettings::new("alice", &["finance", "admin", "staff"]),
                UserSettings::new("bob", &["guest", "staff"]),
            ],
            redirect_uris: RETURN_URLS.map(str::to_owned).to_vec(),
            logout_uris: RETURN_URLS.map(str::to_owned).to_vec(),
            token_lifetime_seconds: 3600,
            tool_token_lifetime_seconds: 300,
            administrator: None,
            keys: None,
            port: 0,
            hops: Hops::default(),
        }
    }
}
