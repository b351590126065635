//! Tests of claims at other places: inside objects, under other names, and of conditions on any claim.

use serde_json::{Value, json};
use shared::gate::Refusal;

use crate::ask::{Ask, path, required};

/// The good token with its rights where some issuers write them.
fn nested() -> Ask {
    let claims = json!({
        "cognito:groups": null, "scope": null, "client_id": null, "sub": null,
        "realm_access": {"roles": ["offline_access", "staff"]},
        "realm_access.roles": ["root"],
        "https://issuer.example/": {"grants": {"scopes": "gatehouse/invoke openid"}},
        "act": {"client": "client-1"},
        "ids": {"stable": "0f7a-alice"},
    });
    Ask::claims(claims).ruled(|rules| {
        rules.groups_claim = path(&["realm_access", "roles"]);
        rules.scope_claim = path(&["https://issuer.example/", "grants", "scopes"]);
        rules.client_claim = path(&["act", "client"]);
        rules.subject_claim = path(&["ids", "stable"]);
    })
}

#[test]
fn claims_are_found_inside_objects() {
    let permit = nested().answer().unwrap();
    let caller = permit.identity();
    assert_eq!(caller.subject, "0f7a-alice");
    assert_eq!(caller.groups, ["offline_access", "staff"]);
    assert_eq!(caller.scopes, ["gatehouse/invoke", "openid"]);
    assert_eq!(caller.client_id.as_deref(), Some("client-1"));
}

/// A path is never split and never joined, and leads through objects alone.
#[test]
fn a_path_that_leads_nowhere_finds_nothing() {
    for names in [
        &["realm_access.roles"][..],
        &["realm_access"],
        &["realm_access", "Roles"],
        &["realm_access", "roles", "0"],
        &["realm_access", "roles", "staff"],
        &["roles", "realm_access"],
        &["roles"],
        &["", "realm_access", "roles"],
    ] {
        let ask = nested().ruled(|rules| rules.groups_claim = path(names));
        assert_eq!(ask.answer().err(), Some(Refusal::AgentGroup), "{names:?}");
    }
    let dotted = nested().ruled(|rules| rules.groups_claim = "realm_access.roles".into());
    assert_eq!(dotted.identify().unwrap().groups, ["root"]);
}

/// The subject is in one claim; what stands in others is never taken in its place.
#[test]
fn the_subject_is_the_named_claim_or_none() {
    let of = |claims: Value| {
        let ask = Ask::claims(claims).ruled(|rules| {
            rules.subject_claim = "oid".into();
            rules.allowed_subjects.clear();
        });
        ask.identify().map(|identity| identity.subject.clone())
    };
    assert_eq!(of(json!({"oid": "user-1"})), Ok("user-1".to_owned()));
    assert_eq!(
        of(json!({"oid": "user-1", "sub": ""})),
        Ok("user-1".to_owned())
    );
    for oid in [
        json!(null),
        json!(""),
        json!(" "),
        json!(7),
        json!(["user-1"]),
        json!("a\nb"),
    ] {
        let claims = json!({"oid": oid, "username": "alice"});
        assert_eq!(of(claims), Err(Refusal::Subject), "{oid}");
    }
    assert_eq!(of(json!({})), Err(Refusal::Subject));
}

#[test]
fn allowed_subjects_are_compared_exactly() {
    let of = |subject: &str| Ask::claim("sub", json!(subject)).answer().err();
    assert_eq!((of("0f7a-alice"), of("0f7a-bob")), (None, None));
    for other in [
        "0f7a-carol",
        "0f7a-alic",
        "0f7a-alice2",
        "0F7A-alice",
        "0f7a-alice ",
    ] {
        assert_eq!(of(other), Some(Refusal::IssuerSubject), "{other}");
    }
    let named = Ask::claims(json!({"sub": "x", "uid": "0f7a-alice"}));
    let named = named.ruled(|rules| rules.subject_claim = "uid".into());
    assert_eq!(named.answer().err(), None);
}

/// Each value of a claim beside what is asked of it, and whether the condition holds.
#[test]
fn a_required_claim_is_compared_by_type_and_value() {
    let asked = |value: Value, any_of: Value| {
        let ask = Ask::claim("x", value).ruled(|rules| {
            rules.custom_claims.clear();
            rules.required_claims = vec![required("x", any_of)];
        });
        match ask.answer().err() {
            None => true,
            Some(Refusal::IssuerClaim) => false,
            Some(other) => panic!("{other:?}"),
        }
    };
    for (value, any_of, holds) in [
        (
            json!("repo:a/b:ref:refs/heads/main"),
            json!(["repo:a/b:ref:refs/heads/main"]),
            true,
        ),
        (
            json!("repo:a/b:ref:refs/heads/main2"),
            json!(["repo:a/b:ref:refs/heads/main"]),
            false,
        ),
        (
            json!("repo:a/b:ref:refs/heads/mai"),
            json!(["repo:a/b:ref:refs/heads/main"]),
            false,
        ),
        (
            json!("Finance team"),
            json!(["Legal team", "Finance team"]),
            true,
        ),
        (json!("finance team"), json!(["Finance team"]), false),
        (json!(["a", "b"]), json!(["b", "c"]), true),
        (json!(["a", 1, null, "b"]), json!(["b"]), true),
        (json!(["a", "b"]), json!(["c"]), false),
        (json!([["b"]]), json!(["b"]), false),
        (json!([]), json!(["b"]), false),
        (json!({"b": true}), json!(["b"]), false),
        (json!("a,b"), json!(["b"]), false),
        (json!(true), json!([true]), true),
        (json!(true), json!(["true"]), false),
        (json!("true"), json!([true]), false),
        (json!(false), json!([true]), false),
        (json!(1), json!([true]), false),
        (json!(7), json!([7]), true),
        (json!(7), json!(["7"]), false),
        (json!("7"), json!([7]), false),
        (json!(7.0), json!([7]), false),
        (json!(-7), json!([-7]), true),
        (json!(8), json!([7]), false),
        (json!(null), json!(["null"]), false),
        (json!(""), json!(["b"]), false),
    ] {
        assert_eq!(
            asked(value.clone(), any_of.clone()),
            holds,
            "{value} {any_of}"
        );
    }
}

#[test]
fn every_required_claim_must_hold() {
    let asks = |conditions: Vec<_>| {
        Ask::claims(json!({"kubernetes.io": {"namespace": "prod"}})).ruled(|rules| {
            rules.custom_claims.clear();
            rules.required_claims = conditions;
        })
    };
    let namespace = |value: &str| {
        let mut condition = required("-", json!([value]));
        condition.claim = path(&["kubernetes.io", "namespace"]);
        condition
    };
    let department = || required("department", json!(["finance"]));
    let refused = Some(Refusal::IssuerClaim);
    for (conditions, expected) in [
        (vec![namespace("prod"), department()], None),
        (vec![department(), namespace("test")], refused),
        (vec![namespace("test"), department()], refused),
        (vec![required("kubernetes.io", json!(["prod"]))], refused),
        (vec![required("missing", json!(["prod"]))], refused),
    ] {
        assert_eq!(asks(conditions).answer().err(), expected);
    }
}
