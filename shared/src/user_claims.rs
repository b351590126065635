//! The claims that say who a user of tools is, `user_id`, `department` and `role`: their names, and the texts that may stand
//! in them.

use crate::settings::{Form, Members};
use crate::text::{is_of, is_visible};

/// The user's stable name in a machine token: see [`is_user_id`].
pub const USER_ID: &str = "user_id";
pub const DEPARTMENT: &str = "department";
pub const ROLE: &str = "role";

/// The separator between issuer and subject in the id of a user who is not the pool's. No issuer's name has it, and no
/// subject of the pool that gets a token.
pub const ISSUER_END: char = '#';

/// The longest user id with an issuer: an issuer's name of 256 characters, and the longest subject (OpenID Connect Core
/// section 2).
const MAX_QUALIFIED: usize = 512;

/// Cognito bounds neither; API Gateway takes 8 to 20 KB of headers in all, and a token shares them.
const MAX_CHARACTERS: usize = 128;

/// The form of a claim's text.
pub const PLAIN: Form = Form {
    says: "1 to 128 printable ASCII characters without quotes, backslashes, and spaces at either end",
    holds: |text| is_plain(text),
};

/// The two attributes of a person that policies compare. Both texts are plain, see [`is_plain`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub department: String,
    pub role: String,
}

impl Profile {
    /// Reads both members of an entry of a setting.
    pub fn read(entry: &mut Members<'_>) -> Option<Self> {
        entry.needs(&[DEPARTMENT, ROLE]);
        let department = entry.text(DEPARTMENT, &PLAIN);
        let role = entry.text(ROLE, &PLAIN);
        Some(Self {
            department: department?,
            role: role?,
        })
    }
}

/// Whether a text may be a claim's value: 1 to 128 printable ASCII characters without quote and backslash, no space at
/// either end. Policies compare such texts inside JSON, where those two could end one value and begin another.
pub fn is_plain(text: &str) -> bool {
    is_plain_of(text, MAX_CHARACTERS)
}

/// Whether a text may name a user, in the directory and in `user_id`: a subject of the pool, which has no `#`; or an
/// issuer's name, `#`, and a subject of that issuer, which may have one. So no two users have one id.
pub fn is_user_id(text: &str) -> bool {
    match text.split_once(ISSUER_END) {
        None => is_plain(text),
        Some((issuer, subject)) => {
            let fits = text.len() <= MAX_QUALIFIED;
            fits && is_plain_issuer(issuer) && is_plain_of(subject, MAX_QUALIFIED)
        }
    }
}

/// Whether an issuer of this name can have users with an id.
pub fn is_plain_issuer(name: &str) -> bool {
    is_visible(name, MAX_QUALIFIED)
        && is_plain_of(name, MAX_QUALIFIED)
        && !name.contains(ISSUER_END)
}

fn is_plain_of(text: &str, max: usize) -> bool {
    let allowed = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    is_of(text, max, allowed) && text.trim_matches(' ') == text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_id_is_a_subject_or_an_issuer_and_a_subject() {
        let longest = format!("https://a.example/{}#{}", "i".repeat(238), "s".repeat(255));
        assert_eq!(longest.len(), 512);
        for good in [
            "c2b4e4a8-7001-70c3-8f0e-2f6c1d0a9b11",
            "https://login.example.com#alice",
            "accounts.google.com#1",
            "https://a.example#a#b c",
            "https://a.example##",
            &longest,
        ] {
            assert!(is_user_id(good), "{good}");
        }
        for bad in [
            "",
            "#",
            "#alice",
            "https://a.example#",
            "https://a.example# alice",
            "https://a.example#alice ",
            "https://a.example #alice",
            "https://a.example#\"",
            "https://a.example#\\",
            "https://a.example\"#a",
            "https://a.example#\u{e9}",
            &format!("{longest}s"),
            &"x".repeat(129),
        ] {
            assert!(!is_user_id(bad), "{bad}");
        }
    }
}
