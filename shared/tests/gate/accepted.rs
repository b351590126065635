//! Tests of accepted tokens, and of the permits that they lead to.

use serde_json::json;
use shared::gate::{self, AgentName, KeySet, Trust, UnixTime};

use crate::ask::{Ask, ED25519, ISSUER, NOW, P256, P384, RSA, STRANGER, good_claims, good_rules};

fn admitted(name: &str, ask: &Ask) {
    assert_eq!(ask.answer().err(), None, "{name}");
}

#[test]
fn every_algorithm_is_verified() {
    let rsa =
        ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"].map(|algorithm| (algorithm, &*RSA));
    let others = [("ES256", &*P256), ("ES384", &*P384), ("EdDSA", &*ED25519)];
    let all: Vec<_> = rsa.into_iter().chain(others).collect();
    assert_eq!(all.len(), gate::Algorithm::ALL.len());
    for (algorithm, key) in all {
        admitted(
            algorithm,
            &Ask::token(&key.token(algorithm, &good_claims())),
        );
    }
}

#[test]
fn forms_that_the_standards_allow_are_accepted() {
    let token = RSA.token("RS256", &good_claims());
    let rows = [
        (
            "scheme in lower case",
            Ask::header(format!("bearer {token}").as_bytes()),
        ),
        (
            "scheme in upper case",
            Ask::header(format!("BEARER {token}").as_bytes()),
        ),
        (
            "several spaces",
            Ask::header(format!("Bearer   {token}").as_bytes()),
        ),
        ("typ at+jwt", Ask::parameter("typ", json!("at+jwt"))),
        (
            "typ with its full name",
            Ask::parameter("typ", json!("application/AT+JWT")),
        ),
        (
            "no typ",
            Ask::token(&RSA.token_with(
                "RS256",
                &json!({"alg": "RS256", "kid": "rsa-1"}),
                &good_claims(),
            )),
        ),
        (
            "C05 certificate thumbprint, never used",
            Ask::parameter("x5t", json!("AAAA")),
        ),
        (
            "A15 exp with a fraction",
            Ask::claim("exp", json!(1_800_000_600.5)),
        ),
        ("expires in a second", Ask::claim("exp", json!(NOW + 1))),
        ("nbf within the leeway", Ask::claim("nbf", json!(NOW + 30))),
        ("iat within the leeway", Ask::claim("iat", json!(NOW + 30))),
        ("no nbf", Ask::without("nbf")),
        ("longest life", Ask::claim("exp", json!(NOW + 3540))),
        ("audience as text", Ask::claim("aud", json!("gatehouse"))),
        (
            "audience beside others",
            Ask::claim("aud", json!(["other", "gatehouse"])),
        ),
        (
            "scope as a list",
            Ask::claim("scope", json!(["openid", "gatehouse/invoke"])),
        ),
        (
            "subject of 255 characters beyond ASCII",
            Ask::claim("sub", json!("\u{e9}".repeat(255)))
                .ruled(|rules| rules.allowed_subjects.clear()),
        ),
        (
            "A14 odd member names",
            Ask::claim("__proto__", json!({"constructor": 1})),
        ),
        (
            "an agent of any verified caller",
            Ask::good().admitting(|agent| *agent = gate::Admission::default()),
        ),
        (
            "any of several groups",
            Ask::good()
                .admitting(|agent| agent.groups = Some(vec!["legal".into(), "finance".into()])),
        ),
    ];
    for (name, ask) in rows {
        admitted(name, &ask);
    }
}

#[test]
fn nothing_is_asked_that_the_rules_do_not_ask() {
    let mut claims = good_claims();
    for name in [
        "client_id",
        "token_use",
        "username",
        "scope",
        "cognito:groups",
        "aud",
        "department",
        "roles",
        "nbf",
        "iat",
    ] {
        claims.as_object_mut().unwrap().remove(name).unwrap();
    }
    let ask = Ask::token(&RSA.token("RS256", &claims))
        .admitting(|agent| *agent = gate::Admission::default())
        .ruled(|rules| {
            rules.token_use = None;
            rules.allowed_clients.clear();
            rules.allowed_audience.clear();
            rules.allowed_scopes.clear();
            rules.allowed_subjects.clear();
            rules.custom_claims.clear();
            rules.required_claims.clear();
        });
    let identity = ask.identify().unwrap();
    assert_eq!(
        (identity.client_id.as_deref(), identity.username.as_deref()),
        (None, None)
    );
    assert!(identity.scopes.is_empty() && identity.groups.is_empty());
    admitted("bare token", &ask);
}

#[test]
fn a_permit_says_who_may_call_what() {
    let permit = Ask::good().answer().unwrap();
    assert_eq!(permit.agent(), &AgentName::parse("demo").unwrap());
    let caller = permit.identity();
    assert_eq!(
        (caller.issuer.as_str(), caller.subject.as_str()),
        (ISSUER, "0f7a-alice")
    );
    assert_eq!(
        (caller.client_id.as_deref(), caller.username.as_deref()),
        (Some("client-1"), Some("alice"))
    );
    assert_eq!(caller.scopes, ["gatehouse/invoke", "openid"]);
    assert_eq!(caller.groups, ["staff", "finance"]);
    assert_eq!(caller.expires, UnixTime(NOW + 600));
    assert_eq!(caller.token_id.len(), 32);
}

#[test]
fn claims_are_found_under_the_issuers_names() {
    let mut claims = good_claims();
    claims["scp"] = json!(["gatehouse/invoke"]);
    claims["roles"] = json!(["staff", "admin", "auditor"]);
    claims["azp"] = json!("client-1");
    for name in ["scope", "cognito:groups", "client_id"] {
        claims.as_object_mut().unwrap().remove(name).unwrap();
    }
    let ask = Ask::token(&RSA.token("RS256", &claims)).ruled(|rules| {
        rules.scope_claim = "scp".into();
        rules.groups_claim = "roles".into();
        rules.client_claim = "azp".into();
    });
    admitted("names of another issuer", &ask);
}

/// Two issuers with the same key ids: each one's tokens are only ever checked by its own rules.
#[test]
fn the_issuer_is_chosen_by_its_exact_name() {
    let other = "https://other.test";
    let mut rules = good_rules();
    rules.issuer = other.into();
    let trust = Trust::new(vec![good_rules(), rules]);
    for (index, issuer) in [ISSUER, other].into_iter().enumerate() {
        let mut claims = good_claims();
        claims["iss"] = json!(issuer);
        let header = format!("Bearer {}", RSA.token("RS256", &claims));
        let presented = gate::present(header.as_bytes(), &trust).unwrap();
        assert_eq!(
            (presented.issuer_index(), presented.names_key()),
            (index, true)
        );
        let keys = KeySet::parse(mint::key_document(&[&RSA]).to_string().as_bytes()).unwrap();
        let identity = gate::identify(presented, &keys, UnixTime(NOW))
            .ok()
            .unwrap();
        assert_eq!(identity.issuer, issuer);
    }
}

#[test]
fn a_token_without_key_id_takes_the_only_key() {
    let header = json!({"alg": "RS256"});
    let ask = Ask::token(&RSA.token_with("RS256", &header, &good_claims()));
    admitted("only key", &ask.keyed(mint::key_document(&[&RSA])));
}

/// AD FS signs access tokens without `kid`, and two keys are published while they change.
#[test]
fn a_token_without_key_id_takes_the_key_of_its_thumbprint() {
    let header = json!({"alg": "RS256", "x5t": "t-1"});
    let ask = || Ask::token(&RSA.token_with("RS256", &header, &good_claims()));
    let named = |key: &mint::Key, name: &str| {
        let mut key = key.jwk();
        key.as_object_mut().unwrap().remove("kid");
        key[name] = json!("t-1");
        key
    };
    let other = STRANGER.jwk();
    let mut wide = named(&P256, "x5t");
    wide["kid"] = json!("p256-1");
    for (what, keys) in [
        ("its `x5t`", json!([other, named(&RSA, "x5t")])),
        ("its `kid`", json!([named(&RSA, "kid"), other])),
        (
            "another kind of key has it too",
            json!([named(&RSA, "x5t"), wide]),
        ),
        ("the only key, whatever it is called", json!([RSA.jwk()])),
    ] {
        admitted(what, &ask().keyed(json!({ "keys": keys })));
    }
}

/// RFC 9864: `Ed25519` is `EdDSA` with that curve.
#[test]
fn ed25519_is_eddsa_by_either_name() {
    for own in [json!("EdDSA"), json!("Ed25519"), json!(null)] {
        for said in ["EdDSA", "Ed25519"] {
            let mut key = ED25519.jwk();
            key["alg"] = own.clone();
            let header = json!({"alg": said, "kid": "ed-1"});
            let ask = Ask::token(&ED25519.token_with("EdDSA", &header, &good_claims()));
            let ask = ask.keyed(json!({"keys": [key]}));
            admitted(&format!("{said} of a key for {own}"), &ask);
        }
    }
}

/// lambda_runtime logs errors with `{:?}`, and a derived one would print people and tokens.
#[test]
fn what_can_be_printed_shows_no_token_and_no_person() {
    let ask = Ask::claims(json!({"email": "alice@example.com", "email_verified": true}));
    let permit = ask.answer().unwrap();
    let printed = format!(
        "{permit:?} {:?} {:?}",
        permit.identity(),
        Ask::token("x.y.z").answer()
    );
    let token = String::from_utf8(ask.header).unwrap();
    for secret in token
        .split(['.', ' '])
        .skip(1)
        .chain(["alice", "example.com", "client-1"])
    {
        assert!(!printed.contains(secret), "{printed}");
    }
}
