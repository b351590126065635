//! The names of an issuer in `TRUSTED_ISSUERS`, and their faults.

use serde_json::{Value, json};
use shared::issuers::{KeyAddress, KeySource, TrustedIssuers};

use crate::issuers::{POOL, SUFFIX, other, pool};
use crate::{said, schema, with};

const ORGANIZATIONS: &str = "https://login.microsoftonline.com/organizations/v2.0";

fn read(entries: &Value) -> Result<TrustedIssuers, Vec<String>> {
    let text = entries.to_string();
    let read = TrustedIssuers::parse(&text);
    schema::ISSUERS.compare(&text, read.as_ref().err().map_or(&[][..], Vec::as_slice));
    read.map_err(|faults| said(&faults))
}

fn faults(changes: Value) -> Vec<String> {
    read(&json!([with(other(), changes)]))
        .err()
        .unwrap_or_default()
}

/// An entry of several tenants.
fn tenants() -> Value {
    json!({
        "discoveryUrl": format!("{ORGANIZATIONS}{SUFFIX}"),
        "issuer": ["https://login.microsoftonline.com/{tenantid}/v2.0", "https://sts.windows.net/{tenantid}/"],
        "tenants": ["11111111-2222-3333-4444-555555555555", "aaaaaaaa-2222-3333-4444-555555555555"],
        "allowedAudience": ["door"],
    })
}

#[test]
fn a_name_is_any_text_and_is_never_dialled() {
    for (name, advertised) in [
        (
            "http://fs.example.com/adfs/services/trust",
            "https://issuer.example",
        ),
        ("accounts.example.com", "https://issuer.example"),
        ("urn:example:issuer", "https://issuer.example"),
        ("https://issuer.example/?a=b", "https://issuer.example/?a=b"),
        (
            "https://tenant.example/v2.0/",
            "https://tenant.example/v2.0/",
        ),
        ("kubernetes/serviceaccount", "https://issuer.example"),
    ] {
        let issuers = read(&json!([with(other(), json!({"issuer": name}))])).unwrap();
        let rules = &issuers.trust.issuers()[0];
        assert_eq!(rules.issuer.name(), name);
        // Clients look for metadata at an address.
        assert_eq!(issuers.advertised[0].issuer, advertised, "{name}");
        let KeySource::Remote(keys) = &issuers.sources[0] else {
            panic!("{name}")
        };
        assert_eq!(keys.issuer, name);
        assert!(
            matches!(&keys.address, KeyAddress::Discovery(address) if address.host() == "issuer.example")
        );
    }
}

#[test]
fn an_issuer_may_have_several_names() {
    let names = json!(["https://a.example/", "https://b.example/"]);
    let issuers = read(&json!([with(other(), json!({"issuer": names}))])).unwrap();
    let issuer = &issuers.trust.issuers()[0].issuer;
    assert_eq!(
        issuer.names().collect::<Vec<_>>(),
        ["https://a.example/", "https://b.example/"]
    );
    let replica = POOL.replace("cognito-idp", "issuer-cognito-idp");
    let issuers = read(&json!([with(pool(), json!({"issuer": [replica, POOL]}))])).unwrap();
    let KeySource::Remote(keys) = &issuers.sources[0] else {
        panic!()
    };
    let expected = format!("{replica}/.well-known/jwks.json");
    assert!(matches!(&keys.address, KeyAddress::Document(address) if address.as_str() == expected));
    assert!(issuers.trust.issuers()[0].token_use.is_some());
    // One name of Cognito's is enough to ask for an access token.
    let mixed = json!([with(
        other(),
        json!({"issuer": ["https://a.example", POOL]})
    )]);
    assert!(read(&mixed).unwrap().trust.issuers()[0].token_use.is_some());
}

#[test]
fn an_issuer_may_have_tenants() {
    let issuers = read(&json!([tenants()])).unwrap();
    let issuer = &issuers.trust.issuers()[0].issuer;
    assert_eq!(issuer.tenants().len(), 2);
    assert!(issuer.owns("https://sts.windows.net/aaaaaaaa-2222-3333-4444-555555555555/"));
    assert!(!issuer.owns("https://login.microsoftonline.com/{tenantid}/v2.0"));
    assert_eq!(issuers.advertised[0].issuer, ORGANIZATIONS);
    let KeySource::Remote(keys) = &issuers.sources[0] else {
        panic!()
    };
    // Microsoft's metadata of all tenants state this text.
    assert_eq!(
        keys.issuer,
        "https://login.microsoftonline.com/{tenantid}/v2.0"
    );
}

#[test]
fn every_fault_of_a_name_is_named() {
    let name = "is not 1 to 2048 visible ASCII characters without `#`";
    let one = "does not have `{tenantid}` once, which the ids of `tenants` replace";
    let id = "is not the id of a tenant: 1 to 64 of `A-Za-z0-9-`";
    let template = "https://a.example/{tenantid}";
    for (changes, problem) in [
        (
            json!({"issuer": true}),
            "issuer` is a boolean, not a text or a list of texts".to_owned(),
        ),
        (json!({"issuer": []}), "issuer` is an empty list".to_owned()),
        (json!({"issuer": ""}), format!("issuer` {name}")),
        (json!({"issuer": "a b"}), format!("issuer` {name}")),
        (
            json!({"issuer": "https://a.example/#a"}),
            format!("issuer` {name}"),
        ),
        (
            json!({"issuer": ["a", "b\u{e9}"]}),
            format!("issuer[1]` {name}"),
        ),
        (
            json!({"issuer": ["a", "anonymous"]}),
            "issuer` is `anonymous`, the name of callers without a token".to_owned(),
        ),
        (
            json!({"issuer": template}),
            "issuer` has `{tenantid}`, and there are no `tenants` to replace it".to_owned(),
        ),
        (json!({"tenants": ["a"]}), format!("issuer` {one}")),
        (
            json!({"issuer": "https://a.example", "tenants": ["a"]}),
            format!("issuer` {one}"),
        ),
        (
            json!({"issuer": [template, "https://a.example"], "tenants": ["a"]}),
            format!("issuer` {one}"),
        ),
        (
            json!({"issuer": format!("{template}/{{tenantid}}"), "tenants": ["a"]}),
            format!("issuer` {one}"),
        ),
        (
            json!({"issuer": template, "tenants": []}),
            "tenants` is an empty list".to_owned(),
        ),
        (
            json!({"issuer": template, "tenants": ["a", "b/c"]}),
            format!("tenants[1]` {id}"),
        ),
        (
            json!({"issuer": template, "tenants": ["a.b"]}),
            format!("tenants[0]` {id}"),
        ),
        (
            json!({"tokenTypes": ["a", "*"]}),
            "tokenTypes[1]` is not a type of tokens: 1 to 64 of `A-Za-z0-9.+_-`".to_owned(),
        ),
    ] {
        let expected = format!("`TRUSTED_ISSUERS[0].{problem}");
        let found = faults(changes.clone());
        assert_eq!(found.first(), Some(&expected), "{changes}");
        assert!(!found.is_empty(), "{changes}");
    }
}

/// Tokens for another purpose must not pass for access, whatever an entry says.
#[test]
fn types_of_tokens_that_are_for_something_else_are_faults() {
    for name in [
        "dpop+jwt",
        "DPoP+JWT",
        "gatehouse-identity+jwt",
        "gatehouse-statement+jwt",
        "kb+jwt",
        "logout+jwt",
        "oauth-authz-req+jwt",
        "secevent+jwt",
        "token-introspection+jwt",
    ] {
        let expected = format!(
            "`TRUSTED_ISSUERS[0].tokenTypes` has `{}`, the type of tokens that are for something else than access",
            name.to_ascii_lowercase()
        );
        assert_eq!(faults(json!({"tokenTypes": ["JOSE", name]})), [expected]);
    }
}

#[test]
fn no_two_entries_have_a_name_in_common() {
    let again = "`TRUSTED_ISSUERS[1]` is an issuer that is listed before".to_owned();
    let one = |issuer: Value| with(other(), json!({"issuer": issuer}));
    let of_tenant = "https://sts.windows.net/11111111-2222-3333-4444-555555555555/";
    for (first, second, is_fault) in [
        (one(json!(["a", "b"])), one(json!(["c", "b"])), true),
        (one(json!(["a", "b"])), one(json!(["c", "d"])), false),
        (tenants(), one(json!(of_tenant)), true),
        (one(json!(of_tenant)), tenants(), true),
        (
            tenants(),
            one(json!(of_tenant.replace("11111111", "99999999"))),
            false,
        ),
    ] {
        let found = read(&json!([first, second])).err().unwrap_or_default();
        let expected = if is_fault {
            vec![again.clone()]
        } else {
            Vec::new()
        };
        assert_eq!(found, expected, "{first} {second}");
    }
}
