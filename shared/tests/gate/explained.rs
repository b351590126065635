//! Tests of what the log says beside the code of a refusal.

use serde_json::{Value, json};
use shared::explanation::Explanation;
use shared::gate::{Admission, Issuer, Match, Refusal};

use crate::ask::{
    Ask, ISSUER, NOW, P256, RSA, STRANGER, custom, good_claims, good_header, required,
};

fn refused(ask: &Ask, refusal: Refusal) -> Explanation {
    assert_eq!(ask.answer().err(), Some(refusal));
    ask.explained()
}

/// Each refusal of signed claims, with what is said of it.
#[test]
fn expected_and_found_are_told_once_the_signature_holds() {
    let claim = Ask::claim;
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    let times = format!(
        "now {NOW}, `nbf` and `iat` at most 30 s ahead, at most 3600 s from `iat` to `exp`"
    );
    let found = |exp: u64| format!("exp = {exp}, nbf = {0}, iat = {0}", NOW - 60);
    let tenant =
        Ask::claims(json!({"iss": "https://login.example/a/", "tid": "b"})).ruled(|rules| {
            let names = texts(&["https://login.example/{tenantid}/"]);
            rules.issuer = Issuer::new(names, texts(&["a", "b"])).unwrap();
        });
    let conditions = claim("department", json!("it")).ruled(|rules| {
        rules.custom_claims = vec![custom("department", Match::Equals("finance".to_owned()))];
        rules.required_claims = vec![required("roles", json!(["owner", true]))];
    });
    let rows = [
        (
            claim("exp", json!(NOW - 1)),
            Refusal::Expired,
            times.as_str(),
            found(NOW - 1),
        ),
        (
            claim("exp", json!(NOW + 9999)),
            Refusal::Lifetime,
            times.as_str(),
            found(NOW + 9999),
        ),
        (
            tenant,
            Refusal::Tenant,
            "the tenant that `iss` names",
            "tid = \"b\"".to_owned(),
        ),
        (
            claim("token_use", json!("id")),
            Refusal::TokenUse,
            "access",
            "token_use = \"id\"".to_owned(),
        ),
        (
            claim("client_id", json!("client-3")),
            Refusal::Client,
            "client-1, client-2",
            "client_id = \"client-3\"".to_owned(),
        ),
        (
            claim("aud", json!(["a", "b"])),
            Refusal::Audience,
            "gatehouse",
            "aud = [\"a\",\"b\"]".to_owned(),
        ),
        (
            Ask::without("aud"),
            Refusal::Audience,
            "gatehouse",
            "aud = nothing".to_owned(),
        ),
        (
            claim("sub", json!("x\u{202e}")),
            Refusal::Subject,
            "a text of 1 to 255 printable characters",
            "sub = \"x\\u{202e}\"".to_owned(),
        ),
        (
            claim("sub", json!("carol")),
            Refusal::IssuerSubject,
            "0f7a-alice, 0f7a-bob",
            "sub = \"carol\"".to_owned(),
        ),
        (
            claim("scope", json!("openid")),
            Refusal::IssuerScope,
            "gatehouse/invoke",
            "scope = \"openid\"".to_owned(),
        ),
        (
            conditions,
            Refusal::IssuerClaim,
            "department = finance; roles one of \"owner\", true",
            "department = \"it\"; roles = [\"admin\",\"auditor\"]".to_owned(),
        ),
    ];
    for (ask, refusal, expected, found) in rows {
        let why = refused(&ask, refusal);
        assert_eq!(why.expected.as_deref(), Some(expected), "{refusal:?}");
        assert_eq!(why.found, Some(found), "{refusal:?}");
        assert_eq!(why.token_id.map(|id| id.len()), Some(32), "{refusal:?}");
        assert!(why.issuer.is_some(), "{refusal:?}");
    }
}

#[test]
fn an_agents_refusal_says_what_it_asks_for_and_what_the_caller_has() {
    let one = |text: &str| Some(vec![text.to_owned()]);
    let agent = |change: fn(&mut Admission)| Ask::good().admitting(change);
    let sets = Ask::good().admitting(|agent| {
        agent.any_of = vec![Admission {
            groups: one("legal"),
            ..Admission::default()
        }];
    });
    for (ask, refusal, expected, found) in [
        (
            agent(|agent| agent.groups = Some(vec!["legal".to_owned(), "audit".to_owned()])),
            Refusal::AgentGroup,
            "legal, audit",
            "staff, finance".to_owned(),
        ),
        (
            agent(|agent| agent.scopes = Some(vec!["other".to_owned()])),
            Refusal::AgentScope,
            "other",
            "gatehouse/invoke, openid".to_owned(),
        ),
        (
            agent(|agent| agent.clients = Some(vec!["client-2".to_owned()])),
            Refusal::AgentClient,
            "client-2",
            "client-1".to_owned(),
        ),
        (
            agent(|agent| agent.issuers = Some(vec!["https://a.example".to_owned()])),
            Refusal::AgentIssuer,
            "https://a.example",
            ISSUER.to_owned(),
        ),
        (
            sets,
            Refusal::AgentAnyOf,
            "one of 1 sets of `anyOf`, whole",
            format!(
                "issuer {ISSUER}; scopes gatehouse/invoke, openid; groups staff, finance; client client-1"
            ),
        ),
    ] {
        let why = refused(&ask, refusal);
        assert_eq!(
            (why.expected.as_deref(), why.found),
            (Some(expected), Some(found))
        );
    }
}

/// The signer is not known: what was expected is ours to tell, and nothing of the token.
#[test]
fn nothing_of_an_unproven_token_is_repeated() {
    let evil = "evil-9c41";
    let with = |claims: Value, header: Value, key: &mint::Key| {
        let (mut all, mut head) = (good_claims(), good_header());
        for (into, from) in [(&mut all, claims), (&mut head, header)] {
            for (name, value) in from.as_object().unwrap() {
                into[name] = value.clone();
            }
        }
        Ask::token(&key.token_with("RS256", &head, &all))
    };
    let of_issuer = format!("a key of {ISSUER}");
    for (ask, refusal, expected) in [
        (
            with(
                json!({"iss": format!("https://{evil}.example")}),
                json!({}),
                &RSA,
            ),
            Refusal::IssuerUnknown,
            Some(format!("`iss` one of {ISSUER}")),
        ),
        (
            with(json!({"aud": evil}), json!({"kid": evil}), &RSA),
            Refusal::KeyUnknown,
            Some(of_issuer.clone()),
        ),
        (
            with(
                json!({"aud": evil, "sub": evil}),
                json!({"x": evil}),
                &STRANGER,
            ),
            Refusal::Signature,
            Some(of_issuer),
        ),
        (
            with(json!({}), json!({"typ": evil}), &RSA),
            Refusal::Type,
            Some("`typ` absent or one of JWT, at+jwt".to_owned()),
        ),
        (Ask::token(evil), Refusal::TokenParts, None),
    ] {
        let why = refused(&ask, refusal);
        assert_eq!(why.expected, expected, "{refusal:?}");
        assert_eq!(
            (why.found, why.token_id, why.issuer),
            (None, None, None),
            "{refusal:?}"
        );
        let said = format!("{:?}{:?}", why.expected, why.hint);
        assert!(!said.contains(evil), "{said}");
    }
}

#[test]
fn known_shapes_of_tokens_are_named() {
    let header = |name: &str, value: &str, key: &mint::Key| {
        let mut header = good_header();
        header[name] = json!(value);
        Ask::token(&key.token_with("RS256", &header, &good_claims()))
    };
    let unknown = |iss: &str| Ask::claim("iss", json!(iss));
    let overage = |claims: Value| {
        let mut ask = Ask::claims(claims);
        ask.rules.groups_claim = "groups".into();
        ask
    };
    let condition = overage(json!({"hasgroups": true}))
        .ruled(|rules| rules.required_claims = vec![required("groups", json!(["finance"]))]);
    for (ask, refusal, words) in [
        (
            header("nonce", "a", &STRANGER),
            Refusal::Signature,
            Some("Microsoft Graph"),
        ),
        (header("nonce2", "a", &STRANGER), Refusal::Signature, None),
        (
            header("typ", "application/okta-internal-at+jwt", &RSA),
            Refusal::Type,
            Some("Okta's org authorization server"),
        ),
        (header("typ", "dpop+jwt", &RSA), Refusal::Type, None),
        (
            unknown("https://acme.okta.com"),
            Refusal::IssuerUnknown,
            Some("custom authorization server"),
        ),
        (
            unknown("https://acme.okta.com/oauth2/default"),
            Refusal::IssuerUnknown,
            None,
        ),
        (
            unknown("https://sts.windows.net/tenant/"),
            Refusal::IssuerUnknown,
            Some("Entra's v1"),
        ),
        (
            unknown(&format!("{ISSUER}/")),
            Refusal::IssuerUnknown,
            Some("slash at its end"),
        ),
        (
            unknown("https://other.example"),
            Refusal::IssuerUnknown,
            None,
        ),
        (
            Ask::token(&"a".repeat(8193)),
            Refusal::TokenTooLong,
            Some("write roles"),
        ),
        (
            overage(json!({"_claim_names": {"groups": "src1"}})),
            Refusal::AgentGroup,
            Some("left the groups out"),
        ),
        (
            overage(json!({"hasgroups": true})),
            Refusal::AgentGroup,
            Some("left the groups out"),
        ),
        (
            overage(json!({"hasgroups": false})),
            Refusal::AgentGroup,
            None,
        ),
        (
            overage(json!({"_claim_names": {"other": "src1"}})),
            Refusal::AgentGroup,
            None,
        ),
        (condition, Refusal::IssuerClaim, Some("left the groups out")),
    ] {
        let hint = refused(&ask, refusal).hint;
        let is_named = hint
            .zip(words)
            .is_some_and(|(hint, words)| hint.contains(words));
        assert!(
            is_named || (hint, words) == (None, None),
            "{refusal:?} {hint:?} {words:?}"
        );
    }
}

/// The order of the group of P-256, big-endian (FIPS 186-5 appendix G refers to SP 800-186, 3.2.1.3).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// The other signature of the same text that holds: `s` replaced by the order less `s`.
fn twin(token: &str, signature: &[u8]) -> String {
    let mut other = signature.to_vec();
    let mut borrow = 0;
    for place in (0..32).rev() {
        let digit = i32::from(ORDER[place]) - i32::from(signature[32 + place]) - borrow;
        borrow = i32::from(digit < 0);
        other[32 + place] = u8::try_from(digit.rem_euclid(256)).unwrap();
    }
    let (signed, _) = token.rsplit_once('.').unwrap();
    format!("{signed}.{}", mint::encode(&other))
}

/// An ECDSA signature has a twin that holds as well. A stolen token must not have two names in the log.
#[test]
fn a_token_is_named_by_what_was_signed() {
    let id = |ask: &Ask| ask.identify().unwrap().token_id.clone();
    let header = json!({"alg": "ES256", "kid": "p256-1"});
    let message = [header, good_claims()].map(|part| mint::encode(part.to_string().as_bytes()));
    let message = message.join(".");
    let signature = P256.sign("ES256", message.as_bytes());
    let token = format!("{message}.{}", mint::encode(&signature));
    let other = twin(&token, &signature);
    assert_ne!(token, other);
    assert_eq!(id(&Ask::token(&token)), id(&Ask::token(&other)));
    assert_ne!(id(&Ask::good()), id(&Ask::claims(json!({"jti": "2"}))));
}
