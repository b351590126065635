//! Tests of issuers that go by several names or have tenants, and of the types of their tokens.

use serde_json::{Value, json};
use shared::gate::{Issuer, Refusal};

use crate::ask::Ask;

const V2: &str = "https://login.example/{tenantid}/v2.0";
const V1: &str = "https://sts.example/{tenantid}/";

fn issuer(names: &[&str], tenants: &[&str]) -> Issuer {
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
    Issuer::new(texts(names), texts(tenants)).unwrap()
}

/// The good question with this `iss` and `tid`, where an entry has these names and tenants; whatever the agent asks.
fn ask(iss: &str, tid: Value, names: &[&str], tenants: &[&str]) -> Ask {
    Ask::claims(json!({"iss": iss, "tid": tid}))
        .ruled(|rules| rules.issuer = issuer(names, tenants))
        .admitting(|agent| agent.issuers = None)
}

#[test]
fn an_issuer_of_several_names_is_one_issuer() {
    let names = [
        "https://login.example/",
        "https://auth.example/",
        "urn:old name",
    ];
    for iss in names {
        let identity = ask(iss, Value::Null, &names, &[]).identify().unwrap();
        assert_eq!(identity.issuer, names[0], "{iss}");
        assert_eq!(identity.trusted_as, names[0], "{iss}");
        let meant = ask(iss, Value::Null, &names, &[])
            .admitting(|agent| agent.issuers = Some(vec![names[0].to_owned()]));
        assert_eq!(meant.answer().err(), None);
    }
    for iss in [
        "https://auth.example",
        "https://login.example/a",
        "HTTPS://login.example/",
        "urn:old",
        "",
    ] {
        let answer = ask(iss, Value::Null, &names, &[]).answer();
        assert_eq!(answer.err(), Some(Refusal::IssuerUnknown), "{iss}");
    }
}

/// Each `iss` and `tid` beside what comes of it, where the tenants `a-1` and `b-2` are trusted.
#[test]
fn a_tenant_is_one_of_the_list_and_the_same_in_both_claims() {
    let tid = |id: &str| json!(id);
    for (iss, tid, expected) in [
        ("https://login.example/a-1/v2.0", tid("a-1"), None),
        ("https://login.example/b-2/v2.0", tid("b-2"), None),
        ("https://sts.example/b-2/", tid("b-2"), None),
        (
            "https://login.example/a-1/v2.0",
            tid("b-2"),
            Some(Refusal::Tenant),
        ),
        (
            "https://login.example/a-1/v2.0",
            tid("A-1"),
            Some(Refusal::Tenant),
        ),
        (
            "https://login.example/a-1/v2.0",
            tid(""),
            Some(Refusal::Tenant),
        ),
        (
            "https://login.example/a-1/v2.0",
            Value::Null,
            Some(Refusal::Tenant),
        ),
        (
            "https://login.example/a-1/v2.0",
            json!(["a-1"]),
            Some(Refusal::Tenant),
        ),
        (
            "https://login.example/c-3/v2.0",
            tid("c-3"),
            Some(Refusal::IssuerUnknown),
        ),
        (
            "https://login.example/A-1/v2.0",
            tid("a-1"),
            Some(Refusal::IssuerUnknown),
        ),
        (
            "https://login.example//v2.0",
            tid(""),
            Some(Refusal::IssuerUnknown),
        ),
        (
            "https://login.example/{tenantid}/v2.0",
            tid("{tenantid}"),
            Some(Refusal::IssuerUnknown),
        ),
        (
            "https://login.example/a-1/b-2/v2.0",
            tid("a-1"),
            Some(Refusal::IssuerUnknown),
        ),
        (
            "https://login.example/a-1/v2.0/",
            tid("a-1"),
            Some(Refusal::IssuerUnknown),
        ),
        (
            "https://sts.example/a-1/v2.0",
            tid("a-1"),
            Some(Refusal::IssuerUnknown),
        ),
        (
            "https://login.example/a-1",
            tid("a-1"),
            Some(Refusal::IssuerUnknown),
        ),
    ] {
        let answer = ask(iss, tid.clone(), &[V2, V1], &["a-1", "b-2"]).answer();
        assert_eq!(answer.err(), expected, "{iss} {tid}");
    }
}

#[test]
fn a_caller_of_a_tenant_is_known_by_the_first_name_with_that_tenant() {
    for iss in ["https://login.example/b-2/v2.0", "https://sts.example/b-2/"] {
        let identity = ask(iss, json!("b-2"), &[V2, V1], &["a-1", "b-2"])
            .identify()
            .unwrap();
        assert_eq!(identity.issuer, "https://login.example/b-2/v2.0");
        assert_eq!(identity.trusted_as, V2);
    }
    for (named, expected) in [
        ("https://login.example/b-2/v2.0", None),
        (V2, None),
        ("https://login.example/a-1/v2.0", Some(Refusal::AgentIssuer)),
        ("https://sts.example/b-2/", Some(Refusal::AgentIssuer)),
        (V1, Some(Refusal::AgentIssuer)),
    ] {
        let ask = ask(
            "https://login.example/b-2/v2.0",
            json!("b-2"),
            &[V2, V1],
            &["a-1", "b-2"],
        )
        .admitting(|agent| agent.issuers = Some(vec![named.to_owned()]));
        assert_eq!(ask.answer().err(), expected, "{named}");
    }
}

#[test]
fn an_issuer_may_have_a_type_of_tokens_of_its_own() {
    let ask = |typ: &str, types: &[&str]| {
        let types = types.iter().map(ToString::to_string).collect();
        Ask::parameter("typ", json!(typ)).ruled(|rules| rules.token_types = types)
    };
    for (typ, types, is_taken) in [
        ("JOSE", &["jose"][..], true),
        ("application/JOSE", &["jose"], true),
        ("jwt", &["jose"], true),
        ("at+JWT", &["jose"], true),
        ("JOSE", &[], false),
        ("JOSE+x", &["jose"], false),
        ("JWS", &["jose"], false),
        ("", &["jose"], false),
        ("dpop+jwt", &["jose"], false),
    ] {
        let expected = (!is_taken).then_some(Refusal::Type);
        assert_eq!(ask(typ, types).answer().err(), expected, "{typ} {types:?}");
    }
    let number =
        Ask::parameter("typ", json!(1)).ruled(|rules| rules.token_types = vec!["1".to_owned()]);
    assert_eq!(number.answer().err(), Some(Refusal::Type));
}
