//! The pool's app clients: the console (people, public, PKCE), and two machines (a secret, no person), one that calls
//! agents and one whose tokens are for tools.

use std::sync::Arc;

use url::{Host, Url};

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
    pub(super) redirect_uris: Vec<Url>,
    pub(super) logout_uris: Vec<Url>,
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

/// An exact match; on loopback the port is the client's choice (RFC 8252, section 7.3).
fn registered(candidate: &str, registered: &[Url]) -> Option<Url> {
    let candidate = Url::parse(candidate).ok()?;
    registered
        .iter()
        .any(|known| matches(&candidate, known))
        .then_some(candidate)
}

fn matches(candidate: &Url, known: &Url) -> bool {
    if candidate == known {
        return true;
    }
    let mut candidate = candidate.clone();
    is_loopback(known) && candidate.set_port(known.port()).is_ok() && candidate == *known
}

fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http"
        && match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_exact_but_for_the_port_of_loopback() {
        let known = [
            "http://localhost/callback",
            "https://app.example.com/callback",
        ];
        let known = known.map(|known| Url::parse(known).unwrap());
        for good in [
            "http://localhost/callback",
            "http://localhost:3000/callback",
            "https://app.example.com/callback",
        ] {
            assert!(registered(good, &known).is_some(), "{good}");
        }
        for bad in [
            "http://localhost:3000/other",
            "http://localhost:3000/callback?more=1",
            "http://localhost:3000/callback#part",
            "http://localhost:3000@evil.test/callback",
            "http://user@localhost:3000/callback",
            "https://localhost:3000/callback",
            "http://localhost.evil.test/callback",
            "http://127.0.0.1:3000/callback",
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
