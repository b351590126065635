//! Tests of faults in `TRUSTED_ISSUERS`.

use serde_json::{Value, json};
use shared::issuers::TrustedIssuers;

use crate::issuers::{POOL, SUFFIX, good_key, other, pool};
use crate::{said, schema, with};

fn faults(text: &str) -> Vec<String> {
    let faults = TrustedIssuers::parse(text).err().unwrap_or_default();
    schema::ISSUERS.compare(text, &faults);
    said(&faults)
}

fn faults_with(changes: Value) -> Vec<String> {
    faults(&json!([with(pool(), changes)]).to_string())
}

#[test]
fn every_fault_of_a_member_is_named() {
    let text = "1 to 255 printable characters without spaces";
    let long = "x".repeat(256);
    for (changes, problem) in [
        (json!({"discoveryUrl": null}), "discoveryUrl` is missing".to_owned()),
        (json!({"discoveryUrl": 7}), "discoveryUrl` is a number, not a text".to_owned()),
        (
            json!({"jwksUri": "http://localhost:1@evil.test"}),
            "jwksUri` has user information, or a port that is not a number".to_owned(),
        ),
        (
            json!({"jwksUri": "file:///etc/keys"}),
            "jwksUri` is not an absolute address".to_owned(),
        ),
        (
            json!({"jwks": {"keys": [good_key("a")]}, "jwksUri": "https://a.example"}),
            "jwksUri` is given together with `jwks`".to_owned(),
        ),
        (json!({"jwks": {"keys": []}}), "jwks` has no usable key".to_owned()),
        (
            json!({"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}}),
            "jwks` has no usable key".to_owned(),
        ),
        (
            json!({"jwks": []}),
            "jwks` is not a key document: the key document is not one JSON object with a list `keys`".to_owned(),
        ),
        (json!({"allowedClients": []}), "allowedClients` is an empty list".to_owned()),
        (json!({"allowedClients": "app"}), "allowedClients` is a text, not a list".to_owned()),
        (json!({"allowedClients": [7]}), "allowedClients[0]` is a number, not a text".to_owned()),
        (json!({"allowedClients": ["a", ""]}), format!("allowedClients[1]` is not {text}")),
        (
            json!({"authorizationServer": "pool"}),
            "authorizationServer` is none of `issuer`, `door`".to_owned(),
        ),
        (json!({"authorizationServer": true}), "authorizationServer` is a boolean, not a text".to_owned()),
        (
            json!({"publicClients": ["app", "cli"]}),
            "publicClients` has `cli`, which is not in `allowedClients`".to_owned(),
        ),
        (json!({"publicClients": []}), "publicClients` is an empty list".to_owned()),
        (json!({"publicClients": ["a b"], "allowedClients": null, "allowedAudience": ["a"]}), format!("publicClients[0]` is not {text}")),
        (json!({"allowedAudience": []}), "allowedAudience` is an empty list".to_owned()),
        (json!({"allowedAudience": ["a b"]}), format!("allowedAudience[0]` is not {text}")),
        (json!({"allowedAudience": [long]}), format!("allowedAudience[0]` is not {text}")),
        (json!({"allowedScopes": []}), "allowedScopes` is an empty list".to_owned()),
        (
            json!({"allowedScopes": ["a", "a b"]}),
            "allowedScopes[1]` is not a scope of 1 to 255 printable characters without spaces, quotes and backslashes"
                .to_owned(),
        ),
        (json!({"customClaims": []}), "customClaims` is an empty list".to_owned()),
        (json!({"customClaims": [7]}), "customClaims[0]` is a number, not an object".to_owned()),
        (json!({"tokenUse": "both"}), "tokenUse` is none of `access`, `id`".to_owned()),
        (json!({"algorithms": []}), "algorithms` is an empty list".to_owned()),
        (
            json!({"algorithms": ["RS256", "HS256"]}),
            "algorithms[1]` is not one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA, Ed25519".to_owned(),
        ),
        (
            json!({"algorithms": ["none"]}),
            "algorithms[0]` is not one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA, Ed25519".to_owned(),
        ),
        (json!({"groupsClaim": ""}), format!("groupsClaim` is not {text}")),
        (json!({"scopeClaim": "a b"}), format!("scopeClaim` is not {text}")),
        (json!({"clientClaim": "\u{e9}"}), format!("clientClaim` is not {text}")),
        (json!({"groupsClaim": 7}), "groupsClaim` is a number, not a text or a list of texts".to_owned()),
        (json!({"groupsClaim": []}), "groupsClaim` is an empty list".to_owned()),
        (json!({"groupsClaim": ["a", 7]}), "groupsClaim[1]` is a number, not a text".to_owned()),
        (json!({"groupsClaim": ["a", ""]}), format!("groupsClaim[1]` is not {text}")),
        (json!({"groupsClaim": vec!["a"; 9]}), "groupsClaim` is not a path of at most 8 names".to_owned()),
        (json!({"allowedSubjects": []}), "allowedSubjects` is an empty list".to_owned()),
        (
            json!({"allowedSubjects": ["a", "b\u{202e}"]}),
            "allowedSubjects[1]` is not 1 to 255 printable characters".to_owned(),
        ),
        (
            json!({"allowedSubjects": [" "]}),
            "allowedSubjects[0]` is not 1 to 255 printable characters".to_owned(),
        ),
        (json!({"requiredClaims": []}), "requiredClaims` is an empty list".to_owned()),
        (json!({"requiredClaims": {}}), "requiredClaims` is an object, not a list".to_owned()),
        (
            json!({"requiredClaims": [{"anyOf": ["a"]}]}),
            "requiredClaims[0].claim` is missing".to_owned(),
        ),
        (
            json!({"requiredClaims": [{"claim": "a"}]}),
            "requiredClaims[0].anyOf` is missing".to_owned(),
        ),
        (
            json!({"requiredClaims": [{"claim": "a", "anyOf": []}]}),
            "requiredClaims[0].anyOf` is an empty list".to_owned(),
        ),
        (
            json!({"requiredClaims": [{"claim": "a", "anyOf": ["a"], "oneOf": ["b"]}]}),
            "requiredClaims[0].oneOf` is not a known field; did you mean `anyOf`?".to_owned(),
        ),
        (json!({"leewaySeconds": 121}), "leewaySeconds` is not a whole number from 0 to 120".to_owned()),
        (json!({"leewaySeconds": -1}), "leewaySeconds` is not a whole number from 0 to 120".to_owned()),
        (json!({"leewaySeconds": 1.5}), "leewaySeconds` is not a whole number from 0 to 120".to_owned()),
        (json!({"leewaySeconds": "30"}), "leewaySeconds` is not a whole number from 0 to 120".to_owned()),
        (
            json!({"maxLifetimeSeconds": 0}),
            "maxLifetimeSeconds` is not a whole number from 1 to 31536000".to_owned(),
        ),
        (
            json!({"maxLifetimeSeconds": 31_536_001}),
            "maxLifetimeSeconds` is not a whole number from 1 to 31536000".to_owned(),
        ),
        (
            json!({"allowedWorkloadConfiguration": {}}),
            "allowedWorkloadConfiguration` is a restriction that cannot be kept here".to_owned(),
        ),
        (json!({"allowedClient": ["app"]}), "allowedClient` is not a known field; did you mean `allowedClients`?".to_owned()),
        (json!({"a\nb": 1}), "a\\nb` is not a known field".to_owned()),
    ] {
        let expected = format!("`TRUSTED_ISSUERS[0].{problem}");
        assert_eq!(faults_with(changes.clone()), [expected], "{changes}");
    }
}

#[test]
fn a_claim_is_compared_with_exact_values_alone() {
    let problem = "is not a text of 1 to 1024 printable characters, a boolean or a whole number";
    for value in [
        json!(null),
        json!(1.5),
        json!(""),
        json!("a\nb"),
        json!("a\u{202e}"),
        json!([]),
        json!({}),
        json!("x".repeat(1025)),
    ] {
        let claims = json!([{"claim": "a", "anyOf": ["b", value]}]);
        let expected = format!("`TRUSTED_ISSUERS[0].requiredClaims[0].anyOf[1]` {problem}");
        assert_eq!(
            faults_with(json!({"requiredClaims": claims})),
            [expected],
            "{value}"
        );
    }
}

#[test]
fn a_subject_is_not_a_name_that_changes() {
    for claim in [
        "email",
        "name",
        "nickname",
        "phone_number",
        "preferred_username",
        "unique_name",
        "upn",
    ] {
        let expected = "`TRUSTED_ISSUERS[0].subjectClaim` is a name that can change or pass to another caller: \
            name a claim with a stable id";
        assert_eq!(
            faults_with(json!({"subjectClaim": claim})),
            [expected],
            "{claim}"
        );
        assert_eq!(
            faults_with(json!({"subjectClaim": [claim]})),
            [expected],
            "{claim}"
        );
    }
}

#[test]
fn a_discovery_url_must_be_one() {
    for url in [
        "https://a.example",
        "https://a.example/.well-known/openid-configuration/",
        "https://a.example?/.well-known/openid-configuration",
        "https://a.example/.well-known/openid-configurations",
        "https://a.example//.well-known/openid-configuration",
        "https://a.example/t/.well-known/openid-configuration/u",
        "https://a.example/.well-known/oauth-authorization-server/a/.well-known/openid-configuration",
        "https://a.example/.well-known/jwks.json",
    ] {
        let expected = "`TRUSTED_ISSUERS[0].discoveryUrl` does not end in \
            `/.well-known/openid-configuration` or `/.well-known/oauth-authorization-server`";
        assert_eq!(
            faults_with(json!({"discoveryUrl": url})),
            [expected],
            "{url}"
        );
    }
}

#[test]
fn a_cognito_issuer_must_name_its_pool() {
    let host = "https://cognito-idp.us-east-1.amazonaws.com";
    for path in ["", "/", "/us-east-1_Ab/", "/pool", "/a/us-east-1_Ab"] {
        let expected = "`TRUSTED_ISSUERS[0]` is not the issuer of a Cognito user pool: \
            `/` and the pool id must follow the host";
        let found = faults_with(json!({"issuer": format!("{host}{path}")}));
        assert_eq!(found, [expected], "{path}");
    }
}

#[test]
fn an_issuer_that_admits_anyone_is_a_fault() {
    let expected = "`TRUSTED_ISSUERS[0]` admits anyone: one of `allowedAudience`, `allowedClients`, \
        `allowedScopes`, `allowedSubjects`, `customClaims`, `requiredClaims` is required";
    assert_eq!(faults_with(json!({"allowedClients": null})), [expected]);
}

#[test]
fn every_fault_of_a_custom_claim_is_named() {
    let value = "1 to 255 of `A-Za-z0-9_.-`";
    let matching = |operator: &str, value: Value| json!({"claimMatchOperator": operator, "claimMatchValue": value});
    let text = json!({"matchValueString": "a"});
    let expected = "authorizingClaimMatchValue";
    for (changes, problem) in [
        (
            json!({"inboundTokenClaimName": null}),
            "inboundTokenClaimName` is missing".to_owned(),
        ),
        (
            json!({"inboundTokenClaimName": "a b"}),
            "inboundTokenClaimName` is not 1 to 255 of `A-Za-z0-9_.:-`".to_owned(),
        ),
        (
            json!({"inboundTokenClaimValueType": null}),
            "inboundTokenClaimValueType` is missing".to_owned(),
        ),
        (
            json!({"inboundTokenClaimValueType": "NUMBER"}),
            "inboundTokenClaimValueType` is none of `STRING`, `STRING_ARRAY`".to_owned(),
        ),
        (
            json!({"other": 1}),
            "other` is not a known field".to_owned(),
        ),
        (json!({expected: null}), format!("{expected}` is missing")),
        (
            json!({expected: []}),
            format!("{expected}` is a list, not an object"),
        ),
        (
            json!({expected: {"claimMatchValue": text}}),
            format!("{expected}.claimMatchOperator` is missing"),
        ),
        (
            json!({expected: matching("LIKE", text.clone())}),
            format!(
                "{expected}.claimMatchOperator` is none of `EQUALS`, `CONTAINS`, `CONTAINS_ANY`"
            ),
        ),
        (
            json!({expected: matching("CONTAINS", text.clone())}),
            format!(
                "{expected}.claimMatchOperator` does not go with the value type: `EQUALS` is for `STRING`, \
                 the others for `STRING_ARRAY`"
            ),
        ),
        (
            json!({expected: {"claimMatchOperator": "EQUALS"}}),
            format!("{expected}.claimMatchValue` is missing"),
        ),
        (
            json!({expected: matching("EQUALS", json!({}))}),
            format!("{expected}.claimMatchValue.matchValueString` is missing"),
        ),
        (
            json!({expected: matching("EQUALS", json!({"matchValueString": "a@b"}))}),
            format!("{expected}.claimMatchValue.matchValueString` is not {value}"),
        ),
        (
            json!({expected: matching("EQUALS", json!({"matchValueString": "a", "matchValueStringList": ["a"]}))}),
            format!("{expected}.claimMatchValue.matchValueStringList` is not a known field"),
        ),
    ] {
        let claim = json!({
            "inboundTokenClaimName": "department", "inboundTokenClaimValueType": "STRING",
            "authorizingClaimMatchValue": matching("EQUALS", text.clone()),
        });
        let claims = json!([with(claim, changes.clone())]);
        let expected = format!("`TRUSTED_ISSUERS[0].customClaims[0].{problem}");
        assert_eq!(
            faults_with(json!({"customClaims": claims})),
            [expected],
            "{changes}"
        );
    }
}

#[test]
fn a_document_of_another_form_is_a_fault() {
    for (text, expected) in [
        ("", "`TRUSTED_ISSUERS` is not JSON (line 1, column 0)"),
        ("[{]", "`TRUSTED_ISSUERS` is not JSON (line 1, column 3)"),
        ("[] []", "`TRUSTED_ISSUERS` is not JSON (line 1, column 4)"),
        ("{}", "`TRUSTED_ISSUERS` is an object, not a list"),
        ("[]", "`TRUSTED_ISSUERS` is an empty list"),
        ("[null]", "`TRUSTED_ISSUERS[0]` is null, not an object"),
    ] {
        assert_eq!(faults(text), [expected], "{text}");
    }
}

#[test]
fn a_member_given_twice_is_a_fault() {
    let text = format!(
        r#"[{{"discoveryUrl": "{POOL}{SUFFIX}", "allowedClients": ["a"], "allowedClients": ["b"]}}]"#
    );
    assert_eq!(
        faults(&text),
        ["`TRUSTED_ISSUERS[0].allowedClients` is given twice"]
    );
    let key = good_key("a");
    let text = format!(
        r#"[{{"discoveryUrl": "{POOL}{SUFFIX}", "allowedClients": ["a"],
            "jwks": {{"keys": [], "keys": [{key}]}}}}]"#
    );
    assert_eq!(
        faults(&text),
        [
            "`TRUSTED_ISSUERS[0].jwks` is not a key document: the key document is not one JSON object with a list `keys`"
        ]
    );
}

#[test]
fn the_same_issuer_twice_is_a_fault() {
    let again = with(other(), json!({"issuer": POOL}));
    let text = json!([pool(), other(), again]).to_string();
    assert_eq!(
        faults(&text),
        ["`TRUSTED_ISSUERS[2]` is an issuer that is listed before"]
    );
    assert_eq!(faults(&json!([pool(), other()]).to_string()), [""; 0]);
}

#[test]
fn all_faults_are_told_at_once() {
    let text = json!([
        with(
            pool(),
            json!({"discoveryUrl": 7, "leewaySeconds": 600, "tokenUsage": "id"})
        ),
        7,
        with(
            other(),
            json!({"allowedAudience": null, "algorithms": ["HS256"], "jwksUri": "ftp://a.example"})
        ),
    ]);
    let found = faults(&text.to_string());
    let names: Vec<&str> = found
        .iter()
        .filter_map(|fault| fault.split('`').nth(1))
        .collect();
    assert_eq!(
        names,
        [
            "TRUSTED_ISSUERS[0].discoveryUrl",
            "TRUSTED_ISSUERS[0].leewaySeconds",
            "TRUSTED_ISSUERS[0].tokenUsage",
            "TRUSTED_ISSUERS[1]",
            "TRUSTED_ISSUERS[2].jwksUri",
            "TRUSTED_ISSUERS[2]",
            "TRUSTED_ISSUERS[2].algorithms[0]",
        ]
    );
}
