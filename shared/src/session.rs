//! Derived ids for AgentCore: the session id and the user id. Both come from the verified identity.
//!
//! AgentCore lets every principal that may invoke a runtime enter any session by its id, so callers must not choose the
//! id: it is derived, and another caller's conversation of the same name is another session.

use std::fmt;

use crate::crypto::seal::SealKey;
use crate::crypto::{digest_of, random};
use crate::gate::{AgentName, Identity};
use crate::text::{is_visible, is_word};

/// The conversation a turn belongs to, as the caller names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation(String);

impl Conversation {
    /// Reads a caller's conversation id: 1 to 128 of `[A-Za-z0-9_-]`.
    pub fn parse(text: &str) -> Option<Self> {
        is_word(text, MAX_CONVERSATION, b"_-").then(|| Self(text.to_owned()))
    }

    /// A new conversation with a random name; none if there is no randomness.
    ///
    /// A name leads to a session only together with the identity of its owner. Where callers are not asked who they
    /// are, they are all one owner, and the name is all that keeps their conversations apart.
    pub fn begin() -> Option<Self> {
        random::hex().map(Self)
    }

    /// The one conversation of a caller who names none, with an agent whose clients cannot: what they begin in one request
    /// they go on with in the next.
    pub fn standing() -> Self {
        Self("default".to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A runtime session id: 64 lower-case hexadecimal digits, which satisfies every length and alphabet that AgentCore's
/// interfaces ask of one (33 to 100 of `[A-Za-z0-9_-]`, alphanumeric first).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionId(String);

impl SessionId {
    /// The session of this caller's conversation with this agent: HMAC-SHA256, or SHA-256 where the deployment has no key,
    /// over a versioned, length-prefixed encoding, so that no two different (issuer, subject, agent, conversation) give the
    /// same bytes. Without a key, everyone who knows these four can compute the id.
    pub fn derive(
        identity: &Identity,
        agent: &AgentName,
        conversation: &Conversation,
        key: Option<&SealKey>,
    ) -> Self {
        let fields = [
            identity.issuer.as_str(),
            &identity.subject,
            agent.as_str(),
            conversation.as_str(),
        ];
        Self::of(fields, key)
    }

    fn of(fields: [&str; 4], key: Option<&SealKey>) -> Self {
        Self(key.map_or_else(
            || digest_of("gatehouse session 1", &fields),
            |key| key.tag_of("gatehouse session 2", &fields),
        ))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name under which the turns of one caller with one agent are counted. It is no session's: those have no colon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountId(String);

impl CountId {
    /// The count of this caller's turns with this agent, as [`SessionId::derive`] keeps sessions apart. A machine's
    /// subject is its client's.
    pub fn derive(identity: &Identity, agent: &AgentName) -> Self {
        let fields = [identity.issuer.as_str(), &identity.subject, agent.as_str()];
        Self(format!("count:{}", digest_of("gatehouse count 1", &fields)))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A user id for AgentCore: which user's stored third-party tokens an agent may use. At most 128 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserId(String);

impl UserId {
    /// `issuer#subject`, so that two issuers' subjects never meet; no name of an issuer has a `#`, so the first one ends it. Longer or unusual text is replaced by a digest, which no such text can equal: it has no `#`.
    pub fn derive(identity: &Identity) -> Self {
        Self::of(&identity.issuer, &identity.subject)
    }

    fn of(issuer: &str, subject: &str) -> Self {
        let plain = format!("{issuer}#{subject}");
        if is_visible(&plain, MAX_USER_ID) {
            return Self(plain);
        }
        Self(digest_of("gatehouse user 1", &[issuer, subject]))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Long enough for any id in use (a UUID has 36), short enough for a log line.
const MAX_CONVERSATION: usize = 128;

/// `GetWorkloadAccessTokenForUserId` takes no longer one, though the header of `InvokeAgentRuntime` would.
const MAX_USER_ID: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const ISSUER: &str = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE";
    const SUBJECT: &str = "c2b4e4a8-7001-70c3-8f0e-2f6c1d0a9b11";

    /// Computed by another program: a change here moves every caller out of their running sessions.
    #[test]
    fn session_ids_are_as_published() {
        let vectors = [
            (
                "c1",
                "bbcf3529dd8ae8975333c7fee9cf41a10cfa5b3ba6e8221794bb868cf80b7cd1",
            ),
            (
                "",
                "dd6f844ed240513c3512002edaa3245fbd99ad70976d555824862f8a609303fa",
            ),
        ];
        for (conversation, expected) in vectors {
            let session = SessionId::of([ISSUER, SUBJECT, "demo", conversation], None);
            assert_eq!(session.as_str(), expected);
        }
    }

    #[test]
    fn no_two_owners_share_a_session() {
        no_two_share(None);
        no_two_share(Some(&key(1)));
    }

    /// Computed by another program, as above.
    #[test]
    fn keyed_session_ids_are_as_published() {
        let session = SessionId::of([ISSUER, SUBJECT, "demo", "c1"], Some(&key(1)));
        assert_eq!(
            session.as_str(),
            "c30fd60285030f1cb489685b823db7a7ca62404ff151d8130bc210beb65757a5"
        );
    }

    #[test]
    fn two_deployments_name_the_same_conversation_differently() {
        let id = |key: Option<&SealKey>| SessionId::of([ISSUER, SUBJECT, "demo", "default"], key).0;
        let ids = BTreeSet::from([id(None), id(Some(&key(1))), id(Some(&key(2)))]);
        assert_eq!(ids.len(), 3);
        assert_eq!(id(Some(&key(1))), id(Some(&key(1))));
    }

    fn key(byte: u8) -> SealKey {
        SealKey::new(&[byte; 32])
    }

    fn no_two_share(key: Option<&SealKey>) {
        let parts: [[&str; 4]; 9] = [
            ["i", "s", "a", "c"],
            ["j", "s", "a", "c"],
            ["i", "t", "a", "c"],
            ["i", "s", "b", "c"],
            ["i", "s", "a", "d"],
            // The same bytes in a row, cut elsewhere.
            ["is", "", "a", "c"],
            ["", "is", "a", "c"],
            ["i", "sa", "", "c"],
            ["i", "s", "ac", ""],
        ];
        let sessions: BTreeSet<String> = parts
            .iter()
            .map(|fields| SessionId::of(*fields, key).0)
            .collect();
        assert_eq!(sessions.len(), parts.len());
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        assert!(
            sessions
                .iter()
                .all(|id| id.len() == 64 && id.bytes().all(hex))
        );
    }

    #[test]
    fn user_ids_name_the_issuer_and_stay_within_bounds() {
        assert_eq!(
            UserId::of(ISSUER, SUBJECT).as_str(),
            format!("{ISSUER}#{SUBJECT}")
        );
        let at_most = "x".repeat(128 - "https://issuer.example#".len());
        assert!(
            UserId::of("https://issuer.example", &at_most)
                .as_str()
                .ends_with(&at_most)
        );
        assert_eq!(
            UserId::of("https://issuer.example", &"x".repeat(128)).as_str(),
            "dec5ebd649654c356a3086fa330e4f720171b3639228ce04ec4b208f00a91348"
        );
        for unusual in ["a b", "é", "a\tb", &"x".repeat(255)] {
            let id = UserId::of("https://issuer.example", unusual);
            assert_eq!(id.as_str().len(), 64, "{unusual}");
        }
    }

    #[test]
    fn subjects_of_two_issuers_never_meet() {
        assert_ne!(
            UserId::of("https://a.example/b", "c"),
            UserId::of("https://a.example", "b/c")
        );
        assert_ne!(
            UserId::of("https://a.example", "b#c"),
            UserId::of("https://a.example/b", "c")
        );
    }

    #[test]
    fn conversations_are_bounded_and_plain() {
        for good in ["a", "A-Z_09", "0", "-", &"x".repeat(128)] {
            assert_eq!(
                Conversation::parse(good).map(|c| c.to_string()).as_deref(),
                Some(good)
            );
        }
        for bad in [
            "",
            " ",
            "a b",
            "a/b",
            "a.b",
            "a%2e",
            "é",
            "a\n",
            "a\0",
            &"x".repeat(129),
        ] {
            assert_eq!(Conversation::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_new_conversation_has_a_name_that_nobody_has_seen() {
        let names: BTreeSet<String> = (0..1000)
            .map(|_| Conversation::begin().unwrap().to_string())
            .collect();
        assert_eq!(names.len(), 1000);
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        assert!(
            names
                .iter()
                .all(|name| name.len() == 32 && name.bytes().all(hex))
        );
    }

    #[test]
    fn the_unknown_are_one_owner_and_no_issuers_user() {
        let guest = Identity::anonymous();
        assert_eq!(UserId::derive(&guest).as_str(), "anonymous#anonymous");
        assert!(guest.client_id.is_none() && guest.scopes.is_empty() && guest.groups.is_empty());
    }
}
