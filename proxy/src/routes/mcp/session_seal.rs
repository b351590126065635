//! Session seal: the session ids of MCP servers, sealed to their callers on the way out and opened on the way in.
//!
//! A server knows a session by its id alone, and any client that names it is in it (MCP, "Session hijacking"). So a
//! caller is never given the server's own id, but one that says of itself whose it is, under a key that only the door
//! has: another caller's, another agent's, or one made up opens nothing.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use shared::gate::Permit;
use shared::session::Conversation;
use shared::signing::SealKey;
use shared::text::is_visible;

/// What the keys are derived for. It carries the version of the encoding below.
pub(crate) const PURPOSE: &str = "gatehouse mcp session 1";

/// AgentCore takes and gives no longer id (InvokeAgentRuntime, `Mcp-Session-Id`).
const MAX_ID: usize = 1024;

/// A session of an MCP server's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct McpSession {
    /// The conversation that it began in, which leads to the same runtime session.
    pub(crate) conversation: Conversation,
    /// What the server calls it.
    pub(crate) id: String,
}

/// Whose a session is: a caller's, with one agent.
#[derive(Clone, Copy)]
pub(crate) struct Owner<'o> {
    issuer: &'o str,
    subject: &'o str,
    agent: &'o str,
}

impl<'o> Owner<'o> {
    /// The caller whom an agent admits.
    pub(crate) fn of(permit: &'o Permit) -> Self {
        Self {
            issuer: &permit.identity().issuer,
            subject: &permit.identity().subject,
            agent: permit.agent().as_str(),
        }
    }

    /// The id that the caller is given: `{conversation}.{server's id}.{tag}`. None if the server's own is none that a
    /// header may hold.
    pub(crate) fn seal(self, session: &McpSession, keys: &[SealKey]) -> Option<String> {
        let newest = keys.first()?;
        if !is_id(&session.id) {
            return None;
        }
        let tag = newest.tag(&self.message(session));
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let (id, tag) = (part(session.id.as_bytes()), part(&tag));
        Some(format!("{}.{id}.{tag}", session.conversation))
    }

    /// The session behind an id that the caller shows, if it is theirs, with this agent.
    pub(crate) fn open(self, text: &str, keys: &[SealKey]) -> Option<McpSession> {
        let mut parts = text.splitn(3, '.');
        let conversation = Conversation::parse(parts.next()?)?;
        let id = part(parts.next()?, MAX_ID)?;
        let tag = part(parts.next()?, MAX_TAG)?;
        let id = String::from_utf8(id).ok()?;
        let session = McpSession { conversation, id };
        let message = self.message(&session);
        let is_ours = keys.iter().any(|key| key.verifies(&message, &tag));
        is_ours.then_some(session)
    }

    /// All that the seal is for, each after its length, so that no two different sessions give the same bytes.
    fn message(self, session: &McpSession) -> Vec<u8> {
        let fields = [
            self.issuer,
            self.subject,
            self.agent,
            session.conversation.as_str(),
            &session.id,
        ];
        let encoded = fields.iter().flat_map(|field| {
            let length = u64::try_from(field.len()).unwrap_or(u64::MAX);
            length.to_be_bytes().into_iter().chain(field.bytes())
        });
        encoded.collect()
    }
}

/// HMAC-SHA256's, with room for none longer.
const MAX_TAG: usize = 32;

/// One spelling of at most so many bytes, or nothing.
fn part(text: &str, most: usize) -> Option<Vec<u8>> {
    // Four characters hold three bytes.
    if text.len().div_ceil(4) > most.div_ceil(3) {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    (bytes.len() <= most).then_some(bytes)
}

/// Visible ASCII, as MCP has it ("Session management").
fn is_id(id: &str) -> bool {
    is_visible(id, MAX_ID)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::gate::UnixTime;
    use shared::signing::SigningKey;

    const ALICE: Owner<'_> = Owner {
        issuer: "https://issuer.example",
        subject: "alice-1",
        agent: "tools",
    };

    fn key() -> SealKey {
        let text = SigningKey::generate().unwrap();
        let key = SigningKey::parse("k", UnixTime(0), &text).unwrap();
        key.seal_key(PURPOSE).unwrap()
    }

    fn session(id: &str) -> McpSession {
        McpSession {
            conversation: Conversation::parse("c-1").unwrap(),
            id: id.to_owned(),
        }
    }

    #[test]
    fn a_session_is_opened_by_its_owner_under_any_of_the_keys() {
        let (old, new) = (key(), key());
        for id in [
            "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
            "!",
            "a.b.c",
            &"x".repeat(1024),
        ] {
            let sealed = ALICE
                .seal(&session(id), std::slice::from_ref(&old))
                .unwrap();
            assert!(sealed.bytes().all(|byte| byte.is_ascii_graphic()));
            assert!(sealed.len() < 2048, "{}", sealed.len());
            assert!(
                !sealed.contains(id) || id == "!",
                "the server's own id is not told"
            );
            assert_eq!(
                ALICE.open(&sealed, std::slice::from_ref(&old)),
                Some(session(id))
            );
        }
        let sealed = ALICE
            .seal(&session("s"), std::slice::from_ref(&old))
            .unwrap();
        let rotated = [new, old];
        assert_eq!(ALICE.open(&sealed, &rotated), Some(session("s")));
        assert_eq!(ALICE.open(&sealed, &rotated[..1]), None);
        assert_eq!(ALICE.open(&sealed, &[]), None);
    }

    #[test]
    fn nobody_elses_session_is_opened() {
        let keys = [key()];
        let sealed = ALICE.seal(&session("s"), &keys).unwrap();
        let others = [
            Owner {
                subject: "bob-2",
                ..ALICE
            },
            Owner {
                issuer: "https://issuer.exampl",
                subject: "ealice-1",
                ..ALICE
            },
            Owner {
                issuer: "https://other.example",
                ..ALICE
            },
            Owner {
                agent: "tool",
                ..ALICE
            },
        ];
        for other in others {
            assert_eq!(other.open(&sealed, &keys), None);
        }
    }

    #[test]
    fn what_was_changed_or_made_up_opens_nothing() {
        let keys = [key()];
        let sealed = ALICE.seal(&session("s"), &keys).unwrap();
        for at in 0..sealed.len() {
            let mut bytes = sealed.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(ALICE.open(&changed, &keys), None, "{changed}");
            assert_eq!(ALICE.open(sealed.get(..at).unwrap(), &keys), None);
        }
        let long = format!("c-1.{}.AAAA", "A".repeat(100_000));
        for made_up in [
            "",
            ".",
            "..",
            "c-1",
            "c-1..",
            "s",
            "c-1.cw.",
            "c-1.cw.AA==",
            &long,
            &format!("{sealed}="),
            &format!("{sealed}.x"),
        ] {
            assert_eq!(ALICE.open(made_up, &keys), None);
        }
    }

    #[test]
    fn an_id_that_no_header_holds_is_not_passed_on() {
        for bad in ["", "a b", "a\n", "\u{e9}", &"x".repeat(1025)] {
            assert_eq!(ALICE.seal(&session(bad), &[key()]), None);
        }
        assert_eq!(ALICE.seal(&session("s"), &[]), None);
    }
}
