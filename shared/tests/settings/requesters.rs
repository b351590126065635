//! Conditions that restrict no one, and conditions that no token can meet.

use serde_json::{Value, json};
use shared::issuers::TrustedIssuers;

use crate::issuers::{SUFFIX, pool};
use crate::{said, schema, with};

fn faults(entry: &Value) -> Vec<String> {
    let text = json!([entry]).to_string();
    let faults = TrustedIssuers::parse(&text).err().unwrap_or_default();
    schema::ISSUERS.compare(&text, &faults);
    said(&faults)
}

fn custom(name: &str) -> Value {
    json!([{
        "inboundTokenClaimName": name, "inboundTokenClaimValueType": "STRING",
        "authorizingClaimMatchValue": {
            "claimMatchOperator": "EQUALS", "claimMatchValue": {"matchValueString": "gatehouse"},
        },
    }])
}

const OPEN: &str = "`TRUSTED_ISSUERS[0]` admits anyone who asks its issuer for a token: the requester chooses the audience \
    there, so one of `allowedClients`, `allowedSubjects`, `customClaims` and `requiredClaims` must say whose tokens are \
    meant, by another claim than `aud`";

#[test]
fn an_audience_that_the_requester_chooses_is_no_condition() {
    let entry = |issuer: &str, changes: Value| {
        let own = json!({
            "discoveryUrl": format!("https://keys.example{SUFFIX}"), "issuer": issuer, "allowedAudience": ["gatehouse"],
        });
        with(own, changes)
    };
    let shared = [
        "https://token.actions.githubusercontent.com",
        "https://token.actions.githubusercontent.com/acme",
        "https://gitlab.com",
        "https://accounts.google.com",
        "accounts.google.com",
        "https://ACCOUNTS.google.com",
        "https://oauth.id.jumpcloud.com/",
        "https://kubernetes.default.svc",
        "https://kubernetes.default.svc.cluster.local",
        "https://kubernetes.default.svc.cluster.local:443",
        "https://oidc.eks.eu-west-1.amazonaws.com/id/ABCDEF",
        "https://a1b2.tokens.sts.global.api.aws",
    ];
    for issuer in shared {
        assert_eq!(faults(&entry(issuer, json!({}))), [OPEN], "{issuer}");
    }
    for issuer in [
        "https://gitlab.example.com",
        "https://gitlab.com.example",
        "https://notgitlab.com",
        "https://token.actions.acme.ghe.com",
        "https://cloud.google.com/iap",
        "https://oidc.eks.example.com/id/A",
    ] {
        assert_eq!(faults(&entry(issuer, json!({}))), [""; 0], "{issuer}");
    }
    let required =
        |claim: Value| json!({"requiredClaims": [{"claim": claim, "anyOf": ["gatehouse"]}]});
    for (changes, is_narrowed) in [
        (json!({"allowedScopes": ["a"]}), false),
        (json!({"allowedClients": ["a"]}), true),
        (json!({"allowedClients": ["a"], "clientClaim": "azp"}), true),
        (
            json!({"allowedClients": ["gatehouse"], "clientClaim": "aud"}),
            false,
        ),
        (
            json!({"allowedClients": ["gatehouse"], "clientClaim": ["aud"]}),
            false,
        ),
        (json!({"allowedSubjects": ["a"]}), true),
        (
            json!({"allowedSubjects": ["a"], "subjectClaim": "aud"}),
            false,
        ),
        (json!({"customClaims": custom("hd")}), true),
        (json!({"customClaims": custom("aud")}), false),
        (required(json!("repository")), true),
        (required(json!(["kubernetes.io", "namespace"])), true),
        (required(json!("aud")), false),
        (required(json!("iss")), false),
        (json!({"tokenTypes": ["JOSE"]}), false),
    ] {
        let found = faults(&entry("https://gitlab.com", changes.clone()));
        let expected = if is_narrowed { vec![] } else { vec![OPEN] };
        assert_eq!(found, expected, "{changes}");
    }
    // Several names: one that is open is enough.
    let names = json!(["https://sso.example", "https://gitlab.com"]);
    assert_eq!(faults(&entry("-", json!({"issuer": names}))), [OPEN]);
}

#[test]
fn conditions_that_no_id_token_of_cognito_meets_are_faults() {
    let clients = "`TRUSTED_ISSUERS[0].allowedClients` can never hold: the id tokens of Cognito name their client in \
        `aud`. Give `allowedAudience`, or `clientClaim` `aud`";
    let scopes = "`TRUSTED_ISSUERS[0].allowedScopes` can never hold: the id tokens of Cognito have no scopes";
    for (changes, expected) in [
        (json!({"tokenUse": "id"}), vec![clients]),
        (json!({"tokenUse": "id", "clientClaim": "aud"}), vec![]),
        (
            json!({"tokenUse": "id", "allowedClients": null, "allowedAudience": ["app"]}),
            vec![],
        ),
        (
            json!({"tokenUse": "id", "clientClaim": "aud", "allowedScopes": ["a"]}),
            vec![scopes],
        ),
        (
            json!({"tokenUse": "id", "clientClaim": "aud", "allowedScopes": ["a"], "scopeClaim": "custom:scopes"}),
            vec![],
        ),
        (
            json!({"tokenUse": "access", "allowedScopes": ["a"]}),
            vec![],
        ),
        (json!({"allowedScopes": ["a"]}), vec![]),
    ] {
        assert_eq!(
            faults(&with(pool(), changes.clone())),
            expected,
            "{changes}"
        );
    }
    // Another issuer's id tokens may have any claim.
    let other = json!({
        "discoveryUrl": format!("https://issuer.example{SUFFIX}"), "tokenUse": "id", "allowedClients": ["app"],
    });
    assert_eq!(faults(&other), [""; 0]);
}

#[test]
fn the_metadata_of_all_tenants_names_no_issuer() {
    for path in [
        "common",
        "common/v2.0",
        "organizations/v2.0",
        "consumers/v2.0",
    ] {
        let discovery = format!("https://login.microsoftonline.com/{path}{SUFFIX}");
        let entry = json!({"discoveryUrl": discovery, "allowedAudience": ["a"]});
        let expected = "`TRUSTED_ISSUERS[0].discoveryUrl` is the metadata of all tenants, whose tokens have another \
            `iss`: give `issuer` with `{tenantid}`, and `tenants`";
        assert_eq!(faults(&entry), [expected], "{path}");
        let named = with(
            entry,
            json!({"issuer": "https://login.microsoftonline.com/9188040d/v2.0"}),
        );
        assert_eq!(faults(&named), [""; 0]);
    }
}
