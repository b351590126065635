//! The field `certificateAuthority` of an issuer's entry: a private authority, as text or as a file.

use crate::authorities::Authorities;
use crate::settings::{Form, Members, file_system, unreadable};

/// The name of the field.
pub(super) const NAME: &str = "certificateAuthority";

/// How the path of a file begins.
const FILE: &str = "file:";

/// Reads the field; none if it is not there or wrong.
pub(super) fn read(entry: &mut Members<'_>) -> Option<Authorities> {
    let text = entry.text(NAME, &Form::ANY)?;
    let read = match text.strip_prefix(FILE) {
        None => Authorities::parse(&text).map_err(str::to_owned),
        Some(path) => of_file(path),
    };
    let authorities = read.map_err(|problem| entry.fault(NAME, problem)).ok()?;
    if !is_usable(&authorities) {
        entry.fault(
            NAME,
            "has a certificate that is not one of an authority (X.509 in DER)",
        );
    }
    Some(authorities)
}

/// Whether the TLS client takes them.
#[cfg(feature = "fetch")]
fn is_usable(authorities: &Authorities) -> bool {
    crate::fetch::roots(authorities).is_some()
}

/// Without the TLS client nothing is fetched, and they are never used.
#[cfg(not(feature = "fetch"))]
fn is_usable(_: &Authorities) -> bool {
    true
}

fn of_file(path: &str) -> Result<Authorities, String> {
    let pem =
        file_system(path).map_err(|error| format!("names a file that {}", unreadable(error)))?;
    let pem = String::from_utf8(pem).map_err(|_| "names a file that is not text".to_owned())?;
    Authorities::parse(&pem).map_err(|problem| format!("names a file that {problem}"))
}
