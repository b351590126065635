//! The issuer for which the door serves authorization server metadata: the member `authorizationServer` of its entry.

use crate::authorities::Authorities;
use crate::gate::Issuer;
use crate::settings::{Address, Members};

pub(super) const NAME: &str = "authorizationServer";

/// An issuer's own metadata.
#[derive(Clone)]
pub struct Origin {
    /// The name that the metadata must state.
    pub issuer: String,
    pub discovery: Address,
    /// The authorities of its server's certificate, if not the public ones.
    pub authorities: Option<Authorities>,
    /// Whether it has clients without a secret, which prove themselves by PKCE alone.
    pub has_public_clients: bool,
}

/// Who serves metadata that clients are sent to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Server {
    Issuer,
    Door,
}

/// Whether clients are sent to the door's metadata.
pub(super) fn is_asked(entry: &mut Members<'_>) -> bool {
    let server = entry.one_of(NAME, "`issuer`, `door`", |name| match name {
        "issuer" => Some(Server::Issuer),
        "door" => Some(Server::Door),
        _ => None,
    });
    server == Some(Server::Door)
}

/// Where the issuer's own metadata is. An issuer with tenants has one document for each, and the door could name one.
pub(super) fn origin(entry: &Members<'_>, issuer: &Issuer, origin: Origin) -> Option<Origin> {
    if !issuer.tenants().is_empty() {
        entry.fault(
            NAME,
            "is `door`, and each of the issuer's `tenants` has metadata of its own",
        );
        return None;
    }
    Some(origin)
}
