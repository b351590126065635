//! The issuer for which the door serves authorization server metadata: the member `authorizationServer` of its entry.

use super::{KeySource, Origin};
use crate::gate::Issuer;
use crate::settings::{Address, Members};

pub(super) const NAME: &str = "authorizationServer";

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
pub(super) fn origin(
    entry: &Members<'_>,
    issuer: &Issuer,
    discovery: Address,
    source: Option<&KeySource>,
    has_public_clients: bool,
) -> Option<Origin> {
    if !issuer.tenants().is_empty() {
        entry.fault(
            NAME,
            "is `door`, and each of the issuer's `tenants` has metadata of its own",
        );
        return None;
    }
    let authorities = match source {
        Some(KeySource::Remote(keys)) => keys.authorities.clone(),
        Some(KeySource::Inline(_)) | None => None,
    };
    Some(Origin {
        issuer: issuer.name().to_owned(),
        discovery,
        authorities,
        has_public_clients,
    })
}
