//! The names of an issuer, and the address of its metadata.

use super::cognito;
use crate::gate::Issuer;
use crate::rules::TENANT;
use crate::settings::{Address, Form, Members};
use crate::text::{is_visible, is_word};

/// The two places where an issuer publishes its metadata (OpenID Connect Discovery 1.0 section 4; RFC 8414, section 3).
const WELL_KNOWN: [&str; 2] = [
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
];

/// Names that stand in the addresses of Microsoft's metadata, and in no token ("OpenID Connect on the Microsoft
/// identity platform").
const MANY_TENANTS: [&str; 6] = [
    "https://login.microsoftonline.com/common",
    "https://login.microsoftonline.com/common/v2.0",
    "https://login.microsoftonline.com/consumers",
    "https://login.microsoftonline.com/consumers/v2.0",
    "https://login.microsoftonline.com/organizations",
    "https://login.microsoftonline.com/organizations/v2.0",
];

/// A name is compared, never dialled. No name has a `#`, which ends it where an issuer and a subject stand in one text.
const NAME: Form = Form {
    says: "1 to 2048 visible ASCII characters without `#`",
    holds: |text| is_visible(text, 2048) && !text.contains('#'),
};

/// The id of a tenant. None of these signs could turn one address into another.
const TENANT_ID: Form = Form {
    says: "the id of a tenant: 1 to 64 of `A-Za-z0-9-`",
    holds: |text| is_word(text, 64, b"-"),
};

/// The name of all callers while no token is asked for.
const RESERVED: &str = "anonymous";

/// Who issues, and where that is written.
pub(super) struct Named {
    pub(super) issuer: Issuer,
    /// The address by which clients find its metadata.
    pub(super) address: String,
    pub(super) discovery: Address,
    /// The issuer as an address, if it is a user pool of Cognito.
    pub(super) cognito: Option<Address>,
}

pub(super) fn read(entry: &mut Members<'_>) -> Option<Named> {
    entry.needs(&["discoveryUrl"]);
    let discovery = read_address(entry, "discoveryUrl");
    let default = discovery.as_ref().and_then(issuer_of);
    if discovery.is_some() && default.is_none() {
        entry.fault(
            "discoveryUrl",
            "does not end in `/.well-known/openid-configuration` or `/.well-known/oauth-authorization-server`",
        );
    }
    let is_given = entry.has("issuer");
    let given = entry.one_or_texts("issuer", &NAME);
    let tenants = entry.texts("tenants", &TENANT_ID);
    let default = default.map(|default| default.as_str().to_owned());
    let is_of_many = default
        .as_deref()
        .is_some_and(|name| MANY_TENANTS.contains(&name));
    if is_of_many && !is_given {
        entry.fault(
            "discoveryUrl",
            format!("is the metadata of all tenants, whose tokens have another `iss`: give `issuer` with `{TENANT}`, and `tenants`"),
        );
    }
    let names = if is_given {
        given?
    } else {
        vec![default.clone()?]
    };
    check_names(entry, &names, tenants.is_some());
    let cognito = check_pools(entry, &names);
    let address = names
        .first()
        .filter(|name| Address::parse(name).is_ok() && tenants.is_none());
    Some(Named {
        address: address.cloned().or(default)?,
        issuer: Issuer::new(names, tenants.unwrap_or_default())?,
        discovery: discovery?,
        cognito,
    })
}

fn check_names(entry: &Members<'_>, names: &[String], has_tenants: bool) {
    if names.iter().any(|name| name == RESERVED) {
        entry.fault(
            "issuer",
            "is `anonymous`, the name of callers without a token",
        );
    }
    let places = names.iter().map(|name| name.matches(TENANT).count());
    let (mut absent, mut present) = (places.clone(), places);
    if has_tenants && !absent.all(|count| count == 1) {
        entry.fault(
            "issuer",
            format!("does not have `{TENANT}` once, which the ids of `tenants` replace"),
        );
    }
    if !has_tenants && present.any(|count| count > 0) {
        entry.fault(
            "issuer",
            format!("has `{TENANT}`, and there are no `tenants` to replace it"),
        );
    }
}

/// The first of the names that is a user pool's.
fn check_pools(entry: &Members<'_>, names: &[String]) -> Option<Address> {
    let addresses = names.iter().filter_map(|name| Address::parse(name).ok());
    let pools: Vec<Address> = addresses.filter(cognito::is_issuer).collect();
    if !pools.iter().all(cognito::is_pool) {
        entry.own_fault(
            "is not the issuer of a Cognito user pool: `/` and the pool id must follow the host",
        );
    }
    pools.into_iter().next()
}

/// The issuer a metadata address belongs to: the well-known part stands at its end, or between host and path (RFC 8414,
/// section 3.1). A query behind it is the issuer's own way to say which keys it means, and no part of its name.
fn issuer_of(discovery: &Address) -> Option<Address> {
    let text = discovery.as_str();
    let (text, _query) = text.split_once('?').unwrap_or((text, ""));
    let is_plain = text.matches("/.well-known/").count() == 1;
    let split = |well_known: &&str| text.split_once(*well_known);
    let (before, after) = WELL_KNOWN.iter().find_map(split).filter(|_| is_plain)?;
    let at_root = Address::parse(before).ok()?.uri().path() == "/";
    let inserted = at_root && after.starts_with('/') && after.len() > 1;
    if before.ends_with('/') || !(after.is_empty() || inserted) {
        return None;
    }
    Address::parse(&format!("{before}{after}")).ok()
}

/// An optional address that may be dialled.
pub(super) fn read_address(entry: &mut Members<'_>, name: &str) -> Option<Address> {
    let text = entry.text(name, &Form::ANY)?;
    Address::parse(&text)
        .map_err(|error| entry.fault(name, error.to_string()))
        .ok()
}
