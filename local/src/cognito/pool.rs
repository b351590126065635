//! The pool: its users, its clients, and what it remembers of sign-ins.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::{constant_time, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::client::{Console, Machine};
use super::table::Table;
use crate::random;

/// Cognito's own life of a code ("valid 5 minutes", authorize endpoint page).
const CODE_SECONDS: u64 = 300;
/// Cognito's managed-login session ("valid 1 hour", managed login page).
const SESSION_SECONDS: u64 = 3600;
/// Cognito's default life of a refresh token: 30 days.
const REFRESH_SECONDS: u64 = 30 * 86_400;
/// Codes, sessions and refresh tokens held, each: far above what one laptop's users make.
const CAPACITY: usize = 10_000;

/// One person of the pool.
pub(super) struct User {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) groups: Vec<String>,
    pub(super) password: String,
    /// The stable name, `sub`: a UUID.
    pub(super) subject: String,
}

/// A person at a browser, signed in.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) user: Arc<User>,
    pub(super) auth_time: u64,
}

/// What a person's sign-in entitles the console to; codes and refresh tokens stand for one of
/// these.
#[derive(Clone)]
pub(super) struct Grant {
    pub(super) session: Session,
    pub(super) scope: String,
    pub(super) nonce: Option<String>,
    /// `origin_jti`: the name of this sign-in in all its tokens, by which they are revoked.
    pub(super) origin: String,
}

impl Grant {
    pub(super) fn new(session: Session, scope: String, nonce: Option<String>) -> Self {
        Self {
            session,
            scope,
            nonce,
            origin: random::uuid(),
        }
    }
}

/// A code's other half: what must be shown with it.
pub(super) struct Code {
    pub(super) grant: Grant,
    pub(super) redirect_uri: String,
    /// PKCE, `S256` (RFC 7636, section 4.2), if the client asked for it.
    pub(super) challenge: Option<String>,
}

pub(super) struct Pool {
    pub(super) console: Console,
    /// Of programs that call agents.
    pub(super) machine: Machine,
    /// Of those who call tools for a user.
    pub(super) tools: Machine,
    users: Vec<Arc<User>>,
    memory: Mutex<Memory>,
}

struct Memory {
    sessions: Table<Session>,
    codes: Table<Code>,
    refresh_tokens: Table<Grant>,
    revoked_origins: Table<()>,
}

impl Pool {
    pub(super) fn new(console: Console, [machine, tools]: [Machine; 2], users: Vec<User>) -> Self {
        let memory = Memory {
            sessions: Table::new(CAPACITY),
            codes: Table::new(CAPACITY),
            refresh_tokens: Table::new(CAPACITY),
            revoked_origins: Table::new(CAPACITY),
        };
        let users = users.into_iter().map(Arc::new).collect();
        Self {
            console,
            machine,
            tools,
            users,
            memory: Mutex::new(memory),
        }
    }

    pub(super) fn user(&self, name: &str) -> Option<&Arc<User>> {
        self.users.iter().find(|user| user.name == name)
    }

    pub(super) fn users(&self) -> impl Iterator<Item = &User> {
        self.users.iter().map(Arc::as_ref)
    }

    /// The user whose name and password these are. Says nothing of which of the two was wrong.
    pub(super) fn sign_in(&self, name: &str, password: &str, now: u64) -> Option<Session> {
        let user = self.user(name)?;
        let (ours, theirs) = (user.password.as_bytes(), password.as_bytes());
        constant_time::verify_slices_are_equal(ours, theirs).ok()?;
        Some(Session {
            user: Arc::clone(user),
            auth_time: now,
        })
    }

    /// Remembers a browser; the answer is its cookie.
    pub(super) fn open_session(&self, session: Session, now: u64) -> String {
        let cookie = random::secret();
        let end = now.saturating_add(SESSION_SECONDS);
        self.memory()
            .sessions
            .insert(cookie.clone(), session, end, now);
        cookie
    }

    pub(super) fn session(&self, cookie: &str, now: u64) -> Option<Session> {
        self.memory().sessions.get(cookie, now).cloned()
    }

    pub(super) fn close_session(&self, cookie: &str, now: u64) {
        self.memory().sessions.take(cookie, now);
    }

    pub(super) fn issue_code(&self, code: Code, now: u64) -> String {
        let name = random::uuid();
        self.memory()
            .codes
            .insert(name.clone(), code, now.saturating_add(CODE_SECONDS), now);
        name
    }

    /// The grant behind a code. A code is good for one try, right or wrong: a thief cannot guess
    /// its verifier.
    pub(super) fn redeem_code(
        &self,
        name: &str,
        redirect_uri: &str,
        verifier: Option<&str>,
        now: u64,
    ) -> Option<Grant> {
        let code = self.memory().codes.take(name, now)?;
        let proven = match (&code.challenge, verifier) {
            (None, None) => true,
            (Some(challenge), Some(verifier)) => {
                let digest = digest::digest(&digest::SHA256, verifier.as_bytes());
                is_verifier(verifier) && URL_SAFE_NO_PAD.encode(digest) == *challenge
            }
            // A code that was asked for without a challenge is another's (RFC 9700, section 2.1.1).
            (None, Some(_)) | (Some(_), None) => false,
        };
        (proven && redirect_uri == code.redirect_uri).then_some(code.grant)
    }

    pub(super) fn issue_refresh_token(&self, grant: Grant, now: u64) -> String {
        let token = random::secret();
        let end = now.saturating_add(REFRESH_SECONDS);
        self.memory()
            .refresh_tokens
            .insert(token.clone(), grant, end, now);
        token
    }

    pub(super) fn refresh(&self, token: &str, now: u64) -> Option<Grant> {
        self.memory().refresh_tokens.get(token, now).cloned()
    }

    /// Ends a refresh token and, for this pool's own operations, every token of its sign-in.
    pub(super) fn revoke(&self, token: &str, now: u64) {
        let mut memory = self.memory();
        if let Some(grant) = memory.refresh_tokens.take(token, now) {
            let end = now.saturating_add(REFRESH_SECONDS);
            memory.revoked_origins.insert(grant.origin, (), end, now);
        }
    }

    pub(super) fn is_revoked(&self, origin: &str, now: u64) -> bool {
        self.memory().revoked_origins.get(origin, now).is_some()
    }

    /// Each critical section is one table operation, so a poisoned lock guards whole tables.
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// RFC 7636, section 4.1: 43 to 128 unreserved characters.
fn is_verifier(verifier: &str) -> bool {
    (43..=128).contains(&verifier.len())
        && verifier
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::super::client_secrets::ClientSecrets;
    use super::*;

    /// The pair of RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const OTHER_VERIFIER: &str = "eBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const NOW: u64 = 1_800_000_000;

    fn pool() -> Pool {
        let console = Console {
            id: "console",
            redirect_uris: vec![],
            logout_uris: vec![],
        };
        let machine = |id| Machine {
            id,
            secrets: ClientSecrets::new(id),
            scope: "scope",
            lifetime_seconds: 3600,
        };
        let user = User {
            name: "alice".into(),
            email: "alice@example.com".into(),
            groups: vec![],
            password: "right".into(),
            subject: "subject".into(),
        };
        Pool::new(console, ["machine", "tools"].map(machine), vec![user])
    }

    fn grant(pool: &Pool) -> Grant {
        let session = pool.sign_in("alice", "right", NOW).unwrap();
        Grant::new(session, "openid".into(), None)
    }

    fn code_with(pool: &Pool, challenge: Option<&str>) -> String {
        let code = Code {
            grant: grant(pool),
            redirect_uri: "http://localhost/callback".into(),
            challenge: challenge.map(str::to_owned),
        };
        pool.issue_code(code, NOW)
    }

    fn code(pool: &Pool) -> String {
        code_with(pool, Some(CHALLENGE))
    }

    #[test]
    fn a_password_is_asked_for() {
        assert!(pool().sign_in("alice", "right", NOW).is_some());
        for (name, password) in [("alice", "wrong"), ("alice", ""), ("bob", "right")] {
            assert!(
                pool().sign_in(name, password, NOW).is_none(),
                "{name} {password}"
            );
        }
    }

    #[test]
    fn a_code_needs_its_address_its_verifier_and_its_time() {
        let pool = pool();
        let address = "http://localhost/callback";
        let redeem =
            |address, verifier, now| pool.redeem_code(&code(&pool), address, Some(verifier), now);
        assert!(redeem(address, VERIFIER, NOW + 299).is_some());
        assert!(redeem(address, VERIFIER, NOW + 300).is_none());
        assert!(redeem("http://localhost:1/callback", VERIFIER, NOW).is_none());
        assert!(redeem(address, OTHER_VERIFIER, NOW).is_none());
        assert!(redeem(address, CHALLENGE, NOW).is_none());
        assert!(pool.redeem_code(&code(&pool), address, None, NOW).is_none());
    }

    #[test]
    fn a_code_without_a_challenge_needs_no_verifier_and_takes_none() {
        let pool = pool();
        let address = "http://localhost/callback";
        for (verifier, is_good) in [(None, true), (Some(VERIFIER), false)] {
            let code = code_with(&pool, None);
            let grant = pool.redeem_code(&code, address, verifier, NOW);
            assert_eq!(grant.is_some(), is_good, "{verifier:?}");
        }
    }

    #[test]
    fn a_code_is_good_for_one_try() {
        let pool = pool();
        let code = code(&pool);
        assert!(
            pool.redeem_code(&code, "http://localhost/callback", Some("wrong"), NOW)
                .is_none()
        );
        assert!(
            pool.redeem_code(&code, "http://localhost/callback", Some(VERIFIER), NOW)
                .is_none()
        );
    }

    #[test]
    fn a_verifier_has_its_length_and_alphabet() {
        assert!(is_verifier(&"a".repeat(43)) && is_verifier(&"~".repeat(128)));
        for bad in ["a".repeat(42), "a".repeat(129), "+".repeat(43)] {
            assert!(!is_verifier(&bad), "{bad}");
        }
    }

    #[test]
    fn a_session_ends_by_time_or_by_sign_out() {
        let pool = pool();
        let open = || pool.open_session(pool.sign_in("alice", "right", NOW).unwrap(), NOW);
        let cookie = open();
        assert!(pool.session(&cookie, NOW + 3599).is_some());
        assert!(pool.session(&cookie, NOW + 3600).is_none());
        pool.close_session(&cookie, NOW);
        assert!(pool.session(&cookie, NOW).is_none());
    }

    #[test]
    fn a_revoked_refresh_token_takes_its_sign_in_along() {
        let pool = pool();
        let grant = grant(&pool);
        let origin = grant.origin.clone();
        let token = pool.issue_refresh_token(grant, NOW);
        assert!(pool.refresh(&token, NOW).is_some() && !pool.is_revoked(&origin, NOW));
        pool.revoke(&token, NOW);
        assert!(pool.refresh(&token, NOW).is_none() && pool.is_revoked(&origin, NOW));
    }
}
