//! The pool's app clients: the console (people, public, PKCE), and two machines (a secret, no person), one that calls
//! agents and one whose tokens are for tools.

use std::sync::Arc;

use url::Url;

use super::client_secrets::ClientSecrets;

/// The resource server's scope: to call agents through the door.
pub(super) const INVOKE_SCOPE: &str = "gatehouse/invoke";
/// The resource server's scope: to call tools. It does not open the door.
pub const TOOLS_SCOPE: &str = "gatehouse/tools";
/// The only scope of a token from the sign-in API; it admits to Cognito's own user operations.
pub(super) const SELF_SCOPE: &str = "aws.cognito.signin.user.admin";

const CONSOLE_SCOPES: &[&str] = &["openid", "email", "profile", SELF_SCOPE, INVOKE_SCOPE];

/// The public client of people: authorization code with PKCE, refresh, and the sign-in API.
pub(super) struct Console {
    pub(super) id: &'static str,
    /// As they were registered: Cognito compares texts.
    pub(super) redirect_uris: Vec<String>,
    pub(super) logout_uris: Vec<String>,
}

impl Console {
    /// The address to send the browser back to, if it is a registered one.
    pub(super) fn redirect(&self, candidate: &str) -> Option<Url> {
        registered(candidate, &self.redirect_uris)
    }

    /// The address to send the browser to after sign-out, if it is a registered one.
    pub(super) fn logout(&self, candidate: &str) -> Option<Url> {
        registered(candidate, &self.logout_uris)
    }

    /// The scope to grant, or nothing if the request names one the client may not have.
    pub(super) fn scope(&self, requested: Option<&str>) -> Option<String> {
        granted(requested, CONSOLE_SCOPES)
    }

    /// A refresh may narrow the scope of its sign-in, never widen it (RFC 6749, section 6).
    pub(super) fn narrowed(requested: Option<&str>, first: &str) -> Option<String> {
        granted(requested, &first.split(' ').collect::<Vec<_>>())
    }
}

/// The confidential client of programs: client credentials.
pub(super) struct Machine {
    pub(super) id: &'static str,
    pub(super) secrets: Arc<ClientSecrets>,
    /// The only one it may have.
    pub(super) scope: &'static str,
    /// Life of its tokens in seconds.
    pub(super) lifetime_seconds: u64,
}

impl Machine {
    /// The scope to grant, or nothing if the request names one the client may not have.
    pub(super) fn scope(&self, requested: Option<&str>) -> Option<String> {
        granted(requested, &[self.scope])
    }
}

/// Without a request, everything allowed, as Cognito grants it.
fn granted(requested: Option<&str>, allowed: &[&str]) -> Option<String> {
    let Some(requested) = requested else {
        return Some(allowed.join(" "));
    };
    let mut scopes: Vec<&str> = Vec::new();
    for scope in requested.split_ascii_whitespace() {
        if !allowed.contains(&scope) {
            return None;
        }
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    (!scopes.is_empty()).then(|| scopes.join(" "))
}

/// An exact match, port included: Cognito knows no address that holds for every port, not even on loopback.
fn registered(candidate: &str, registered: &[String]) -> Option<Url> {
    let is_known = registered.iter().any(|known| known == candidate);
    Url::parse(candidate).ok().filter(|_| is_known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_exact() {
        let known = [
            "http://localhost/callback",
            "http://localhost:5173/",
            "https://app.example.com/callback",
        ];
        let known = known.map(str::to_owned);
        for good in &known {
            assert!(registered(good, &known).is_some(), "{good}");
        }
        for bad in [
            "http://localhost:3000/callback",
            "http://localhost:80/callback",
            "http://localhost/other",
            "http://localhost/callback/",
            "http://localhost/callback?more=1",
            "http://localhost/callback#part",
            "http://localhost:5173",
            "http://LOCALHOST:5173/",
            "http://localhost:3000@evil.test/callback",
            "http://user@localhost/callback",
            "https://localhost/callback",
            "http://localhost.evil.test/callback",
            "http://127.0.0.1/callback",
            "https://app.example.com:443/callback",
            "https://app.example.com:8443/callback",
            "https://app.example.com.evil.test/callback",
            "/callback",
            "",
        ] {
            assert!(registered(bad, &known).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_scope_is_granted_once_and_only_if_allowed() {
        let allowed = ["openid", "email"];
        assert_eq!(granted(None, &allowed).as_deref(), Some("openid email"));
        assert_eq!(
            granted(Some("email email"), &allowed).as_deref(),
            Some("email")
        );
        assert_eq!(granted(Some("email admin"), &allowed), None);
        assert_eq!(granted(Some(" "), &allowed), None);
    }
}
